//! Questions of ways in. One is shown as soon as it comes, but is given no key before the person turns to it: what is
//! being typed or pasted just then belongs elsewhere, and must not become a password. The other way round, a question that
//! is over keeps the keys until it is closed, so that no rest of a password becomes code.

use super::App;
use crate::engine::command::Command;
use crate::engine::event::{Level, Question};
use crate::model::remote_text::plain;
use crate::tui::action::{Action, Place};
use crate::tui::msg::Effect;
use crate::tui::overlay::question::Asking;
use crate::tui::ui::Overlay;

impl App {
    /// The question that waits for an answer.
    pub(super) fn waiting(&self) -> Option<&Question> {
        let answered = self.ui.answered;
        self.model.question.as_ref().filter(|question| Some(question.id) != answered)
    }

    /// `web1 asks: Alt-q answers`, for the status bar, until the question has the keys.
    pub(super) fn asks(&self) -> Option<String> {
        let question = self.waiting().filter(|_| !self.is_turned_to_question())?;
        let key = self.setup.keymap.chord(Place::Editor, Action::Question);
        let key = key.map(|chord| format!(": {chord} answers")).unwrap_or_default();
        Some(format!("{} asks{key}", plain(&self.model.fleet.name(question.target))))
    }

    /// Whether the question that waits has the keys.
    fn is_turned_to_question(&self) -> bool {
        matches!(self.ui.overlays.last(), Some(Overlay::Question(asking)) if !asking.is_over())
    }

    /// Gives the keys to the question, or takes them back: it waits then, and what was typed is forgotten.
    pub(super) fn turn_to_question(&mut self) {
        let back = self.is_turned_to_question();
        if matches!(self.ui.overlays.last(), Some(Overlay::Question(_))) {
            self.ui.overlays.pop();
        }
        match self.waiting().cloned() {
            _ if back => {}
            Some(question) => self.ui.overlays.push(Overlay::Question(Asking::new(question))),
            None => self.tell(Level::Info, "nothing is asked at the moment"),
        }
    }

    /// Esc in a question.
    pub(super) fn leave_unanswered(&mut self) -> Vec<Effect> {
        match self.ui.overlays.pop() {
            Some(Overlay::Question(asking)) => self.answer(asking.give_up()),
            _ => Vec::new(),
        }
    }

    /// Hands an answer over. The question is out of the way at once, though it is settled only when the engine says so.
    pub(super) fn answer(&mut self, command: Option<Command>) -> Vec<Effect> {
        if let Some(Command::Answer { question, .. }) = &command {
            self.ui.answered = Some(*question);
        }
        command.into_iter().map(Effect::Engine).collect()
    }

    /// Tells an open question what is asked now.
    pub(super) fn heed_question(&mut self) {
        for overlay in &mut self.ui.overlays {
            if let Overlay::Question(asking) = overlay {
                asking.heed(self.model.question.as_ref());
            }
        }
    }
}
