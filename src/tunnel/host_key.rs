//! Host keys that ssh did not accept: which key it is, where another one stands, and what to do.

/// What ssh, or our helper in its place, says of a host's key at the end of its words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told<'a> {
    /// The kind of the key, such as `ED25519`.
    kind: &'a str,
    /// The key's fingerprint, with the hash's name; empty where ssh did not say it.
    fingerprint: &'a str,
    /// The file and line of the key that was known, such as `/home/ops/.ssh/known_hosts:7`.
    known: Option<&'a str>,
    /// The command that removes it.
    removal: Option<&'a str>,
}

/// ssh's last words where it does not take a key.
const FAILED: &str = "Host key verification failed";
/// What it says where it may not ask.
const STRICT: &str = "you have requested strict checking";

/// Why ssh turned away from a host's key, if that is what it did: in our words, with what to do.
pub fn why(stderr: &str) -> Option<String> {
    let refused = stderr.contains(FAILED);
    if stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return Some(changed(&told(stderr), refused));
    }
    if !refused {
        return None;
    }
    let told = told(stderr);
    let Told { kind, fingerprint, .. } = told;
    let compare = || {
        format!(
            "its {kind} key is {fingerprint}: compare that with what ssh-keygen -lf /etc/ssh/ssh_host_{}_key.pub says there",
            kind.to_lowercase().replace('-', "_")
        )
    };
    let accept = "connect once with ssh -o StrictHostKeyChecking=ask";
    Some(if stderr.contains("REVOKED HOST KEY DETECTED") {
        "the host's key is marked as REVOKED in the known hosts; nothing was sent; do not trust this host"
            .to_owned()
    } else if stderr.contains(STRICT) {
        let forbids =
            "the host's key is not known, and StrictHostKeyChecking=yes forbids to ask; nothing was sent";
        match fingerprint {
            "" => format!("{forbids}; to see its fingerprint and accept it, {accept}"),
            _ => format!("{forbids}; {}; to accept it, {accept}", compare()),
        }
    } else if fingerprint.is_empty() {
        "the host's key is not known or not accepted; nothing was sent; connect once with ssh and compare the fingerprint"
            .to_owned()
    } else {
        format!("the host's key is not known, and nobody accepted it; nothing was sent; {}", compare())
    })
}

/// Whether ssh turned away from a key that is not known, and did not say which it is: it does so only where it asks.
pub fn is_untold(stderr: &str) -> bool {
    stderr.contains(FAILED)
        && !["IDENTIFICATION HAS CHANGED", "REVOKED HOST KEY"].iter().any(|other| stderr.contains(other))
        && told(stderr).fingerprint.is_empty()
}

/// Which key a host has, from what an ssh says of it that was told to say more (`-v`): in the words in which ssh would have
/// asked. The last key before it gave up is the one that it gave up for. None where it gave up for another reason.
pub fn of_account(account: &str) -> Option<String> {
    let (before, _) = account.rsplit_once(FAILED)?;
    let line = before.lines().rfind(|line| line.starts_with("debug1: Server host key: "))?.trim_end();
    let [fingerprint, algorithm] = line.rsplit(' ').take(2).collect::<Vec<_>>()[..] else { return None };
    let kind = match algorithm {
        "ssh-ed25519" => "ED25519",
        "ssh-rsa" => "RSA",
        "ssh-dss" => "DSA",
        "sk-ssh-ed25519@openssh.com" => "ED25519-SK",
        "sk-ecdsa-sha2-nistp256@openssh.com" => "ECDSA-SK",
        other if other.starts_with("ecdsa-sha2-") => "ECDSA",
        _ => return None,
    };
    let is_plain = fingerprint.chars().all(|char| char.is_ascii_graphic());
    is_plain.then(|| format!("{kind} key fingerprint is {fingerprint}.\n"))
}

fn changed(told: &Told<'_>, refused: bool) -> String {
    let now = match told.fingerprint {
        "" => String::new(),
        fingerprint => format!(": it is now {} {fingerprint}", told.kind),
    };
    let known = told.known.map(|place| format!("; the known one stands in {place}")).unwrap_or_default();
    let sent = if refused { "; nothing was sent" } else { "" };
    let removal = told.removal.unwrap_or("ssh-keygen -R");
    format!(
        "the host's key has CHANGED{now}{known}{sent}; somebody may be in between: learn from those who run the host \
         whether its key was renewed, and compare the fingerprint, before you run {removal}"
    )
}

/// Reads ssh's words. What comes last counts: a host on the way may have said the like before.
fn told(stderr: &str) -> Told<'_> {
    let mut told = Told::default();
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.contains(char::is_control)).peekable();
    while let Some(line) = lines.next() {
        if let Some((kind, fingerprint)) = line.split_once(" key fingerprint is ") {
            (told.kind, told.fingerprint) = (last_word(kind), fingerprint.trim_end_matches('.'));
        } else if line.starts_with("The fingerprint for the ")
            && line.ends_with(" key sent by the remote host is")
        {
            told.kind = line.split(' ').nth(4).unwrap_or_default();
            told.fingerprint = lines.peek().map_or("", |next| next.trim_end_matches('.'));
        } else if line.starts_with("Offending ") {
            told.known = line.split_once(" key in ").map(|(_, place)| place);
        } else if line == "remove with:" {
            told.removal = lines.peek().copied();
        }
    }
    told
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGED: &str = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n\
        @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n\
        IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\n\
        The fingerprint for the ED25519 key sent by the remote host is\n\
        SHA256:jUB2+qodC50E5X2ZRAe0PLx7jiSGi4oFAeuAO7IIMlw.\n\
        Please contact your system administrator.\n\
        Add correct host key in /home/o p/known_hosts to get rid of this message.\n\
        Offending RSA key in /home/o p/known_hosts:12\n  \
          remove with:\n  \
          ssh-keygen -f \"/home/o p/known_hosts\" -R \"web1\"\n\
        Host key for web1 has changed and you have requested strict checking.\n\
        Host key verification failed.\n";

    #[test]
    fn a_changed_key_is_named_with_the_place_of_the_known_one() {
        let why = why(CHANGED).expect("a reason");
        for part in [
            "CHANGED: it is now ED25519 SHA256:jUB2+qodC50E5X2ZRAe0PLx7jiSGi4oFAeuAO7IIMlw;",
            "the known one stands in /home/o p/known_hosts:12; nothing was sent;",
            "before you run ssh-keygen -f \"/home/o p/known_hosts\" -R \"web1\"",
        ] {
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn where_ssh_went_on_with_a_changed_key_we_do_not_say_that_nothing_was_sent() {
        let went_on =
            CHANGED.replace("Host key verification failed.", "ops@web1: Permission denied (publickey).");
        assert!(!why(&went_on).expect("a reason").contains("nothing was sent"));
    }

    #[test]
    fn an_unknown_key_has_its_fingerprint_where_ssh_asked() {
        let asked = "The authenticity of host 'web1 (10.0.0.1)' can't be established.\n\
            ED25519 key fingerprint is SHA256:abc+/1.\n\
            This key is not known by any other names.\n\
            Are you sure you want to continue connecting (yes/no/[fingerprint])? \n\
            Host key verification failed.";
        let unknown = why(asked).expect("a reason");
        assert!(unknown.contains("its ED25519 key is SHA256:abc+/1:"), "{unknown}");
        assert!(unknown.contains("ssh_host_ed25519_key.pub"), "{unknown}");
        let strict = "No ED25519 host key is known for web1 and you have requested strict checking.\n\
            Host key verification failed.";
        assert!(why(strict).expect("a reason").contains("StrictHostKeyChecking=ask"));
        assert!(is_untold(strict) && !is_untold(asked) && !is_untold(CHANGED));
        assert!(why("Host key verification failed.").expect("a reason").contains("connect once with ssh"));
        assert_eq!(why("ops@web1: Permission denied (publickey)."), None);
    }

    #[test]
    fn ssh_s_longer_account_tells_the_key_of_the_host_that_was_refused() {
        let strict = "No ECDSA host key is known for web1 and you have requested strict checking.\n\
            Host key verification failed.\n";
        let jump = "debug1: Server host key: ssh-ed25519 SHA256:jump\n";
        let account = format!("{jump}debug1: Server host key: ecdsa-sha2-nistp256 SHA256:abc+/1\n{strict}");
        let line = of_account(&account).expect("a key");
        assert_eq!(line, "ECDSA key fingerprint is SHA256:abc+/1.\n");
        let told = why(&format!("{line}{strict}")).expect("a reason");
        assert!(
            told.contains("its ECDSA key is SHA256:abc+/1:") && told.contains("ssh_host_ecdsa_key.pub"),
            "{told}"
        );
        assert!(told.contains("nothing was sent") && told.contains("StrictHostKeyChecking=ask"), "{told}");
        let elsewhere = format!("{jump}me@jump: Permission denied (publickey).\n");
        assert_eq!(of_account(&elsewhere), None);
        assert_eq!(of_account(&format!("debug1: Server host key: ssh-ed25519 \u{1b}[2J\n{strict}")), None);
    }

    #[test]
    fn nobody_s_escapes_come_into_the_sentence() {
        let forged =
            format!("X key fingerprint is \u{1b}[2JSHA256:x.\n{CHANGED}Offending X key in \u{1b}]0;x\n");
        let why = why(&forged).expect("a reason");
        assert!(why.contains("known_hosts:12") && !why.contains('\u{1b}'), "{why}");
    }
}
