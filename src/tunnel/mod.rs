//! Tunnels: how to reach an interpreter. Each turns one hop of an address into three byte pipes.

pub mod failure;

pub use failure::{Failure, Stage};
