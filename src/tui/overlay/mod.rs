//! What lies over the panes.

pub mod confirm;
mod costs;
pub mod details;
pub mod menu;
pub mod messages;
pub mod question;
pub mod script;
