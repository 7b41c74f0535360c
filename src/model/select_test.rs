use super::*;
use crate::engine::event::TargetChange;
use crate::model::testing::{START, fleet, ids, target};

#[test]
fn keys_do_what_they_say() {
    let rows = ids([3, 1, 2, 0]);
    let mut selection = Selection::default();
    selection.toggle(TargetId(3));
    selection.range(&rows, TargetId(2), TargetId(1));
    assert_eq!(selection.picked, BTreeSet::from_iter(ids([1, 2, 3])));
    selection.toggle(TargetId(3));
    selection.invert(&rows);
    assert_eq!(selection.picked, BTreeSet::from_iter(ids([0, 3])));
    selection.range(&rows, TargetId(9), TargetId(1));
    assert_eq!(selection.picked.len(), 2, "a range from a row that is not in view adds nothing");
    selection.all(&rows);
    assert_eq!(selection.picked.len(), 4);
    selection.none();
    assert!(selection.is_empty());
    selection.set(ids([1]));
    assert!(selection.contains(TargetId(1)));
}

#[test]
fn invert_leaves_what_is_not_in_view_as_it_is() {
    let mut selection = Selection::default();
    selection.set(ids([7]));
    selection.invert(&ids([1]));
    assert_eq!(selection.picked, BTreeSet::from_iter(ids([1, 7])));
}

#[test]
fn it_survives_targets_that_go_and_come_back() {
    let mut fleet = fleet(&["web10", "web9"]);
    let mut selection = Selection::default();
    assert_eq!(selection.describe(&fleet), "no host");
    selection.all(fleet.ids());
    assert_eq!(selection.targets(&fleet), ids([1, 0]), "in the order of the fleet");
    fleet.apply(TargetId(0), START, TargetChange::Gone);
    assert_eq!(selection.targets(&fleet), ids([1]));
    assert_eq!(selection.describe(&fleet), "1 host · web9 · 1 gone");
    fleet.apply(TargetId(0), START, TargetChange::Found(target(0, "web10")));
    assert_eq!(selection.targets(&fleet), ids([1, 0]));
    assert_eq!(selection.describe(&fleet), "2 hosts · web[9-10]");
}
