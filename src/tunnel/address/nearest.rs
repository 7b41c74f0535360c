//! The word that a person most likely meant.

/// Words longer than this are not compared: nobody types them, and the work grows with the square.
const LONGEST: usize = 128;

/// The candidate that is nearest to `word`, if at most a third of its letters differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &'a str| {
        let length = candidate.chars().count();
        let edits = (length.max(word.len()) <= LONGEST).then(|| distance(word, candidate))?;
        (edits <= length.div_ceil(3)).then_some((edits, candidate))
    };
    candidates.into_iter().filter_map(near).min().map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        // `row` holds the distances to `left` without `l`; the new ones come out one by one.
        let mut new = vec![i + 1];
        for (pair, r) in row.windows(2).zip(&right) {
            let changed = pair[0] + usize::from(l != *r);
            let taken_out = pair[1] + 1;
            let put_in = new.last().map_or(usize::MAX, |left| left + 1);
            new.push(changed.min(taken_out).min(put_in));
        }
        row = new;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_letters() {
        for (left, right, edits) in
            [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("prot", "port", 2), ("é", "e", 1)]
        {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }

    #[test]
    fn only_near_words_are_offered() {
        assert_eq!(nearest("prot", ["python", "port", "user"]), Some("port"));
        assert_eq!(nearest("cahce", ["cache", "shop"]), Some("cache"));
        assert_eq!(nearest("zzz", ["python", "port", "user"]), None);
    }
}
