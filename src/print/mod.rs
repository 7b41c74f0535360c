//! The headless front end: the same events as the console, as lines of text.
//!
//! [`report::Report`] turns events into what is to be written, in one [`form::Form`]; [`headless`] does the reading,
//! writing and waiting around it.

pub mod follow;
pub mod form;
pub mod harmless;
pub mod json;
pub mod outcome;
pub mod remote;
pub mod report;
pub mod signals;
pub mod text;
pub mod words;
pub mod writer;
