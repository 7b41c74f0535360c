use super::*;
use crate::tui::pane::fixture::{self, Desk};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

fn act(desk: &mut Desk, pane: &mut GridPane, actions: &[Action]) -> Vec<Ask> {
    actions.iter().flat_map(|action| desk.act(pane, *action)).collect()
}

fn first_column(text: &str) -> Vec<&str> {
    text.lines()
        .skip(2)
        .map(|line| line.trim_start_matches(['│', '▸', ' ']).split(' ').next().unwrap())
        .collect()
}

#[test]
fn equal_answers_are_one_row_and_failures_stand_first() {
    let (desk, pane) = (fixture::ran(), GridPane::default());
    for (width, height) in SIZES {
        let text = desk.draw_in(&pane, Rect::new(0, 0, width, height));
        insta::assert_snapshot!(format!("grid_folded_{width}x{height}"), text);
    }
}

#[test]
fn every_host_has_a_row_when_it_is_unfolded() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    act(&mut desk, &mut pane, &[Action::Fold]);
    insta::assert_snapshot!("grid_hosts_80x24", desk.draw(&pane));
}

#[test]
fn says_what_to_do_where_nothing_has_run() {
    let desk = fixture::fleet();
    let pane = GridPane::default();
    insta::assert_snapshot!("grid_empty", desk.draw_in(&pane, Rect::new(0, 0, 80, 5)));
    insta::assert_snapshot!("grid_empty_none", Desk::default().draw_in(&pane, Rect::new(0, 0, 80, 5)));
}

#[test]
fn the_cursor_stays_with_its_group_while_rows_move() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    act(&mut desk, &mut pane, &[Action::Down, Action::Down]);
    let before = act(&mut desk, &mut pane, &[Action::Accept]);
    desk.cell(1, 13, fixture::division());
    desk.cell(1, 9, Cell::TimedOut { after: std::time::Duration::from_secs(3) });
    assert_eq!(act(&mut desk, &mut pane, &[Action::Accept]), before);
}

#[test]
fn numbers_sort_as_numbers_and_are_summed_up() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    act(&mut desk, &mut pane, &[Action::Sort; 5]);
    let text = desk.draw(&pane);
    assert!(text.contains("free▴"), "{text}");
    assert!(text.contains("free: 7 numbers · min 1073741 · median 21474836480"), "{text}");
    assert_eq!(first_column(&text)[2], "web6", "{text}");
    act(&mut desk, &mut pane, &[Action::SortReverse]);
    assert!(desk.draw(&pane).contains("free▾"));
}

#[test]
fn failures_are_never_hidden_silently() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    act(&mut desk, &mut pane, &[Action::Filter]);
    desk.type_in(&mut pane, "state:value");
    let text = desk.draw_in(&pane, Rect::new(0, 0, 100, 24));
    assert!(text.contains("5 hidden (2 failed)"), "{text}");
    act(&mut desk, &mut pane, &[Action::Accept, Action::Back]);
    assert!(!desk.draw(&pane).contains("hidden"));
}

#[test]
fn a_row_can_be_selected_rerun_cancelled_and_copied() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    let asks = act(&mut desk, &mut pane, &[Action::Rerun]);
    let targets = vec![TargetId(8), TargetId(11)];
    assert_eq!(asks, [Ask::Run { code: "shutil.disk_usage('/')".into(), targets }]);
    act(&mut desk, &mut pane, &[Action::Down, Action::Down, Action::Down, Action::Down, Action::SelectThese]);
    assert_eq!(desk.selection.targets(&desk.model.fleet).len(), 5);
    let asks = act(&mut desk, &mut pane, &[Action::Copy]);
    assert_eq!(asks, [Ask::Copy("{'total': 64424509440, 'free': 21474836480}".into())]);
    let how = |asks: &[Ask]| match asks {
        [Ask::Engine(Command::Cancel { how, only, .. })] => Some((*how, only.clone())),
        _ => None,
    };
    let running = Some(vec![TargetId(9), TargetId(10)]);
    act(&mut desk, &mut pane, &[Action::Bottom]);
    let asks = act(&mut desk, &mut pane, &[Action::CancelThese]);
    assert_eq!(how(&asks), Some((Interrupt::Soft, running.clone())), "{asks:?}");
    assert_eq!(how(&act(&mut desk, &mut pane, &[Action::CancelThese])), Some((Interrupt::Hard, running)));
}

#[test]
fn where_a_run_stands_is_asked_of_those_that_are_at_it() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    let asks = act(&mut desk, &mut pane, &[Action::Stacks]);
    let targets = vec![TargetId(9), TargetId(10)];
    assert_eq!(asks, [Ask::Run { code: "stacks('<run 1>')".into(), targets }]);
}

#[test]
fn earlier_runs_can_be_seen_again() {
    let (mut desk, mut pane) = (fixture::ran(), GridPane::default());
    desk.start(2, [1, 2]);
    assert!(desk.draw(&pane).contains("run 2"));
    act(&mut desk, &mut pane, &[Action::PreviousRun]);
    assert!(desk.draw(&pane).contains("run 1"));
    act(&mut desk, &mut pane, &[Action::NextRun]);
    desk.start(3, [1, 2]);
    assert!(desk.draw(&pane).contains("run 3"), "it goes on with the latest");
}

#[test]
fn columns_without_room_are_counted_and_can_be_reached() {
    use crate::wire::value::Value;
    let (mut desk, mut pane) = (fixture::fleet(), GridPane::default());
    desk.start(1, [1, 2]);
    for host in 1..=2_u32 {
        let field =
            |at: i64| (Value::from(&*format!("field{at}")), Value::from(at * 1_000 + i64::from(host)));
        desk.value(1, host, Value::dict((0..20).map(field)));
    }
    let text = desk.draw(&pane);
    assert!(text.contains("field0") && text.contains("+1"), "{text}");
    act(&mut desk, &mut pane, &[Action::Right; 30]);
    let text = desk.draw(&pane);
    assert!(text.contains("field19") && !text.contains('+'), "{text}");
}
