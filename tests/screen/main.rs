//! The whole front end, driven by keys and events, without a terminal.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod asking;
mod drive;
mod ladder;
mod pictures;
mod running;
mod script;
mod sizes;
