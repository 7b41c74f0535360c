//! Any command that relays standard input and output to a Python, or to something that starts one.
//!
//! Where stage 0 goes is told by the command's own words:
//!
//! | the command | what is started |
//! | --- | --- |
//! | has a word `{}` | the words that find and start an interpreter stand in its place |
//! | has `{}` within a word | the same, quoted as one line for a shell |
//! | ends with a Python (`python3`, `/opt/py/bin/python3.12`) | its options and stage 0 follow |
//! | anything else (`nsenter -t 1 -a`, `kubectl exec -i pod --`) | the words that find and start one follow |

use crate::tunnel::interpreter::{self, OPTIONS};

/// The words that run the command, with what it is to start.
pub fn argv(words: &[String], python: Option<&str>, stage0: &str) -> Vec<String> {
    let start = interpreter::find_and_start(python, stage0);
    if words.iter().any(|word| word.contains("{}")) {
        let place = |word: &String| {
            if word == "{}" { start.clone() } else { vec![word.replace("{}", &interpreter::quoted(&start))] }
        };
        return words.iter().flat_map(place).collect();
    }
    let mut argv = words.to_vec();
    if words.last().is_some_and(|word| is_python(word)) {
        argv.extend([OPTIONS, "-c", stage0].map(str::to_owned));
    } else {
        argv.extend(start);
    }
    argv
}

/// Whether a word names a Python: `python`, `python3.12`, `/usr/libexec/platform-python`.
fn is_python(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let version = name.strip_prefix("platform-python").or_else(|| name.strip_prefix("python"));
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(text: &str) -> Vec<String> {
        let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        argv(&words, None, "S0")
    }

    #[test]
    fn stage_0_follows_a_python() {
        assert_eq!(started("nsenter -t 1 python3")[3..], ["python3", "-ESs", "-c", "S0"].map(str::to_owned));
        assert_eq!(started("/opt/py/bin/python3.12")[1..], ["-ESs", "-c", "S0"].map(str::to_owned));
    }

    #[test]
    fn anything_else_is_given_a_shell_that_finds_one() {
        let argv = started("kubectl exec -i pod --");
        assert_eq!(argv[5..7], ["sh", "-c"].map(str::to_owned));
        assert_eq!(argv.last().map(String::as_str), Some("S0"));
    }

    #[test]
    fn a_place_is_filled_as_words_or_as_one_line() {
        assert_eq!(started("env {} x")[1..3], ["sh", "-c"].map(str::to_owned));
        let line = &started("su -c {}; ops")[2];
        assert!(line.starts_with("sh -c '") && line.ends_with("S0;"), "{line}");
    }
}
