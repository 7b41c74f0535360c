use super::*;
use crate::engine::event::{Health, Millis, TargetChange};
use crate::engine::target::LinkState;
use crate::tui::pane::fixture::{self, Desk};

fn act(desk: &mut Desk, pane: &mut FleetPane, actions: &[Action]) -> Vec<Ask> {
    actions.iter().flat_map(|action| desk.act(pane, *action)).collect()
}

#[test]
fn shows_every_target_with_its_state() {
    let desk = fixture::fleet();
    let pane = FleetPane::default();
    insta::assert_snapshot!("fleet_26x24", desk.draw_in(&pane, Rect::new(0, 0, 26, 24)));
    insta::assert_snapshot!("fleet_40x24", desk.draw_in(&pane, Rect::new(0, 0, 40, 24)));
    insta::assert_snapshot!("fleet_80x24", desk.draw(&pane));
}

#[test]
fn says_what_to_do_where_there_is_nothing() {
    insta::assert_snapshot!(
        "fleet_empty",
        Desk::default().draw_in(&FleetPane::default(), Rect::new(0, 0, 40, 5))
    );
}

#[test]
fn the_cursor_stays_on_its_host_while_rows_move() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::Down, Action::Down]);
    let before = pane.target(&desk.cx(desk.area));
    desk.found(40, "alpha", Origin::Named);
    assert_eq!(pane.target(&desk.cx(desk.area)), before);
    assert_eq!(desk.model.fleet.name(before.unwrap()).as_ref(), "web2");
}

#[test]
fn a_cursor_whose_host_is_hidden_goes_to_a_neighbour() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::Bottom, Action::Filter]);
    desk.type_in(&mut pane, "host:~^web");
    let here = pane.target(&desk.cx(desk.area)).unwrap();
    assert_eq!(desk.model.fleet.name(here).as_ref(), "web10");
}

#[test]
fn marks_by_one_range_all_none_and_inverted() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::MarkNone, Action::Mark]);
    assert_eq!(desk.selection.describe(&desk.model.fleet), "1 host · db1");
    act(&mut desk, &mut pane, &[Action::MarkRange, Action::Down, Action::Down, Action::MarkRange]);
    assert_eq!(desk.selection.targets(&desk.model.fleet).len(), 4);
    act(&mut desk, &mut pane, &[Action::MarkAll]);
    assert_eq!(desk.selection.targets(&desk.model.fleet).len(), 15);
    act(&mut desk, &mut pane, &[Action::Top, Action::Down, Action::SelectThese, Action::Invert]);
    assert_eq!(desk.selection.targets(&desk.model.fleet).len(), 14);
}

#[test]
fn a_group_is_marked_whole_and_folded() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::MarkNone, Action::Top, Action::Mark]);
    assert_eq!(desk.selection.targets(&desk.model.fleet).len(), 11);
    act(&mut desk, &mut pane, &[Action::Top, Action::Accept]);
    assert!(!desk.draw(&pane).contains("web1 "));
    act(&mut desk, &mut pane, &[Action::Accept]);
    assert!(desk.draw(&pane).contains("web1 "));
}

#[test]
fn what_a_filter_hides_is_counted() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::Filter]);
    desk.type_in(&mut pane, "!state:ready");
    insta::assert_snapshot!("fleet_filter", desk.draw_in(&pane, Rect::new(0, 0, 40, 12)));
    act(&mut desk, &mut pane, &[Action::Accept]);
    assert!(desk.draw(&pane).contains("11 hidden"));
    act(&mut desk, &mut pane, &[Action::Back]);
    assert!(!desk.draw(&pane).contains("hidden"));
}

#[test]
fn enter_connects_what_is_idle_and_explains_what_failed() {
    let (mut desk, mut pane) = (fixture::fleet(), FleetPane::default());
    let asks = act(&mut desk, &mut pane, &[Action::Accept]);
    assert_eq!(asks, [Ask::Details(Subject::Target(TargetId(11)))]);
    desk.link(11, LinkState::Idle);
    let asks = act(&mut desk, &mut pane, &[Action::Accept]);
    assert_eq!(asks, [Ask::Engine(Command::Connect(vec![TargetId(11)]))]);
    let asks = act(&mut desk, &mut pane, &[Action::Connect]);
    assert_eq!(asks, [Ask::Engine(Command::Connect(vec![TargetId(1), TargetId(2), TargetId(3)]))]);
}

#[test]
fn one_that_has_an_older_text_is_marked_until_it_has_the_newer_one() {
    let mut desk = fixture::fleet();
    desk.target(1, TargetChange::Outdated(true));
    for width in [26, 60] {
        let text = desk.draw_in(&FleetPane::default(), Rect::new(0, 0, width, 20));
        assert_eq!(text.matches("old text").count(), 1, "{text}");
    }
    desk.target(1, TargetChange::Outdated(false));
    assert!(!desk.draw(&FleetPane::default()).contains("old text"));
}

#[test]
fn one_that_does_not_answer_says_for_how_long_narrow_and_wide() {
    let mut desk = fixture::fleet();
    let since = Millis(desk.now.0 - 7_000);
    desk.target(1, TargetChange::Health { health: Health::Silent, since });
    desk.target(2, TargetChange::Health { health: Health::Busy, since });
    for width in [26, 60] {
        let text = desk.draw_in(&FleetPane::default(), Rect::new(0, 0, width, 20));
        assert!(text.contains("silent 7s") && text.contains("busy 7s"), "{text}");
    }
    desk.target(1, TargetChange::Health { health: Health::Well, since });
    desk.target(2, TargetChange::Link(LinkState::Lost { why: "cut".into() }));
    let text = desk.draw(&FleetPane::default());
    assert!(!text.contains("silent") && !text.contains("busy"), "{text}");
}

#[test]
fn a_hostile_name_stays_in_its_place() {
    let mut desk = fixture::fleet();
    desk.found(50, "\x1b[2Jevil\u{202e}\n", Origin::Named);
    let text = desk.draw(&FleetPane::default());
    assert!(text.contains("␛[2Jevil\\u{202e}␊"), "{text}");
}
