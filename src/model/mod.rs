//! What is known, as plain data: fed by events, read by the front ends; no I/O, no clock, no screen.

pub mod remote_text;
mod sgr;
