use super::*;
use crate::engine::command::RunId;
use crate::engine::target::TargetId;
use crate::tui::pane::fixture::{self, Desk};
use crate::wire::value::Value;

fn act(desk: &mut Desk, pane: &mut Details, actions: &[Action]) -> Vec<Ask> {
    actions.iter().flat_map(|action| desk.act(pane, *action)).collect()
}

fn of_cell(target: u32) -> Details {
    Details::new(Subject::Cell(RunId(1), TargetId(target)))
}

#[test]
fn a_failure_tells_stage_reason_and_the_hosts_own_words() {
    let desk = fixture::ran();
    let pane = Details::new(Subject::Target(TargetId(11)));
    insta::assert_snapshot!("details_unreachable", desk.draw_in(&pane, Rect::new(0, 0, 80, 14)));
    let pane = Details::new(Subject::Target(TargetId(1)));
    insta::assert_snapshot!("details_ready", desk.draw_in(&pane, Rect::new(0, 0, 80, 12)));
}

#[test]
fn an_error_has_its_traceback() {
    let desk = fixture::ran();
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let text = desk.draw_in(&of_cell(8), Rect::new(0, 0, width, height));
        insta::assert_snapshot!(format!("details_raised_{width}x{height}"), text);
    }
}

#[test]
fn a_value_has_its_group_its_warnings_and_its_items() {
    let desk = fixture::ran();
    insta::assert_snapshot!("details_value", desk.draw_in(&of_cell(2), Rect::new(0, 0, 80, 14)));
    insta::assert_snapshot!("details_items", desk.draw_in(&of_cell(10), Rect::new(0, 0, 80, 10)));
    insta::assert_snapshot!("details_warned", desk.draw_in(&of_cell(13), Rect::new(0, 0, 80, 8)));
}

/// A value with a container in it that is too large to be open at first.
fn nested() -> Desk {
    let mut desk = fixture::fleet();
    desk.start(1, [1]);
    let numbers = Value::list((0..100).map(Value::from));
    let inner =
        Value::dict([(Value::from("x"), Value::from(1)), (Value::from("y"), Value::list([numbers.clone()]))]);
    let text = Value::from("first\nsecond\x1b[2J");
    let all = [(Value::from("inner"), inner), (Value::from("numbers"), numbers), (Value::from("text"), text)];
    desk.value(1, 1, Value::dict(all));
    desk
}

#[test]
fn a_tree_opens_and_closes_and_its_parts_are_copied() {
    let (mut desk, mut pane) = (nested(), of_cell(1));
    insta::assert_snapshot!("details_tree", desk.draw_in(&pane, Rect::new(0, 0, 80, 20)));
    act(&mut desk, &mut pane, &[Action::Search]);
    desk.type_in(&mut pane, "numbers");
    act(&mut desk, &mut pane, &[Action::Accept]);
    let asks = act(&mut desk, &mut pane, &[Action::Copy]);
    assert!(
        matches!(&asks[..], [Ask::Copy(text)] if text.starts_with("[0, 1, 2") && text.ends_with("99]")),
        "{asks:?}"
    );
    assert!(!desk.draw(&pane).contains("  7: 7"));
    act(&mut desk, &mut pane, &[Action::Accept]);
    assert!(desk.draw(&pane).contains("  7: 7"), "{}", desk.draw(&pane));
}

#[test]
fn a_long_value_is_wrapped_or_scrolled() {
    let mut desk = fixture::fleet();
    desk.start(1, [1]);
    desk.value(1, 1, Value::from(&*"0123456789".repeat(30)));
    let mut pane = of_cell(1);
    let narrow = |desk: &Desk, pane: &Details| desk.draw_in(pane, Rect::new(0, 0, 40, 16));
    insta::assert_snapshot!("details_wrapped", narrow(&desk, &pane));
    act(&mut desk, &mut pane, &[Action::Wrap, Action::Right]);
    let text = narrow(&desk, &pane);
    assert!(text.contains("  78901234") && text.contains('…'), "{text}");
}

#[test]
fn a_huge_value_is_bounded() {
    let mut desk = fixture::fleet();
    desk.start(1, [1]);
    let wide = Value::list((0..2_000).map(Value::from));
    desk.value(1, 1, Value::list([wide.clone(), wide]));
    let mut pane = of_cell(1);
    act(&mut desk, &mut pane, &[Action::Search]);
    desk.type_in(&mut pane, "more than can be shown");
    assert!(desk.draw(&pane).contains("list (2000)"));
    let rows = pane.with(&desk.cx(desk.area), |sheet| sheet.rows.len());
    assert!(rows < 20, "{rows}");
}

#[test]
fn a_run_that_is_gone_is_told() {
    let desk = fixture::fleet();
    assert!(desk.draw(&of_cell(1)).contains("not kept any more"));
}
