//! One run, from events to text. Pure: what is to be written comes back as data, so that every line can be tested.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::command::RunId;
use crate::engine::event::{Cell, Event, Level, Line, Millis, Phase, RunChange, Stream, TargetChange};
use crate::engine::target::TargetId;
use crate::model::{self, Model};
use crate::print::bars::Bars;
use crate::print::form::{Form, Said, Summary, Who};
use crate::print::harmless::harmless;
use crate::print::outcome::Counts;
use crate::print::remote::Remote;

/// Follows one run's events.
#[derive(Debug)]
pub struct Report {
    run: RunId,
    targets: BTreeMap<TargetId, Progress>,
    /// Of all targets that are known.
    names: BTreeMap<TargetId, String>,
    form: Box<dyn Form>,
    remote: Remote,
    /// All that was heard, for a form that looks back.
    model: Option<Model>,
    /// How far all are, where that is drawn.
    bars: Option<Bars>,
    counts: Counts,
    started: Option<Millis>,
    interrupted: bool,
    finished: bool,
}

/// How far one target is.
#[derive(Debug)]
struct Progress {
    name: String,
    /// When its present stage began: the connect, or the call.
    since: Option<Millis>,
    over: bool,
}

impl Report {
    /// Of this run over these targets, in this form; with coloured prefixes on standard error or without.
    pub fn new(
        run: RunId,
        targets: impl IntoIterator<Item = (TargetId, String)>,
        form: Box<dyn Form>,
        colour: bool,
    ) -> Self {
        let targets =
            targets.into_iter().map(|(id, name)| (id, Progress { name, since: None, over: false })).collect();
        let model = form.looks_back().then(Model::new);
        Self {
            run,
            targets,
            names: BTreeMap::new(),
            form,
            remote: Remote::new(colour),
            model,
            bars: None,
            counts: Counts::default(),
            started: None,
            interrupted: false,
            finished: false,
        }
    }

    /// Draws how far the targets are, on a terminal so wide.
    pub fn with_bars(mut self, columns: usize) -> Self {
        self.bars = Some(Bars::new(columns, self.targets.len()));
        self
    }

    /// Puts how far the targets are below what is written now, unless nothing may stand there.
    pub fn draw(&mut self, said: &mut Said, may: bool) {
        if let Some(bars) = &mut self.bars {
            bars.draw(said, may && !self.finished);
        }
    }

    /// Takes in one event, and appends what is to be written now.
    pub fn take(&mut self, event: &Event, said: &mut Said) {
        if let Some(model) = self.model.as_mut().filter(|_| !matches!(event, Event::Lines { .. })) {
            model.apply(event.clone());
        }
        match event {
            Event::Run { id, at, change } if *id == self.run => self.change(*at, change, said),
            Event::Target { id, change: TargetChange::Found(target), .. } => {
                self.names.insert(*id, target.name.clone());
            }
            Event::Lines { target, lines, .. } if self.form.owns(*target) => own(lines, said),
            Event::Lines { target, lines, dropped, .. } => {
                // Those on the way, and those that code opened, are no targets of the run, and are heard all the same.
                let named = self.targets.get(target).map(|progress| &progress.name);
                let Some(name) = named.or_else(|| self.names.get(target)) else { return };
                let remote = &mut self.remote;
                if self.form.follows() {
                    let (out, err): (Vec<_>, Vec<_>) =
                        lines.iter().cloned().partition(|line| line.stream == Stream::Stdout);
                    remote.lines(*target, name, &out, 0, &mut said.out);
                    remote.lines(*target, name, &err, *dropped, &mut said.err);
                } else {
                    remote.lines(*target, name, lines, *dropped, &mut said.err);
                }
            }
            Event::Notice { level: Level::Warning | Level::Error, text, .. } => {
                let _ = writeln!(said.err, "hailer: {}", harmless(text));
            }
            Event::Run { .. }
            | Event::Target { .. }
            | Event::Asked(_)
            | Event::Settled(_)
            | Event::Notice { .. } => {}
        }
    }

    fn change(&mut self, at: Millis, change: &RunChange, said: &mut Said) {
        match change {
            RunChange::Started(_) => self.started = Some(at),
            RunChange::Cell { target, cell } => self.cell(at, *target, cell, said),
            RunChange::Item { target, value } => {
                if let Some(progress) = self.targets.get(target) {
                    self.form.item(Who { id: *target, name: &progress.name }, value, said);
                }
            }
            RunChange::Progress { target, done, total, text } if self.form.follows() => {
                self.write(*target, &progress_words(*done, *total, text.as_deref()), said);
            }
            RunChange::Progress { target, done, total, text } if self.form.owns(*target) => {
                let _ = writeln!(said.err, "{}", harmless(&progress_words(*done, *total, text.as_deref())));
            }
            RunChange::Progress { target, done, total, text } => {
                if let (Some(bars), Some(progress)) = (&mut self.bars, self.targets.get(target)) {
                    let heard = model::cell::Progress { done: *done, total: *total, text: text.clone(), at };
                    bars.heard(*target, &progress.name, heard);
                }
            }
            RunChange::Warning { target, text } if self.form.owns(*target) => {
                let _ = writeln!(said.err, "warning: {}", harmless(text));
            }
            RunChange::Warning { target, text } => self.write(*target, &format!("warning: {text}"), said),
            RunChange::Step(Phase { step, steps, waits: true, .. }) => {
                let _ = writeln!(said.err, "hailer: after step {step} of {steps}: {}", self.counts);
            }
            RunChange::Step(Phase { step, steps, size, .. }) => {
                let word = if *size == 1 { "target" } else { "targets" };
                let _ = writeln!(said.err, "hailer: step {step} of {steps}: {size} {word}");
            }
            RunChange::Finished => self.end(at, said),
        }
    }

    fn cell(&mut self, at: Millis, target: TargetId, cell: &Cell, said: &mut Said) {
        let Some(progress) = self.targets.get_mut(&target).filter(|progress| !progress.over) else { return };
        if !cell.is_final() {
            if matches!(cell, Cell::Running) || progress.since.is_none() && !matches!(cell, Cell::Queued) {
                progress.since = Some(at);
            }
            return;
        }
        progress.over = true;
        if let Some(bars) = &mut self.bars {
            bars.over(target);
        }
        self.counts.add(cell);
        let seconds = progress.since.map_or(0.0, |since| seconds(at, since));
        let follows = self.form.follows();
        let rest = if follows { &mut said.out } else { &mut said.err };
        self.remote.flush(target, &progress.name, rest);
        self.form.cell(Who { id: target, name: &progress.name }, cell, seconds, said);
    }

    fn end(&mut self, at: Millis, said: &mut Said) {
        self.finished = true;
        let summary = Summary {
            counts: &self.counts,
            targets: self.targets.len(),
            seconds: self.started.map_or(0.0, |started| seconds(at, started)),
            run: self.model.as_ref().and_then(|model| model.runs.get(self.run)),
        };
        self.form.end(&summary, said);
    }

    fn write(&self, target: TargetId, text: &str, said: &mut Said) {
        if let Some(progress) = self.targets.get(&target) {
            self.remote.write(target, &progress.name, text, &mut said.err);
        }
    }

    /// A person asked for the end; answers the sentence that says what happens now.
    pub fn interrupt(&mut self) -> String {
        let open = self.targets.len() - self.counts.total();
        let targets = if open == 1 { "target" } else { "targets" };
        let next = if self.interrupted {
            "ending their links at once"
        } else {
            "Ctrl-C again ends their links at once"
        };
        self.interrupted = true;
        format!("hailer: cancelling {open} {targets}; {next}\n")
    }

    /// Whether every target has its final state.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The exit status of what is known so far.
    pub fn exit_code(&self) -> u8 {
        if let Some(left) = self.form.left() {
            return left;
        }
        self.counts.exit_code(self.interrupted)
    }
}

/// A program's own lines, as it wrote them.
fn own(lines: &[Line], said: &mut Said) {
    for line in lines {
        let to = if line.stream == Stream::Stdout { &mut said.out } else { &mut said.err };
        to.push_str(&line.text);
        to.push_str(if line.partial { "" } else { "\n" });
    }
}

fn seconds(later: Millis, earlier: Millis) -> f64 {
    later.since(earlier).as_millis() as f64 / 1000.0
}

fn progress_words(done: f64, total: Option<f64>, text: Option<&str>) -> String {
    let total = total.map(|total| format!("/{total}")).unwrap_or_default();
    let text = text.map(|text| format!(" {text}")).unwrap_or_default();
    format!("{done}{total}{text}")
}

#[cfg(test)]
#[path = "report_test.rs"]
mod tests;
