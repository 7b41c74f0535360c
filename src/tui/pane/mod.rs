//! The panes, and what each of them agrees to: a struct with its own view state that sees actions and never raw keys,
//! reads the model through a [`Context`], and asks the application for everything that is not its own.

pub mod editor;
#[cfg(test)]
#[expect(missing_docs, clippy::missing_panics_doc, reason = "for tests")]
pub mod fixture;
pub mod fleet;
pub mod grid;
pub mod lines;
#[cfg(test)]
mod panes_test;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::engine::event::Millis;
use crate::model::Model;
use crate::model::select::Selection;
use crate::tui::action::Action;
use crate::tui::care::Care;
use crate::tui::glyphs::Glyphs;
use crate::tui::msg::Ask;
use crate::tui::theme::Theme;
use crate::tui::widget::field::Field;

/// What a pane may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What is known.
    pub model: &'a Model,
    /// Which targets the next run is for.
    pub selection: &'a Selection,
    /// With how much care the next run is begun.
    pub care: &'a Care,
    /// Colours.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: &'a Glyphs,
    /// The moment it is.
    pub now: Millis,
    /// Whether this pane has the focus.
    pub focused: bool,
    /// Where the pane is on the screen, its border included. Empty while it is not shown.
    pub area: Rect,
}

/// A pane, or an overlay that is used like one.
pub trait Pane {
    /// Does what was asked for. Actions that mean nothing here do nothing.
    ///
    /// [`Action::Back`] closes an open field, else ends the filter or search. [`Action::Accept`] with an open field
    /// closes it and keeps what was typed.
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask>;

    /// Draws itself, border and title included ([`crate::tui::widget::frame`]), inside `cx.area`; nothing outside is
    /// touched. Builds only what can be seen. Gives the place of the text cursor, if it has one.
    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position>;

    /// The one-line field that is open, if one is: typed characters go there.
    fn field(&mut self) -> Option<&mut Field> {
        None
    }

    /// The open field's text has changed.
    fn typed(&mut self, _cx: &Context) {}
}
