//! Questions on the way in: who asks, and how an answer comes back.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::tunnel::secret::Secret;

/// How the questions of one link's way in reach those who know an answer.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The link's number, which its questions bear.
    pub link: u32,
    /// Where they go.
    pub questions: mpsc::UnboundedSender<Asked>,
    /// The program that ssh runs when it has a question, if ssh may ask at all.
    pub helper: Option<Helper>,
    /// Whether somebody is being asked.
    pub patience: Patience,
}

/// Tells a link on its way up that a person is being asked on its behalf, so that its time does not run out meanwhile, and
/// others need not wait for it.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<watch::Sender<u32>>);

impl Patience {
    /// A question of this link's is open.
    pub fn begin(&self) {
        self.0.send_modify(|open| *open += 1);
    }

    /// That question is over.
    pub fn end(&self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }

    /// Whether a question is open.
    pub fn is_needed(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until a question is open.
    pub async fn needed(&self) {
        let open = self.0.subscribe().wait_for(|open| *open > 0).await.map(drop);
        debug_assert!(open.is_ok(), "the sender is ours");
    }
}

/// How ssh on this machine asks: it runs our own program, which takes the question to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// Our own program.
    pub program: PathBuf,
    /// The socket, in a folder that only this user can enter.
    pub socket: PathBuf,
}

/// One question.
#[derive(Debug)]
pub struct Asked {
    /// On the way to which link.
    pub link: u32,
    /// The words of what asks. Remote text.
    pub text: String,
    /// It only tells: a security key waits to be touched. Whatever is answered goes nowhere; it is over when the reply
    /// is closed.
    pub notice: bool,
    /// Where the answer goes; dropped: nobody will answer. It is closed as soon as nobody waits for the answer any more.
    pub reply: oneshot::Sender<Secret>,
}

impl Asker {
    /// Asks. The answer comes when it comes; an error there says that none will.
    pub fn ask(&self, text: String) -> oneshot::Receiver<Secret> {
        let (reply, answer) = oneshot::channel();
        // With nobody there to be asked the reply is dropped, which says so.
        let _ = self.questions.send(Asked { link: self.link, text, notice: false, reply });
        answer
    }
}

/// What kind of answer a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wants {
    /// A password, a passphrase, a one-time code: typed unseen.
    Secret,
    /// Whether a host's key, which nobody here knows yet, is to be trusted: `yes`, or no answer.
    HostKey,
}

/// What is to become of ssh when nobody answers a question of its.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It gives up by itself, and does not say what it asked: the helper does.
    Says,
    /// It goes on without: another key may open the way.
    Passes,
    /// It would send an empty answer to the host, and ask again: it has to be ended.
    Ends,
}

/// What an unanswered question leads to.
pub(crate) fn unanswered(text: &str) -> Unanswered {
    let here =
        ["Enter passphrase for", "Enter PIN for", "Enter PIN and confirm", "Confirm user presence", "Allow "];
    if kind(text) == Wants::HostKey {
        Unanswered::Says
    } else if here.iter().any(|start| text.starts_with(start)) {
        Unanswered::Passes
    } else {
        Unanswered::Ends
    }
}

/// What kind of answer a question of ssh wants. What a host asks by itself bears its name in front, so no host can make
/// its question look like one about a key.
pub fn kind(text: &str) -> Wants {
    let own = !text.starts_with('(');
    let about_a_key = text.contains("Are you sure you want to continue connecting (yes/no")
        || text.starts_with("Please type 'yes'")
        || text.starts_with("Accept updated hostkeys?");
    if own && about_a_key { Wants::HostKey } else { Wants::Secret }
}

/// What the same answer fits, in words; none: nothing else, now or later. Only what is surely a lasting password or
/// passphrase has a domain: a code for one use must neither be kept nor sent twice.
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(key) = between(text, "Enter passphrase for key '", "':") {
        return Some(format!("passphrase of {key}"));
    }
    if let Some((user, question)) = of_host(text) {
        // The host asks in words of its own, which are no other domain's whatever they say.
        let password = question.eq_ignore_ascii_case("password:");
        return if password {
            Some(ssh(user))
        } else {
            lasting(question).then(|| format!("{}: {question}", ssh(user)))
        };
    }
    if let Some((user, _)) = between(text, "", "'s password:").and_then(|place| place.rsplit_once('@')) {
        return Some(ssh(user));
    }
    if let Some(user) = between(text, "[sudo] password for ", ":") {
        return Some(format!("sudo password of {user}"));
    }
    if let Some((user, _)) = between(text, "doas (", ") password:").and_then(|place| place.split_once('@')) {
        return Some(format!("doas password of {user}"));
    }
    lasting(text).then(|| text.to_owned())
}

fn ssh(user: &str) -> String {
    format!("ssh password of {user}")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

/// `(user@host) question`: what a host asks by itself.
fn of_host(text: &str) -> Option<(&str, &str)> {
    let (place, question) = text.strip_prefix('(')?.split_once(") ")?;
    Some((place.rsplit_once('@')?.0, question.trim()))
}

/// Whether these words ask for what will still be right the next time.
fn lasting(question: &str) -> bool {
    const ONCE: &[&str] = &[
        "authenticator",
        "challenge",
        "code",
        "current",
        "duo",
        "dynamic",
        "expired",
        "factor",
        "new",
        "old",
        "once",
        "one",
        "onetime",
        "otp",
        "passcode",
        "pin",
        "response",
        "retype",
        "securid",
        "sms",
        "temporary",
        "time",
        "token",
        "yubikey",
    ];
    let question = question.to_lowercase();
    let mut words = question.split(|letter: char| !letter.is_alphanumeric());
    (question.contains("password") || question.contains("passphrase"))
        && !words.any(|word| ONCE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_KEY: &str = "The authenticity of host 'web1 (10.0.0.1)' can't be established.\n\
        ED25519 key fingerprint is SHA256:jUB2+qodC50E5X2ZRAe0PLx7jiSGi4oFAeuAO7IIMlw.\n\
        This key is not known by any other names.\n\
        Are you sure you want to continue connecting (yes/no/[fingerprint])? ";

    #[test]
    fn only_ssh_itself_asks_about_keys() {
        for text in
            [HOST_KEY, "Please type 'yes', 'no' or the fingerprint: ", "Accept updated hostkeys? (yes/no): "]
        {
            assert_eq!(kind(text), Wants::HostKey, "{text}");
            assert_eq!(unanswered(text), Unanswered::Says, "{text}");
            assert_eq!(domain(text), None, "{text}");
            let forged = format!("(ops@web1) {text}");
            assert_eq!((kind(&forged), unanswered(&forged)), (Wants::Secret, Unanswered::Ends), "{forged}");
        }
    }

    #[test]
    fn one_password_of_a_user_fits_many_hosts() {
        let ssh = Some("ssh password of ops".to_owned());
        for text in [
            "ops@web1's password: ",
            "ops@10.0.0.2's password: ",
            "(ops@web3) Password: ",
            "(ops@h) password:",
        ] {
            assert_eq!(domain(text), ssh, "{text}");
            assert_eq!((kind(text), unanswered(text)), (Wants::Secret, Unanswered::Ends), "{text}");
        }
        assert_eq!(domain("me@corp@web1's password: ").as_deref(), Some("ssh password of me@corp"));
        assert_eq!(domain("(ops@otp-code) Password: "), ssh, "the host's name is no part of the question");
    }

    #[test]
    fn each_domain_has_its_words() {
        for (text, known) in [
            (
                "Enter passphrase for key '/home/o p/.ssh/new token': ",
                "passphrase of /home/o p/.ssh/new token",
            ),
            ("[sudo] password for ops: ", "sudo password of ops"),
            ("doas (ops@web1) password: ", "doas password of ops"),
            ("Password: ", "Password:"),
            ("(ops@web1) LDAP Password: ", "ssh password of ops: LDAP Password:"),
        ] {
            assert_eq!(domain(text).as_deref(), Some(known), "{text}");
        }
    }

    #[test]
    fn a_host_cannot_ask_for_what_is_another_domain_s() {
        for text in ["Enter passphrase for key '/home/ops/.ssh/id_ed25519': ", "[sudo] password for ops: "] {
            let forged = domain(&format!("(ops@web1) {text}"));
            assert!(forged.is_none_or(|forged| forged.starts_with("ssh password of ops: ")), "{text}");
        }
    }

    #[test]
    fn what_is_good_once_is_never_kept() {
        for text in [
            "(ops@web1) Verification code: ",
            "(ops@web1) One-time password (OATH) for `ops': ",
            "(ops@web1) Duo two-factor login for ops\n\nPasscode or option (1-2): ",
            "(ops@web1) Enter PASSCODE: ",
            "(ops@web1) Password & verification code: ",
            "(ops@web1) otp-md5 497 as8943 ext\nPassword: ",
            "(ops@web1) New password: ",
            "(ops@web1) Current password: ",
            "Retype ops@web1's new password: ",
            "Enter PIN for ED25519-SK key /home/ops/.ssh/id_ed25519_sk: ",
            "Enter PIN for 'PIV Card': ",
            "Confirm user presence for key ED25519-SK SHA256:abc",
            "Allow shared connection to web1? ",
            "[sudo] PIN for ops: ",
            "Second factor: ",
            "",
        ] {
            assert_eq!(domain(text), None, "{text}");
            assert_eq!(kind(text), Wants::Secret, "{text}");
        }
        assert_eq!(unanswered("Enter PIN for 'PIV Card': "), Unanswered::Passes);
        assert_eq!(unanswered("Enter passphrase for key '/k': "), Unanswered::Passes);
    }
}
