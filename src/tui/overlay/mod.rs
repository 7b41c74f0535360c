//! What lies over the panes.

pub mod confirm;
pub mod details;
pub mod menu;
pub mod messages;
pub mod question;
pub mod script;
