//! The border and title around a pane. The focus is told by colour, by weight and by a sign.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::tui::pane::Context;
use crate::tui::theme::Role;

/// Draws the border with this title into the pane's area and gives the area inside.
pub fn frame(cx: &Context, title: Line<'_>, buf: &mut Buffer) -> Rect {
    let border = if cx.focused { Role::BorderFocus } else { Role::Border };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(cx.glyphs.border)
        .border_style(cx.theme.style(border))
        .title(title);
    let area = cx.area.intersection(buf.area);
    let inside = block.inner(area);
    block.render(area, buf);
    inside
}

/// The text as far as there is room, and a sign where there is more of it.
fn cut<'a>(text: Span<'a>, room: usize, more: &str) -> Span<'a> {
    if text.width() <= room {
        return text;
    }
    let mut left = room.saturating_sub(1);
    let fits = |part: &&str| {
        let is_in = part.width() <= left;
        left = left.saturating_sub(part.width());
        is_in
    };
    let kept: String = text.content.graphemes(true).take_while(fits).collect();
    Span::styled(kept + more, text.style)
}

/// A title: the pane's name, and what is to be known of its view. No part of it may be remote text as it came.
pub fn title<'a>(cx: &Context, name: &'a str, about: impl Into<Span<'a>>) -> Line<'a> {
    let about = about.into();
    let sign = if cx.focused { cx.glyphs.focus } else { " " };
    let name_role = if cx.focused { Role::TitleFocus } else { Role::Title };
    let mut spans = vec![Span::styled(sign, cx.theme.style(Role::Accent))];
    spans.push(Span::styled(name, cx.theme.style(name_role)));
    if !about.content.is_empty() {
        let others = sign.width() + name.width() + 3 + 1 + 2; // dot, last blank, corners
        let about = cut(about, usize::from(cx.area.width).saturating_sub(others), cx.glyphs.more);
        spans.push(Span::styled(format!(" {} ", cx.glyphs.dot), cx.theme.style(Role::Dim)));
        spans.push(about);
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_is_cut_says_so() {
        let cut = |text: &'static str, room| cut(Span::raw(text), room, "…").content.into_owned();
        assert_eq!((cut("four", 4), cut("fourth", 4)), ("four".into(), "fou…".into()));
        assert_eq!(cut("名前の", 4), "名…", "no half of a character");
        assert_eq!(cut("four", 0), "…");
    }
}
