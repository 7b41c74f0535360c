//! The one task that owns all state: commands and reports come in, events go out, workers do the rest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::engine::EngineConfig;
mod links;
mod questions;
mod reach;
mod retries;
mod seats;

use links::Links;
use reach::Reaches;
use retries::Retries;
pub use seats::Seating;
use seats::Seats;

use crate::engine::clock::Clock;
use crate::engine::command::{Command, Interrupt, RunId, RunSpec};
use crate::engine::credentials::Credentials;
use crate::engine::event::{Event, Level, TargetChange};
use crate::engine::outbox::Outbox;
use crate::engine::pace::Pace;
use crate::engine::registry::Registry;
use crate::engine::runs::{Order, Runs, Step};
use crate::engine::target::{LinkState, TargetId};
use crate::engine::worker::{News, ROOM, Report, Request};
use crate::inventory::{self, Change};
use crate::library::snapshot::Shipment;
use crate::tunnel::askpass;
use crate::tunnel::prompt::Asked;

/// Reports that may wait; a worker that finds no room waits, and its host with it.
const REPORTS: usize = 1024;
/// How many reports are worked off before the front end is told.
const BURST: usize = 256;
/// How long links have to close when the engine ends.
const GRACE: Duration = Duration::from_millis(800);

/// See the module.
#[derive(Debug)]
pub struct Supervisor {
    config: EngineConfig,
    clock: Clock,
    registry: Registry,
    states: HashMap<TargetId, LinkState>,
    links: Links,
    credentials: Credentials,
    questions: (mpsc::UnboundedSender<Asked>, mpsc::UnboundedReceiver<Asked>),
    /// Where this machine's ssh asks, once it is used.
    askpass: Option<Result<askpass::Server, ()>>,
    reaches: Reaches,
    retries: Retries,
    seats: Seats,
    runs: Runs,
    /// What each run takes along, as it was when the run began.
    shipments: HashMap<RunId, Shipment>,
    outbox: Outbox,
    orders: Vec<Order>,
    workers: JoinSet<()>,
    pace: Pace,
    room: Arc<Semaphore>,
    reports: (mpsc::Sender<Report>, mpsc::Receiver<Report>),
}

impl Supervisor {
    /// One that has nothing to do yet.
    pub fn new(config: EngineConfig) -> Self {
        let pace = Pace::new(config.connects_at_once);
        Self {
            seats: Seats::new(config.seating),
            config,
            clock: Clock::start(),
            registry: Registry::default(),
            states: HashMap::new(),
            links: Links::default(),
            credentials: Credentials::default(),
            questions: mpsc::unbounded_channel(),
            askpass: None,
            reaches: Reaches::default(),
            retries: Retries::default(),
            runs: Runs::default(),
            shipments: HashMap::new(),
            outbox: Outbox::default(),
            orders: Vec::new(),
            workers: JoinSet::new(),
            pace,
            room: Arc::new(Semaphore::new(ROOM as usize)),
            reports: mpsc::channel(REPORTS),
        }
    }

    /// Works until it is told to shut down, or nobody listens any more.
    pub async fn supervise(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        events: mpsc::Sender<Vec<Event>>,
    ) {
        let mut changes = self.begin();
        loop {
            let deadline = self.runs.deadline().map(tokio::time::Instant::from_std);
            let retry = self.retries.next().map(tokio::time::Instant::from_std);
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    None | Some(Command::Shutdown) => break,
                    Some(command) => self.command(command),
                },
                place = events.reserve(), if !self.outbox.is_empty() => match place {
                    Ok(place) => place.send(self.outbox.take()),
                    Err(_) => break,
                },
                () = sleep_until(deadline) => self.run(Runs::tick),
                () = sleep_until(retry) => self.try_again(),
                change = changes.recv(), if !changes.is_closed() || !changes.is_empty() => if let Some(change) = change {
                    self.change(change);
                },
                Some(report) = self.reports.1.recv(), if !self.outbox.is_full() => self.burst(report),
                Some(asked) = self.questions.1.recv() => self.asked(asked),
                Some(ended) = self.workers.join_next() => self.worker_ended(ended),
            }
            self.seat_who_waits();
        }
        self.close(&events).await;
    }

    /// The targets that were named, and the sources that find more.
    fn begin(&mut self) -> mpsc::Receiver<Change> {
        let named = std::mem::take(&mut self.config.targets);
        // First all of them, so that they get the first numbers; then those on the way to them.
        let ids: Vec<_> = named.into_iter().map(|found| self.register(found)).collect();
        for id in ids {
            self.place(id);
            if self.config.connect {
                self.connect(id);
            }
        }
        inventory::watch(&self.config.discover)
    }

    fn burst(&mut self, first: Report) {
        self.report(first);
        for _ in 1..BURST {
            match self.reports.1.try_recv() {
                Ok(report) if !self.outbox.is_full() => self.report(report),
                Ok(report) => return self.report(report),
                Err(_) => return,
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Add { text, connect } => self.add(&text, connect),
            Command::Connect(targets) => targets.into_iter().for_each(|target| self.connect(target)),
            Command::Disconnect(targets) => targets.into_iter().for_each(|target| self.sever(target)),
            Command::Run(spec) => {
                assert!(!panic_is_asked_for(), "HAILER_PANIC asks for it: \"word\"");
                self.begin_run(spec);
            }
            Command::RunHere(spec) => {
                let targets = vec![self.found(inventory::this_machine())];
                self.command(Command::Run(RunSpec { targets, ..spec }));
            }
            Command::Cancel { run, only, how } => self.cancel(run, only, how),
            Command::GoOn { run, yes } => self.run(|runs, links, step| runs.go_on(run, yes, links, step)),
            Command::Answer { question, answer } => self.answered(question, answer),
            Command::Shutdown => {}
        }
    }

    /// Begins a run. What it may import is taken as it is now, for all of its targets.
    fn begin_run(&mut self, spec: RunSpec) {
        let under_way = self.runs.under_way();
        self.shipments.retain(|run, _| under_way.contains(run));
        if !under_way.contains(&spec.id)
            && let Some(shipment) = self.config.library.freeze(&spec.code.python())
        {
            self.shipments.insert(spec.id, shipment);
        }
        self.run(|runs, links, step| runs.start(spec, links, step));
    }

    fn cancel(&mut self, run: RunId, only: Option<Vec<TargetId>>, how: Interrupt) {
        self.run(|runs, links, step| runs.cancel(run, only.as_deref(), how, links, step));
    }

    fn add(&mut self, text: &str, connect: bool) {
        match inventory::named(text) {
            Ok(found) => {
                for found in found {
                    let id = self.found(found);
                    if connect {
                        self.connect(id);
                    }
                }
            }
            Err(error) => self.notice(Level::Error, error.clone()),
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Found(found) => {
                let id = self.found(found);
                self.is_back(id);
            }
            Change::Gone { name } => {
                if let Some(id) = self.registry.named(&name) {
                    self.tell(id, TargetChange::Gone);
                }
            }
            Change::Notice(text) => self.notice(Level::Warning, text),
        }
    }

    /// A step of the runs, and then what it ordered, which may order more.
    fn run(&mut self, act: impl FnOnce(&mut Runs, &HashMap<TargetId, LinkState>, &mut Step<'_>)) {
        let (events, orders) = (&mut self.outbox, &mut self.orders);
        let mut step = Step { at: self.clock.now(), now: Instant::now(), events, orders };
        act(&mut self.runs, &self.states, &mut step);
        for order in std::mem::take(&mut self.orders) {
            match order {
                Order::Connect(target) => self.connect(target),
                Order::Call(run, target) => {
                    if let Some((name, code)) = self.runs.code(run) {
                        let code = code.into_owned();
                        let files = self.runs.files(run).zip(self.registry.get(target));
                        let carry = files.map(|(files, target)| files.carry(&target.name));
                        let request = if let Some(carry) = carry {
                            Request::Carry { run, name, code, carry }
                        } else {
                            let modules = self.shipments.get(&run).cloned();
                            Request::Call { run, name, code, modules }
                        };
                        self.request(target, request);
                    }
                }
                Order::Cancel(run, target) => self.request(target, Request::Cancel(run)),
                Order::Sever(target) => self.sever(target),
            }
        }
    }

    fn request(&mut self, target: TargetId, request: Request) {
        // Each is a run's, and runs are kept anyway. A worker that is gone reports its own end.
        self.links.request(target, request);
    }

    fn report(&mut self, report: Report) {
        let Report { target, epoch, news, room } = report;
        if let News::Lines { run, lines } = news {
            return self.outbox.push(Event::Lines { target, run, lines, dropped: 0 });
        }
        if self.links.epoch(target) != Some(epoch) {
            return; // of a link that was let go of
        }
        match news {
            News::State(state) => {
                self.judge(target, &state);
                if matches!(state, LinkState::Unreachable(_) | LinkState::Lost { .. }) {
                    self.links.remove(target);
                }
                self.state(target, state);
            }
            News::Outdated(outdated) => self.tell(target, TargetChange::Outdated(outdated)),
            News::Latency(latency) => self.tell(target, TargetChange::Latency(latency)),
            News::Health { health, since } => self.tell(target, TargetChange::Health { health, since }),
            News::Lines { .. } => {} // told above: what a host wrote is true, whatever became of its link
            News::Reach { request, answer } => self.reach(target, &request, answer),
            News::Call { run, news } => {
                self.outbox.occupy(room);
                self.run(|runs, links, step| runs.heard(run, target, news, links, step));
            }
        }
    }

    fn tell(&mut self, id: TargetId, change: TargetChange) {
        self.outbox.push(Event::Target { id, at: self.clock.now(), change });
    }

    fn notice(&mut self, level: Level, text: String) {
        self.outbox.push(Event::Notice { at: self.clock.now(), level, text });
    }

    /// Ends every run and lets go of every link, and tells what is left to tell; all within a moment.
    async fn close(mut self, events: &mpsc::Sender<Vec<Event>>) {
        for run in self.runs.under_way() {
            self.cancel(run, None, Interrupt::Hard);
        }
        self.links.clear();
        self.seats.clear();
        let end = tokio::time::Instant::now() + GRACE;
        while !(self.workers.is_empty() && self.reports.1.is_empty() && self.outbox.is_empty()) {
            tokio::select! {
                place = events.reserve(), if !self.outbox.is_empty() => match place {
                    Ok(place) => place.send(self.outbox.take()),
                    Err(_) => drop(self.outbox.take()),
                },
                Some(report) = self.reports.1.recv(), if !self.outbox.is_full() => self.burst(report),
                Some(_) = self.workers.join_next() => {}
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }
}

/// Lets a test see what a panic of the engine leaves: in a build for development, and no other, the first run ends it so if
/// `HAILER_PANIC` is `engine`.
fn panic_is_asked_for() -> bool {
    cfg!(debug_assertions) && std::env::var("HAILER_PANIC").as_deref() == Ok("engine")
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Cell, RunChange};
    use crate::link::agent::AgentInfo;
    use crate::link::mux::Caps;
    use crate::link::opening::Options;
    use crate::tunnel::Defaults;

    #[tokio::test]
    async fn a_worker_that_breaks_ends_the_calls_of_its_target() {
        let opening = Options {
            timeout: Duration::from_secs(1),
            defaults: Defaults::default(),
            caps: Caps::default(),
            silence: None,
        };
        let mut engine = Supervisor::new(EngineConfig {
            targets: Vec::new(),
            connect: false,
            discover: inventory::Discover::default(),
            opening,
            connects_at_once: 1,
            depth_limit: 2,
            library: Arc::default(),
            program: None,
            seating: Seating::default(),
            reconnect: false,
        });
        let id = engine.found(inventory::this_machine());
        let task = engine.workers.spawn(async { panic!("a fault that the test makes") }).id();
        engine.links.pretend(id, task);
        engine.state(id, LinkState::Ready(AgentInfo::default()));
        let spec = RunSpec::new(RunId(1), "1", vec![id]);
        engine.command(Command::Run(spec));
        let ended = engine.workers.join_next().await.expect("a worker");
        engine.worker_ended(ended);
        let lost = |event: &Event| {
            matches!(event, Event::Run { change: RunChange::Cell { cell: Cell::Lost { why }, .. }, .. }
                if why.contains("fault of hailer"))
        };
        let told = engine.outbox.take();
        assert!(told.iter().any(lost), "{told:?}");
        assert!(matches!(told.last(), Some(Event::Run { change: RunChange::Finished, .. })));
    }
}
