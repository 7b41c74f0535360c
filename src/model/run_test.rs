use proptest::prelude::*;

use super::*;
use crate::engine::command::RunId;
use crate::engine::event::Cell;
use crate::model::cell::{ITEMS_KEPT, WARNINGS_KEPT};
use crate::model::runs::{KEPT, Runs};
use crate::model::testing::{START, fleet, ids, land, lost, raised, run, run_of, spec, value};
use crate::wire::value::Value;

#[test]
fn every_target_has_one_cell_from_the_first_instant() {
    let run = Run::start(spec([2, 0, 2, 9]), START, &fleet(&["a", "b", "c"]));
    let cells: Vec<_> =
        run.cells().iter().map(|entry| (entry.target.0, &*entry.name, entry.state())).collect();
    assert_eq!(cells, [(2, "c", State::Queued), (0, "a", State::Queued), (9, "#9", State::Queued)]);
}

#[test]
fn times_are_those_of_the_call() {
    let mut run = run(&["a"]);
    let entry = |run: &Run| run.cell(TargetId(0)).cloned().unwrap();
    let tell = |run: &mut Run, at, cell| run.apply(Millis(at), RunChange::Cell { target: TargetId(0), cell });
    tell(&mut run, 1_500, Cell::Connecting);
    assert_eq!(entry(&run).elapsed(Millis(1_700)), None);
    tell(&mut run, 2_000, Cell::Running);
    assert_eq!(entry(&run).elapsed(Millis(2_250)), Some(Duration::from_millis(250)));
    assert_eq!(entry(&run).silence(Millis(2_250)), Some(Duration::from_millis(250)));
    tell(&mut run, 3_000, value(1));
    run.apply(Millis(3_001), RunChange::Finished);
    assert_eq!(entry(&run).elapsed(Millis(9_000)), Some(Duration::from_secs(1)));
    assert_eq!(entry(&run).silence(Millis(9_000)), None);
    assert_eq!(run.elapsed(Millis(9_000)), Duration::from_millis(2_001));
}

#[test]
fn what_comes_too_late_or_twice_is_counted_and_changes_nothing() {
    let mut run = run(&["a", "b"]);
    land(&mut run, 0, value(1));
    let late = [
        RunChange::Cell { target: TargetId(0), cell: raised("KeyError", "x") },
        RunChange::Item { target: TargetId(0), value: Value::from(2) },
        RunChange::Progress { target: TargetId(0), done: 1.0, total: None, text: None },
        RunChange::Warning { target: TargetId(0), text: "late".to_owned() },
        RunChange::Cell { target: TargetId(7), cell: Cell::Running },
        RunChange::Started(spec([0, 1, 2])),
    ];
    let count = late.len() as u64;
    for change in late {
        run.apply(START, change);
    }
    assert_eq!(run.ignored(), count);
    let entry = run.cell(TargetId(0)).unwrap();
    assert_eq!((entry.state(), entry.items.total(), entry.warnings.total()), (State::Value, 0, 0));
    assert_eq!(entry.ended, Some(Millis(START.0 + 10)));
    run.apply(Millis(2_000), RunChange::Finished);
    run.apply(Millis(3_000), RunChange::Finished);
    assert_eq!((run.finished, run.ignored()), (Some(Millis(2_000)), count + 1));
}

#[test]
fn items_and_warnings_are_bounded_and_the_dropped_ones_counted() {
    let mut run = run(&["a"]);
    for number in (0i64..).take(ITEMS_KEPT + 5) {
        run.apply(START, RunChange::Item { target: TargetId(0), value: Value::from(number) });
        run.apply(START, RunChange::Warning { target: TargetId(0), text: number.to_string() });
    }
    let entry = run.cell(TargetId(0)).unwrap();
    assert_eq!((entry.items.iter().len(), entry.items.dropped()), (ITEMS_KEPT, 5));
    assert_eq!(entry.items.iter().next(), Some(&Value::from(5)));
    assert_eq!((entry.warnings.iter().len(), entry.warnings.total()), (WARNINGS_KEPT, ITEMS_KEPT as u64 + 5));
}

#[test]
fn a_summary_says_why() {
    let mut run = run(&["a", "b", "c", "d"]);
    land(&mut run, 0, raised("ZeroDivisionError", "division by zero"));
    land(&mut run, 1, lost("the link was cut"));
    land(&mut run, 2, Cell::Running);
    run.apply(
        START,
        RunChange::Progress {
            target: TargetId(2),
            done: 3.0,
            total: Some(4.0),
            text: Some("unpacking".to_owned()),
        },
    );
    let summary = |id, limit| run.cell(TargetId(id)).unwrap().summary(limit);
    assert_eq!(summary(0, 100), "ZeroDivisionError: division by zero");
    assert_eq!(summary(0, 6), "ZeroDi…");
    assert_eq!(summary(1, 100), "the link was cut");
    assert_eq!(summary(2, 100), "3/4 unpacking");
    assert_eq!(summary(3, 100), "");
    assert_eq!(run.targets(State::is_failure), ids([0, 1]));
    assert_eq!(run.slowest(5).len(), 1);
}

#[test]
fn a_fraction_makes_sense_or_is_not_there() {
    let fraction = |done, total| Progress { done, total, text: None, at: START }.fraction();
    assert_eq!(fraction(1.0, Some(4.0)), Some(0.25));
    assert_eq!(fraction(9.0, Some(4.0)), Some(1.0));
    for (done, total) in [(1.0, None), (1.0, Some(0.0)), (1.0, Some(f64::NAN)), (f64::NAN, Some(1.0))] {
        assert_eq!(fraction(done, total), None, "{done} of {total:?}");
    }
}

#[test]
fn old_runs_go_but_never_one_that_is_under_way() {
    let (mut runs, fleet) = (Runs::default(), fleet(&["a"]));
    for id in 1..=KEPT as u32 + 10 {
        assert_eq!(runs.next_id(), RunId(id));
        runs.apply(RunId(id), START, RunChange::Started(spec([0])), &fleet);
        if id != 1 {
            runs.apply(RunId(id), START, RunChange::Finished, &fleet);
        }
    }
    assert_eq!((runs.iter().count(), runs.dropped(), runs.active()), (KEPT, 10, 1));
    assert!(runs.get(RunId(1)).is_some() && runs.get(RunId(2)).is_none());
    assert!(runs.latest().is_some_and(|run| !run.is_active()));
    runs.apply(RunId(2), START, RunChange::Finished, &fleet);
    assert_eq!(runs.stray(), 1);
}

fn any_change() -> impl Strategy<Value = RunChange> {
    let target = (0..12u32).prop_map(TargetId);
    let cell = prop_oneof![
        Just(Cell::Queued),
        Just(Cell::Connecting),
        Just(Cell::Running),
        (0..3i64).prop_map(value),
        "[ab]".prop_map(|kind| raised(&kind, "")),
        Just(lost("cut")),
        Just(Cell::Cancelled),
    ];
    prop_oneof![
        8 => (target.clone(), cell).prop_map(|(target, cell)| RunChange::Cell { target, cell }),
        1 => (target.clone(), 0..9i64)
            .prop_map(|(target, number)| RunChange::Item { target, value: Value::from(number) }),
        1 => target.prop_map(|target| RunChange::Warning { target, text: String::new() }),
        1 => Just(RunChange::Finished),
        1 => Just(RunChange::Started(spec([0, 1]))),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_counts_and_groups_add_up_and_final_cells_stay(
        changes in prop::collection::vec(any_change(), 0..80),
    ) {
        let mut run = run_of(10);
        for (at, change) in (2_000..).zip(changes) {
            let before = run.cells().to_vec();
            run.apply(Millis(at), change);
            prop_assert_eq!(run.counts().total(), 10);
            let mut rows: Vec<usize> = run.groups().iter().flat_map(|group| group.rows().to_vec()).collect();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..10).collect::<Vec<_>>());
            for (before, after) in before.iter().zip(run.cells()).filter(|(before, _)| before.cell.is_final()) {
                prop_assert_eq!(format!("{before:?}"), format!("{after:?}"));
            }
        }
    }
}
