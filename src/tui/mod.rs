//! The full-screen front end.

pub mod action;
pub mod bars;
pub mod glyphs;
pub mod keys;
pub mod layout;
pub mod msg;
pub mod overlay;
pub mod pace;
pub mod pane;
pub mod pen;
mod python;
pub mod theme;
pub mod widget;
