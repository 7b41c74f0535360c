//! One connected interpreter.

pub mod agent;
pub mod call;
pub mod connection;
pub mod files;
pub mod handshake;
pub mod health;
mod key_asking;
pub mod mux;
pub mod opening;
pub mod payload;
mod prompting;
pub mod raised;
pub mod record;
