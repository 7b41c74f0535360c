//! Questions of ways in, and answers that fit more than one: no I/O.
//!
//! A person is asked one question at a time. An answer that fits many hosts (the same user's sudo password) is asked for
//! once: it is tried on one host, and only when that one took it are the others given it. Refused, it is forgotten, and
//! sent nowhere again.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use crate::engine::event::{Event, Question, QuestionId, Wants};
use crate::engine::target::TargetId;
use crate::tunnel::prompt::{self, Asked, Patience};
use crate::tunnel::secret::Secret;

/// A link on its way up, as one that asks.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// Its number, never used twice.
    pub link: u32,
    /// Its target.
    pub target: TargetId,
    /// What its target is called.
    pub name: String,
    /// What sets its answers apart from those of others: a host may ask in any words, and must get nothing that was typed
    /// for another kind of way in. None: it is this machine's own ssh that asks.
    pub apart: Option<String>,
    /// Told while a question is open.
    pub patience: Patience,
}

#[derive(Debug)]
struct Waiting {
    applicant: Applicant,
    text: String,
    wants: Wants,
    /// What an answer fits. None: this question alone.
    domain: Option<String>,
    reply: oneshot::Sender<Secret>,
}

#[derive(Debug)]
enum Kept {
    /// Sent to this link, which has not yet said what it thinks of it.
    Tried(Secret, u32),
    /// Taken by a host.
    Good(Secret),
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Credentials {
    number: u32,
    /// The question that is shown, in front of the others.
    shown: Option<QuestionId>,
    waiting: VecDeque<Waiting>,
    kept: HashMap<String, Kept>,
    /// What was given to links that are not up yet: the domain, and whether it was known to be good.
    given: HashMap<u32, (String, bool)>,
    /// What became of the last answer in a domain.
    notes: HashMap<String, String>,
}

impl Credentials {
    /// A way in asks.
    pub fn asked(&mut self, applicant: Applicant, asked: Asked, events: &mut Vec<Event>) {
        let Asked { text, reply, .. } = asked;
        // It asks one thing at a time: of what it asked before, and waits for no more, the answer would go nowhere.
        self.sweep(applicant.link, events);
        // ssh puts a host's name before that host's words, so all of them count: the last line alone could be forged. A
        // terminal shows more than the question.
        let question = match applicant.apart {
            None => text.as_str(),
            Some(_) => text.lines().last().unwrap_or_default(),
        };
        let mut domain = prompt::domain(question).map(|domain| match &applicant.apart {
            Some(apart) => format!("{apart}: {domain}"),
            None => domain,
        });
        if let Some((before, good)) = self.given.remove(&applicant.link)
            && domain.as_ref() == Some(&before)
        {
            // It asks the same again: what it was given was wrong.
            self.refused(&before, &applicant);
            if good {
                // Right for others: this host has one of its own.
                domain = Some(format!("{before} on {}", applicant.name));
                self.refused(&format!("{before} on {}", applicant.name), &applicant);
            }
        }
        applicant.patience.begin();
        self.waiting.push_back(Waiting { wants: prompt::kind(&text), applicant, text, domain, reply });
        self.go_on(events);
    }

    /// A person answered, or will not.
    pub fn answered(&mut self, question: QuestionId, answer: Option<Secret>, events: &mut Vec<Event>) {
        if self.shown != Some(question) {
            return; // it was over already
        }
        let Some(waiting) = self.waiting.pop_front() else { return };
        self.settle(events);
        let domain = waiting.domain.clone();
        match (answer, &domain) {
            // Whoever asked has ended. That tells nothing of the answer.
            (Some(_), _) if waiting.reply.is_closed() => waiting.applicant.patience.end(),
            (Some(secret), Some(domain)) => {
                self.kept.insert(domain.clone(), Kept::Tried(secret.clone(), waiting.applicant.link));
                self.given.insert(waiting.applicant.link, (domain.clone(), false));
                waiting.reply(secret);
            }
            (Some(secret), None) => waiting.reply(secret),
            (None, _) => {
                waiting.applicant.patience.end();
                // Nobody knows it: neither will the others be answered.
                self.give_up(|other| domain.is_some() && other.domain == domain);
            }
        }
        self.go_on(events);
    }

    /// A link is up, or failed later than its way in: what it was given was right.
    pub fn taken(&mut self, link: u32, events: &mut Vec<Event>) {
        if let Some((domain, _)) = self.given.remove(&link)
            && let Some(Kept::Tried(secret, tried)) = self.kept.remove(&domain)
        {
            let kept = if tried == link { Kept::Good(secret) } else { Kept::Tried(secret, tried) };
            self.kept.insert(domain, kept);
        }
        self.go_on(events);
    }

    /// A link failed on its way in, or nobody wants it any more.
    pub fn failed(&mut self, applicant: &Applicant, events: &mut Vec<Event>) {
        if let Some((domain, _)) = self.given.remove(&applicant.link) {
            self.refused(&domain, applicant);
        }
        self.withdraw(|waiting| waiting.applicant.link == applicant.link, events);
        self.go_on(events);
    }

    /// Questions of this link for whose answer nobody waits any more are over.
    fn sweep(&mut self, link: u32, events: &mut Vec<Event>) {
        self.withdraw(|waiting| waiting.applicant.link == link && waiting.reply.is_closed(), events);
    }

    /// These questions are over, the one that is shown maybe among them.
    fn withdraw(&mut self, over: impl Fn(&Waiting) -> bool, events: &mut Vec<Event>) {
        if self.shown.is_some() && self.waiting.front().is_some_and(&over) {
            self.settle(events);
        }
        self.give_up(over);
    }

    /// Forgets an answer that this link was the first to try.
    fn refused(&mut self, domain: &str, applicant: &Applicant) {
        match self.kept.get(domain) {
            Some(Kept::Tried(_, link)) if *link == applicant.link => drop(self.kept.remove(domain)),
            Some(_) => return,
            None => {}
        }
        self.notes.insert(domain.to_owned(), format!("{} refused the last answer", applicant.name));
    }

    /// Those that wait and fit get no answer.
    fn give_up(&mut self, fits: impl Fn(&Waiting) -> bool) {
        let (gone, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(fits);
        self.waiting = waiting;
        let gone: VecDeque<Waiting> = gone;
        gone.iter().for_each(|waiting| waiting.applicant.patience.end());
    }

    /// The question that is shown is over.
    fn settle(&mut self, events: &mut Vec<Event>) {
        events.extend(self.shown.take().map(Event::Settled));
    }

    /// Gives answers that are known to those whom they fit, and shows the next question.
    fn go_on(&mut self, events: &mut Vec<Event>) {
        let shown = self.shown.is_some().then(|| self.waiting.pop_front()).flatten();
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting.domain.as_ref().and_then(|domain| Some((domain, self.kept.get(domain)?))) {
                Some((domain, Kept::Good(secret))) => {
                    self.given.insert(waiting.applicant.link, (domain.clone(), true));
                    let secret = secret.clone();
                    waiting.reply(secret);
                }
                _ => self.waiting.push_back(waiting),
            }
        }
        match shown {
            Some(shown) => self.waiting.push_front(shown),
            None => self.show(events),
        }
    }

    fn show(&mut self, events: &mut Vec<Event>) {
        let free = |waiting: &Waiting| {
            // While one host tries an answer, the others wait for what it says.
            waiting
                .domain
                .as_ref()
                .is_none_or(|domain| !matches!(self.kept.get(domain), Some(Kept::Tried(..))))
        };
        let Some(next) = self.waiting.iter().position(free).and_then(|at| self.waiting.remove(at)) else {
            return;
        };
        let same = |other: &&Waiting| next.domain.is_some() && other.domain == next.domain;
        let others = self.waiting.iter().filter(same).count();
        self.number += 1;
        let id = QuestionId(self.number);
        self.shown = Some(id);
        events.push(Event::Asked(Question {
            id,
            target: next.applicant.target,
            text: next.text.clone(),
            wants: next.wants,
            others,
            note: next.domain.as_ref().and_then(|domain| self.notes.remove(domain)),
        }));
        self.waiting.push_front(next);
    }
}

impl Waiting {
    fn reply(self, secret: Secret) {
        self.applicant.patience.end();
        // Whoever asked may have ended meanwhile.
        let _ = self.reply.send(secret);
    }
}

#[cfg(test)]
#[path = "credentials_test.rs"]
mod tests;
