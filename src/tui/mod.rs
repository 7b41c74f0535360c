//! The full-screen front end.

pub mod action;
pub mod glyphs;
pub mod msg;
pub mod overlay;
pub mod pane;
pub mod pen;
pub mod theme;
pub mod widget;
