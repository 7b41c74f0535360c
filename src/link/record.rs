//! Records of a host's `logging`, as they come over the wire.

use serde::Serialize;

use crate::link::call::value;
use crate::wire::value::Value;

/// What a record says beside its text. Its names are remote text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// How bad it is, as Python counts: 10 debug, 20 info, 30 warning, 40 error, 50 critical.
    pub severity: i64,
    /// The name of that level on the host.
    pub level: Box<str>,
    /// The name of the logger.
    pub logger: Box<str>,
    /// When it was made, by the host's own clock: milliseconds since the Unix epoch.
    pub made: u64,
    /// It is the second or a later line of its record.
    pub goes_on: bool,
}

impl Record {
    /// A line of it as people read it: `WARNING app.db: text`.
    pub fn shown(&self, text: &str) -> String {
        if self.goes_on { text.to_owned() } else { format!("{} {}: {text}", self.level, self.logger) }
    }
}

/// A record, its text, and how many before it were dropped on the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// What it says beside its text.
    pub record: Record,
    /// Its text, of one line or more.
    pub text: String,
    /// How many before it were dropped.
    pub dropped: u64,
}

/// Reads the message of an ITEM with the tag [`crate::wire::frame::item::LOG`]. What is not as it should be is empty.
///
/// # Errors
/// A sentence that says why it is no pickle.
pub fn logged(message: &[u8]) -> Result<Logged, String> {
    let parts = value(message)?.items().unwrap_or_default();
    let number = |at: usize| parts.get(at).and_then(Value::number).unwrap_or_default();
    let text = |at: usize| {
        let text = parts.get(at).and_then(|part| part.as_text().map(|text| text.lossy().into_owned()));
        text.unwrap_or_default()
    };
    let name = |at: usize| text(at).replace(char::is_control, " ").into_boxed_str();
    let record = Record {
        severity: number(0) as i64,
        level: name(1),
        logger: name(2),
        made: count(number(3) * 1000.0),
        goes_on: false,
    };
    Ok(Logged { record, text: text(4), dropped: count(number(5)) })
}

fn count(number: f64) -> u64 {
    u64::try_from(number as i64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_and_shown() {
        // pickle.dumps((30, 'WARNING', 'app\ndb', 1.5, 'a\nb', 2), 2)
        let message = b"\x80\x02(K\x1eX\x07\x00\x00\x00WARNINGX\x06\x00\x00\x00app\ndbG?\xf8\x00\x00\x00\x00\x00\x00X\x03\x00\x00\x00a\nbK\x02t.";
        let read = logged(message).expect("a record");
        assert_eq!((read.text.as_str(), read.dropped), ("a\nb", 2));
        let record = Record {
            severity: 30,
            level: "WARNING".into(),
            logger: "app db".into(),
            made: 1_500,
            goes_on: false,
        };
        assert_eq!(read.record, record);
        assert_eq!(record.shown("a"), "WARNING app db: a");
        assert_eq!(Record { goes_on: true, ..record }.shown("b"), "b");
    }

    #[test]
    fn what_is_no_record_is_an_empty_one() {
        assert_eq!(logged(b"\x80\x02N."), Ok(Logged::default()));
        assert!(logged(b"\x80\x02").is_err());
    }
}
