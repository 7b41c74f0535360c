use std::time::Duration;

use super::*;
use crate::link::agent::AgentInfo;
use crate::tunnel::{Failure, Stage};

/// Runs with their links, events and orders around them.
#[derive(Default)]
struct Bench {
    runs: Runs,
    links: HashMap<TargetId, LinkState>,
    events: Outbox,
    orders: Vec<Order>,
    elapsed: Duration,
}

const RUN: RunId = RunId(1);

fn t(id: u32) -> TargetId {
    TargetId(id)
}

fn ready() -> LinkState {
    LinkState::Ready(AgentInfo::default())
}

impl Bench {
    fn with(states: impl IntoIterator<Item = LinkState>) -> Self {
        let links = states.into_iter().enumerate().map(|(id, state)| (t(id as u32), state)).collect();
        Self { links, ..Self::default() }
    }

    fn step<R>(
        &mut self,
        act: impl FnOnce(&mut Runs, &HashMap<TargetId, LinkState>, &mut Step<'_>) -> R,
    ) -> R {
        let start = *START.get_or_init(Instant::now);
        let (at, now) = (Millis(self.elapsed.as_millis() as u64), start + self.elapsed);
        let mut step = Step { at, now, events: &mut self.events, orders: &mut self.orders };
        act(&mut self.runs, &self.links, &mut step)
    }

    fn start(&mut self, fanout: Option<usize>, timeout: Option<Duration>) {
        let mut targets: Vec<_> = self.links.keys().copied().collect();
        targets.sort();
        let spec = RunSpec { id: RUN, code: "1".into(), targets, timeout, fanout };
        self.step(|runs, links, step| runs.start(spec, links, step));
    }

    fn link(&mut self, id: u32, state: LinkState) {
        self.links.insert(t(id), state);
        self.step(|runs, links, step| runs.link(t(id), links, step));
    }

    fn returns(&mut self, id: u32) {
        let news = CallNews::Over(Cell::Value { value: Value::from(i64::from(id)) });
        self.step(|runs, links, step| runs.heard(RUN, t(id), news, links, step));
    }

    fn cancel(&mut self, how: Interrupt) {
        self.step(|runs, links, step| runs.cancel(RUN, None, how, links, step));
    }

    /// Cells as `id:state`, `finished` at the end, since the last time it was asked.
    fn told(&mut self) -> Vec<String> {
        let told = |event| match event {
            Event::Run { change: RunChange::Cell { target, cell }, .. } => {
                Some(format!("{}:{}", target.0, cell.name()))
            }
            Event::Run { change: RunChange::Finished, .. } => Some("finished".into()),
            Event::Notice { text, .. } => Some(text),
            _ => None,
        };
        self.events.take().into_iter().filter_map(told).collect()
    }

    fn orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }
}

static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();

#[test]
fn a_ready_target_is_called_and_an_idle_one_is_connected_first() {
    let mut bench = Bench::with([ready(), LinkState::Idle]);
    bench.start(None, None);
    assert_eq!(bench.orders(), [Order::Call(RUN, t(0)), Order::Connect(t(1))]);
    assert_eq!(bench.told(), ["0:running"]);
    bench.link(1, LinkState::Connecting);
    bench.link(1, LinkState::Booting);
    bench.link(1, ready());
    assert_eq!(bench.orders(), [Order::Call(RUN, t(1))]);
    bench.returns(1);
    bench.returns(0);
    assert_eq!(bench.told(), ["1:connecting", "1:booting", "1:running", "1:value", "0:value", "finished"]);
}

#[test]
fn one_that_cannot_be_reached_holds_up_nobody() {
    let mut bench = Bench::with([LinkState::Idle, LinkState::Idle]);
    bench.start(Some(1), None);
    assert_eq!(bench.orders(), [Order::Connect(t(0))]);
    let failure = Failure { stage: Stage::Connect, why: "refused".into(), said: String::new() };
    bench.link(0, LinkState::Unreachable(failure));
    assert_eq!(bench.orders(), [Order::Connect(t(1))]);
    bench.link(1, ready());
    bench.returns(1);
    assert_eq!(bench.told(), ["0:unreachable", "1:running", "1:value", "finished"]);
}

#[test]
fn the_fan_out_is_a_bound() {
    let mut bench = Bench::with([ready(), ready(), ready()]);
    bench.start(Some(2), None);
    assert_eq!(bench.orders().len(), 2);
    bench.returns(0);
    assert_eq!(bench.orders(), [Order::Call(RUN, t(2))]);
}

#[test]
fn a_lost_link_ends_its_call_and_a_late_answer_changes_nothing() {
    let mut bench = Bench::with([ready()]);
    bench.start(None, None);
    bench.link(0, LinkState::Lost { why: "gone".into() });
    bench.returns(0);
    assert_eq!(bench.told(), ["0:running", "0:lost", "finished"]);
}

#[test]
fn a_soft_cancel_asks_and_a_hard_one_severs() {
    let mut bench = Bench::with([ready(), LinkState::Idle]);
    bench.start(None, None);
    bench.orders();
    bench.cancel(Interrupt::Soft);
    assert_eq!(bench.orders(), [Order::Cancel(RUN, t(0))]);
    assert_eq!(bench.told(), ["0:running", "1:skipped"]);
    bench.cancel(Interrupt::Hard);
    assert_eq!(bench.orders(), [Order::Sever(t(0))]);
    assert_eq!(bench.told(), ["0:cancel unconfirmed", "finished"]);
}

#[test]
fn a_call_that_takes_too_long_is_timed_out_and_asked_to_stop() {
    let mut bench = Bench::with([ready()]);
    bench.start(None, Some(Duration::from_secs(2)));
    bench.orders();
    bench.elapsed = Duration::from_secs(1);
    bench.step(Runs::tick);
    assert_eq!(bench.told(), ["0:running"]);
    bench.elapsed = Duration::from_secs(2);
    bench.step(Runs::tick);
    assert_eq!(bench.told(), ["0:timed out", "finished"]);
    assert_eq!(bench.orders(), [Order::Cancel(RUN, t(0))]);
    assert_eq!(bench.runs.deadline(), None);
}

#[test]
fn no_targets_finish_at_once_and_a_doubled_target_counts_once() {
    let mut bench = Bench::default();
    bench.start(None, None);
    assert_eq!(bench.told(), ["finished"]);
    let mut bench = Bench::with([ready()]);
    let spec = RunSpec { id: RUN, code: "".into(), targets: vec![t(0), t(0)], timeout: None, fanout: None };
    bench.step(|runs, links, step| runs.start(spec, links, step));
    bench.returns(0);
    assert_eq!(bench.told(), ["0:running", "0:value", "finished"]);
}
