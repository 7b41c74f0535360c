//! Questions of ways in: when they are seen, who gets the keys, what is answered.

use hailer::engine::command::{Command, Secret};
use hailer::engine::event::{Event, Question, QuestionId, Wants};
use hailer::engine::target::{LinkState, Origin, TargetId};
use hailer::tui::msg::{Effect, Msg};
use ratatui::crossterm::event::Event as Input;

use crate::drive::Drive;

/// A console on a host whose way in has not asked yet.
fn drive(width: u16, height: u16) -> Drive {
    let mut drive = Drive::new(width, height).fleet(&["db1"]);
    let id = drive.found("web1", Origin::Named);
    drive.link(id, LinkState::Connecting);
    drive
}

fn password(id: u32) -> Question {
    Question {
        id: QuestionId(id),
        target: TargetId(1),
        text: "[sudo] password for ops: ".into(),
        wants: Wants::Secret,
        others: 0,
        note: None,
    }
}

fn key_question() -> Question {
    let text = "The authenticity of host 'web1 (10.0.0.7)' can't be established.\n\
                ED25519 key fingerprint is SHA256:2lHWcDNg5gFNLnzVJ5p7p9Rzs0bkhTHYYVzcCpcR8wM.\n\
                Are you sure you want to continue connecting (yes/no/[fingerprint])? ";
    Question { text: text.into(), wants: Wants::HostKey, ..password(1) }
}

fn asked(question: Question) -> Event {
    Event::Asked(question)
}

fn answer(id: u32, answer: Option<&str>) -> [Effect; 1] {
    let (question, answer) = (QuestionId(id), answer.map(Secret::from));
    [Effect::Engine(Command::Answer { question, answer })]
}

#[test]
fn a_question_is_seen_at_once_and_takes_no_key_before_it_is_turned_to() {
    let mut drive = drive(80, 24);
    drive.keys("upt").event(asked(password(1))).keys("ime()").input(Input::Paste("+ 1".into()));
    let screen = drive.screen();
    assert!(screen.contains("[sudo] password for ops:") && screen.contains("uptime()+ 1"), "{screen}");
    assert!(screen.contains("web1 asks: Alt-q answers"), "{screen}");
    assert_eq!(drive.effects(), []);
    drive.keys("<alt-q>s3cret<enter>");
    assert_eq!(drive.effects(), answer(1, Some("s3cret")));
    let screen = drive.screen();
    assert!(!screen.contains("password") && screen.contains("uptime()+ 1"), "{screen}");
}

#[test]
fn pictures_of_a_password() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut drive = drive(width, height);
        drive.event(asked(Question {
            others: 11,
            note: Some("the password was refused".into()),
            ..password(1)
        }));
        insta::assert_snapshot!(format!("asked_{width}x{height}"), drive.screen());
        drive.keys("<alt-q>s3cret");
        insta::assert_snapshot!(format!("asked_turned_{width}x{height}"), drive.screen());
        assert!(drive.cursor.is_some());
    }
}

#[test]
fn pictures_of_a_host_key() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut drive = drive(width, height);
        drive.event(asked(key_question())).keys("<alt-q>");
        insta::assert_snapshot!(format!("asked_key_{width}x{height}"), drive.screen());
    }
}

#[test]
fn a_key_is_left_unless_trust_is_chosen() {
    let turned = || {
        let mut drive = drive(80, 24);
        drive.event(asked(key_question())).keys("<alt-q>");
        drive
    };
    assert_eq!(turned().keys("<enter>").effects(), answer(1, None));
    assert_eq!(turned().keys("yes").input(Input::Paste("yes\n".into())).effects(), []);
    assert_eq!(turned().keys("yes<enter>").effects(), answer(1, None));
    assert_eq!(turned().keys("<tab><enter>").effects(), answer(1, Some("yes")));
    assert_eq!(turned().keys("<tab><tab><enter>").effects(), answer(1, None));
    assert_eq!(turned().keys("<tab><esc>").effects(), answer(1, None));
}

#[test]
fn nothing_of_a_secret_can_be_seen() {
    let mut drive = drive(80, 24);
    drive.event(asked(password(1))).keys("<alt-q>");
    let empty = drive.screen();
    drive.keys("x");
    let one = drive.screen();
    drive.keys("s3cret");
    assert_eq!(drive.screen(), one, "not even how long it is");
    assert_ne!(one, empty, "that keys arrive can be seen");
    let typed = Msg::Input(Input::Paste("s3cret".into()));
    assert!(!format!("{typed:?}").contains("s3cret"));
    let effects = drive.keys("<enter>").effects();
    assert_eq!(effects, answer(1, Some("xs3cret")));
    assert!(!format!("{effects:?}{drive:?}").contains("s3cret"));
    assert!(!serde_json::to_string(&effects).expect("JSON").contains("s3cret"));
}

#[test]
fn a_secret_may_be_pasted_with_its_line_end() {
    let mut drive = drive(80, 24);
    drive.event(asked(password(1))).keys("<alt-q>").input(Input::Paste("from a safe\n".into()));
    assert_eq!(drive.effects(), []);
    assert_eq!(drive.keys("<enter>").effects(), answer(1, Some("from a safe")));
    assert!(!drive.keys("<alt-u>").screen().contains("safe"), "nothing of it is in the editor");
}

#[test]
fn escape_gives_no_answer_and_later_keeps_the_question() {
    let mut drive = drive(80, 24);
    drive.event(asked(password(1))).keys("<alt-q>wrong<alt-q>");
    assert_eq!(drive.effects(), []);
    assert!(drive.screen().contains("web1 asks: Alt-q answers"));
    assert_eq!(drive.keys("<alt-q>right<enter>").effects(), answer(1, Some("right")));
    drive.event(Event::Settled(QuestionId(1))).event(asked(password(2))).keys("<alt-q>typed<esc>");
    assert_eq!(drive.effects(), answer(2, None));
    assert!(!drive.screen().contains("web1 asks"), "{}", drive.screen());
}

#[test]
fn what_is_settled_goes_and_the_next_opens_empty_and_without_the_keys() {
    let mut drive = drive(80, 24);
    drive.event(asked(password(1))).event(Event::Settled(QuestionId(1)));
    assert!(!drive.screen().contains("password"), "{}", drive.screen());
    drive.event(asked(password(2))).keys("code()");
    assert!(drive.screen().contains("code()"), "{}", drive.screen());
    assert_eq!(drive.keys("<alt-q>whole<enter>").effects(), answer(2, Some("whole")));
}

#[test]
fn the_rest_of_a_password_that_nobody_waits_for_any_more_becomes_no_code() {
    for close in ["<enter>", "<esc>"] {
        let mut drive = drive(80, 24);
        drive.event(asked(password(1))).keys("<alt-q>sec").event(Event::Settled(QuestionId(1)));
        drive.keys("ret").input(Input::Paste("more".into()));
        let screen = drive.screen();
        assert!(screen.contains("Nobody waits for an answer any more."), "{screen}");
        drive.event(asked(password(2))).keys(close);
        assert_eq!(drive.effects(), [], "the next one was not answered with it");
        let screen = drive.screen();
        assert!(screen.contains("web1 asks: Alt-q answers"), "{screen}");
        assert!(!screen.contains("ret") && !screen.contains("more"), "{screen}");
        assert_eq!(drive.keys("<alt-q>two<enter>").effects(), answer(2, Some("two")));
    }
}

#[test]
fn the_next_question_can_be_turned_to_from_one_that_is_over() {
    let mut drive = drive(80, 24);
    drive.event(asked(password(1))).keys("<alt-q>half").event(asked(password(2)));
    assert!(drive.screen().contains("web1 asks: Alt-q answers"), "{}", drive.screen());
    assert_eq!(drive.keys("<alt-q>whole<enter>").effects(), answer(2, Some("whole")));
}

#[test]
fn it_waits_behind_another_overlay_and_the_status_bar_says_so() {
    let mut drive = drive(80, 24);
    drive.keys("<f1>").event(asked(password(1)));
    let screen = drive.screen();
    assert!(screen.contains("web1 asks: Alt-q answers") && !screen.contains("[sudo]"), "{screen}");
    drive.keys("<alt-q>");
    assert!(drive.screen().contains("[sudo]"));
    assert_eq!(drive.keys("s3cret<enter>").effects(), answer(1, Some("s3cret")));
    assert!(drive.screen().contains("actions, those of this pane first"), "back where it was opened");
}

#[test]
fn a_hostile_question_stays_in_its_place() {
    let mut drive = drive(80, 24);
    let text = format!("{}\x1b[2J\x1b]0;x\u{7}\r\u{202e}drowssap\nlast: ", "no\n".repeat(1000));
    drive.event(asked(Question { text, ..password(1) })).keys("<alt-q>");
    let screen = drive.screen();
    assert!(screen.contains("␛[2J␛]0;x␇") && screen.contains("last:"), "{screen}");
    assert!(screen.contains("editor") && screen.lines().count() == 24, "{screen}");
    let text = "wide ".repeat(100_000);
    drive.event(asked(Question { text, ..password(2) }));
    assert!(drive.screen().contains("editor"));
}

#[test]
fn whoever_asks_says_so_in_the_fleet() {
    let mut drive = drive(120, 40);
    assert!(drive.screen().contains("connecting"));
    drive.event(asked(password(1)));
    let screen = drive.screen();
    assert!(screen.lines().any(|line| line.contains("web1") && line.contains("asks│")), "{screen}");
    drive.event(Event::Settled(QuestionId(1)));
    assert!(!drive.screen().contains("asks"));
}

#[test]
fn without_a_question_the_key_says_so() {
    let mut drive = drive(80, 24);
    drive.keys("<alt-q>");
    assert!(drive.screen().contains("nothing is asked at the moment"));
}
