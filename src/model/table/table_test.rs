use proptest::prelude::*;

use super::*;
use crate::engine::event::{Cell, RunChange};
use crate::model::testing::{START, dict, ids, land, lost, raised, run, run_of, value};
use crate::wire::value::Value;

fn disk(free: i64, kind: &str) -> Cell {
    value(dict(&[("free", Value::from(free)), ("kind", Value::from(kind))]))
}

/// Six hosts: four with fields, one that raised, one that still runs.
fn disks() -> Run {
    let mut run = run_of(6);
    land(&mut run, 0, disk(9, "ssd10"));
    land(&mut run, 1, disk(100, "ssd9"));
    land(&mut run, 2, raised("OSError", "no such file"));
    land(&mut run, 3, disk(-3, "hdd"));
    land(&mut run, 4, Cell::Running);
    land(&mut run, 5, value(dict(&[("free", Value::from(9)), ("extra", Value::from(()))])));
    run
}

fn sorted(run: &Run, column: &str, descending: bool, failures: Failures) -> Vec<String> {
    let column = run.columns().all().into_iter().find(|known| known.title() == column).unwrap();
    names(run, &View { sort: Some(Sort { column, descending }), failures, ..View::default() })
}

fn names(run: &Run, view: &View) -> Vec<String> {
    let table = Table::build(run, view, START);
    table.rows(run, 0..table.len(), 50, START).into_iter().map(|row| row.names).collect()
}

fn filtered(text: &str) -> View {
    View { filter: Filter::parse(text).unwrap(), ..View::default() }
}

#[test]
fn fields_become_columns_in_the_order_of_their_appearance() {
    let titles =
        |run: &Run| run.columns().all().iter().map(|column| column.title().to_owned()).collect::<Vec<_>>();
    let mut run = disks();
    assert_eq!(titles(&run), ["host", "state", "time", "free", "kind", "extra"]);
    land(&mut run, 4, value(1));
    assert_eq!(titles(&run), ["host", "state", "time", "value", "free", "kind", "extra"]);
    assert_eq!(titles(&run_of(1)), ["host", "state", "time", "value"]);
}

#[test]
fn columns_are_bounded_and_the_rest_is_told() {
    let mut run = run_of(1);
    let names: Vec<String> = (0..70).map(|number| format!("f{number}")).collect();
    let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), Value::from(1))).collect();
    land(&mut run, 0, value(dict(&pairs)));
    assert_eq!((run.columns().all().len(), run.columns().more()), (3 + 64, 6));
}

#[test]
fn a_sort_knows_numbers_and_names_and_keeps_failures_together() {
    let run = disks();
    for (column, descending, failures, expected) in [
        ("free", false, Failures::Top, "3 4 1 6 2 5"),
        ("free", true, Failures::Top, "3 2 1 6 4 5"),
        ("free", false, Failures::Bottom, "4 1 6 2 3 5"),
        ("kind", false, Failures::Bottom, "4 2 1 6 3 5"),
        ("kind", true, Failures::Bottom, "1 2 4 6 3 5"),
        ("host", true, Failures::Top, "3 6 4 2 1 5"),
    ] {
        let expected: Vec<_> = expected.split(' ').map(|number| format!("web{number}")).collect();
        assert_eq!(
            sorted(&run, column, descending, failures),
            expected,
            "{column} {descending} {failures:?}"
        );
    }
}

#[test]
fn what_a_filter_hides_is_counted_and_failures_apart() {
    let run = disks();
    for (text, rows, hidden_failures) in [
        ("", 6, 0),
        ("ssd", 2, 1),
        ("!ssd", 4, 0),
        ("kind:hdd", 1, 1),
        ("kind:~^ssd", 2, 1),
        ("kind:~'", 0, 1),
        ("free:9", 2, 1),
        ("state:raised", 1, 0),
        ("oserror", 1, 0),
        ("nowhere", 0, 1),
    ] {
        let table = Table::build(&run, &filtered(text), START);
        let counted = (table.len(), table.hidden(), table.hidden_failures());
        assert_eq!(counted, (rows, 6 - rows, hidden_failures), "{text:?}");
    }
}

#[test]
fn only_the_slice_is_made_and_a_range_may_lie_outside() {
    let run = disks();
    let table = Table::build(&run, &View::default(), START);
    let rows = table.rows(&run, 1..3, 50, START);
    assert_eq!(rows.iter().map(|row| row.names.as_str()).collect::<Vec<_>>(), ["web2", "web3"]);
    let texts: Vec<_> = rows[0].cells.iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(texts, ["web2", "value", "", "100", "'ssd9'", ""]);
    assert_eq!(rows[1].sample.summary(99), "OSError: no such file");
    assert_eq!(table.rows(&run, 5..99, 50, START).len(), 1);
    assert!(table.rows(&run, 50..99, 50, START).is_empty());
    assert_eq!((table.row_of(&run, TargetId(3)), table.row_of(&run, TargetId(77))), (Some(3), None));
}

#[test]
fn a_row_may_stand_for_a_group_and_a_filter_may_take_a_part_of_it() {
    let mut run = run(&["db1", "web1", "web2", "web3"]);
    (0..3).for_each(|id| land(&mut run, id, value(1)));
    land(&mut run, 3, lost("cut"));
    let table = Table::build(&run, &View { by: By::Group, ..View::default() }, START);
    assert_eq!((0..2).map(|row| table.targets(&run, row)).collect::<Vec<_>>(), [ids([3]), ids([0, 1, 2])]);
    assert_eq!(table.row_of(&run, TargetId(2)), Some(1));
    let table = Table::build(&run, &View { by: By::Group, ..filtered("host:web") }, START);
    assert_eq!((table.targets(&run, 1), table.hidden()), (ids([1, 2]), 1));
    let row = &table.rows(&run, 1..2, 9, START)[0];
    assert_eq!(
        (row.sample.name.as_ref(), row.cells.last().map(|cell| cell.text.as_str())),
        ("web1", Some("1"))
    );
}

#[test]
fn the_footer_says_what_the_numbers_come_to() {
    let mut run = run_of(101);
    (0..100).for_each(|id| land(&mut run, id, value(i64::from(100 - id))));
    land(&mut run, 100, value("no number"));
    let stats = |view: &View, column| Table::build(&run, view, START).stats(&run, &column, START);
    assert_eq!(
        stats(&View::default(), Column::Value),
        Some(Stats { count: 100, min: 1.0, median: 50.5, p95: 95.0, max: 100.0 })
    );
    let one = Stats { count: 1, min: 7.0, median: 7.0, p95: 7.0, max: 7.0 };
    assert_eq!(stats(&filtered("value:~^7$"), Column::Value), Some(one), "what is hidden does not count");
    assert_eq!(stats(&View::default(), Column::Field("free".into())), None);
}

#[test]
fn times_sort_as_numbers() {
    let mut run = run_of(3);
    for (id, begun) in [(0, 500), (1, 900), (2, 100)] {
        let tell =
            |run: &mut Run, at, cell| run.apply(Millis(at), RunChange::Cell { target: TargetId(id), cell });
        tell(&mut run, begun, Cell::Running);
        tell(&mut run, 10_500, value(1));
    }
    assert_eq!(sorted(&run, "time", false, Failures::Top), ["web2", "web1", "web3"]);
}

proptest! {
    #[test]
    fn no_target_is_lost_or_doubled_by_any_view(
        cells in prop::collection::vec((0..5u8, 0..3i64), 0..20),
        (group, descending, bottom, column) in (any::<bool>(), any::<bool>(), any::<bool>(), 0..6usize),
        filter in "!?[0-2a-d]?",
    ) {
        let mut run = run_of(cells.len());
        for (id, (kind, number)) in (0..).zip(&cells) {
            match kind {
                0 => land(&mut run, id, value(*number)),
                1 => land(&mut run, id, disk(*number, "d")),
                2 => land(&mut run, id, raised("a", "b")),
                3 => land(&mut run, id, Cell::Running),
                _ => {}
            }
        }
        let column = run.columns().all().get(column).cloned();
        let view = View {
            by: if group { By::Group } else { By::Target },
            sort: column.map(|column| Sort { column, descending }),
            failures: if bottom { Failures::Bottom } else { Failures::Top },
            filter: Filter::parse(&filter).unwrap(),
        };
        let table = Table::build(&run, &view, START);
        let rows = table.rows(&run, 0..table.len(), 20, START);
        let shown: Vec<_> = rows.iter().flat_map(|row| row.targets.clone()).collect();
        prop_assert_eq!(shown.len() + table.hidden(), cells.len());
        for (place, row) in rows.iter().enumerate() {
            prop_assert_eq!(row.cells.len(), table.columns().len());
            for target in &row.targets {
                prop_assert_eq!(table.row_of(&run, *target), Some(place));
            }
        }
    }
}
