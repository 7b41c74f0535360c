use ratatui::layout::Rect;

use super::*;
use crate::engine::command::RunId;
use crate::engine::event::{Event, Line, Stream};
use crate::tui::pane::fixture::{self, Desk};

fn act(desk: &mut Desk, pane: &mut LinesPane, actions: &[Action]) -> Vec<Ask> {
    actions.iter().flat_map(|action| desk.act(pane, *action)).collect()
}

/// Lines of three hosts, in colour and in danger.
fn written() -> Desk {
    let mut desk = fixture::ran();
    desk.lines(1, Some(1), Stream::Stderr, &["one", "\x1b[31mred\x1b[0m alert", "\x1b]0;owned\x07 title"]);
    desk.lines(12, Some(1), Stream::Stdout, &["大小 größe\ttab"]);
    desk.lines(11, None, Stream::Tunnel, &["ssh: connect to host db1 port 22: Connection refused"]);
    desk.now.0 += 1_500;
    let line = Line {
        at: desk.now,
        stream: Stream::Stderr,
        text: "progress 40%".into(),
        partial: true,
        record: None,
    };
    let run = Some(RunId(1));
    desk.model.apply(Event::Lines { target: TargetId(2), run, lines: vec![line], dropped: 1_203 });
    desk
}

/// What a host logs, and a line beside it.
fn logged() -> Desk {
    let mut desk = fixture::ran();
    fixture::record(&mut desk, 1, 10, "DEBUG", "asked in 3 ms");
    fixture::record(&mut desk, 1, 20, "INFO", "connected");
    desk.lines(1, Some(1), Stream::Stderr, &["no record"]);
    fixture::record(&mut desk, 2, 30, "WARNING", "the pool is full: \x1b[31m40 of 40\x1b[0m");
    fixture::record(&mut desk, 2, 40, "ERROR", "lost");
    desk
}

#[test]
fn records_have_their_level_and_can_be_narrowed_to_it() {
    let (mut desk, mut pane) = (logged(), LinesPane::default());
    for (width, height) in [(80, 12), (200, 12)] {
        let text = desk.draw_in(&pane, Rect::new(0, 0, width, height));
        insta::assert_snapshot!(format!("lines_logged_{width}"), text);
    }
    let shown = |desk: &Desk, pane: &LinesPane| {
        let text = desk.draw_in(pane, Rect::new(0, 0, 80, 9));
        ["asked", "connected", "no record", "pool", "lost"].map(|word| text.contains(word))
    };
    let mut seen = vec![shown(&desk, &pane)];
    for _ in 0..5 {
        act(&mut desk, &mut pane, &[Action::Level]);
        seen.push(shown(&desk, &pane));
    }
    assert_eq!(
        seen,
        [
            [true; 5],
            [true, true, false, true, true],
            [false, true, false, true, true],
            [false, false, false, true, true],
            [false, false, false, false, true],
            [true; 5],
        ]
    );
    act(&mut desk, &mut pane, &[Action::Level, Action::Level, Action::Level]);
    insta::assert_snapshot!("lines_from_warning", desk.draw_in(&pane, Rect::new(0, 0, 60, 6)));
    fixture::record(&mut desk, 1, 20, "INFO", "more");
    fixture::record(&mut desk, 1, 50, "CRITICAL", "fire");
    let text = desk.draw_in(&pane, Rect::new(0, 0, 80, 9));
    assert!(text.contains("CRITICAL app.db: fire") && !text.contains("more"), "{text}");
    act(&mut desk, &mut pane, &[Action::Back]);
    assert_eq!(shown(&desk, &pane), [true; 5]);
    act(&mut desk, &mut pane, &[Action::FilterLines]);
    desk.type_in(&mut pane, "level:warn logger:app.db");
    assert_eq!(shown(&desk, &pane), [false, false, false, true, false]);
}

/// A hundred lines of one host.
fn hundred() -> Desk {
    let mut desk = fixture::fleet();
    for number in 0..100 {
        desk.lines(1, None, Stream::Stderr, &[&format!("line {number}")]);
    }
    desk
}

fn small(desk: &Desk, pane: &LinesPane) -> String {
    desk.draw_in(pane, Rect::new(0, 0, 40, 8))
}

#[test]
fn lines_have_their_hosts_and_their_pipes() {
    let (desk, pane) = (written(), LinesPane::default());
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let text = desk.draw_in(&pane, Rect::new(0, 0, width, height));
        insta::assert_snapshot!(format!("lines_{width}x{height}"), text);
    }
    insta::assert_snapshot!("lines_empty", Desk::default().draw_in(&pane, Rect::new(0, 0, 60, 5)));
}

#[test]
fn times_are_relative_to_the_run_or_of_the_day() {
    let (mut desk, mut pane) = (written(), LinesPane { zone: TimeZone::UTC, ..LinesPane::default() });
    act(&mut desk, &mut pane, &[Action::Times]);
    insta::assert_snapshot!("lines_relative", desk.draw_in(&pane, Rect::new(0, 0, 60, 10)));
    act(&mut desk, &mut pane, &[Action::Times]);
    insta::assert_snapshot!("lines_local", desk.draw_in(&pane, Rect::new(0, 0, 60, 10)));
}

#[test]
fn the_newest_is_followed_until_one_goes_up() {
    let (mut desk, mut pane) = (hundred(), LinesPane::default());
    assert!(small(&desk, &pane).contains("line 99"));
    act(&mut desk, &mut pane, &[Action::Up]);
    let before = small(&desk, &pane);
    desk.lines(1, None, Stream::Stderr, &["fresh"; 214]);
    let after = small(&desk, &pane);
    assert!(after.contains("▾ 214 new"), "{after}");
    assert_eq!(before.lines().skip(1).collect::<Vec<_>>(), after.lines().skip(1).collect::<Vec<_>>());
    act(&mut desk, &mut pane, &[Action::Bottom]);
    let text = small(&desk, &pane);
    assert!(text.contains("follow") && text.contains("fresh"), "{text}");
}

#[test]
fn going_down_past_the_newest_follows_again() {
    let (mut desk, mut pane) = (hundred(), LinesPane::default());
    act(&mut desk, &mut pane, &[Action::Up, Action::Up, Action::Down, Action::Down]);
    assert!(small(&desk, &pane).contains("new"));
    act(&mut desk, &mut pane, &[Action::Down]);
    assert!(small(&desk, &pane).contains("follow"));
}

#[test]
fn the_first_and_a_page_can_be_reached() {
    let (mut desk, mut pane) = (hundred(), LinesPane::default());
    act(&mut desk, &mut pane, &[Action::Top]);
    let text = small(&desk, &pane);
    assert!(text.contains("line 0 ") && text.contains("line 5 "), "{text}");
    desk.area = Rect::new(0, 0, 40, 8);
    act(&mut desk, &mut pane, &[Action::PageDown]);
    let text = small(&desk, &pane);
    assert!(text.contains("line 5 ") && !text.contains("line 6 "), "{text}");
}

#[test]
fn one_host_at_a_time() {
    let (mut desk, mut pane) = (written(), LinesPane::default());
    let mut hosts = Vec::new();
    for _ in 0..5 {
        act(&mut desk, &mut pane, &[Action::NextHost]);
        hosts.push(pane.host().map(|host| desk.model.fleet.name(host).to_string()));
    }
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(hosts, [named("db1"), named("größe-大小"), named("web1"), named("web2"), None]);
    act(&mut desk, &mut pane, &[Action::PreviousHost]);
    let text = small(&desk, &pane);
    assert!(text.contains("lines · web2") && text.contains("│ progress 40%…"), "{text}");
}

#[test]
fn a_search_goes_from_match_to_match_and_marks_them() {
    let (mut desk, mut pane) = (hundred(), LinesPane::default());
    act(&mut desk, &mut pane, &[Action::Search]);
    desk.type_in(&mut pane, "~7$");
    assert!(small(&desk, &pane).contains("line 97"));
    act(&mut desk, &mut pane, &[Action::Accept, Action::PreviousMatch, Action::PreviousMatch]);
    assert_eq!(act(&mut desk, &mut pane, &[Action::Copy]), [Ask::Copy("line 77".into())]);
    act(&mut desk, &mut pane, &[Action::NextMatch, Action::NextMatch]);
    assert_eq!(act(&mut desk, &mut pane, &[Action::Copy]), [Ask::Copy("line 97".into())]);
    let asks = act(&mut desk, &mut pane, &[Action::NextMatch]);
    assert!(matches!(&asks[..], [Ask::Notice(Level::Info, text)] if text.contains("below")), "{asks:?}");
    let marked = cx_style(&desk, &pane);
    assert!(marked, "the match stands out");
}

/// Whether any cell has the style of the match under the cursor.
fn cx_style(desk: &Desk, pane: &LinesPane) -> bool {
    let style = desk.theme.style(Role::MatchHere);
    let buf = desk.buffer(pane, Rect::new(0, 0, 40, 8));
    buf.content.iter().any(|cell| {
        style.bg.is_none_or(|bg| cell.bg == bg)
            && style.fg.is_none_or(|fg| cell.fg == fg)
            && cell.modifier.contains(style.add_modifier)
            && cell.symbol() == "7"
    })
}

#[test]
fn a_filter_hides_and_can_be_ended() {
    let (mut desk, mut pane) = (hundred(), LinesPane::default());
    act(&mut desk, &mut pane, &[Action::FilterLines]);
    desk.type_in(&mut pane, "~9$");
    act(&mut desk, &mut pane, &[Action::Accept]);
    let text = small(&desk, &pane);
    assert!(text.contains("line 99") && text.contains("line 49") && !text.contains("line 98"), "{text}");
    act(&mut desk, &mut pane, &[Action::Back]);
    assert!(small(&desk, &pane).contains("line 98"));
}

#[test]
fn long_lines_are_cut_scrolled_or_wrapped() {
    let (mut desk, mut pane) = (fixture::fleet(), LinesPane::default());
    let long = (0..20).map(|number| format!("{number:04}")).collect::<Vec<_>>().join("-");
    desk.lines(1, None, Stream::Stderr, &[&long]);
    assert!(small(&desk, &pane).contains("…"));
    act(&mut desk, &mut pane, &[Action::Right; 4]);
    assert!(small(&desk, &pane).contains("│ 06-0007"), "{}", small(&desk, &pane));
    act(&mut desk, &mut pane, &[Action::Wrap]);
    insta::assert_snapshot!("lines_wrapped", small(&desk, &pane));
}

#[test]
fn one_endless_line_does_not_push_the_others_out() {
    let (mut desk, mut pane) = (fixture::fleet(), LinesPane::default());
    desk.lines(1, None, Stream::Stderr, &["before", &"x".repeat(10 << 20), "after"]);
    act(&mut desk, &mut pane, &[Action::Wrap]);
    let text = desk.draw_in(&pane, Rect::new(0, 0, 80, 24));
    assert!(text.contains("after"), "{text}");
}
