//! The border and title around a pane. The focus is told by colour, by weight and by a sign.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Widget};

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

/// A title: the pane's name, and what is to be known of its view. No part of it may be remote text as it came.
pub fn title<'a>(cx: &Context, name: &'a str, about: impl Into<Span<'a>>) -> Line<'a> {
    let about = about.into();
    let sign = if cx.focused { cx.glyphs.focus } else { " " };
    let name_role = if cx.focused { Role::TitleFocus } else { Role::Title };
    let mut spans = vec![Span::styled(sign, cx.theme.style(Role::Accent))];
    spans.push(Span::styled(name, cx.theme.style(name_role)));
    if !about.content.is_empty() {
        spans.push(Span::styled(format!(" {} ", cx.glyphs.dot), cx.theme.style(Role::Dim)));
        spans.push(about);
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}
