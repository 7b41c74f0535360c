//! Small parts that several panes draw.

pub mod field;
pub mod finder;
mod framed;
pub mod scroll;
pub mod times;

pub use framed::{frame, title};
