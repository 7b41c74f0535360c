//! The console as a person meets it: the real binary in a real pseudo-terminal, a real interpreter behind it.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod console;
mod flooded;
mod leaving;
mod scripts;
mod sizes;
mod using;

#[path = "../support/pty.rs"]
#[allow(dead_code)]
mod pty;
