//! Questions of ways in, on their way to the front end and back.

use super::Supervisor;
use crate::engine::credentials::{Applicant, Credentials};
use crate::engine::event::{Event, Level, QuestionId};
use crate::engine::target::{LinkState, TargetId};
use crate::tunnel::Stage;
use crate::tunnel::prompt::Asked;
use crate::tunnel::secret::Secret;

impl Supervisor {
    pub(super) fn asked(&mut self, asked: Asked) {
        // Of a link that was let go of nobody waits for an answer.
        let Some(applicant) = self.links.applicant_numbered(asked.link).cloned() else { return };
        if asked.notice {
            // Nothing to be typed: whoever says it waits until it is done.
            self.notice(Level::Info, format!("{}: {}", applicant.name, asked.text.trim()));
            let mut reply = asked.reply;
            drop(tokio::spawn(async move { reply.closed().await }));
            return;
        }
        self.step(|credentials, events| credentials.asked(applicant, asked, events));
    }

    pub(super) fn answered(&mut self, question: QuestionId, answer: Option<Secret>) {
        self.step(|credentials, events| credentials.answered(question, answer, events));
    }

    /// What a link's state says of the answers that it was given.
    pub(super) fn judge(&mut self, target: TargetId, state: &LinkState) {
        let Some(applicant) = self.links.applicant(target).cloned() else { return };
        match state {
            // Queued again: who asked let it pass, and another, further on, was too busy.
            LinkState::Booting | LinkState::Ready(_) | LinkState::Queued => {
                self.step(|credentials, events| credentials.taken(applicant.link, events));
            }
            LinkState::Unreachable(failure)
                if failure.stage >= Stage::Interpreter || failure.stage == Stage::Busy =>
            {
                self.step(|credentials, events| credentials.taken(applicant.link, events));
                self.let_go_of_questions(&applicant);
            }
            LinkState::Unreachable(_) | LinkState::Lost { .. } => self.let_go_of_questions(&applicant),
            LinkState::Idle | LinkState::Connecting | LinkState::Closed | LinkState::Retrying { .. } => {}
        }
    }

    pub(super) fn let_go_of_questions(&mut self, applicant: &Applicant) {
        self.step(|credentials, events| credentials.failed(applicant, events));
    }

    fn step(&mut self, act: impl FnOnce(&mut Credentials, &mut Vec<Event>)) {
        let mut events = Vec::new();
        act(&mut self.credentials, &mut events);
        events.into_iter().for_each(|event| self.outbox.push(event));
    }
}
