use ratatui::layout::Rect;

use crate::engine::target::{LinkState, Origin, TargetId};
use crate::model::select::Selection;
use crate::tui::action::Action;
use crate::tui::glyphs;
use crate::tui::pane::fixture::Desk;
use crate::tui::pane::fleet::FleetPane;

/// A bastion with two hosts behind it, one of them with containers and a user; a host of another group.
fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.found(1, "bastion", Origin::Hop);
    desk.under(1, 2, "bastion/web1", Origin::Named);
    desk.under(2, 3, "bastion/web1/docker:app", Origin::Code);
    desk.under(2, 4, "bastion/web1/docker:cache", Origin::Code);
    desk.under(2, 5, "bastion/web1?sudo", Origin::Named);
    desk.under(1, 6, "bastion/web10", Origin::Named);
    desk.found(7, "db1", Origin::SshConfig);
    for id in [1, 2, 3, 6, 7] {
        desk.ready(id, 400 * u64::from(id));
    }
    desk.link(4, LinkState::Connecting);
    desk
}

fn act(desk: &mut Desk, pane: &mut FleetPane, actions: &[Action]) {
    for action in actions {
        desk.act(pane, *action);
    }
}

fn here(desk: &Desk, pane: &FleetPane) -> u32 {
    pane.target(&desk.cx(desk.area)).expect("a target").0
}

/// Puts the cursor on a target.
fn go(desk: &mut Desk, pane: &mut FleetPane, id: u32) {
    act(desk, pane, &[Action::Top]);
    while pane.target(&desk.cx(desk.area)) != Some(TargetId(id)) {
        act(desk, pane, &[Action::Down]);
    }
}

fn selected(desk: &Desk) -> Vec<u32> {
    let mut ids: Vec<_> = desk.selection.targets(&desk.model.fleet).iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn targets_stand_under_what_they_are_reached_through() {
    let (mut desk, pane) = (desk(), FleetPane::default());
    desk.selection.set([TargetId(3)]);
    insta::assert_snapshot!("tree_26x12", desk.draw_in(&pane, Rect::new(0, 0, 26, 12)));
    insta::assert_snapshot!("tree_80x12", desk.draw_in(&pane, Rect::new(0, 0, 80, 12)));
    desk.glyphs = glyphs::ASCII;
    insta::assert_snapshot!("tree_ascii", desk.draw_in(&pane, Rect::new(0, 0, 40, 12)));
}

#[test]
fn a_closed_branch_counts_what_it_hides() {
    let (mut desk, mut pane) = (desk(), FleetPane::default());
    go(&mut desk, &mut pane, 2);
    act(&mut desk, &mut pane, &[Action::CloseBranch]);
    insta::assert_snapshot!("tree_closed", desk.draw_in(&pane, Rect::new(0, 0, 40, 10)));
    act(&mut desk, &mut pane, &[Action::OpenBranch, Action::OpenBranch]);
    assert_eq!(here(&desk, &pane), 3, "an open branch is entered");
    act(&mut desk, &mut pane, &[Action::CloseBranch]);
    assert_eq!(here(&desk, &pane), 2, "a leaf leads to what it stands under");
    act(&mut desk, &mut pane, &[Action::CloseBranch, Action::CloseBranch]);
    assert_eq!(here(&desk, &pane), 1);
    act(&mut desk, &mut pane, &[Action::CloseBranch]);
    assert!(desk.draw(&pane).contains("bastion ▸ 5"), "{}", desk.draw(&pane));
    act(&mut desk, &mut pane, &[Action::CloseBranch]);
    assert_eq!(pane.target(&desk.cx(desk.area)), None, "a tree's first row leads to its group");
    act(&mut desk, &mut pane, &[Action::CloseBranch]);
    assert!(!desk.draw(&pane).contains("bastion"));
    act(&mut desk, &mut pane, &[Action::OpenBranch]);
    assert!(desk.draw(&pane).contains("bastion ▸ 5"));
}

#[test]
fn a_filter_finds_what_is_nested_even_in_closed_branches() {
    let (mut desk, mut pane) = (desk(), FleetPane::default());
    go(&mut desk, &mut pane, 1);
    act(&mut desk, &mut pane, &[Action::CloseBranch, Action::Filter]);
    desk.type_in(&mut pane, "docker:app");
    let area = Rect::new(0, 0, 40, 10);
    insta::assert_snapshot!("tree_filter", desk.draw_in(&pane, area));
    let faint = |row| desk.buffer(&pane, area)[(8, row)].modifier.contains(ratatui::style::Modifier::DIM);
    assert!(faint(1) && faint(2) && !faint(3), "what only leads there is dimmed");
    act(&mut desk, &mut pane, &[Action::Accept, Action::MarkAll]);
    assert_eq!(selected(&desk), [3]);
}

#[test]
fn who_is_only_on_the_way_is_taken_only_when_marked_itself() {
    let (mut desk, mut pane) = (desk(), FleetPane::default());
    act(&mut desk, &mut pane, &[Action::MarkAll]);
    assert_eq!(selected(&desk), [2, 3, 4, 5, 6, 7]);
    act(&mut desk, &mut pane, &[Action::Invert]);
    assert!(selected(&desk).is_empty());
    go(&mut desk, &mut pane, 1);
    act(&mut desk, &mut pane, &[Action::Up, Action::Mark]);
    assert_eq!(selected(&desk), [2, 3, 4, 5, 6], "the group of the bastion");
    act(&mut desk, &mut pane, &[Action::MarkNone]);
    go(&mut desk, &mut pane, 1);
    act(&mut desk, &mut pane, &[Action::Mark]);
    assert_eq!(selected(&desk), [1]);
    act(&mut desk, &mut pane, &[Action::Invert]);
    assert_eq!(selected(&desk), [2, 3, 4, 5, 6, 7]);
    go(&mut desk, &mut pane, 1);
    act(&mut desk, &mut pane, &[Action::SelectThese]);
    assert_eq!(selected(&desk), [1]);
    desk.selection = Selection::default();
    go(&mut desk, &mut pane, 7);
    act(&mut desk, &mut pane, &[Action::MarkRange]);
    desk.found(8, "above", Origin::Named);
    go(&mut desk, &mut pane, 8);
    act(&mut desk, &mut pane, &[Action::MarkRange]);
    assert_eq!(selected(&desk), [2, 3, 4, 5, 6, 7, 8], "a range passes over it");
}

#[test]
fn who_is_reached_through_the_unknown_or_through_itself_is_not_lost() {
    let (mut desk, pane) = (desk(), FleetPane::default());
    desk.under(99, 20, "elsewhere/web9", Origin::Named);
    desk.under(22, 21, "loop1", Origin::Named);
    desk.under(21, 22, "loop2", Origin::Named);
    desk.under(23, 23, "self", Origin::Named);
    for id in 30..100 {
        desk.under(id - 1, id, &format!("deep{id}"), Origin::Named);
    }
    let text = desk.draw_in(&pane, Rect::new(0, 0, 120, 120));
    for name in ["elsewhere/web9", "loop1", "loop2", "self", "deep30", "deep99"] {
        assert!(text.contains(name), "{name} is lost:\n{text}");
    }
}

#[test]
fn who_is_on_the_way_stands_in_the_group_of_those_beyond() {
    let mut desk = Desk::default();
    desk.found(1, "local", Origin::BuiltIn);
    desk.found(2, "idle", Origin::Hop);
    desk.found(3, "jump", Origin::Hop);
    desk.under(3, 4, "jump/opened", Origin::Code);
    desk.found(5, "outer", Origin::Hop);
    desk.under(5, 6, "outer/inner", Origin::Hop);
    desk.under(6, 7, "outer/inner/web1", Origin::Named);
    desk.under(6, 8, "outer/inner/opened", Origin::Code);
    let text = desk.draw_in(&FleetPane::default(), Rect::new(0, 0, 40, 16));
    insta::assert_snapshot!("tree_groups", text);
}

#[test]
fn a_label_is_the_last_hop_where_the_name_says_so() {
    let desk = desk();
    let label = |id| super::label(&desk.model.fleet, desk.model.fleet.get(TargetId(id)).expect("a target"));
    let labels: Vec<_> = (1..=7).map(label).collect();
    assert_eq!(labels, ["bastion", "web1", "docker:app", "docker:cache", "sudo", "web10", "db1"]);
    let mut desk = desk;
    desk.under(7, 8, "db10", Origin::Named);
    desk.under(7, 9, "db1/", Origin::Named);
    let label = |id| super::label(&desk.model.fleet, desk.model.fleet.get(TargetId(id)).expect("a target"));
    assert_eq!((label(8), label(9)), ("db10", "db1/"));
}
