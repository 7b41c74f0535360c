//! What ways in ask during a headless run: asked on the person's terminal, whatever the standard streams are. Where there
//! is none, nobody answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::command::{Command, RunId, Secret};
use crate::engine::event::{Event, Phase, Question, QuestionId, RunChange, TargetChange, Wants};
use crate::engine::target::TargetId;
use crate::model::remote_text::plain;
use crate::print::form::Said;
use crate::print::tty::{LONGEST, NoLine, Prompt};
use crate::print::writer::say;

/// The terminal of this process, whatever its standard streams are.
pub const TERMINAL: &str = "/dev/tty";
/// The most lines of a question, the last ones, and the most characters of each.
const LINES: (usize, usize) = (20, 500);

/// Asks, one question at a time.
#[derive(Debug)]
pub struct Questions {
    terminal: PathBuf,
    names: BTreeMap<TargetId, String>,
    open: Option<Open>,
    /// A run that waits between two steps, and what is asked about it.
    held: Option<(RunId, String)>,
    /// Where that is asked, while no way in asks.
    between: Option<Prompt>,
    /// The run is being stopped: nothing is answered any more.
    over: bool,
}

#[derive(Debug)]
struct Open {
    id: QuestionId,
    name: String,
    wants: Wants,
    prompt: Prompt,
}

impl Questions {
    /// For these targets, on this terminal ([`TERMINAL`]).
    pub fn new(targets: impl IntoIterator<Item = (TargetId, String)>, terminal: impl Into<PathBuf>) -> Self {
        let names = targets.into_iter().collect();
        Self { terminal: terminal.into(), names, open: None, held: None, between: None, over: false }
    }

    /// Takes in one event. What nobody can be asked is answered at once, with nothing.
    pub fn take(&mut self, event: &Event, said: &mut Said) -> Option<Command> {
        match event {
            Event::Target { id, change: TargetChange::Found(target), .. } => {
                self.names.insert(*id, target.name.clone());
            }
            Event::Asked(question) => {
                self.open = None;
                self.between = None; // it is asked again afterwards
                if self.over {
                    return Some(answer(question.id, None));
                }
                return self.ask(question, said);
            }
            Event::Run { id, change: RunChange::Step(phase), .. } => {
                self.held = phase.waits.then(|| (*id, between(phase)));
                self.between = None;
            }
            Event::Settled(id) => self.open = self.open.take().filter(|open| open.id != *id),
            _ => {}
        }
        None
    }

    fn ask(&mut self, question: &Question, said: &mut Said) -> Option<Command> {
        let name = self.names.get(&question.target).map_or_else(|| question.target.to_string(), Clone::clone);
        let name = plain(&name).into_owned();
        let shown = question.wants == Wants::HostKey;
        let Ok(prompt) = Prompt::open(&self.terminal, words(&name, question), shown) else {
            let asks = lines(&question.text).join(" ");
            let told = format!("hailer: {name} asks \"{asks}\", and there is no terminal to ask on\n");
            said.err.push_str(&told);
            return Some(answer(question.id, None));
        };
        self.open = Some(Open { id: question.id, name, wants: question.wants, prompt });
        None
    }

    /// Waits for the person's answer; for ever, where nothing is asked. Safe to drop at any point.
    pub async fn answered(&mut self) -> Command {
        let Some(open) = &mut self.open else { return self.between_steps().await };
        let line = open.prompt.line().await;
        let given = match (line, open.wants) {
            (Ok(line), Wants::Secret) => Some(Secret::new(line)),
            (Ok(line), Wants::HostKey) => (line.trim() == "yes").then(|| Secret::from("yes")),
            (Err(why), _) => {
                refuse(&open.name, &why);
                None
            }
        };
        let id = open.id;
        self.open = None;
        answer(id, given)
    }

    /// Whether something is asked on the terminal now.
    pub fn is_asking(&self) -> bool {
        self.open.is_some() || self.held.is_some()
    }

    /// Whether all that is asked is whether a run goes on with its next step.
    pub fn is_between(&self) -> bool {
        self.open.is_none() && self.held.is_some()
    }

    /// Waits for what the person says between two steps; for ever, where none waits.
    async fn between_steps(&mut self) -> Command {
        let Some((run, words)) = self.held.as_ref().filter(|_| !self.over) else {
            return std::future::pending().await;
        };
        let run = *run;
        if self.between.is_none() {
            self.between = Prompt::open(&self.terminal, words.clone(), true).ok();
        }
        let said = match &mut self.between {
            Some(prompt) => prompt.line().await.ok(),
            None => None, // the terminal is gone
        };
        (self.held, self.between) = (None, None);
        Command::GoOn { run, yes: said.is_some_and(|said| matches!(said.trim(), "y" | "Y" | "yes")) }
    }

    /// The run is being stopped: what is asked now, and all that is asked later, is not answered.
    pub fn stop(&mut self) -> Option<Command> {
        self.over = true;
        self.between = None;
        self.open.take().map(|open| answer(open.id, None))
    }
}

fn answer(question: QuestionId, answer: Option<Secret>) -> Command {
    Command::Answer { question, answer }
}

/// What is asked between two steps.
fn between(phase: &Phase) -> String {
    let Phase { step, steps, left, .. } = phase;
    let word = if *left == 1 { "target has" } else { "targets have" };
    format!("hailer: step {step} of {steps} is over; {left} {word} not begun. Go on? [y/N] ")
}

/// Says why a line is no answer, where the person may not know.
fn refuse(name: &str, why: &NoLine) {
    let why = match why {
        NoLine::Ended => return,
        NoLine::TooLong => format!("it is longer than {LONGEST} bytes"),
        NoLine::NoText => "it is no UTF-8".to_owned(),
    };
    let told = format!("hailer: {name} was given no answer: {why}\n");
    tokio::task::spawn_blocking(move || say(&told));
}

/// What stands on the terminal. Each line begins with the name: no line of a host's can pass for one of ours.
fn words(name: &str, question: &Question) -> String {
    let mut all = Vec::from_iter(question.note.as_deref().map(|note| plain(note).into_owned()));
    match question.others {
        0 => {}
        1 => all.push("1 more target waits for the same answer".to_owned()),
        others => all.push(format!("{others} more targets wait for the same answer")),
    }
    all.extend(lines(&question.text));
    if question.wants == Wants::HostKey {
        all.push("yes, typed in full, trusts it; anything else leaves it:".to_owned());
    }
    let all: Vec<_> = all.into_iter().map(|line| format!("{name}: {line}")).collect();
    all.join("\n") + " "
}

/// The last lines of a text, fit for a terminal.
fn lines(text: &str) -> Vec<String> {
    let (most, longest) = LINES;
    let mut lines: Vec<&str> = text.trim_end().lines().rev().take(most).collect();
    lines.reverse();
    let cut = |line: &str| plain(&line.chars().take(longest).collect::<String>()).into_owned();
    lines.into_iter().map(cut).collect()
}

#[cfg(test)]
#[path = "ask_test.rs"]
mod tests;
