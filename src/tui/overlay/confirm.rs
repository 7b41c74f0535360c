//! The question before a run that would hit many hosts. The focus is on Cancel; pasted text cannot answer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::engine::code::Code;
use crate::engine::rollout::Steps;
use crate::engine::target::TargetId;
use crate::model::select::Selection;
use crate::model::state::Link;
use crate::tui::action::Action;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::{frame, title};

/// The question.
#[derive(Debug)]
pub struct Confirm {
    code: Code,
    targets: Vec<TargetId>,
    steps: Option<Steps>,
    yes: bool,
}

impl Confirm {
    /// Asks before this code runs on these targets.
    pub fn new(code: Code, targets: Vec<TargetId>, steps: Option<Steps>) -> Self {
        Self { code, targets, steps, yes: false }
    }

    /// What Enter stands for: the run, or nothing.
    pub fn answer(self) -> Option<(Code, Vec<TargetId>, Option<Steps>)> {
        self.yes.then_some((self.code, self.targets, self.steps))
    }

    /// `web[1-60]`, and how many of them are not connected.
    fn facts(&self, cx: &Context) -> (String, String) {
        let mut selection = Selection::default();
        selection.set(self.targets.iter().copied());
        let link = |id: &TargetId| cx.model.fleet.get(*id).map(crate::model::fleet::Entry::state);
        let ready = self.targets.iter().filter(|id| link(id) == Some(Link::Ready)).count();
        let others = match self.targets.len() - ready {
            0 => "all of them are ready".to_owned(),
            others => format!("{ready} ready, {others} to be connected first"),
        };
        (selection.describe(&cx.model.fleet).replace('·', cx.glyphs.dot), others)
    }
}

impl Pane for Confirm {
    fn act(&mut self, action: Action, _cx: &Context) -> Vec<Ask> {
        if action == Action::OtherButton {
            self.yes = !self.yes;
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let head = format!("run this on {} hosts?", self.targets.len());
        let inside = frame(cx, title(cx, "confirm", Span::styled(head, cx.theme.style(Role::Warn))), buf);
        let (names, links) = self.facts(cx);
        Pen::new(cx, inside, 0, buf).write(&names, cx.theme.style(Role::Accent));
        Pen::new(cx, inside, 1, buf).write(&links, cx.theme.style(Role::Text));
        let buttons = Rect { y: inside.bottom().saturating_sub(1), height: inside.height.min(1), ..inside };
        let code =
            Rect { y: inside.y + 3.min(inside.height), height: inside.height.saturating_sub(5), ..inside };
        let text: Vec<_> = self.code.text().lines().collect();
        for (row, line) in text.iter().take(usize::from(code.height)).enumerate() {
            let hidden = text.len().saturating_sub(usize::from(code.height));
            if hidden > 0 && row + 1 == usize::from(code.height) {
                let more = format!("{} {} more lines", cx.glyphs.more, hidden + 1);
                Pen::new(cx, code, row as u16, buf).write(&more, cx.theme.style(Role::Dim));
            } else {
                Pen::new(cx, code, row as u16, buf).write(line, cx.theme.style(Role::Code));
            }
        }
        let style = |here: bool| cx.theme.style(if here { Role::RowFocus } else { Role::Text });
        let sign = |here: bool| if here { cx.glyphs.cursor } else { " " };
        let run = format!("{} Run on {} ", sign(self.yes), self.targets.len());
        Pen::new(cx, buttons, 0, buf)
            .write(&format!("{} Cancel ", sign(!self.yes)), style(!self.yes))
            .write("   ", cx.theme.style(Role::Text))
            .write(&run, style(self.yes));
        None
    }
}
