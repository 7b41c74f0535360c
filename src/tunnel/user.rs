//! Another user of the same machine. A password is asked for on the terminal that the program is given, so that standard
//! input belongs to the interpreter from the first byte.

use crate::tunnel::address::By;
use crate::tunnel::interpreter;

/// What sudo asks with: no host in it, since the same password is asked for on many (`%p` is whose it is).
const PROMPT: &str = "[sudo] password for %p: ";

/// The words that run `start` as this user.
pub fn argv(by: By, user: Option<&str>, start: &[String]) -> Vec<String> {
    let user = user.unwrap_or("root");
    let program = by.program();
    let before: &[&str] = match by {
        By::Sudo => &[program, "-H", "-p", PROMPT, "-u", user, "--"],
        By::Doas => &[program, "-u", user, "--"],
        By::Su => return su(user, start),
    };
    before.iter().map(|word| (*word).to_owned()).chain(start.iter().cloned()).collect()
}

/// su reads a password from its standard input, whatever that is: so it gets the terminal there, and the interpreter gets
/// what su was started with. It takes one line, which the user's own shell reads.
fn su(user: &str, start: &[String]) -> Vec<String> {
    let with = |script: &str| ["sh", "-c", script, "hailer"].map(str::to_owned).to_vec();
    let inner = [with("exec \"$@\" <&3 2>&4 3<&- 4>&-"), start.to_vec()].concat();
    let mut argv = with("exec \"$@\" 3<&0 4>&2 </dev/tty 2>/dev/tty");
    argv.extend(["su", user, "-c", &interpreter::quoted(&inner)].map(str::to_owned));
    argv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_sudo_and_doas_and_one_line_follows_su() {
        let start = ["python3".to_owned(), "a b".to_owned()];
        assert_eq!(
            argv(By::Sudo, None, &start)[4..],
            ["-u", "root", "--", "python3", "a b"].map(str::to_owned)
        );
        assert_eq!(argv(By::Doas, Some("www"), &start)[2], "www");
        let su = argv(By::Su, Some("ops"), &start);
        assert_eq!(su[4..7], ["su", "ops", "-c"].map(str::to_owned));
        assert!(su[7].ends_with(" hailer python3 'a b'"), "{su:?}");
    }
}
