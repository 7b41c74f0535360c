//! Questions on a real pseudo-terminal.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use portable_pty::{MasterPty, PtyPair, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use tokio::time::timeout;

use super::*;
use crate::engine::event::Millis;
use crate::engine::target::{Kind, Origin, Target};

/// A terminal, and a person at it.
struct Person {
    pair: PtyPair,
    keyboard: Box<dyn Write + Send>,
    questions: Questions,
    said: Said,
}

impl Person {
    fn new() -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let terminal = pair.master.tty_name().unwrap();
        let questions = Questions::new([(TargetId(0), "web1".into())], terminal);
        Self { pair, keyboard, questions, said: Said::default() }
    }

    fn take(&mut self, event: Event) -> Option<Command> {
        self.questions.take(&event, &mut self.said)
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types ahead, and waits until all of it has arrived: so many bytes.
    fn type_ahead(&mut self, keys: &str, bytes: u64) {
        self.type_in(keys);
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let path = self.pair.master.tty_name().unwrap();
        let terminal = OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while ioctl_fionread(&terminal).unwrap() < bytes {
            assert!(Instant::now() < end, "{keys:?} does not arrive");
            std::thread::yield_now();
        }
    }

    async fn answered(&mut self) -> Command {
        timeout(Duration::from_secs(20), self.questions.answered()).await.unwrap()
    }

    /// All that the terminal was told until now.
    fn screen(self) -> String {
        let Self { pair: PtyPair { master, slave }, .. } = self;
        let mut reader = master.try_clone_reader().unwrap();
        drop((slave, self.questions));
        let mut text = Vec::new();
        let _ = reader.read_to_end(&mut text); // ends with an error, as a terminal that nobody holds does
        String::from_utf8(text).unwrap()
    }
}

fn modes(master: &dyn MasterPty) -> impl PartialEq + std::fmt::Debug + use<> {
    master.get_termios().unwrap()
}

fn question(id: u32) -> Question {
    Question {
        id: QuestionId(id),
        target: TargetId(0),
        text: "[sudo] password for ops: ".into(),
        wants: Wants::Secret,
        others: 0,
        note: None,
    }
}

fn host_key() -> Question {
    let text = "The key of web1 is not known.\nAre you sure (yes/no/[fingerprint])? ";
    Question { text: text.into(), wants: Wants::HostKey, ..question(1) }
}

fn given(text: &str) -> Command {
    answer(QuestionId(1), Some(Secret::from(text)))
}

fn nothing() -> Command {
    answer(QuestionId(1), None)
}

#[tokio::test]
async fn a_secret_is_read_unseen_and_the_terminal_is_as_it_was() {
    let mut person = Person::new();
    let before = modes(&*person.pair.master);
    let asked = Question { note: Some("it was refused".into()), others: 2, ..question(1) };
    assert_eq!(person.take(Event::Asked(asked)), None);
    assert_ne!(modes(&*person.pair.master), before);
    person.type_in("s3c\u{7f}cret ünd\n");
    assert_eq!(person.answered().await, given("s3cret ünd"));
    assert_eq!(modes(&*person.pair.master), before);
    assert_eq!(person.said, Said::default(), "nothing goes to the standard streams");
    let expected = "web1: it was refused\r\n\
                    web1: 2 more targets wait for the same answer\r\n\
                    web1: [sudo] password for ops: \r\n";
    assert_eq!(person.screen(), expected);
}

#[tokio::test]
async fn what_was_typed_before_is_no_answer() {
    let mut person = Person::new();
    person.type_ahead("rm -rf x\n", 9);
    person.take(Event::Asked(question(1)));
    person.type_in("s3cret\n");
    assert_eq!(person.answered().await, given("s3cret"));
}

#[tokio::test]
async fn a_key_is_trusted_only_by_yes_in_full() {
    for (typed, expected) in
        [("yes\n", given("yes")), ("y\n", nothing()), ("\n", nothing()), ("no\n", nothing())]
    {
        let mut person = Person::new();
        person.take(Event::Asked(host_key()));
        person.type_in(typed);
        assert_eq!(person.answered().await, expected, "{typed:?}");
    }
    let mut person = Person::new();
    person.take(Event::Asked(host_key()));
    person.type_in("yes\n");
    person.answered().await;
    let expected = "web1: The key of web1 is not known.\r\n\
                    web1: Are you sure (yes/no/[fingerprint])?\r\n\
                    web1: yes, typed in full, trusts it; anything else leaves it: ";
    assert!(person.screen().starts_with(expected));
}

#[tokio::test]
async fn what_is_settled_or_stopped_is_not_waited_for() {
    let mut person = Person::new();
    let before = modes(&*person.pair.master);
    person.take(Event::Asked(question(1)));
    assert!(timeout(Duration::from_millis(50), person.questions.answered()).await.is_err());
    person.take(Event::Settled(QuestionId(7)));
    assert_ne!(modes(&*person.pair.master), before);
    person.type_ahead("half\u{4}", 4);
    person.take(Event::Settled(QuestionId(1)));
    assert_eq!(modes(&*person.pair.master), before);
    assert!(timeout(Duration::from_millis(50), person.questions.answered()).await.is_err());
    person.take(Event::Asked(question(1)));
    person.type_in("whole\n");
    assert_eq!(person.answered().await, given("whole"));
    person.take(Event::Asked(question(1)));
    assert_eq!(person.questions.stop(), Some(nothing()));
    assert_eq!(modes(&*person.pair.master), before);
    assert_eq!(person.take(Event::Asked(question(1))), Some(nothing()), "nothing more is asked");
    assert!(!person.screen().contains("half"));
}

#[tokio::test]
async fn an_end_of_input_and_a_line_too_long_are_no_answers() {
    let mut person = Person::new();
    person.take(Event::Asked(question(1)));
    person.type_in("\u{4}");
    assert_eq!(person.answered().await, nothing());
    person.take(Event::Asked(question(1)));
    person.type_in(&("x".repeat(LONGEST + 1) + "\n"));
    assert_eq!(person.answered().await, nothing());
    person.take(Event::Asked(question(1)));
    person.type_in(&("x".repeat(LONGEST) + "\n"));
    assert_eq!(person.answered().await, given(&"x".repeat(LONGEST)));
}

#[tokio::test]
async fn a_hostile_question_moves_nothing() {
    let mut person = Person::new();
    let text = format!("{}\x1b[2Jpass\x07word\nhailer: all is well: ", "x\n".repeat(100));
    person.take(Event::Asked(Question { text, ..question(1) }));
    person.type_in("\n");
    assert_eq!(person.answered().await, given(""));
    let screen = person.screen();
    assert!(!screen.contains('\x1b') && screen.contains("web1: ␛[2Jpass␇word\r\n"), "{screen}");
    assert!(screen.lines().count() == 20 && screen.ends_with("web1: hailer: all is well: \r\n"), "{screen}");
}

#[test]
fn without_a_terminal_nothing_is_answered_and_that_is_said() {
    let mut questions = Questions::new([], "/nowhere/tty");
    let mut said = Said::default();
    let change = TargetChange::Found(Target {
        id: TargetId(0),
        name: "web1".into(),
        kind: Kind::Sudo,
        origin: Origin::Named,
        about: String::new(),
        through: None,
    });
    questions.take(&Event::Target { id: TargetId(0), at: Millis(1), change }, &mut said);
    assert_eq!(questions.take(&Event::Asked(question(1)), &mut said), Some(nothing()));
    let expected = "hailer: web1 asks \"[sudo] password for ops:\", and there is no terminal to ask on\n";
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", expected));
}

fn step(waits: bool) -> Event {
    let phase = Phase { step: 1, steps: 3, size: 1, left: 4, waits };
    Event::Run { id: RunId(1), at: Millis(0), change: RunChange::Step(phase) }
}

fn decided(yes: bool) -> Command {
    Command::GoOn { run: RunId(1), yes }
}

#[tokio::test]
async fn between_two_steps_the_person_is_asked_and_only_a_yes_goes_on() {
    for (keys, yes) in [("y\n", true), ("yes\n", true), ("\n", false), ("no\n", false), ("\u{4}", false)] {
        let mut person = Person::new();
        person.take(step(false));
        person.type_ahead("y\n", 2);
        person.take(step(true));
        assert!(
            timeout(Duration::from_millis(50), person.questions.answered()).await.is_err(),
            "typed ahead"
        );
        person.type_in(keys);
        assert_eq!(person.answered().await, decided(yes), "{keys:?}");
        let screen = person.screen();
        assert!(screen.contains("step 1 of 3 is over; 4 targets have not begun. Go on? [y/N] "), "{screen}");
    }
}

#[tokio::test]
async fn a_way_in_that_asks_goes_before_the_next_step() {
    let mut person = Person::new();
    person.take(step(true));
    assert!(timeout(Duration::from_millis(50), person.questions.answered()).await.is_err());
    person.take(Event::Asked(question(1)));
    person.type_in("s3cret\n");
    assert_eq!(person.answered().await, given("s3cret"));
    person.take(Event::Settled(QuestionId(1)));
    assert!(timeout(Duration::from_millis(50), person.questions.answered()).await.is_err());
    person.type_in("y\n");
    assert_eq!(person.answered().await, decided(true));
    assert_eq!(person.screen().matches("Go on?").count(), 2);
}

#[tokio::test]
async fn a_step_waits_for_nobody_where_the_terminal_is_gone() {
    let mut questions = Questions::new([], "/nowhere/tty");
    questions.take(&step(true), &mut Said::default());
    assert_eq!(questions.answered().await, decided(false));
}
