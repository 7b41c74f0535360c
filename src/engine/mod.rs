//! The engine: supervises links and runs. Async, no screen. Front ends send it [`command::Command`]s and are told
//! [`event::Event`]s; they use nothing else of it.

pub mod clock;
pub mod command;
pub mod event;
pub mod lines;
pub mod outbox;
pub mod runs;
pub mod target;
