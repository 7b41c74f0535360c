use proptest::prelude::*;

use super::*;
use crate::model::filter::Filter;
use crate::model::fleet::Fleet;
use crate::model::line_view::{Direction, LineView};
use crate::model::testing::fleet;

const WEB: TargetId = TargetId(0);
const DB: TargetId = TargetId(1);

fn line(text: &str) -> Line {
    Line { at: Millis(1), stream: Stream::Stderr, text: text.into(), partial: false, record: None }
}

fn partial(text: &str) -> Line {
    Line { partial: true, ..line(text) }
}

fn texts<'a>(lines: impl IntoIterator<Item = &'a Stored>) -> Vec<&'a str> {
    lines.into_iter().map(|line| line.text.as_str()).collect()
}

fn all(lines: &Lines) -> Vec<&str> {
    texts(lines.from(Scope::All, Seq(0)))
}

#[test]
fn lines_of_all_targets_stand_in_order_of_arrival() {
    let mut lines = Lines::default();
    lines.push(WEB, Some(RunId(1)), vec![line("a"), line("b")], 0);
    lines.push(DB, None, vec![line("c")], 0);
    lines.push(WEB, None, vec![line("d")], 0);
    assert_eq!(all(&lines), ["a", "b", "c", "d"]);
    assert_eq!(texts(lines.from(Scope::Target(WEB), Seq(1))), ["b", "d"]);
    assert_eq!(texts(lines.before(Scope::Target(WEB), Seq(3))), ["b", "a"]);
    assert_eq!(texts(lines.from(Scope::Run(RunId(1)), Seq(0))), ["a", "b"]);
    let mut view = LineView::new(Scope::Run(RunId(1)), Filter::default());
    assert_eq!(see(&mut view, &lines, &Fleet::default()), ["a", "b"]);
    assert_eq!(texts(lines.slice(Scope::All, Seq(1), 2, |line| line.text != "b")), ["c", "d"]);
    assert_eq!(texts(lines.tail(Scope::All, lines.end(), 2, |_| true)), ["c", "d"]);
    assert_eq!((lines.newer(Scope::All, Seq(1)), lines.newer(Scope::Target(WEB), Seq(1))), (2, 1));
    assert_eq!(lines.len(Scope::Target(DB)), 1);
}

#[test]
fn partial_lines_go_on_even_when_others_speak_between() {
    let mut lines = Lines::default();
    lines.push(WEB, None, vec![partial("Pass")], 0);
    assert!(lines.get(Seq(0)).is_some_and(|line| line.partial));
    lines.push(DB, None, vec![line("hello")], 0);
    lines.push(WEB, None, vec![Line { stream: Stream::Stdout, ..line("out") }], 0);
    lines.push(WEB, None, vec![partial("word"), line(": ")], 0);
    assert_eq!(all(&lines), ["Password: ", "hello", "out"]);
    assert!(lines.get(Seq(0)).is_some_and(|line| !line.partial));
    lines.push(WEB, None, vec![line("next")], 0);
    assert_eq!(all(&lines), ["Password: ", "hello", "out", "next"]);
}

#[test]
fn a_carriage_return_shows_the_last_state() {
    for (pieces, shown) in [
        (&["10%\r20%\r30%"][..], "30%"),
        (&["10%\r", "20%\r"], "20%"),
        (&["10%\r", ""], "10%"),
        (&["10", "%\r20", "%"], "20%"),
        (&["\r\r5%"], "5%"),
        (&["dos\r"], "dos"),
    ] {
        let mut lines = Lines::default();
        lines.push(WEB, None, pieces.iter().map(|piece| partial(piece)).collect(), 0);
        assert_eq!(all(&lines), [shown], "{pieces:?}");
    }
}

#[test]
fn one_endless_line_is_cut_into_bounded_ones_and_nothing_is_lost() {
    let mut lines = Lines::default();
    let piece = "x".repeat(40_000);
    lines.push(WEB, None, vec![partial(&piece), partial(&piece), line(&piece)], 0);
    let kept: Vec<_> = lines.from(Scope::All, Seq(0)).collect();
    assert_eq!(kept.iter().map(|line| line.text.len()).sum::<usize>(), 120_000);
    let flags: Vec<_> = kept.iter().map(|line| (line.partial, line.continued)).collect();
    assert_eq!(flags, [(false, false), (false, true), (false, true)]);
}

#[test]
fn what_went_missing_is_told_at_its_place() {
    let mut lines = Lines::default();
    lines.push(WEB, None, vec![partial("a")], 0);
    lines.push(WEB, None, vec![], 3);
    lines.push(WEB, None, vec![line("b"), line("c")], 4);
    assert!(lines.get(Seq(0)).is_some_and(|line| !line.partial), "nothing more can come of it");
    let gaps: Vec<_> = lines.from(Scope::All, Seq(0)).map(|line| (line.text.as_str(), line.gap)).collect();
    assert_eq!(gaps, [("a", 0), ("b", 7), ("c", 0)]);
    assert_eq!((lines.dropped(Scope::All), lines.dropped(Scope::Target(DB))), (7, 0));
}

#[test]
fn a_flood_of_one_host_takes_nothing_from_another() {
    let mut lines = Lines::new(Caps { lines: 100, bytes: 1 << 20, total: 1 << 30 });
    lines.push(DB, None, vec![line("kept")], 0);
    for number in 0..1_000 {
        lines.push(WEB, None, vec![line(&number.to_string())], 0);
    }
    assert_eq!((lines.len(Scope::Target(WEB)), lines.evicted(Scope::Target(WEB))), (100, 900));
    assert_eq!(texts(lines.from(Scope::Target(DB), Seq(0))), ["kept"]);
    assert_eq!(
        texts(lines.from(Scope::Target(WEB), Seq(0)).take(1)),
        ["900"],
        "the place of a reader moves up"
    );
}

fn see(view: &mut LineView, lines: &Lines, fleet: &Fleet) -> Vec<String> {
    view.refresh(lines, fleet);
    view.from(lines, Seq(0)).map(|line| line.text.clone()).collect()
}

#[test]
fn a_view_filters_by_text_and_host_and_finds() {
    let fleet = fleet(&["web1", "db1"]);
    let mut lines = Lines::default();
    let mut view = LineView::new(Scope::All, Filter::parse("host:web !debug").unwrap());
    lines.push(WEB, None, vec![line("one"), line("debug"), partial("tw")], 0);
    lines.push(DB, None, vec![line("one")], 0);
    assert_eq!(see(&mut view, &lines, &fleet), ["one", "tw"]);
    lines.push(WEB, None, vec![line("o debug"), line("three")], 0);
    assert_eq!(see(&mut view, &lines, &fleet), ["one", "three"], "a partial line is tested again");
    assert_eq!(texts(view.page(&lines, lines.end(), 1)), ["three"]);
    assert_eq!(view.newer(&lines, Seq(0)), 1);
    let wanted = Filter::parse("~^t").unwrap();
    let find = |from, way| view.find(&lines, &fleet, Seq(from), way, &wanted);
    assert_eq!(find(0, Direction::Forward), Some(Seq(4)));
    assert_eq!(find(4, Direction::Forward), None);
    assert_eq!(find(4, Direction::Back), None);
}

proptest! {
    #[test]
    fn caps_hold_nothing_is_unaccounted_for_and_views_agree(
        pushes in prop::collection::vec((0..3u32, "[ab\r]{0,30}", any::<bool>(), 0..2u64), 0..120),
    ) {
        let caps = Caps { lines: 8, bytes: 900, total: 2_000 };
        let fleet = fleet(&["a1", "b1", "c1"]);
        let mut lines = Lines::new(caps);
        let filter = Filter::parse("ab").unwrap();
        let mut view = LineView::new(Scope::All, filter.clone());
        for (target, text, partial, dropped) in pushes {
            lines.push(TargetId(target), None, vec![Line { partial, ..line(&text) }], dropped);
            let kept: Vec<_> = lines.from(Scope::All, Seq(0)).collect();
            let cost = kept.iter().map(|line| line.cost()).sum::<usize>();
            prop_assert_eq!(lines.bytes(), cost);
            prop_assert!(cost <= caps.total);
            prop_assert_eq!(kept.len() as u64 + lines.evicted(Scope::All), lines.end().0);
            for target in 0..3 {
                let scope = Scope::Target(TargetId(target));
                let own: Vec<_> = lines.from(scope, Seq(0)).map(|line| line.seq).collect();
                let among = kept.iter().filter(|line| line.target.0 == target).map(|line| line.seq);
                prop_assert_eq!(&own, &among.collect::<Vec<_>>());
                prop_assert!(own.len() <= caps.lines);
            }
            let fresh = see(&mut LineView::new(Scope::All, filter.clone()), &lines, &fleet);
            prop_assert_eq!(see(&mut view, &lines, &fleet), fresh);
        }
    }
}
