//! How an interpreter is found in the same round trip that starts it.

/// The names that are tried, in this order: what the system calls python3, then the newest.
pub const CANDIDATES: &[&str] = &[
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
    "python3.7",
    "python3.6",
    "/usr/libexec/platform-python",
    "python",
    "python2",
    "python2.7",
];

/// The interpreter's options: nothing from the environment (`-E`), no user site (`-s`), no `site` at start (`-S`; the
/// agent runs it when somebody imports). All three are in 2.7 and 3.6 alike, where `-I` is not.
pub const OPTIONS: &str = "-ESs";

/// What the shell says when there is none, on standard error.
pub const NONE_FOUND: &str = "hailer: no Python here; tried";

/// The words that start stage 0 where only a program can be named: a shell finds the interpreter and becomes it.
///
/// No word holds a single quote, so each stands in one pair of them (see [`quoted`]).
pub fn find_and_start(python: Option<&str>, stage0: &str) -> Vec<String> {
    let names = python.map_or_else(|| CANDIDATES.join(" "), str::to_owned);
    let script = match python {
        // A path or name that a person gave is taken as it is; what the shell says of it is the best message.
        Some(_) => format!("exec \"$2\" {OPTIONS} -c \"$1\""),
        None => format!(
            "for p in {names}; do command -v $p >/dev/null 2>&1 && exec $p {OPTIONS} -c \"$1\"; done; \
             echo \"{NONE_FOUND} {names}\" >&2; exit 127"
        ),
    };
    // The word after the script is what the shell calls itself when it complains.
    let mut words = vec!["sh".to_owned(), "-c".to_owned(), script, "hailer".to_owned(), stage0.to_owned()];
    words.extend(python.map(str::to_owned));
    words
}

/// The words of one interpreter that is known.
pub fn start(python: &str, stage0: &str) -> Vec<String> {
    [python, OPTIONS, "-c", stage0].map(str::to_owned).to_vec()
}

/// One line for a login shell, whichever it is: sh, bash, zsh, fish, csh and tcsh all take a word in single quotes as
/// it stands, as long as it holds no quote, backslash, newline or exclamation mark. Words that need none get none.
///
/// A quote in a word (only a person's `python=` can hold one) is closed, escaped, and opened again.
pub fn quoted(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_needs_no_quoting_but_single_quotes() {
        let line = quoted(&find_and_start(None, "print(\"x\")"));
        assert!(line.starts_with("sh -c 'for p in python3 "), "{line}");
        assert!(line.ends_with(" hailer 'print(\"x\")'"), "{line}");
        assert_eq!(line.matches('\'').count(), 4);
        assert!(!line.contains(['\\', '!', '`', '\n']), "{line}");
    }

    #[test]
    fn a_given_python_is_passed_as_a_word() {
        let words = find_and_start(Some("/opt/my python/bin/python"), "pass");
        assert_eq!(words.last().map(String::as_str), Some("/opt/my python/bin/python"));
        assert_eq!(quoted(&["it's".to_owned()]), r"'it'\''s'");
    }
}
