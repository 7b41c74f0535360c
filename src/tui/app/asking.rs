//! Questions of ways in. One is shown as soon as it comes, but is given no key before the person turns to it: what is
//! being typed or pasted just then belongs elsewhere, and must not become a password.

use super::App;
use crate::engine::command::{Command, Secret};
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

    fn is_turned_to_question(&self) -> bool {
        matches!(self.ui.overlays.last(), Some(Overlay::Question(_)))
    }

    /// Gives the keys to the question, or takes them back: it waits then, and what was typed is forgotten.
    pub(super) fn turn_to_question(&mut self) {
        if self.is_turned_to_question() {
            self.ui.overlays.pop();
        } else if let Some(question) = self.waiting().cloned() {
            self.ui.overlays.push(Overlay::Question(Asking::new(question)));
        } else {
            self.tell(Level::Info, "nothing is asked at the moment");
        }
    }

    /// Esc: no answer, so that what asks gives up.
    pub(super) fn leave_unanswered(&mut self) -> Vec<Effect> {
        self.ui.overlays.pop();
        self.answer(None)
    }

    /// Answers the question that waits.
    pub(super) fn answer(&mut self, answer: Option<Secret>) -> Vec<Effect> {
        let Some(question) = self.waiting().map(|question| question.id) else { return Vec::new() };
        self.ui.answered = Some(question);
        vec![Effect::Engine(Command::Answer { question, answer })]
    }

    /// Closes the overlay of a question that nobody waits for any more. The next one opens afresh.
    pub(super) fn heed_question(&mut self) {
        let question = self.model.question.as_ref();
        self.ui.overlays.retain_mut(|overlay| match (overlay, question) {
            (Overlay::Question(asking), Some(question)) => asking.still_is(question),
            (Overlay::Question(_), None) => false,
            _ => true,
        });
    }
}
