//! One connected interpreter.

pub mod agent;
pub mod handshake;
pub mod mux;
pub mod raised;
