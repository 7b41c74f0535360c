use std::time::Duration;

use super::*;
use crate::engine::rollout::Steps;
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
    /// Why each that was skipped was, as `id:why`, since they were looked for last.
    skipped: Vec<String>,
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
        self.start_with(RunSpec { timeout, fanout, ..self.spec() });
    }

    fn start_in(&mut self, steps: Steps) {
        self.start_with(RunSpec { steps: Some(steps), ..self.spec() });
    }

    fn start_with(&mut self, spec: RunSpec) {
        self.step(|runs, links, step| runs.start(spec, links, step));
    }

    fn spec(&self) -> RunSpec {
        let mut targets: Vec<_> = self.links.keys().copied().collect();
        targets.sort();
        RunSpec::new(RUN, "1", targets)
    }

    fn ends(&mut self, id: u32, cell: Cell) {
        self.step(|runs, links, step| runs.heard(RUN, t(id), CallNews::Over(cell), links, step));
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
        let skipped = &mut self.skipped;
        skipped.clear();
        let told = |event| match event {
            Event::Run { change: RunChange::Step(phase), .. } => {
                let waits = if phase.waits { ", waits" } else { "" };
                Some(format!(
                    "step {}/{} of {}, {} left{waits}",
                    phase.step, phase.steps, phase.size, phase.left
                ))
            }
            Event::Run { change: RunChange::Cell { target, cell }, .. } => {
                if let Cell::Skipped { why } = &cell {
                    skipped.push(format!("{}:{why}", target.0));
                }
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
    let spec = RunSpec::new(RUN, "", vec![t(0), t(0)]);
    bench.step(|runs, links, step| runs.start(spec, links, step));
    bench.returns(0);
    assert_eq!(bench.told(), ["0:running", "0:value", "finished"]);
}

fn steps(text: &str) -> Steps {
    text.parse().expect("steps")
}

fn go(bench: &mut Bench, yes: bool) {
    bench.step(|runs, links, step| runs.go_on(RUN, yes, links, step));
}

#[test]
fn a_step_begins_when_the_one_before_is_over_and_well() {
    let mut bench = Bench::with([(); 5].map(|()| ready()));
    bench.start_in(steps("first 1 batch 2"));
    assert_eq!(bench.told(), ["step 1/3 of 1, 4 left", "0:running"]);
    bench.returns(0);
    assert_eq!(bench.told(), ["0:value", "step 2/3 of 2, 2 left", "1:running", "2:running"]);
    bench.returns(2);
    assert_eq!(bench.told(), ["2:value"], "the step is not over");
    bench.returns(1);
    bench.returns(3);
    bench.returns(4);
    assert_eq!(
        bench.told(),
        ["1:value", "step 3/3 of 2, 0 left", "3:running", "4:running", "3:value", "4:value", "finished"]
    );
}

#[test]
fn a_step_that_failed_ends_the_run_and_says_why_for_each_that_never_began() {
    let mut bench = Bench::with([ready(), ready(), LinkState::Idle]);
    bench.start_in(steps("first 1"));
    bench.ends(0, Cell::Cancelled);
    assert_eq!(
        bench.told(),
        ["step 1/2 of 1, 2 left", "0:running", "0:cancelled", "1:skipped", "2:skipped", "finished"]
    );
    let why = "the run ended with step 1 of 2: 1 target had failed";
    assert_eq!(bench.skipped, [format!("1:{why}"), format!("2:{why}")]);
    assert_eq!(bench.orders(), [Order::Call(RUN, t(0))], "nobody else was called or connected");
}

#[test]
fn answers_that_differ_end_a_run_that_wants_equal_ones() {
    let answer = |value: i64| Cell::Value { value: Value::from(value) };
    let mut bench = Bench::with([(); 6].map(|()| ready()));
    bench.start_in(steps("batch 2 gate same"));
    [0, 1, 2].into_iter().for_each(|id| bench.ends(id, answer(7)));
    bench.told();
    bench.ends(3, answer(8));
    assert_eq!(bench.told(), ["3:value", "4:skipped", "5:skipped", "finished"]);
    assert!(bench.skipped[0].ends_with("step 2 of 3: its answers differ"), "{:?}", bench.skipped);
}

#[test]
fn a_run_that_waits_for_a_person_waits_whatever_becomes_of_links() {
    let mut bench = Bench::with([ready(), ready(), LinkState::Idle]);
    bench.start_in(Steps::ONE_THEN_ASK);
    go(&mut bench, true);
    assert_eq!(bench.told().len(), 2, "nothing waits yet");
    bench.returns(0);
    assert_eq!(bench.told(), ["0:value", "step 1/2 of 1, 2 left, waits"]);
    bench.link(0, LinkState::Lost { why: "gone".into() });
    bench.link(1, LinkState::Lost { why: "gone".into() });
    bench.link(2, ready());
    bench.step(Runs::tick);
    assert_eq!(bench.told(), [""; 0]);
    bench.orders();
    go(&mut bench, true);
    assert_eq!(bench.orders(), [Order::Connect(t(1)), Order::Call(RUN, t(2))]);
    assert_eq!(bench.told(), ["step 2/2 of 2, 0 left", "2:running"]);
    go(&mut bench, false);
    bench.link(1, ready());
    bench.returns(1);
    bench.returns(2);
    assert_eq!(bench.told(), ["1:running", "1:value", "2:value", "finished"]);
}

#[test]
fn a_run_that_waits_ends_by_a_no_or_a_cancel() {
    for no in [true, false] {
        let mut bench = Bench::with([ready(), ready()]);
        bench.start_in(Steps::ONE_THEN_ASK);
        bench.returns(0);
        bench.told();
        if no {
            go(&mut bench, false);
        } else {
            bench.cancel(Interrupt::Soft);
        }
        assert_eq!(bench.told(), ["1:skipped", "finished"]);
    }
}

#[test]
fn a_run_halts_in_the_midst_of_a_step_and_lets_end_what_runs() {
    let lost = || Cell::Lost { why: String::new() };
    let mut bench = Bench::with([ready(), ready(), ready(), LinkState::Connecting, ready(), ready()]);
    bench.start_with(RunSpec { fanout: Some(4), steps: Some(steps("halt-at 30%")), ..bench.spec() });
    bench.told();
    bench.ends(0, lost());
    assert_eq!(bench.told(), ["0:lost", "4:running"]);
    bench.ends(1, lost());
    assert_eq!(bench.told(), ["1:lost", "3:skipped", "5:skipped"], "30% of six are two");
    bench.returns(2);
    bench.returns(4);
    assert_eq!(bench.told(), ["2:value", "4:value", "finished"]);
}

#[test]
fn one_of_a_later_step_can_be_cancelled_before_its_turn() {
    let mut bench = Bench::with([ready(), ready(), ready()]);
    bench.start_in(steps("batch 1"));
    bench.step(|runs, links, step| runs.cancel(RUN, Some(&[t(1)]), Interrupt::Soft, links, step));
    bench.told();
    bench.returns(0);
    let steps = ["step 2/3 of 1, 1 left", "step 3/3 of 1, 0 left"];
    assert_eq!(bench.told(), ["0:value", steps[0], steps[1], "2:running"]);
    bench.returns(2);
    assert_eq!(bench.told(), ["2:value", "finished"]);
}

#[test]
fn a_python_that_cannot_be_guarded_is_skipped_and_never_called() {
    let agent = |python, implementation: &str| {
        LinkState::Ready(AgentInfo { python, implementation: implementation.into(), ..AgentInfo::default() })
    };
    let old = [agent((3, 7, 16), "CPython"), agent((2, 7, 18), "CPython"), agent((3, 10, 1), "PyPy")];
    let mut bench = Bench::with(old.into_iter().chain([agent((3, 8, 0), "CPython"), LinkState::Idle]));
    bench.start_with(RunSpec { guard: true, ..bench.spec() });
    assert_eq!(bench.orders(), [Order::Call(RUN, t(3)), Order::Connect(t(4))]);
    assert_eq!(bench.told(), ["0:skipped", "1:skipped", "2:skipped", "3:running"]);
    assert_eq!(bench.skipped[0], "0:the guard rail needs CPython 3.8 or later, and this is Python 3.7.16");
    bench.link(4, agent((3, 6, 15), "CPython"));
    bench.returns(3);
    assert_eq!(bench.told(), ["4:skipped", "3:value", "finished"]);
    assert_eq!(bench.orders(), []);
}

#[test]
fn guarded_code_is_wrapped_and_other_code_is_not() {
    let mut bench = Bench::with([ready()]);
    bench.start(None, None);
    assert_eq!(
        bench.runs.code(RUN).map(|(name, code)| (name, code.into_owned())),
        Some(("<run 1>".into(), "1".into()))
    );
    let mut bench = Bench::with([LinkState::Idle]);
    bench.start_with(RunSpec { guard: true, ..bench.spec() });
    let (name, code) = bench.runs.code(RUN).expect("the run's");
    assert!(
        name == code::GUARDED && code.contains("hailer.guard") && code.ends_with("('<run 1>', '1')"),
        "{code}"
    );
}
