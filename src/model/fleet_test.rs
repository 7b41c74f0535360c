use std::time::Duration;

use super::*;
use crate::engine::target::LinkState;
use crate::model::testing::{START, fleet, ids, target};

fn names(fleet: &Fleet) -> Vec<&str> {
    fleet.iter().map(|entry| entry.target.name.as_str()).collect()
}

#[test]
fn targets_stand_in_natural_order_whatever_the_order_of_arrival() {
    let fleet = fleet(&["web10", "db1", "web2", "web02", "local", "web1-b", "web1"]);
    assert_eq!(names(&fleet), ["db1", "local", "web1", "web1-b", "web02", "web2", "web10"]);
}

#[test]
fn a_name_leads_to_the_target_that_is_there() {
    let mut fleet = fleet(&["cache", "cache", "other"]);
    assert_eq!(fleet.named("cache").map(|entry| entry.target.id), Some(TargetId(1)));
    fleet.apply(TargetId(1), START, TargetChange::Gone);
    assert_eq!(fleet.named("cache").map(|entry| entry.target.id), Some(TargetId(0)));
    assert!(fleet.named("cach").is_none());
}

#[test]
fn a_found_target_that_is_known_is_renamed_and_keeps_its_link() {
    let mut fleet = fleet(&["web1", "web2"]);
    fleet.apply(TargetId(0), START, TargetChange::Link(LinkState::Connecting));
    fleet.apply(TargetId(0), START, TargetChange::Found(target(0, "web3")));
    assert_eq!(names(&fleet), ["web2", "web3"]);
    assert_eq!(fleet.get(TargetId(0)).map(Entry::state), Some(Link::Connecting));
}

#[test]
fn since_tells_when_the_state_began_and_latency_goes_with_the_link() {
    let mut fleet = fleet(&["web1"]);
    let id = TargetId(0);
    fleet.apply(id, Millis(5), TargetChange::Link(LinkState::Connecting));
    fleet.apply(id, Millis(9), TargetChange::Link(LinkState::Connecting));
    fleet.apply(id, Millis(9), TargetChange::Latency(Duration::from_millis(3)));
    let entry = fleet.get(id).unwrap();
    assert_eq!((entry.since, entry.latency), (Millis(5), Some(Duration::from_millis(3))));
    fleet.apply(id, Millis(12), TargetChange::Link(LinkState::Lost { why: "cut".to_owned() }));
    let entry = fleet.get(id).unwrap();
    assert_eq!((entry.since, entry.latency), (Millis(12), None));
}

#[test]
fn the_counts_add_up_and_gone_targets_are_among_them() {
    let mut fleet = fleet(&["a", "b", "c"]);
    fleet.apply(TargetId(0), START, TargetChange::Link(LinkState::Queued));
    fleet.apply(TargetId(1), START, TargetChange::Gone);
    let counts: Vec<_> = fleet.counts().iter().collect();
    assert_eq!(counts, [(Link::Queued, 1), (Link::Idle, 1), (Link::Gone, 1)]);
    assert_eq!(fleet.counts().total(), fleet.len());
}

#[test]
fn gone_targets_are_bounded_and_the_oldest_go_first() {
    let mut fleet = Fleet::default();
    for id in 0..500 {
        fleet.apply(TargetId(id), START, TargetChange::Found(target(id, &format!("c{id}"))));
        fleet.apply(TargetId(id), START, TargetChange::Gone);
    }
    assert_eq!(fleet.len(), GONE_KEPT);
    assert_eq!(fleet.ids()[0], TargetId(300));
    assert_eq!(fleet.counts().total(), fleet.len());
}

#[test]
fn one_that_comes_back_is_not_gone_and_is_not_dropped_later() {
    let mut fleet = fleet(&["back"]);
    fleet.apply(TargetId(0), START, TargetChange::Gone);
    fleet.apply(TargetId(0), START, TargetChange::Found(target(0, "back")));
    for id in 1..=GONE_KEPT as u32 + 1 {
        fleet.apply(TargetId(id), START, TargetChange::Found(target(id, &format!("c{id}"))));
        fleet.apply(TargetId(id), START, TargetChange::Gone);
    }
    assert!(fleet.get(TargetId(0)).is_some_and(|entry| !entry.gone));
}

#[test]
fn events_about_nobody_are_counted() {
    let mut fleet = fleet(&["a"]);
    fleet.apply(TargetId(7), START, TargetChange::Gone);
    fleet.apply(TargetId(7), START, TargetChange::Link(LinkState::Idle));
    assert_eq!((fleet.stray(), fleet.ids()), (2, &ids([0])[..]));
    assert_eq!(&*fleet.name(TargetId(7)), "#7");
}
