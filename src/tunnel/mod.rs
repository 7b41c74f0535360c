//! Tunnels: how to reach an interpreter. Each turns one hop of an address into three byte pipes.

pub mod diagnose;
pub mod failure;
pub mod interpreter;

pub use failure::{Failure, Stage};
