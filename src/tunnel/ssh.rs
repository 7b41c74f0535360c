//! The system's ssh, so that the whole of the user's configuration holds.

use std::time::Duration;

use crate::tunnel::Start;
use crate::tunnel::address::Options;
use crate::tunnel::interpreter;

/// Where to.
#[derive(Debug, Clone, Copy)]
pub struct To<'a> {
    /// The user, in place of the configuration's.
    pub user: Option<&'a str>,
    /// The host, or an alias of it.
    pub host: &'a str,
    /// The port, in place of the configuration's.
    pub port: Option<u16>,
}

/// Where ssh takes its questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nowhere: what needs an answer fails.
    Nobody,
    /// To our own helper, which it runs.
    Helper,
    /// To the terminal that it is given.
    Terminal,
}

/// What we say to ssh, and why. `more` are arguments that hold for every host.
///
/// - `-T`: a terminal at the far end would change bytes.
/// - `BatchMode`: it must not ask on our terminal.
/// - `ServerAlive…`: a host that vanished is noticed. `ConnectTimeout`: and one that never answers.
/// - `RemoteCommand=none`, `ClearAllForwardings`: what a configuration has for interactive use is not for us.
///
/// Of ssh the first word counts, so a person's own options come first. Host key checking is never touched.
pub fn argv(
    to: &To<'_>,
    options: &Options,
    more: &[String],
    python: Option<&str>,
    start: Start<'_>,
    asks: Asks,
) -> Vec<String> {
    let line = interpreter::quoted(&interpreter::find_and_start(python, start.stage0));
    running(to, options, more, start.limit, asks, line)
}

/// The words of an ssh that has the far side's login shell run a line.
pub fn running(
    to: &To<'_>,
    options: &Options,
    more: &[String],
    limit: Duration,
    asks: Asks,
    line: String,
) -> Vec<String> {
    let mut argv = vec!["ssh".to_owned(), "-T".to_owned()];
    argv.extend(options.ssh_options.iter().chain(more).cloned());
    if let Some(identity) = &options.identity {
        argv.extend(["-i".to_owned(), identity.display().to_string()]);
    }
    let seconds = limit.as_secs().max(1);
    for option in [
        if asks == Asks::Nobody { "BatchMode=yes" } else { "BatchMode=no" },
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
        "RemoteCommand=none",
        "ClearAllForwardings=yes",
        &format!("ConnectTimeout={seconds}"),
    ] {
        argv.extend(["-o".to_owned(), option.to_owned()]);
    }
    if let Some(user) = to.user {
        argv.extend(["-l".to_owned(), user.to_owned()]);
    }
    if let Some(port) = to.port {
        argv.extend(["-p".to_owned(), port.to_string()]);
    }
    argv.extend(["--".to_owned(), to.host.to_owned(), line]);
    argv
}

/// The words of an ssh that tells which key a host has, and nothing else: it takes no key that is not known, offers no
/// way to log in, and asks nobody.
pub fn looking(to: &To<'_>, options: &Options, more: &[String], limit: Duration) -> Vec<String> {
    let mut argv = running(to, options, more, limit, Asks::Nobody, "exit".to_owned());
    let first = [
        "-v",
        "-oStrictHostKeyChecking=yes",
        "-oBatchMode=yes",
        "-oPreferredAuthentications=none",
        "-oControlPath=none",
    ];
    argv.splice(1..1, first.map(str::to_owned));
    argv
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tunnel::Defaults;

    #[test]
    fn a_person_s_options_come_before_ours_and_the_host_after_all() {
        let options = Options { ssh_options: vec!["-F".into(), "/cfg".into()], ..Options::default() };
        let to = To { user: Some("ops"), host: "web1", port: Some(2222) };
        let defaults = Defaults::default();
        let limit = Duration::from_secs(7);
        let start = Start { defaults: &defaults, stage0: "pass", limit, asker: None };
        let argv = argv(&to, &options, &[], None, start, Asks::Nobody);
        let at = |word: &str| argv.iter().position(|found| found == word);
        assert!(at("-F") < at("BatchMode=yes"));
        assert!(at("ConnectTimeout=7").is_some() && at("2222").is_some());
        assert_eq!(at("--").map(|at| at + 1), at("web1"));
        assert_eq!(argv.len(), at("web1").map_or(0, |at| at + 2));
        assert!(!argv.iter().any(|word| word.contains("StrictHostKeyChecking")));
    }

    #[test]
    fn who_only_looks_at_a_key_is_stricter_than_any_option() {
        let weak = "-oStrictHostKeyChecking=no".to_owned();
        let options = Options { ssh_options: vec![weak.clone()], ..Options::default() };
        let to = To { user: None, host: "web1", port: None };
        let argv = looking(&to, &options, &[], Duration::from_secs(7));
        let at = |word: &str| argv.iter().position(|found| found == word);
        assert!(
            at("-oStrictHostKeyChecking=yes") < at(&weak) && at("-oBatchMode=yes") < at(&weak),
            "{argv:?}"
        );
        assert_eq!(argv.last().map(String::as_str), Some("exit"));
    }
}
