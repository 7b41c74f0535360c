//! One connected interpreter.

pub mod agent;
pub mod raised;
