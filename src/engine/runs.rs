//! Runs under way: which target is in which state, and what is to be done next. No I/O: news in, events and orders out.
//!
//! Every target of a run has a cell from the first instant, and ends in exactly one final state (NEEDS 1).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use crate::engine::code;
use crate::engine::command::{Interrupt, RunId, RunSpec};
use crate::engine::event::{Cell, Event, Level, Millis, RunChange};
use crate::engine::files::Files;
use crate::engine::outbox::Outbox;
use crate::engine::rollout::{Next, Rollout};
use crate::engine::target::{LinkState, TargetId};
use crate::wire::value::Value;

/// Something the engine is to do for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Open this target's link.
    Connect(TargetId),
    /// Start the run's code there; the link is ready.
    Call(RunId, TargetId),
    /// Ask the call to stop.
    Cancel(RunId, TargetId),
    /// Close the link at once.
    Sever(TargetId),
}

/// What a call did.
#[derive(Debug, Clone)]
pub enum CallNews {
    /// One item of its stream.
    Item(Value),
    /// `progress(done, total, text)`.
    Progress {
        /// So much is done.
        done: f64,
        /// Of so much, if known.
        total: Option<f64>,
        /// With these words, if any.
        text: Option<String>,
    },
    /// `warn(text)`.
    Warning(String),
    /// It is over.
    Over(Cell),
}

/// Where a step's results go.
#[derive(Debug)]
pub struct Step<'a> {
    /// The moment, for events.
    pub at: Millis,
    /// The moment, for deadlines.
    pub now: Instant,
    /// Events to tell.
    pub events: &'a mut Outbox,
    /// Orders to carry out.
    pub orders: &'a mut Vec<Order>,
}

impl Step<'_> {
    fn tell(&mut self, id: RunId, change: RunChange) {
        self.events.push(Event::Run { id, at: self.at, change });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Not begun.
    Waiting,
    /// Begun; waits for its link.
    Linking(&'static str),
    /// Its call runs; until when it may.
    Running { deadline: Option<Instant> },
    /// Over.
    Final,
}

#[derive(Debug)]
struct Active {
    spec: RunSpec,
    slots: HashMap<TargetId, Slot>,
    waiting: VecDeque<TargetId>,
    rollout: Rollout,
    under_way: usize,
    open: usize,
}

/// All runs that are not finished.
#[derive(Debug, Default)]
pub struct Runs {
    active: BTreeMap<RunId, Active>,
}

impl Runs {
    /// Begins a run over targets whose links are in these states. A target without a state is not known.
    pub fn start(&mut self, mut spec: RunSpec, links: &HashMap<TargetId, LinkState>, step: &mut Step<'_>) {
        if self.active.contains_key(&spec.id) {
            let text = format!("run {} is under way already", spec.id.0);
            step.events.push(Event::Notice { at: step.at, level: Level::Error, text });
            return;
        }
        let mut slots = HashMap::with_capacity(spec.targets.len());
        spec.targets.retain(|target| slots.insert(*target, Slot::Waiting).is_none());
        let id = spec.id;
        step.tell(id, RunChange::Started(spec.clone()));
        let (waiting, open) = (spec.targets.iter().copied().collect(), spec.targets.len());
        let rollout = Rollout::new(spec.steps, open);
        if let Some(phase) = rollout.phase() {
            step.tell(id, RunChange::Step(phase));
        }
        self.active.insert(id, Active { spec, slots, waiting, rollout, under_way: 0, open });
        self.advance(id, links, step);
    }

    /// The text that a run's calls are to run, and what tracebacks call it.
    pub fn code(&self, run: RunId) -> Option<(String, Cow<'_, str>)> {
        let active = self.active.get(&run)?;
        let (name, python) = (format!("<run {}>", run.0), active.spec.code.python());
        if active.spec.guard {
            let guarded = code::guarded(&name, &python);
            return Some((code::GUARDED.to_owned(), guarded.into()));
        }
        Some((name, python))
    }

    /// What a run puts or fetches, if it does.
    pub fn files(&self, run: RunId) -> Option<&Files> {
        self.active.get(&run)?.spec.code.files()
    }

    /// The runs that are not finished.
    pub fn under_way(&self) -> Vec<RunId> {
        self.active.keys().copied().collect()
    }

    /// Whether a run that is not finished still needs this target's link.
    pub fn needs(&self, target: TargetId) -> bool {
        let open = |active: &Active| active.slots.get(&target).is_some_and(|slot| *slot != Slot::Final);
        self.active.values().any(open)
    }

    /// A target's link changed its state.
    pub fn link(&mut self, target: TargetId, links: &HashMap<TargetId, LinkState>, step: &mut Step<'_>) {
        let Some(state) = links.get(&target) else { return };
        for id in self.under_way() {
            match self.slot(id, target) {
                Some(Slot::Linking(_)) => self.approach(id, target, state, step),
                Some(Slot::Running { .. }) if !matches!(state, LinkState::Ready(_)) => {
                    self.over(id, target, lost(state), step);
                }
                _ => {}
            }
            self.advance(id, links, step);
        }
    }

    /// A call has news.
    pub fn heard(
        &mut self,
        run: RunId,
        target: TargetId,
        news: CallNews,
        links: &HashMap<TargetId, LinkState>,
        step: &mut Step<'_>,
    ) {
        if !matches!(self.slot(run, target), Some(Slot::Running { .. })) {
            return; // it was given up before; what crossed on the wire is too late
        }
        match news {
            CallNews::Item(value) => step.tell(run, RunChange::Item { target, value }),
            CallNews::Progress { done, total, text } => {
                step.tell(run, RunChange::Progress { target, done, total, text });
            }
            CallNews::Warning(text) => step.tell(run, RunChange::Warning { target, text }),
            CallNews::Over(cell) => self.over(run, target, cell, step),
        }
        self.advance(run, links, step);
    }

    /// Stops a run, or those targets of it.
    pub fn cancel(
        &mut self,
        run: RunId,
        only: Option<&[TargetId]>,
        how: Interrupt,
        links: &HashMap<TargetId, LinkState>,
        step: &mut Step<'_>,
    ) {
        let Some(active) = self.active.get(&run) else { return };
        let targets = only.map_or_else(|| active.spec.targets.clone(), <[_]>::to_vec);
        for target in targets {
            match (self.slot(run, target), how) {
                (Some(Slot::Waiting | Slot::Linking(_)), _) => {
                    let why = "the run was cancelled before its turn".to_owned();
                    self.over(run, target, Cell::Skipped { why }, step);
                }
                (Some(Slot::Running { .. }), Interrupt::Soft) => step.orders.push(Order::Cancel(run, target)),
                (Some(Slot::Running { .. }), Interrupt::Hard) => {
                    let why =
                        "the link was closed; the host did not say that the call has stopped".to_owned();
                    self.over(run, target, Cell::CancelUnconfirmed { why }, step);
                    step.orders.push(Order::Sever(target));
                }
                (Some(Slot::Final) | None, _) => {}
            }
        }
        self.advance(run, links, step);
    }

    /// A person decides about a run that waits between two steps.
    pub fn go_on(
        &mut self,
        run: RunId,
        yes: bool,
        links: &HashMap<TargetId, LinkState>,
        step: &mut Step<'_>,
    ) {
        let Some(active) = self.active.get_mut(&run).filter(|active| active.rollout.is_held()) else {
            return;
        };
        if !yes {
            active.rollout.end("nobody let it go on");
        } else if let Next::Begin(phase) = active.rollout.begin() {
            step.tell(run, RunChange::Step(phase));
        }
        self.advance(run, links, step);
    }

    /// Ends the calls whose time is over, and asks them to stop.
    pub fn tick(&mut self, links: &HashMap<TargetId, LinkState>, step: &mut Step<'_>) {
        let now = step.now;
        let mut late = Vec::new();
        for (id, active) in &self.active {
            let Some(after) = active.spec.timeout else { continue };
            for (target, slot) in &active.slots {
                if matches!(slot, Slot::Running { deadline: Some(at) } if *at <= now) {
                    late.push((*id, *target, after));
                }
            }
        }
        for (id, target, after) in late {
            step.orders.push(Order::Cancel(id, target));
            self.over(id, target, Cell::TimedOut { after }, step);
            self.advance(id, links, step);
        }
    }

    /// When [`Runs::tick`] is to be called next, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = |slot: &Slot| if let Slot::Running { deadline } = slot { *deadline } else { None };
        self.active.values().flat_map(|active| active.slots.values().filter_map(deadline)).min()
    }

    fn slot(&self, run: RunId, target: TargetId) -> Option<Slot> {
        self.active.get(&run)?.slots.get(&target).copied()
    }

    /// Begins as many targets as may be under way at once, step after step; ends the run when all are final.
    fn advance(&mut self, run: RunId, links: &HashMap<TargetId, LinkState>, step: &mut Step<'_>) {
        while let Some(active) = self.active.get_mut(&run) {
            if active.open == 0 {
                self.active.remove(&run);
                step.tell(run, RunChange::Finished);
                return;
            }
            if let Some(why) = active.rollout.given_up() {
                let why = why.to_owned();
                return self.give_up(run, &why, step);
            }
            if active.rollout.is_held() || active.under_way >= active.spec.fanout.unwrap_or(usize::MAX).max(1)
            {
                return;
            }
            if !active.rollout.take() {
                if active.under_way > 0 {
                    return; // the step is not over
                }
                let next = active.rollout.next();
                if let Next::Begin(phase) | Next::Hold(phase) = next {
                    step.tell(run, RunChange::Step(phase));
                }
                continue;
            }
            let Some(target) = active.waiting.pop_front() else { return };
            if active.slots.get(&target) != Some(&Slot::Waiting) {
                continue;
            }
            active.under_way += 1;
            active.slots.insert(target, Slot::Linking("queued"));
            match links.get(&target) {
                None => {
                    let why = "this target is not known any more".to_owned();
                    self.over(run, target, Cell::Skipped { why }, step);
                }
                Some(
                    LinkState::Idle
                    | LinkState::Closed
                    | LinkState::Lost { .. }
                    | LinkState::Retrying { .. }
                    | LinkState::Unreachable(_),
                ) => step.orders.push(Order::Connect(target)),
                Some(state) => self.approach(run, target, state, step),
            }
        }
    }

    /// Ends all targets whose call has not begun; those that run go on to their end.
    fn give_up(&mut self, run: RunId, why: &str, step: &mut Step<'_>) {
        let Some(active) = self.active.get(&run) else { return };
        for target in active.spec.targets.clone() {
            if matches!(self.slot(run, target), Some(Slot::Waiting | Slot::Linking(_))) {
                self.over(run, target, Cell::Skipped { why: why.to_owned() }, step);
            }
        }
        if self.active.get(&run).is_some_and(|active| active.open == 0) {
            self.active.remove(&run);
            step.tell(run, RunChange::Finished);
        }
    }

    /// A target that was begun comes nearer to its call, or fails to.
    fn approach(&mut self, run: RunId, target: TargetId, state: &LinkState, step: &mut Step<'_>) {
        let cell = match state {
            LinkState::Idle | LinkState::Queued | LinkState::Retrying { .. } => Cell::Queued,
            LinkState::Connecting => Cell::Connecting,
            LinkState::Booting => Cell::Booting,
            LinkState::Ready(agent) => {
                let guard = self.active.get(&run).is_some_and(|active| active.spec.guard);
                if guard && !agent.can_guard() {
                    let why = format!(
                        "the guard rail needs CPython 3.8 or later, and this is Python {}",
                        agent.version()
                    );
                    return self.over(run, target, Cell::Skipped { why }, step);
                }
                Cell::Running
            }
            LinkState::Unreachable(failure) => {
                return self.over(run, target, Cell::Unreachable { failure: failure.clone() }, step);
            }
            LinkState::Lost { .. } | LinkState::Closed => return self.over(run, target, lost(state), step),
        };
        let Some(active) = self.active.get_mut(&run) else { return };
        let slot = if matches!(cell, Cell::Running) {
            step.orders.push(Order::Call(run, target));
            Slot::Running { deadline: active.spec.timeout.and_then(|limit| step.now.checked_add(limit)) }
        } else {
            Slot::Linking(cell.name())
        };
        if active.slots.insert(target, slot) != Some(slot) {
            step.tell(run, RunChange::Cell { target, cell });
        }
    }

    fn over(&mut self, run: RunId, target: TargetId, cell: Cell, step: &mut Step<'_>) {
        let Some(active) = self.active.get_mut(&run) else { return };
        match active.slots.insert(target, Slot::Final) {
            Some(Slot::Final) | None => return,
            Some(Slot::Waiting) => {}
            Some(Slot::Linking(_) | Slot::Running { .. }) => {
                active.under_way -= 1;
                active.rollout.ended(&cell);
            }
        }
        active.open -= 1;
        step.tell(run, RunChange::Cell { target, cell });
    }
}

/// The cell of a call whose link is not there any more.
fn lost(state: &LinkState) -> Cell {
    let why = match state {
        LinkState::Lost { why } => why.clone(),
        LinkState::Unreachable(failure) => failure.to_string(),
        _ => "the link was closed".to_owned(),
    };
    Cell::Lost { why }
}

#[cfg(test)]
#[path = "runs_test.rs"]
mod tests;
