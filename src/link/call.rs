//! What a call's messages mean: pickles become values, errors, progress.

use crate::link::raised::{Frame, Raised};
use crate::wire::frame::close;
use crate::wire::pickle::{self, Caps};
use crate::wire::value::Value;

/// How long a chain of causes may be.
const CHAIN: usize = 32;
/// How many frames of a traceback are kept.
const FRAMES: usize = 200;

/// How a call ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It returned.
    Value(Value),
    /// It raised.
    Raised(Box<Raised>),
    /// It was cancelled, and the agent says so.
    Cancelled,
    /// It could not be taken up, or its answer could not be read: why, in a sentence.
    Refused(String),
}

/// Reads the message of a CLOSE with this tag.
pub fn outcome(tag: u8, message: &[u8]) -> Outcome {
    match tag {
        close::VALUE => match value(message) {
            Ok(value) => Outcome::Value(value),
            Err(why) => Outcome::Refused(why),
        },
        close::RAISED => match value(message) {
            Ok(error) => Outcome::Raised(Box::new(raised(&error, CHAIN))),
            Err(why) => Outcome::Refused(why),
        },
        close::CANCELLED => Outcome::Cancelled,
        _ => Outcome::Refused(String::from_utf8_lossy(message).into_owned()),
    }
}

/// Reads a pickle.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn value(message: &[u8]) -> Result<Value, String> {
    pickle::decode(message, &Caps::default())
        .map_err(|error| format!("the answer could not be read: {error}"))
}

/// Reads the arguments of `progress(done, total, text)`. What is no number is zero, or not known.
pub fn progress(message: &[u8]) -> Result<(f64, Option<f64>, Option<String>), String> {
    let items = value(message)?.items().unwrap_or_default();
    let number = |at: usize| items.get(at).and_then(Value::number);
    Ok((number(0).unwrap_or_default(), number(1), items.get(2).and_then(text)))
}

/// Reads the text of `warn(text)`.
pub fn warning(message: &[u8]) -> Result<String, String> {
    let value = value(message)?;
    Ok(text(&value).unwrap_or_else(|| value.repr(1000)))
}

/// The text of an error that our own end makes up, where the far side's answer is of no use.
pub fn made_up(kind: &str, message: String) -> Box<Raised> {
    Box::new(Raised {
        kind: kind.to_owned(),
        traceback: format!("{kind}: {message}"),
        message,
        ..Raised::default()
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_text().map(|text| text.lossy().into_owned())
}

fn raised(error: &Value, depth: usize) -> Raised {
    let Some(parts) = error.fields() else {
        return *made_up("RuntimeError", format!("an error that is none: {}", error.repr(200)));
    };
    let part = |name: &str| parts.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let string = |name: &str| part(name).and_then(text).unwrap_or_default();
    let (module, name) = (string("module"), string("type"));
    let builtin = matches!(module.as_str(), "" | "builtins" | "exceptions" | "__main__");
    let suppressed = part("suppress").is_some_and(|value| value.number() == Some(1.0));
    let chained = |name: &str| part(name).filter(|value| depth > 0 && value.fields().is_some());
    let cause = chained("cause").or_else(|| chained("context").filter(|_| !suppressed));
    Raised {
        kind: if builtin { name } else { format!("{module}.{name}") },
        message: string("message"),
        frames: part("frames")
            .and_then(Value::items)
            .unwrap_or_default()
            .iter()
            .take(FRAMES)
            .map(frame)
            .collect(),
        traceback: string("text"),
        args: part("args").cloned(),
        notes: part("notes").and_then(Value::items).unwrap_or_default().iter().filter_map(text).collect(),
        cause: cause.map(|cause| Box::new(raised(cause, depth.saturating_sub(1)))),
    }
}

fn frame(value: &Value) -> Frame {
    let items = value.items().unwrap_or_default();
    let string = |at: usize| items.get(at).and_then(text).unwrap_or_default();
    let line =
        items.get(1).and_then(Value::as_i64).and_then(|line| u32::try_from(line).ok()).unwrap_or_default();
    Frame { file: string(0), line, function: string(2), source: string(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: impl Into<Value>) -> (Value, Value) {
        (key.into(), value.into())
    }

    #[test]
    fn an_error_is_read_with_its_frames_and_its_cause() {
        let frames = Value::list([Value::list(["<run 1>".into(), 3_i64.into(), "f".into(), "x / 0".into()])]);
        let cause =
            Value::dict([pair("type", "KeyError"), pair("module", "builtins"), pair("message", "'x'")]);
        let error = Value::dict([
            pair("type", "Broken"),
            pair("module", "app.errors"),
            pair("message", "no disk"),
            ("frames".into(), frames),
            ("cause".into(), cause),
            pair("text", "Traceback …"),
        ]);
        let raised = raised(&error, CHAIN);
        assert_eq!((raised.kind.as_str(), raised.message.as_str()), ("app.errors.Broken", "no disk"));
        assert_eq!(raised.frames[0].line, 3);
        assert_eq!(raised.cause.map(|cause| cause.kind), Some("KeyError".to_owned()));
    }

    #[test]
    fn nonsense_is_an_error_in_words() {
        assert!(
            matches!(outcome(close::VALUE, b"not a pickle"), Outcome::Refused(why) if why.contains("read"))
        );
        let nothing = raised(&Value::from(1_i64), CHAIN);
        assert!(nothing.message.contains("none"), "{nothing:?}");
    }
}
