//! Which rows of a long list are in view.

use std::cell::Cell;
use std::ops::Range;

use crate::tui::action::Action;

/// The first row in view. Drawing moves it as little as it takes to keep the cursor in view, so the place is kept in a
/// [`Cell`]: it is what was seen last, and nothing depends on it but what is seen next.
#[derive(Debug, Default)]
pub struct Scroll(Cell<usize>);

impl Scroll {
    /// The rows in view of a list of `len`, with `height` rows of room and the cursor on row `cursor`.
    pub fn window(&self, cursor: usize, len: usize, height: usize) -> Range<usize> {
        let last = len.saturating_sub(height);
        let low = (cursor + 1).saturating_sub(height);
        let top = self.0.get().clamp(low.min(last), cursor.min(last).max(low.min(last)));
        self.0.set(top);
        top..len.min(top + height)
    }
}

/// How many rows an action goes in a list that shows `height` of them; none: it is no such action.
pub fn rows(action: Action, height: u16) -> Option<isize> {
    let page = i16::try_from(height).map_or(isize::MAX, isize::from).max(1);
    Some(match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::HalfUp => -(page / 2).max(1),
        Action::HalfDown => (page / 2).max(1),
        Action::Top => isize::MIN,
        Action::Bottom => isize::MAX,
        _ => return None,
    })
}

/// Where a step of so many rows leads from row `from` of `len`.
pub fn step(from: usize, rows: isize, len: usize) -> usize {
    from.saturating_add_signed(rows).min(len.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_moves_no_more_than_it_must() {
        let scroll = Scroll::default();
        assert_eq!(scroll.window(0, 100, 10), 0..10);
        assert_eq!(scroll.window(12, 100, 10), 3..13);
        assert_eq!(scroll.window(8, 100, 10), 3..13);
        assert_eq!(scroll.window(2, 100, 10), 2..12);
        assert_eq!(scroll.window(99, 100, 10), 90..100);
        assert_eq!(scroll.window(4, 5, 10), 0..5);
        assert_eq!(scroll.window(0, 0, 0), 0..0);
    }

    #[test]
    fn the_cursor_is_always_in_view() {
        let scroll = Scroll::default();
        for (cursor, len, height) in [(5, 50, 3), (49, 50, 3), (0, 1, 3), (20, 50, 1), (7, 8, 20)] {
            assert!(scroll.window(cursor, len, height).contains(&cursor), "{cursor} {len} {height}");
        }
    }
}
