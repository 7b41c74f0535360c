//! How ssh on this machine asks: it runs this very program ([`client`]), which takes the question to a socket of the
//! program that started ssh ([`server`]).
//!
//! What they say to each other: the client sends the link's number, the hint that ssh gave it and the question, each
//! ended by a NUL. It then keeps the connection open as long as ssh waits. The server sends the answer and a newline, or
//! closes without a word: nobody will answer. No secret is in an argument, an environment or a file.

pub mod client;
pub mod server;

use std::env;
use std::ffi::OsString;
use std::path::Path;

use rustix::process::geteuid;

pub use server::{Server, listen};

use crate::tunnel::prompt::Helper;

/// What tells our program that it is a helper, for which link and of which socket: `<link> <socket>`.
const VARIABLE: &str = "HAILER_ASKPASS";
/// What begins the line by which the helper says, on ssh's standard error, that nobody answered.
pub(crate) const UNANSWERED: &str = "hailer: nobody answered: ";
/// The longest question that is taken, in bytes, with what is sent before it.
const QUESTION: u64 = 16 * 1024;
/// The longest answer that is taken, in bytes. ssh itself takes 1,023.
const ANSWER: usize = 4 * 1024;

/// What ssh's environment says, so that it asks through our helper and never on our terminal.
pub fn environment(helper: &Helper, link: u32) -> Vec<(&'static str, OsString)> {
    let mut place = OsString::from(format!("{link} "));
    place.push(&helper.socket);
    let mut environment = vec![
        ("SSH_ASKPASS", helper.program.clone().into_os_string()),
        ("SSH_ASKPASS_REQUIRE", "force".into()),
        (VARIABLE, place),
    ];
    // Before 8.4, and for the touch of a security key, ssh runs a helper only where it sees a display. What it is, it
    // does not look at.
    if env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
        environment.push(("DISPLAY", "none".into()));
    }
    environment
}

/// Whether a folder is this user's, and a folder that nobody else can enter.
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    folder.symlink_metadata().is_ok_and(|about| {
        about.is_dir() && about.uid() == geteuid().as_raw() && about.mode() & 0o777 == 0o700
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_is_told_whom_to_ask_and_nothing_else() {
        let helper = Helper { program: "/opt/hailer".into(), socket: "/run/a b/ask".into() };
        let environment = environment(&helper, 7);
        let value =
            |name| environment.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        assert_eq!(value("SSH_ASKPASS"), Some("/opt/hailer".into()));
        assert_eq!(value("SSH_ASKPASS_REQUIRE"), Some("force".into()));
        assert_eq!(value(VARIABLE), Some("7 /run/a b/ask".into()));
        assert_eq!(
            value("DISPLAY").is_none(),
            env::var_os("DISPLAY").is_some_and(|display| !display.is_empty())
        );
    }
}
