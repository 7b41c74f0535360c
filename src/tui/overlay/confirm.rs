//! The question before a run that would hit many hosts, or protected ones. The focus is on Cancel; for protected ones their
//! number is to be typed; pasted text cannot answer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::model::select::Selection;
use crate::tui::action::Action;
use crate::tui::care::{Consent, Intent};
use crate::tui::msg::Ask;
use crate::tui::overlay::costs;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::Pen;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::{frame, title};

/// Rows, border included.
pub const HEIGHT: u16 = 20;
/// The least rows of code, where there is code.
const CODE: u16 = 3;

/// The question.
#[derive(Debug)]
pub struct Confirm {
    intent: Intent,
    answer: Answer,
}

/// What is answered so far.
#[derive(Debug)]
enum Answer {
    /// One of two buttons: whether it is the one that runs.
    Button(bool),
    /// The number of protected targets is to be typed.
    Count { wanted: usize, typed: Field, wrong: bool },
}

impl Confirm {
    /// Asks before this run, which needs this consent.
    pub fn new(intent: Intent, consent: Consent) -> Self {
        let answer = match consent {
            Consent::Count(wanted) => Answer::Count { wanted, typed: Field::default(), wrong: false },
            Consent::Given | Consent::Yes => Answer::Button(false),
        };
        Self { intent, answer }
    }

    /// Whether Enter is no answer yet: what was typed is another number. It says so then.
    pub fn is_wrong(&mut self) -> bool {
        let Answer::Count { wanted, typed, wrong } = &mut self.answer else { return false };
        let text = typed.text().trim();
        *wrong = !text.is_empty() && text != wanted.to_string();
        *wrong
    }

    /// What Enter stands for: the run, or nothing.
    pub fn answer(self) -> Option<Intent> {
        let yes = match &self.answer {
            Answer::Button(yes) => *yes,
            Answer::Count { wanted, typed, .. } => typed.text().trim() == wanted.to_string(),
        };
        yes.then_some(self.intent)
    }

    /// What the keys do in it, where they do other things than in a question with buttons.
    pub fn words(&self) -> Option<&'static [(Action, &'static str)]> {
        let counts = matches!(self.answer, Answer::Count { .. });
        counts.then_some(&[(Action::Accept, "run, when the number is typed"), (Action::Back, "cancel")])
    }

    fn draw_code(&self, cx: &Context, area: Rect, buf: &mut Buffer) {
        let text: Vec<_> = self.intent.code.text().lines().collect();
        let height = usize::from(area.height);
        for (row, line) in text.iter().take(height).enumerate() {
            if text.len() > height && row + 1 == height {
                let more = format!("{} {} more lines", cx.glyphs.more, text.len() - row);
                Pen::new(cx, area, row as u16, buf).write(&more, cx.theme.style(Role::Dim));
            } else {
                Pen::new(cx, area, row as u16, buf).write(line, cx.theme.style(Role::Code));
            }
        }
    }

    fn draw_answer(&self, cx: &Context, row: Rect, buf: &mut Buffer) -> Option<Position> {
        let style = |here: bool| cx.theme.style(if here { Role::RowFocus } else { Role::Text });
        let sign = |here: bool| if here { cx.glyphs.cursor } else { " " };
        let count = self.intent.targets.len().max(1);
        match &self.answer {
            Answer::Button(yes) => {
                Pen::new(cx, row, 0, buf)
                    .write(&format!("{} Cancel ", sign(!yes)), style(!yes))
                    .write("   ", style(false))
                    .write(&format!("{} Run on {count} ", sign(*yes)), style(*yes));
                None
            }
            Answer::Count { typed, wrong, .. } => {
                let says = if *wrong {
                    "That is not how many protected hosts it hits: "
                } else {
                    "Type how many protected hosts it hits, or leave it: "
                };
                let role = if *wrong { Role::Error } else { Role::Warn };
                Pen::new(cx, row, 0, buf).write(says, cx.theme.style(role));
                let used = (says.len() as u16).min(row.width);
                let field = Rect { x: row.x + used, width: row.width - used, ..row };
                typed.draw(field, cx.theme.style(Role::Text), buf)
            }
        }
    }
}

impl Pane for Confirm {
    fn act(&mut self, action: Action, _cx: &Context) -> Vec<Ask> {
        if let (Action::OtherButton, Answer::Button(yes)) = (action, &mut self.answer) {
            *yes = !*yes;
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        let head = match (&self.intent.targets[..], self.intent.here) {
            (_, true) => "run this on this machine?".to_owned(),
            ([_], _) => "run this on 1 host?".to_owned(),
            (targets, _) => format!("run this on {} hosts?", targets.len()),
        };
        let grave = matches!(self.answer, Answer::Count { .. });
        let role = if grave { Role::Error } else { Role::Warn };
        let inside = frame(cx, title(cx, "confirm", Span::styled(head, cx.theme.style(role))), buf);
        let mut selection = Selection::default();
        selection.set(self.intent.targets.iter().copied());
        let names = if self.intent.here {
            "this machine".to_owned()
        } else {
            selection.describe(&cx.model.fleet).replace('·', cx.glyphs.dot)
        };
        Pen::new(cx, inside, 0, buf).write(&names, cx.theme.style(Role::Accent));
        let costs = costs::lines(&self.intent, cx);
        let room = inside.height.saturating_sub(1 + 1 + CODE + 2);
        let shown = (costs.len() as u16).min(room);
        for (row, (text, role)) in (1..=shown).zip(&costs) {
            Pen::new(cx, inside, row, buf).write(text, cx.theme.style(*role));
        }
        let above = (shown + 2).min(inside.height);
        let code = Rect { y: inside.y + above, height: inside.height.saturating_sub(above + 2), ..inside };
        self.draw_code(cx, code, buf);
        let last = Rect { y: inside.bottom().saturating_sub(1), height: inside.height.min(1), ..inside };
        self.draw_answer(cx, last, buf)
    }

    fn field(&mut self) -> Option<&mut Field> {
        match &mut self.answer {
            Answer::Button(_) => None,
            Answer::Count { typed, .. } => Some(typed),
        }
    }

    fn typed(&mut self, _cx: &Context) {
        if let Answer::Count { wrong, .. } = &mut self.answer {
            *wrong = false;
        }
    }
}
