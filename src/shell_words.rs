//! Words as a shell splits them, and the way back.

/// Splits a line into words: blanks part them, single quotes keep everything, double quotes keep all but `\"`, `\\`,
/// `\$` and `` \` ``, a backslash outside keeps the next character. Nothing is expanded.
///
/// The error is the byte offset of what is not closed, and its name.
pub fn split(line: &str) -> Result<Vec<String>, (usize, &'static str)> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some((_, '\'')) => break,
                        Some((_, inside)) => word.push(inside),
                        None => return Err((at, "single quote")),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default()).ok_or((at, "double quote"))?,
            '\\' => match chars.next() {
                Some((_, next)) => word.get_or_insert_default().push(next),
                None => return Err((at, "backslash")),
            },
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads up to the closing quote; none if there is none.
fn double_quoted(chars: &mut std::str::CharIndices<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()?.1 {
            '"' => return Some(()),
            '\\' => {
                let next = chars.next()?.1;
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            inside => word.push(inside),
        }
    }
}

/// One line that [`split`] takes apart into the same words.
pub fn join(words: &[String]) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        let plain = |c: char| !matches!(c, ' ' | '\t' | '\'' | '"' | '\\');
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_split_as_sh_does() {
        let words = |line| split(line).unwrap();
        assert_eq!(
            words(r#"kubectl exec  -i "my pod" -- python3"#),
            ["kubectl", "exec", "-i", "my pod", "--", "python3"]
        );
        assert_eq!(words(r#"a\ b 'c"d' "e\"f\n" g''h '' "#), ["a b", "c\"d", "e\"f\\n", "gh", ""]);
        assert_eq!(words("$HOME *"), ["$HOME", "*"], "nothing is expanded");
        assert_eq!(words("  "), Vec::<String>::new());
        assert_eq!(split("a 'b"), Err((2, "single quote")));
        assert_eq!(split("a \"b\\"), Err((2, "double quote")));
        assert_eq!(split("a\\"), Err((1, "backslash")));
    }

    proptest! {
        #[test]
        fn split_undoes_join(words: Vec<String>) {
            prop_assert_eq!(split(&join(&words)).unwrap(), words);
        }
    }
}
