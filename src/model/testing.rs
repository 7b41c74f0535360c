//! Builders that the tests of the model share.

use crate::engine::command::{RunId, RunSpec};
use crate::engine::event::{Cell, Millis, Raised, RunChange, TargetChange};
use crate::engine::target::{Kind, Origin, Target, TargetId};
use crate::model::fleet::Fleet;
use crate::model::run::Run;
use crate::wire::value::Value;

pub const START: Millis = Millis(1_000);

pub fn target(id: u32, name: &str) -> Target {
    let (kind, origin) = (Kind::Ssh, Origin::Named);
    Target { id: TargetId(id), name: name.to_owned(), kind, origin, about: String::new(), through: None }
}

/// Targets with these names, numbered from 0.
pub fn fleet(names: &[&str]) -> Fleet {
    let mut fleet = Fleet::default();
    for (id, name) in (0..).zip(names) {
        fleet.apply(TargetId(id), START, TargetChange::Found(target(id, name)));
    }
    fleet
}

pub fn spec(targets: impl IntoIterator<Item = u32>) -> RunSpec {
    let targets = targets.into_iter().map(TargetId).collect();
    RunSpec::new(RunId(1), "1", targets)
}

/// A run over targets with these names, numbered from 0.
pub fn run(names: &[&str]) -> Run {
    Run::start(spec(0..names.len() as u32), START, &fleet(names))
}

/// `web1`, `web2`, …
pub fn webs(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("web{number}")).collect()
}

pub fn run_of(count: usize) -> Run {
    let names = webs(count);
    run(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

pub fn land(run: &mut Run, id: u32, cell: Cell) {
    run.apply(Millis(START.0 + 10), RunChange::Cell { target: TargetId(id), cell });
}

pub fn value(value: impl Into<Value>) -> Cell {
    Cell::Value { value: value.into() }
}

pub fn raised(kind: &str, message: &str) -> Cell {
    let error = Raised { kind: kind.to_owned(), message: message.to_owned(), ..Raised::default() };
    Cell::Raised { error: Box::new(error) }
}

pub fn lost(why: &str) -> Cell {
    Cell::Lost { why: why.to_owned() }
}

pub fn dict(pairs: &[(&str, Value)]) -> Value {
    Value::dict(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())))
}

pub fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<TargetId> {
    numbers.into_iter().map(TargetId).collect()
}
