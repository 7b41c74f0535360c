//! What an ending means: from the exit code and the words on standard error to a [`Failure`] in a named stage.
//!
//! OpenSSH's messages are not translated, so its own words can be looked for.

use crate::tunnel::askpass::UNANSWERED;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::host_key;
use crate::tunnel::interpreter::NONE_FOUND;
use crate::tunnel::kubectl;

/// What standard error begins with where an agent could not start a program; the reason follows.
pub const NOT_STARTED: &str = "hailer: not started: ";

/// What was seen of a start that came to nothing.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The interpreter's version and path, if stage 0 spoke.
    pub interpreter: Option<(String, String)>,
    /// The exit code, if the process ended by itself.
    pub code: Option<i32>,
    /// The end of standard error.
    pub stderr: String,
    /// The end of what came on standard output before stage 0.
    pub banner: String,
}

/// Shown only after it was asked again and again.
const BUSY: &str =
    "the host hung up before it said who it is; it may be overloaded (MaxStartups), or shut us out";

/// Words of ssh that give a reason, and of TLS servers, with what they mean. The first that fits is taken.
const WORDS: &[(&str, Stage, &str)] = &[
    (
        "Could not resolve hostname",
        Stage::Resolve,
        "the name has no address; check its spelling, DNS, or HostName in ~/.ssh/config",
    ),
    (UNANSWERED, Stage::Login, "a question on the way in got no answer, so nothing was sent in its place"),
    (
        "Too many authentication failures",
        Stage::Login,
        "the host had enough of the keys that were offered; set IdentitiesOnly and IdentityFile",
    ),
    ("Permission denied (", Stage::Login, "the host refused every way to log in; check the user and the key"),
    ("Connection refused", Stage::Connect, "nothing listens there; check the port, and that sshd runs"),
    ("No route to host", Stage::Connect, "there is no route to the host"),
    ("Network is unreachable", Stage::Connect, "the network is unreachable"),
    ("timed out", Stage::Connect, "the host did not answer in time"),
    (
        "stdio forwarding failed",
        Stage::Connect,
        "the host on the way could not go on to this one; see its message",
    ),
    ("Read from remote host", Stage::Connect, "the host hung up"),
    (
        "received fatal alert: CertificateRequired",
        Stage::Login,
        "the server wants a certificate of ours; give one with cert=FILE&key=FILE",
    ),
    ("received fatal alert: UnknownCA", Stage::Login, "the server does not know who signed our certificate"),
    ("received fatal alert: BadCertificate", Stage::Login, "the server does not take our certificate"),
    ("received fatal alert: CertificateExpired", Stage::Login, "our certificate has expired"),
    ("received fatal alert", Stage::Connect, "the server refuses the TLS connection"),
    ("Bad configuration option", Stage::Start, "ssh does not take its options; see the message"),
    ("command-line line", Stage::Start, "ssh does not take its options; see the message"),
    ("Can't open user config file", Stage::Start, "ssh cannot read its configuration"),
];

/// What is left where ssh gave no reason.
const HUNG_UP: &[(&str, Stage, &str)] = &[
    ("exchange_identification", Stage::Connect, "what answers there is no ssh server; check the port"),
    ("Connection reset by", Stage::Connect, "the host hung up"),
    ("Connection closed by", Stage::Connect, "the host hung up"),
];

/// Whether the first to hang up, be it the host or one on the way, did so before its first words. It knows nothing of us
/// then, and it is safe to ask again; one that hangs up later may have refused who we are, and must not be asked again.
/// ssh names the exchange of first words in the first case, and says the ends of all connections in their order.
fn hung_up_at_once(stderr: &str) -> bool {
    let exchange = |line: &str| {
        let line = line.strip_prefix("kex_").or_else(|| line.strip_prefix("ssh_"))?; // ssh_: before OpenSSH 8.0
        line.strip_prefix("exchange_identification: ").map(|how| {
            ["Connection closed", "read: ", "write: "].iter().any(|ending| how.starts_with(ending))
        })
    };
    let later = |line: &str| {
        ["Connection closed by ", "Connection reset by "].iter().any(|ending| line.starts_with(ending))
    };
    let ending = |line: &str| exchange(line).or_else(|| later(line).then_some(false));
    stderr.lines().find_map(ending).unwrap_or(false)
}

/// The failure of a tunnel that ended before the agent spoke.
pub fn ended(seen: &Seen) -> Failure {
    let said = words(seen);
    let failure = |stage, why: String| Failure { stage, why, said: said.clone() };
    if let Some((version, executable)) = &seen.interpreter {
        return match seen.code {
            Some(3) => failure(Stage::Interpreter, too_old(version, executable)),
            Some(5) => failure(
                Stage::Boot,
                "the agent arrived damaged: something on the way, most often a login profile, read our input"
                    .into(),
            ),
            Some(7) => failure(Stage::Connect, not_entered(&seen.stderr)),
            code => failure(
                Stage::Boot,
                format!("Python {version} ({executable}) ended before the agent spoke{}", with_code(code)),
            ),
        };
    }
    if let Some(why) = seen.stderr.lines().find_map(|line| line.strip_prefix(NOT_STARTED)) {
        return Failure::start(why);
    }
    if seen.stderr.contains(NONE_FOUND) {
        return failure(Stage::Interpreter, "no Python was found; name one with python=".into());
    }
    if matches!(seen.code, Some(255) | None)
        && let Some((stage, why)) = known(&seen.stderr)
    {
        return failure(stage, why);
    }
    if seen.code == Some(1)
        && let Some((stage, why)) = kubectl::known(&seen.stderr)
    {
        return failure(stage, why.to_owned());
    }
    match seen.code {
        Some(126 | 127) => failure(Stage::Interpreter, "the interpreter could not be started".into()),
        code => failure(
            Stage::Connect,
            format!("the connection ended before an interpreter answered{}", with_code(code)),
        ),
    }
}

/// What is meant by a text with words that are known.
pub fn known(text: &str) -> Option<(Stage, String)> {
    let first = |known: &'static [(&str, Stage, &'static str)]| {
        known.iter().find(|(words, ..)| text.contains(words)).map(|(_, stage, why)| (*stage, *why))
    };
    let busy = || hung_up_at_once(text).then_some((Stage::Busy, BUSY));
    let listed = || first(WORDS).or_else(busy).or_else(|| first(HUNG_UP));
    let of_key = host_key::why(text).map(|why| (Stage::HostKey, why));
    of_key.or_else(|| listed().map(|(stage, why)| (stage, why.to_owned())))
}

/// The failure of a tunnel that took too long. `seconds` is what it was given.
pub fn timed_out(seen: &Seen, seconds: f64) -> Failure {
    let said = words(seen);
    match &seen.interpreter {
        Some((version, executable)) => Failure {
            stage: Stage::Boot,
            why: format!(
                "Python {version} ({executable}) started, but no agent within {seconds} s: \
                 something there, most often a login profile, may have read part of our input"
            ),
            said,
        },
        None => Failure {
            stage: Stage::Connect,
            why: format!("no interpreter answered within {seconds} s"),
            said,
        },
    }
}

/// The sentence for an interpreter that we do not run on.
pub fn too_old(version: &str, executable: &str) -> String {
    format!("Python {version} ({executable}) is too old: 2.7, or 3.6 and later; name another with python=")
}

/// Why the agent did not move into another process's namespaces: its own words. The agent is ours, but what it tells of
/// may be an engine's words.
fn not_entered(stderr: &str) -> String {
    let mut lines = stderr.lines().rev();
    lines.find_map(|line| line.strip_prefix("hailer: nsenter: ")).map_or_else(
        || "the process's namespaces could not be entered".to_owned(),
        |why| why.chars().filter(|c| !c.is_control()).collect(),
    )
}

fn with_code(code: Option<i32>) -> String {
    code.map(|code| format!(" (exit code {code})")).unwrap_or_default()
}

/// What the far side said, standard error first: it is where reasons are.
fn words(seen: &Seen) -> String {
    let parts = [seen.stderr.trim(), seen.banner.trim()];
    let text = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n");
    let skip = text.lines().count().saturating_sub(12);
    let mut tail = text.lines().skip(skip).collect::<Vec<_>>().join("\n");
    if tail.len() > 4096 {
        let at = tail.ceil_char_boundary(tail.len() - 4096);
        tail.drain(..at);
    }
    tail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(code: i32, stderr: &str) -> Seen {
        Seen { code: Some(code), stderr: stderr.into(), ..Seen::default() }
    }

    #[test]
    fn ssh_s_words_become_stages() {
        for (text, stage) in [
            ("ssh: Could not resolve hostname nope: Name or service not known", Stage::Resolve),
            ("ssh: connect to host 127.0.0.1 port 1: Connection refused", Stage::Connect),
            ("root@h: Permission denied (publickey).", Stage::Login),
            ("No ED25519 host key is known for h.\nHost key verification failed.", Stage::HostKey),
            ("Connection timed out during banner exchange", Stage::Connect),
            ("Connection closed by 192.0.2.1 port 22", Stage::Connect),
            ("Connection reset by 192.0.2.1 port 22", Stage::Connect),
            ("kex_exchange_identification: banner line contains invalid characters", Stage::Connect),
            ("Read from remote host h: Connection reset by peer", Stage::Connect),
        ] {
            let failure = ended(&seen(255, text));
            assert_eq!(failure.stage, stage, "{text}");
            assert_eq!(failure.said, text);
        }
    }

    #[test]
    fn a_host_that_is_too_busy_is_told_from_one_that_is_not_there() {
        for text in [
            "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.1 port 22",
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.1 port 22",
            "kex_exchange_identification: write: Broken pipe",
            "ssh_exchange_identification: Connection closed by remote host",
            "ssh_exchange_identification: read: Connection reset by peer",
            "debug1: kex_exchange_identification: banner line 0: Not allowed at this time\n\
             kex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.1 port 22",
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535",
        ] {
            assert_eq!(ended(&seen(255, text)).stage, Stage::Busy, "{text}");
        }
        let jumped = "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535";
        for (first, stage) in [
            ("ssh: Could not resolve hostname bastion: Name or service not known", Stage::Resolve),
            ("ssh: connect to host bastion port 22: Connection refused", Stage::Connect),
            ("channel 0: open failed: connect failed: open failed\nstdio forwarding failed", Stage::Connect),
            ("me@bastion: Permission denied (publickey).", Stage::Login),
            ("Connection closed by 192.0.2.1 port 22", Stage::Connect), // the bastion, of who we are
        ] {
            assert_eq!(ended(&seen(255, &format!("{first}\n{jumped}"))).stage, stage, "{first}");
        }
    }

    #[test]
    fn a_shell_s_words_become_stages() {
        assert_eq!(ended(&seen(127, "hailer: no Python here; tried python3")).stage, Stage::Interpreter);
        assert_eq!(ended(&seen(126, "sh: 1: /opt/x: Exec format error")).stage, Stage::Interpreter);
        assert_eq!(ended(&seen(1, "This account is currently not available.")).stage, Stage::Connect);
    }

    #[test]
    fn once_python_runs_the_stage_is_the_interpreter_s_or_the_boot_s() {
        let started = |code| Seen { interpreter: Some(("3.4.2".into(), "/p".into())), ..seen(code, "") };
        assert_eq!(ended(&started(3)).stage, Stage::Interpreter);
        assert!(ended(&started(3)).why.contains("3.4.2 (/p) is too old"));
        assert_eq!(ended(&started(5)).stage, Stage::Boot);
        assert_eq!(timed_out(&started(0), 10.0).stage, Stage::Boot);
        assert_eq!(timed_out(&Seen::default(), 10.0).stage, Stage::Connect);
    }

    #[test]
    fn namespaces_that_are_not_entered_say_why_themselves() {
        let seen =
            |stderr: &str| Seen { interpreter: Some(("3.11.2".into(), "/p".into())), ..seen(7, stderr) };
        let failure = ended(&seen("noise\nhailer: nsenter: the container \u{1b}web is not running\n"));
        assert_eq!(
            (failure.stage, failure.why.as_str()),
            (Stage::Connect, "the container web is not running")
        );
        assert_eq!(ended(&seen("")).why, "the process's namespaces could not be entered");
    }

    #[test]
    fn long_words_are_cut_to_their_end() {
        let failure = ended(&seen(1, &"line\n".repeat(1000)));
        assert_eq!(failure.said.lines().count(), 12);
        assert!(ended(&seen(1, &"é".repeat(100_000))).said.len() <= 4096);
    }
}
