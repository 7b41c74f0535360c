//! Bytes ⇄ frames ⇄ values: pure code, no I/O, nothing allocated on a peer's say-so.
//!
//! - [`frame`]: the ten-byte header, the eight kinds, the grammar both ends agree on (**read this one first**)
//! - [`value`]: a Python value as inert data
//! - [`pickle`]: the symbolic decoder that turns a pickle into a [`value::Value`] without running anything
//! - [`encode`]: the small encoder of plain values for the way to the agent

pub mod encode;
pub mod frame;
pub mod part;
pub mod pickle;
pub mod value;
