//! An exception that a call raised, as data.

use serde::Serialize;

use crate::wire::value::Value;

/// An exception, as data. Texts come from the far side.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Raised {
    /// `ZeroDivisionError`, or `app.errors.Broken` when not a builtin.
    #[serde(rename = "type")]
    pub kind: String,
    /// `str(error)`.
    pub message: String,
    /// The user's frames, outermost first.
    pub frames: Vec<Frame>,
    /// The traceback as Python prints it, our own frames left out.
    pub traceback: String,
    /// Its `args`, where they could be had.
    pub args: Option<Value>,
    /// `__notes__`.
    pub notes: Vec<String>,
    /// `__cause__`, or else `__context__` where it is not suppressed.
    pub cause: Option<Box<Raised>>,
}

/// One frame of a traceback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Frame {
    /// File name, or the run's own name.
    pub file: String,
    /// Line number, from 1.
    pub line: u32,
    /// Function name.
    pub function: String,
    /// The source line, if it could be had.
    pub source: String,
}
