//! All messages, the newest last.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::text::Span;

use crate::tui::action::Action;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::{frame, title};

/// The overlay.
#[derive(Debug, Default)]
pub struct Messages {
    /// How many of the newest messages are below the view.
    below: usize,
}

impl Pane for Messages {
    fn act(&mut self, action: Action, cx: &Context) -> Vec<Ask> {
        let page = usize::from(cx.area.height.saturating_sub(2)).max(1);
        let most = cx.model.notices.iter().len().saturating_sub(page);
        let up = |below: usize, by: usize| below.saturating_add(by).min(most);
        self.below = match action {
            Action::Up => up(self.below, 1),
            Action::PageUp => up(self.below, page),
            Action::HalfUp => up(self.below, page.div_ceil(2)),
            Action::Top => most,
            Action::Down => self.below.saturating_sub(1),
            Action::PageDown => self.below.saturating_sub(page),
            Action::HalfDown => self.below.saturating_sub(page.div_ceil(2)),
            Action::Bottom => 0,
            Action::Copy => {
                let text: Vec<_> = cx.model.notices.iter().map(|notice| notice.text.as_str()).collect();
                return vec![Ask::Copy(text.join("\n"))];
            }
            _ => self.below,
        };
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let notices = &cx.model.notices;
        let count = notices.iter().len();
        let mut about = format!("{} in all", notices.total());
        if notices.dropped() > 0 {
            about = format!("{about}, the newest {count} kept");
        }
        let inside = frame(cx, title(cx, "messages", Span::styled(about, cx.theme.style(Role::Dim))), buf);
        let last = count.saturating_sub(self.below);
        let first = last.saturating_sub(usize::from(inside.height));
        for (line, notice) in notices.iter().skip(first).take(last - first).enumerate() {
            let ago = format!(" {:>5} s ago  ", cx.now.since(notice.at).as_secs());
            Pen::new(cx, inside, line as u16, buf)
                .write(cx.glyphs.level(notice.level), cx.theme.style(Role::level(notice.level)))
                .write(&ago, cx.theme.style(Role::Dim))
                .write(&notice.text, cx.theme.style(Role::Text));
        }
        if count == 0 {
            Pen::new(cx, inside, 0, buf).write("no messages yet", cx.theme.style(Role::Dim));
        }
        None
    }
}
