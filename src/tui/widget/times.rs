//! Spans of time in a few columns.

use std::time::Duration;

/// `0.4ms`, `12ms`, `3.2s`, `2m05s`, `1h02m`: never more than seven columns below 1,000 hours.
pub fn short(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1_000.0;
    let seconds = span.as_secs();
    match seconds {
        0 if millis < 9.95 => format!("{millis:.1}ms"),
        0 => format!("{}ms", span.as_millis()),
        1..60 => format!("{}.{}s", seconds, span.subsec_millis() / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `1,203`
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short_and_right() {
        let texts: Vec<_> =
            [0, 940, 9_940, 120_000, 999_999, 3_250_000, 59_999_999, 125_000_000, 3_725_000_000]
                .map(|micros| short(Duration::from_micros(micros)))
                .into();
        assert_eq!(texts, ["0.0ms", "0.9ms", "9.9ms", "120ms", "999ms", "3.2s", "59.9s", "2m05s", "1h02m"]);
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1_203, 1_000_000].map(count), ["0", "999", "1,203", "1,000,000"]);
    }
}
