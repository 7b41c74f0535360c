//! Small parts that several panes draw.

pub mod field;
mod framed;

pub use framed::{frame, title};
