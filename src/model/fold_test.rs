use proptest::prelude::*;

use super::*;
use crate::model::run::Run;
use crate::model::testing::{dict, land, lost, raised, run, run_of, value};
use crate::tunnel::{Failure, Stage};

fn shape(run: &Run) -> Vec<(Role, State, Vec<u32>)> {
    let group = |group: &Group<'_>| {
        (group.role, group.sample.state(), group.targets().iter().map(|target| target.0).collect())
    };
    run.groups().iter().map(group).collect()
}

#[test]
fn failures_then_outliers_then_the_largest_group_then_what_is_under_way() {
    let mut run = run_of(10);
    for (id, cell) in [
        (0, value(1)),
        (1, value(1)),
        (2, value(2)),
        (3, value(1)),
        (4, value("1")),
        (5, lost("cut")),
        (6, raised("KeyError", "'a'")),
        (7, raised("ZeroDivisionError", "division by zero")),
        (8, raised("ZeroDivisionError", "division by zero")),
    ] {
        land(&mut run, id, cell);
    }
    assert_eq!(
        shape(&run),
        [
            (Role::Failure, State::Raised, vec![7, 8]),
            (Role::Failure, State::Raised, vec![6]),
            (Role::Failure, State::Lost, vec![5]),
            (Role::Outlier, State::Value, vec![2]),
            (Role::Outlier, State::Value, vec![4]),
            (Role::Majority, State::Value, vec![0, 1, 3]),
            (Role::Pending, State::Queued, vec![9]),
        ]
    );
    assert_eq!(run.groups()[5].names(), "web[1-2,4]");
    assert_eq!(run.reference().map(|entry| entry.target), Some(TargetId(0)));
}

#[test]
fn answers_that_all_differ_stand_in_the_order_of_the_run() {
    let mut run = run_of(3);
    for id in [2, 0, 1] {
        land(&mut run, id, value(i64::from(id)));
    }
    let majority = |ids: Vec<u32>| (Role::Majority, State::Value, ids);
    assert_eq!(shape(&run), [majority(vec![0]), majority(vec![1]), majority(vec![2])]);
}

#[test]
fn equal_is_typed_and_blind_to_the_order_of_keys() {
    let mut run = run_of(5);
    let (one, two) = (("a", Value::from(1)), ("b", Value::from(2)));
    land(&mut run, 0, value(dict(&[one.clone(), two.clone()])));
    land(&mut run, 1, value(dict(&[two, one])));
    land(&mut run, 2, value(1));
    land(&mut run, 3, value(1.0));
    land(&mut run, 4, value(true));
    let sizes: Vec<usize> = run.groups().iter().map(Group::count).collect();
    assert_eq!(sizes, [1, 1, 1, 2]);
}

#[test]
fn a_zero_with_a_sign_is_another_answer() {
    let mut run = run_of(3);
    (0..).zip([0.0, -0.0, 0.0]).for_each(|(id, zero)| land(&mut run, id, value(zero)));
    assert_eq!(run.groups().iter().map(Group::count).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_name_of_the_host_does_not_keep_equal_reasons_apart() {
    let mut run = run(&["web1", "web2", "web10"]);
    for (id, name) in [(0, "web1"), (1, "web2"), (2, "web10")] {
        let why = format!("connect to host {name} port 22: refused");
        let failure = Failure { stage: Stage::Connect, why, said: format!("ssh: {name}") };
        land(&mut run, id, Cell::Unreachable { failure });
    }
    assert_eq!(shape(&run), [(Role::Failure, State::Unreachable, vec![0, 1, 2])]);
}

#[test]
fn a_name_is_masked_only_as_a_word_of_its_own() {
    for (text, name, masked) in [
        ("web1 refused", "web1", "{host} refused"),
        ("web10 refused", "web1", "web10 refused"),
        ("xweb1, web1:22, (web1)", "web1", "xweb1, {host}:22, ({host})"),
        ("aaa a", "a", "aaa {host}"),
        ("any", "", "any"),
        ("é1 1é 1", "1", "é1 1é {host}"),
    ] {
        assert_eq!(mask(text, name), masked, "{text:?} without {name:?}");
    }
}

#[test]
fn frames_tell_errors_apart() {
    let mut run = run_of(2);
    for (id, line) in [(0, 1), (1, 2)] {
        let Cell::Raised { mut error } = raised("KeyError", "'a'") else { unreachable!() };
        error.frames.push(Frame { line, ..Frame::default() });
        land(&mut run, id, Cell::Raised { error });
    }
    assert_eq!(run.groups().len(), 2);
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        3 => (0..3i64).prop_map(value),
        1 => Just(value("1")),
        1 => "[ab]".prop_map(|kind| raised(&kind, "")),
        1 => Just(lost("cut")),
        1 => Just(Cell::Cancelled),
        1 => Just(Cell::Running),
    ]
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        cells in prop::collection::vec(any_cell(), 1..30)
            .prop_flat_map(|cells| (Just(cells.clone()), Just((0..cells.len()).collect::<Vec<_>>()).prop_shuffle())),
    ) {
        let (cells, order) = cells;
        let (mut straight, mut shuffled) = (run_of(cells.len()), run_of(cells.len()));
        for (id, cell) in (0..).zip(&cells) {
            land(&mut straight, id, cell.clone());
        }
        for row in order {
            land(&mut shuffled, row as u32, Cell::Running);
            land(&mut shuffled, row as u32, cells[row].clone());
        }
        prop_assert_eq!(shape(&straight), shape(&shuffled));
        let from_scratch = Fold::new(straight.cells());
        let rows = |groups: Vec<Group<'_>>| groups.iter().map(|group| group.rows().to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(rows(from_scratch.groups(straight.cells())), rows(shuffled.groups()));
        for group in straight.groups() {
            for entry in group.entries() {
                prop_assert_eq!(entry.state(), group.sample.state());
                prop_assert_eq!(entry.value(), group.sample.value());
            }
        }
    }
}
