//! Small parts that several panes draw.

pub mod field;
pub mod finder;
mod framed;
pub mod hidden;
pub mod scroll;
pub mod times;
pub mod ways;

pub use framed::{frame, title};
