use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task;

use super::super::Supervisor;
use super::*;
use crate::engine::command::{Command, RunId, RunSpec};
use crate::engine::event::{Cell, Event, RunChange};
use crate::engine::passages::Passages;
use crate::engine::{EngineConfig, Seating};
use crate::inventory::{self, Discover};
use crate::link::agent::AgentInfo;
use crate::link::call;
use crate::link::mux::Caps;
use crate::link::opening::Options;
use crate::tunnel::relay::{Outer, Request};
use crate::tunnel::{Defaults, Failure, Stage};
use crate::wire::frame::Kind;

/// An engine none of whose links leads anywhere, and one host whose code asks.
struct Bench {
    engine: Supervisor,
    asking: TargetId,
    passages: Passages,
    next: u32,
    answers: (Outer, UnboundedReceiver<Request>),
}

impl Bench {
    fn new() -> Self {
        let opening = Options {
            timeout: Duration::from_secs(1),
            defaults: Defaults::default(),
            caps: Caps::default(),
            silence: None,
        };
        let mut engine = Supervisor::new(EngineConfig {
            targets: Vec::new(),
            connect: false,
            discover: Discover::default(),
            opening,
            connects_at_once: 8,
            depth_limit: 2,
            library: std::sync::Arc::default(),
            program: None,
            seating: Seating::default(),
            reconnect: false,
        });
        let asking = engine.found(inventory::named("web1").unwrap().remove(0));
        let mut bench =
            Self { engine, asking, passages: Passages::default(), next: 1, answers: Outer::new() };
        bench.up(asking);
        bench
    }

    /// A link is up, as if it had been opened.
    fn up(&mut self, target: TargetId) {
        let task = task::spawn(std::future::pending::<()>()).id();
        self.engine.links.pretend(target, task);
        self.engine.state(target, LinkState::Ready(AgentInfo::default()));
    }

    fn down(&mut self, target: TargetId, state: LinkState) {
        self.engine.links.remove(target);
        self.engine.state(target, state);
    }

    fn ask(&mut self, request: &[Value]) -> u32 {
        let channel = self.next;
        self.next += 2;
        let answer = self.passages.answer(channel, self.answers.0.clone());
        let request = encode(&Value::tuple(request.iter().cloned())).unwrap();
        self.engine.reach(self.asking, &request, answer);
        channel
    }

    /// Code wants a container of its own host's.
    fn open(&mut self, container: &str) -> u32 {
        let hop = [("kind", "docker"), ("container", container)];
        let hop = Value::dict(hop.map(|(name, value)| (Value::from(name), Value::from(value))));
        self.ask(&[Value::from("open"), Value::from(()), hop, Value::from(container)])
    }

    fn close(&mut self, target: TargetId) -> u32 {
        self.ask(&[Value::from("close"), Value::from(i64::from(target.0))])
    }

    /// What a question was answered, told by its tag and its value.
    async fn answer(&mut self, channel: u32) -> (u8, String) {
        let answer = async {
            loop {
                match self.answers.1.recv().await.unwrap() {
                    Request::Send { channel: number, part } if number == channel => {
                        assert_eq!(part.kind, Kind::Close);
                        let value = call::value(&part.bytes);
                        return (part.flags, value.map_or_else(|why| why, |value| value.repr(500)));
                    }
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), answer).await.expect("an answer")
    }

    fn named(&self, name: &str) -> Option<TargetId> {
        self.engine.registry.named(name)
    }

    /// The final cells of a run, by target.
    fn finals(&mut self) -> Vec<(TargetId, Cell)> {
        let told = self.engine.outbox.take().into_iter();
        told.filter_map(|event| match event {
            Event::Run { change: RunChange::Cell { target, cell }, .. } if cell.is_final() => {
                Some((target, cell))
            }
            _ => None,
        })
        .collect()
    }
}

fn refused() -> LinkState {
    LinkState::Unreachable(Failure::at(Stage::Connect, "no"))
}

#[tokio::test]
async fn what_failed_to_open_need_not_be_closed() {
    let mut bench = Bench::new();
    let first = bench.open("a");
    let target = bench.named("web1/docker:a").unwrap();
    bench.down(target, refused());
    assert!(bench.answer(first).await.1.contains("'failed'"));
    let second = bench.open("a");
    let target = bench.named("web1/docker:a").unwrap();
    bench.engine.links.remove(target);
    bench.up(target);
    assert!(bench.answer(second).await.1.contains("'ok'"));
    bench.close(target);
    assert!(bench.engine.links.get(target).is_none(), "opened once, closed once, and still there");
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_closed_as_soon_as_it_is_up() {
    let mut bench = Bench::new();
    let opening = bench.open("a");
    let target = bench.named("web1/docker:a").unwrap();
    bench.passages.stop(opening);
    assert_eq!(bench.answer(opening).await.0, close::CANCELLED);
    bench.engine.links.remove(target);
    bench.up(target);
    assert!(bench.engine.links.get(target).is_none() && bench.named("web1/docker:a").is_none());
}

#[tokio::test]
async fn thousands_of_names_leave_nothing_behind() {
    let mut bench = Bench::new();
    for at in 0..2000 {
        let name = format!("c{at}");
        bench.open(&name);
        let target = bench.named(&format!("web1/docker:{name}")).unwrap();
        match at % 3 {
            0 => bench.down(target, refused()),
            1 => drop(bench.close(target)),
            _ => {
                bench.engine.links.remove(target);
                bench.up(target);
                bench.close(target);
            }
        }
        bench.engine.outbox.take();
    }
    let engine = &bench.engine;
    let reaches = &engine.reaches;
    assert_eq!((engine.states.len(), reaches.paths.len(), reaches.opening.len()), (1, 0, 0));
    assert!(
        reaches.opened.values().all(HashMap::is_empty) && engine.registry.behind(bench.asking).is_empty()
    );
}

#[tokio::test]
async fn what_a_person_names_stays_when_code_closes_it() {
    let mut bench = Bench::new();
    bench.open("a");
    bench.open("b");
    let [a, b] = ["web1/docker:a", "web1/docker:b"].map(|name| bench.named(name).unwrap());
    for target in [a, b] {
        bench.engine.links.remove(target);
        bench.up(target);
    }
    bench.engine.command(Command::Add { text: "web1/docker:a".into(), connect: false });
    bench.engine.command(Command::Add { text: "web1/docker:b/sudo".into(), connect: false });
    bench.close(a);
    bench.close(b);
    assert!(bench.engine.links.get(a).is_some(), "a person named it");
    assert!(bench.engine.links.get(b).is_some(), "it is on a person's way");
}

#[tokio::test]
async fn what_code_opens_is_reached_from_the_very_host_that_asks() {
    let mut bench = Bench::new();
    let typed = bench.engine.found(inventory::named("ssh:web2").unwrap().remove(0));
    bench.up(typed);
    bench.asking = typed;
    bench.open("a");
    let opened = bench.engine.registry.behind(typed);
    assert_eq!(opened.len(), 1);
    assert!(bench.named("web2").is_none(), "another link to the same host");
}

#[tokio::test]
async fn code_gets_nothing_that_was_typed_for_a_person_s_own_ways() {
    let mut bench = Bench::new();
    let hop = Value::dict(
        [("kind", "ssh"), ("host", "db1")].map(|(name, value)| (Value::from(name), Value::from(value))),
    );
    bench.ask(&[Value::from("open"), Value::from(()), hop, Value::from("db1")]);
    let persons = bench.engine.found(inventory::named("web1/db2").unwrap().remove(0));
    let code_s = bench.named("web1/db1").unwrap();
    assert_ne!(bench.engine.apart(persons), bench.engine.apart(code_s));
}

#[tokio::test]
async fn depth_counts_from_those_who_ask_now() {
    let mut bench = Bench::new();
    let own = bench.engine.found(inventory::named("web1/docker:a").unwrap().remove(0));
    bench.up(own);
    let opened = bench.open("a");
    assert!(bench.answer(opened).await.1.contains("'ok'"));
    let first = bench.asking;
    bench.asking = own;
    let deeper = bench.open("b");
    assert!(bench.answer(deeper).await.1.contains("Depth limit of 2 exceeded at web1 -> a -> b"));
    bench.asking = first;
    bench.close(own);
    bench.asking = own;
    bench.open("b");
    assert!(bench.named("web1/docker:a/docker:b").is_some(), "a person runs it there: that is one step");
}

#[tokio::test]
async fn a_run_that_begins_a_lost_parent_anew_takes_the_child_along() {
    let mut bench = Bench::new();
    let parent = bench.asking;
    let child = bench.engine.found(inventory::named("web1/docker:a").unwrap().remove(0));
    let targets = vec![parent, child];
    let spec = RunSpec { fanout: Some(1), ..RunSpec::new(RunId(1), "1", targets) };
    bench.engine.command(Command::Run(spec));
    bench.down(parent, LinkState::Lost { why: "gone".into() });
    let finals = bench.finals();
    assert!(matches!(&finals[..], [(id, Cell::Lost { .. })] if *id == parent), "{finals:?}");
    bench.engine.links.remove(parent);
    bench.up(parent);
    bench.engine.links.remove(child);
    bench.down(child, refused());
    let finals = bench.finals();
    assert!(matches!(&finals[..], [(id, Cell::Unreachable { .. })] if *id == child), "{finals:?}");
}

#[tokio::test]
async fn a_child_ends_once_whatever_it_was_at_when_its_parent_ended() {
    for state in
        [LinkState::Queued, LinkState::Connecting, LinkState::Booting, LinkState::Ready(AgentInfo::default())]
    {
        for ends in [LinkState::Lost { why: "gone".into() }, LinkState::Closed] {
            let mut bench = Bench::new();
            let (parent, name) = (bench.asking, "web1/docker:a/sudo");
            let child = bench.engine.found(inventory::named(name).unwrap().remove(0));
            let between = bench.named("web1/docker:a").unwrap();
            let spec = |id| RunSpec::new(RunId(id), "1", vec![child]);
            bench.engine.command(Command::Run(spec(1)));
            bench.engine.command(Command::Run(spec(2)));
            if state != LinkState::Queued {
                bench.engine.links.remove(between);
                bench.up(between);
                bench.engine.state(child, state.clone());
            }
            if ends == LinkState::Closed {
                bench.engine.command(Command::Disconnect(vec![parent]));
            } else {
                bench.down(parent, ends.clone());
            }
            let finals = bench.finals();
            assert_eq!(finals.len(), 2, "{state:?} {ends:?}: {finals:?}");
            assert!(finals.iter().all(
                |(id, cell)| *id == child && matches!(cell, Cell::Lost { .. } | Cell::Unreachable { .. })
            ));
            assert!(bench.engine.links.get(child).is_none() && bench.engine.links.get(between).is_none());
        }
    }
}
