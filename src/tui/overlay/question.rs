//! What a way in asks: a password, a passphrase, a code, or whether a host's key is to be trusted. What is typed is not
//! shown. For a key the focus is on leaving it; pasted text cannot answer.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::engine::command::{Command, Secret};
use crate::engine::event::{Question, Wants};
use crate::tui::action::{Action, Place};
use crate::tui::layout;
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::pen::{Look, Pen, wrap};
use crate::tui::theme::Role;
use crate::tui::widget::hidden::Hidden;
use crate::tui::widget::{frame, title, ways};

/// As wide as it gets, border included.
const WIDTH: u16 = 90;
/// The most rows that the words of what asks take: the last ones, where the question itself stands.
const TEXT: usize = 8;

/// A question that the person has turned to.
#[derive(Debug)]
pub struct Asking {
    question: Question,
    answer: Answer,
}

/// The answer so far.
#[derive(Debug)]
pub enum Answer {
    /// Typed unseen.
    Secret(Hidden),
    /// Whether a host's key is to be trusted.
    HostKey {
        /// The button that has the focus.
        trust: bool,
    },
    /// Nobody waits for one any more. It stays until it is closed: whoever is typing a password must not type the rest
    /// of it into the editor.
    Over,
}

impl Asking {
    /// With no answer yet.
    pub fn new(question: Question) -> Self {
        let answer = match question.wants {
            Wants::Secret => Answer::Secret(Hidden::default()),
            Wants::HostKey => Answer::HostKey { trust: false },
        };
        Self { question, answer }
    }

    /// What is asked.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Takes in what is asked now. More may wait for the same answer, or nobody: what was typed goes then.
    pub fn heed(&mut self, asked: Option<&Question>) {
        match asked.filter(|asked| asked.id == self.question.id) {
            Some(same) => self.question = same.clone(),
            None => self.answer = Answer::Over,
        }
    }

    /// Whether nobody waits for an answer any more.
    pub fn is_over(&self) -> bool {
        matches!(self.answer, Answer::Over)
    }

    /// Whose keys hold in it.
    pub fn place(&self) -> Place {
        match self.answer {
            Answer::Secret(_) | Answer::Over => Place::Menu,
            Answer::HostKey { .. } => Place::Confirm,
        }
    }

    /// What its keys do.
    pub fn words(&self) -> &'static [(Action, &'static str)] {
        const LAST: (Action, &str) = (Action::Question, "later");
        match self.answer {
            Answer::Secret(_) => &[(Action::Accept, "answer"), (Action::Back, "no answer, give up"), LAST],
            Answer::HostKey { .. } => &[
                (Action::Accept, "choose"),
                (Action::OtherButton, "other"),
                (Action::Back, "no answer, give up"),
                LAST,
            ],
            Answer::Over => &[(Action::Accept, "close")],
        }
    }

    /// A key that asks for no action.
    pub fn key(&mut self, key: KeyEvent) {
        if let Answer::Secret(hidden) = &mut self.answer {
            hidden.key(key);
        }
    }

    /// Pasted text: a secret may come from a safe, a choice may not.
    pub fn paste(&mut self, text: &str) {
        if let Answer::Secret(hidden) = &mut self.answer {
            hidden.paste(text);
        }
    }

    /// What Enter stands for; none: nobody waits for it.
    pub fn answer(self) -> Option<Command> {
        let answer = match self.answer {
            Answer::Secret(hidden) => Some(hidden.take()),
            Answer::HostKey { trust } => trust.then(|| Secret::from("yes")),
            Answer::Over => return None,
        };
        Some(Command::Answer { question: self.question.id, answer })
    }

    /// What Esc stands for: no answer, so that what asks gives up.
    pub fn give_up(self) -> Option<Command> {
        (!self.is_over()).then_some(Command::Answer { question: self.question.id, answer: None })
    }
}

impl Pane for Asking {
    fn act(&mut self, action: Action, _cx: &Context) -> Vec<Ask> {
        if let (Action::OtherButton, Answer::HostKey { trust }) = (action, &mut self.answer) {
            *trust = !*trust;
        }
        Vec::new()
    }

    fn draw(&self, cx: &Context, buf: &mut Buffer) -> Option<Position> {
        draw(&self.question, Some(&self.answer), cx, buf)
    }
}

/// Where a question lies: at the bottom, so that what is being typed stays in view.
pub fn area(question: &Question, body: Rect) -> Rect {
    let width = WIDTH.min(body.width);
    let notes = usize::from(question.note.is_some()) + usize::from(question.others > 0);
    let rows = 2 + 2 + notes + text_rows(&question.text, usize::from(width.saturating_sub(2))).len();
    layout::at_the_bottom(body, width, rows as u16)
}

/// One row of wrapped text: the line, how many of its columns stand in rows before, whether it goes on.
type TextRow<'a> = (&'a str, usize, bool);

/// The last rows of the text.
fn text_rows(text: &str, width: usize) -> Vec<TextRow<'_>> {
    let mut lines: Vec<&str> = text.trim_end().lines().rev().take(TEXT).collect();
    lines.reverse();
    let mut rows: Vec<TextRow> = Vec::new();
    for line in lines {
        let starts = wrap(line, width, TEXT);
        let last = starts.len() - 1;
        rows.extend(starts.into_iter().enumerate().map(|(at, skip)| (line, skip, at < last)));
    }
    rows.split_off(rows.len().saturating_sub(TEXT))
}

/// Draws a question; without an answer where it only waits.
pub fn draw(
    question: &Question,
    answer: Option<&Answer>,
    cx: &Context,
    buf: &mut Buffer,
) -> Option<Position> {
    let about = match question.wants {
        Wants::Secret => "what is typed is not shown",
        Wants::HostKey => "is this host's key to be trusted?",
    };
    let inside = frame(cx, title(cx, "question", about), buf);
    let style = |role| cx.theme.style(role);
    let mut head = Pen::new(cx, inside, 0, buf);
    head.write(&cx.model.fleet.name(question.target), style(Role::Accent));
    if let Some(entry) = cx.model.fleet.get(question.target) {
        let way = ways::words(entry.target.kind);
        head.write(&format!(" {} {way}", cx.glyphs.dot), style(Role::Dim));
    }
    let others = others(question.others);
    let mut rows: Vec<(&str, Look)> = Vec::new();
    rows.extend(question.note.as_deref().map(|note| (note, style(Role::Warn).into())));
    for (line, skip, goes_on) in text_rows(&question.text, usize::from(inside.width)) {
        rows.push((line, Look { style: style(Role::Text), skip, goes_on, ..Look::default() }));
    }
    rows.extend(others.as_deref().map(|others| (others, style(Role::Dim).into())));
    for (row, (text, look)) in (1..inside.height.saturating_sub(1)).zip(rows) {
        Pen::new(cx, inside, row, buf).write(text, look);
    }
    let input = Rect { y: inside.bottom().saturating_sub(1), height: inside.height.min(1), ..inside };
    match answer {
        None => None,
        Some(Answer::Secret(hidden)) => secret(hidden, cx, input, buf),
        Some(Answer::Over) => {
            Pen::new(cx, input, 0, buf).write("Nobody waits for an answer any more.", style(Role::Warn));
            None
        }
        Some(Answer::HostKey { trust }) => {
            buttons(*trust, cx, input, buf);
            None
        }
    }
}

fn others(count: usize) -> Option<String> {
    let wait = if count == 1 { "waits" } else { "wait" };
    (count > 0).then(|| format!("and {count} more {wait} for the same answer"))
}

fn secret(hidden: &Hidden, cx: &Context, row: Rect, buf: &mut Buffer) -> Option<Position> {
    Pen::new(cx, row, 0, buf)
        .write("> ", cx.theme.style(Role::Accent))
        .skip(1)
        .write(hidden.hint(), cx.theme.style(Role::Dim));
    (row.width > 2 && row.height > 0).then(|| Position::new(row.x + 2, row.y))
}

fn buttons(trust: bool, cx: &Context, row: Rect, buf: &mut Buffer) {
    let style = |here: bool| cx.theme.style(if here { Role::RowFocus } else { Role::Text });
    let sign = |here: bool| if here { cx.glyphs.cursor } else { " " };
    Pen::new(cx, row, 0, buf)
        .write(&format!("{} Leave it ", sign(!trust)), style(!trust))
        .write("   ", cx.theme.style(Role::Text))
        .write(&format!("{} Trust it ", sign(trust)), style(trust));
}
