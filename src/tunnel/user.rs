//! Another user of the same machine. A password is asked for on the terminal that the program is given.

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
        // It takes one line, which the user's own shell reads.
        By::Su => return [program, user, "-c", &interpreter::quoted(start)].map(str::to_owned).to_vec(),
    };
    before.iter().map(|word| (*word).to_owned()).chain(start.iter().cloned()).collect()
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
        assert_eq!(
            argv(By::Su, Some("ops"), &start),
            ["su", "ops", "-c", "python3 'a b'"].map(str::to_owned)
        );
    }
}
