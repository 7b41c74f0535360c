//! A filter or a search that is being typed or is in force.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::filter::Filter;
use crate::tui::pane::Context;
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;

/// The field, the filter that it last made sense as, and why it makes none now.
#[derive(Debug, Default)]
pub struct Finder {
    field: Option<Field>,
    filter: Filter,
    before: Filter,
    wrong: Option<String>,
}

impl Finder {
    /// Opens the field with what is in force.
    pub fn open(&mut self) {
        self.before = self.filter.clone();
        self.field = Some(Field::new(self.filter.text()));
    }

    /// Whether the field is open.
    pub fn is_open(&self) -> bool {
        self.field.is_some()
    }

    /// The open field.
    pub fn field(&mut self) -> Option<&mut Field> {
        self.field.as_mut()
    }

    /// What is in force.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Reads the field. What makes no sense leaves in force what made sense before it.
    pub fn typed(&mut self) {
        let Some(field) = &self.field else { return };
        match Filter::parse(field.text()) {
            Ok(filter) => {
                self.filter = filter;
                self.wrong = None;
            }
            Err(error) => self.wrong = Some(error.to_string()),
        }
    }

    /// Closes the field and keeps what was typed; false where it was not open.
    pub fn accept(&mut self) -> bool {
        self.wrong = None;
        self.field.take().is_some()
    }

    /// Closes the field and forgets what was typed, else ends what is in force; false where there was neither.
    pub fn back(&mut self) -> bool {
        self.wrong = None;
        if self.field.take().is_some() {
            self.filter = std::mem::take(&mut self.before);
            return true;
        }
        !std::mem::take(&mut self.filter).is_empty()
    }

    /// Draws the open field into the last row of the area, after its sign, and gives the area above it.
    pub fn draw(&self, cx: &Context, sign: &str, area: Rect, buf: &mut Buffer) -> (Rect, Option<Position>) {
        let Some(field) = &self.field else { return (area, None) };
        if area.height == 0 {
            return (area, None);
        }
        let row = Rect { y: area.bottom() - 1, height: 1, ..area };
        let rest = Rect { height: area.height - 1, ..area };
        Pen::new(cx, row, 0, buf).write(sign, cx.theme.style(Role::Accent));
        let room = Rect { x: row.x + 1, width: row.width.saturating_sub(1), ..row };
        let place = field.draw(room, cx.theme.style(Role::Text), buf);
        if let (Some(wrong), Some(place)) = (&self.wrong, place) {
            let mut pen = Pen::new(cx, row, 0, buf);
            pen.skip(usize::from(place.x - row.x) + 2).write(wrong, cx.theme.style(Role::Error));
        }
        (rest, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(finder: &mut Finder, text: &str) {
        finder.field().expect("an open field").insert(text);
        finder.typed();
    }

    #[test]
    fn what_is_accepted_stays_until_it_is_ended() {
        let mut finder = Finder::default();
        finder.open();
        typed(&mut finder, "web");
        assert!(finder.accept() && !finder.accept());
        assert_eq!(finder.filter().text(), "web");
        assert!(finder.back() && !finder.back());
        assert!(finder.filter().is_empty());
    }

    #[test]
    fn an_abandoned_field_changes_nothing() {
        let mut finder = Finder::default();
        finder.open();
        typed(&mut finder, "web");
        finder.accept();
        finder.open();
        typed(&mut finder, "12");
        assert_eq!(finder.filter().text(), "web12");
        assert!(finder.back());
        assert_eq!(finder.filter().text(), "web");
    }

    #[test]
    fn what_makes_no_sense_leaves_the_last_that_did() {
        let mut finder = Finder::default();
        finder.open();
        typed(&mut finder, "web ~(");
        assert_eq!(finder.filter().text(), "");
        typed(&mut finder, ")");
        assert_eq!(finder.filter().text(), "web ~()");
    }
}
