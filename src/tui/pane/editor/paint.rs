//! Python's colours, painted over the text area's cells: only what is in view is looked at.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui_textarea::TextArea;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::tui::python::Parsed;
use crate::tui::theme::{Role, Theme};

/// One line in view.
struct Row<'a> {
    text: &'a str,
    /// Where it starts in the whole text, in bytes.
    start: usize,
    /// Its place on the screen.
    y: u16,
}

/// Paints tokens, and the problem: at once where the cursor is elsewhere, since a line that is being typed is seldom whole.
pub(super) fn paint(
    area: &TextArea<'_>,
    parsed: &Parsed,
    warned: bool,
    inside: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let (top, left) = area.scroll_offset();
    let tab = usize::from(area.tab_length());
    let mut start = 0;
    for (index, text) in area.lines().iter().enumerate().take(usize::from(top) + usize::from(inside.height)) {
        if let Some(down) = index.checked_sub(usize::from(top)) {
            let row = Row { text, start, y: inside.y + down as u16 };
            let first = parsed.tokens.partition_point(|token| token.range.end <= start);
            let here = parsed.tokens[first..].iter().take_while(|token| token.range.start < row.end());
            for token in here {
                row.paint(&token.range, theme.style(token.role), left, tab, inside, buf);
            }
            if let Some(problem) = &parsed.problem
                && (warned || index != area.cursor().0)
            {
                row.paint(&problem.range, theme.style(Role::CodeError), left, tab, inside, buf);
            }
        }
        start += text.len() + 1;
    }
}

impl Row<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn paint(
        &self,
        range: &Range<usize>,
        style: Style,
        left: u16,
        tab: usize,
        inside: Rect,
        buf: &mut Buffer,
    ) {
        let from = range.start.max(self.start);
        let to = range.end.min(self.end());
        if from >= to {
            return;
        }
        let column =
            |byte: usize| columns(&self.text[..byte - self.start], tab).saturating_sub(usize::from(left));
        let (from, to) =
            (column(from).min(usize::from(inside.width)), column(to).min(usize::from(inside.width)));
        let x = inside.x + from as u16;
        buf.set_style(Rect::new(x, self.y, (to - from) as u16, 1), style);
    }
}

/// How many columns the text takes, tabs drawn up to the next stop.
fn columns(text: &str, tab: usize) -> usize {
    text.graphemes(true).fold(0, |column, grapheme| match grapheme {
        "\t" => column + tab.max(1) - column % tab.max(1),
        other => column + other.width(),
    })
}
