use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::task::LocalSet;

use super::*;
use crate::engine::event::{Level, Millis};
use crate::tui::app::Setup;
use crate::tui::care::Care;
use crate::tui::glyphs;
use crate::tui::keys::{Keymap, macro_keys};
use crate::tui::theme::{Depth, Theme};

const SCREEN: Rect = Rect::new(0, 0, 80, 24);

/// A terminal of the tests: keys come from a channel, frames are kept.
struct Paper {
    keys: mpsc::UnboundedReceiver<Input>,
    frames: Rc<RefCell<Vec<Buffer>>>,
}

impl Desk for Paper {
    async fn input(&mut self) -> Option<io::Result<Input>> {
        self.keys.recv().await.map(Ok)
    }

    fn draw(&mut self, app: &App) -> io::Result<()> {
        let mut buf = Buffer::empty(SCREEN);
        app.draw(SCREEN, &mut buf);
        self.frames.borrow_mut().push(buf);
        Ok(())
    }

    fn repaint(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, text: &str) -> Result<usize, String> {
        Ok(text.len())
    }

    async fn edit(&mut self, text: String) -> Result<String, String> {
        sleep(Duration::from_millis(50)).await; // the engine goes on telling meanwhile
        Ok(text + " # edited")
    }

    async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Table {
    keys: mpsc::UnboundedSender<Input>,
    events: mpsc::Sender<Vec<Event>>,
    frames: Rc<RefCell<Vec<Buffer>>>,
    commands: Rc<RefCell<Vec<Command>>>,
    outcome: tokio::task::JoinHandle<io::Result<Outcome>>,
}

/// A console that runs as a task of its own.
fn open() -> Table {
    let (keys, pressed) = mpsc::unbounded_channel();
    let (events, told) = mpsc::channel(1);
    let frames = Rc::<RefCell<Vec<Buffer>>>::default();
    let commands = Rc::<RefCell<Vec<Command>>>::default();
    let setup = Setup {
        theme: Theme::plain(Depth::Ansi),
        glyphs: glyphs::UNICODE,
        keymap: Keymap::default(),
        care: Care::default(),
        timeout: None,
        fanout: None,
        lines: crate::model::lines::Caps::default(),
        notices: Vec::new(),
    };
    let clock = Clock::start();
    let app = App::new(setup, SCREEN, clock.now());
    let desk = Paper { keys: pressed, frames: Rc::clone(&frames) };
    let sent = Rc::clone(&commands);
    let command = move |command| sent.borrow_mut().push(command);
    let mut shell = Shell { app, desk, signals: stream::pending(), command, events: told, clock };
    let outcome = tokio::task::spawn_local(async move { shell.run().await });
    Table { keys, events, frames, commands, outcome }
}

impl Table {
    fn press(&self, keys: &str) {
        for chord in macro_keys(keys).expect("a macro") {
            self.keys.send(Input::Key(chord.event())).expect("an open console");
        }
    }

    /// Whether this text is on the newest frame.
    fn shows(&self, text: &str) -> bool {
        let frames = self.frames.borrow();
        let last = frames.last().expect("a frame");
        last.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>().contains(text)
    }
}

fn notice() -> Vec<Event> {
    vec![Event::Notice { at: Millis(0), level: Level::Info, text: "flood".into() }]
}

#[tokio::test]
async fn the_first_frame_waits_for_nothing_and_an_idle_console_draws_no_other() {
    let test = async {
        let table = open();
        sleep(Duration::from_millis(300)).await;
        assert_eq!(table.frames.borrow().len(), 1);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn under_a_flood_keys_are_seen_at_once_and_frames_for_data_stay_few() {
    let test = async {
        let table = open();
        let events = table.events.clone();
        let flood = tokio::task::spawn_local(async move { while events.send(notice()).await.is_ok() {} });
        sleep(Duration::from_millis(450)).await;
        let before = table.frames.borrow().len();
        assert!(before <= 7, "{before} frames in 450 ms for data alone");
        table.press("visible");
        sleep(Duration::from_millis(60)).await;
        assert!(table.shows("visible"));
        flood.abort();
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn the_editors_text_comes_back_and_leaving_closes_the_engine() {
    let test = async {
        let table = open();
        table.press("x<f4>");
        table.events.send(notice()).await.expect("an open console");
        sleep(Duration::from_millis(150)).await;
        assert!(table.shows("x # edited"));
        table.press("<f10>");
        assert_eq!(table.outcome.await.expect("no panic").expect("no error"), Outcome::Done);
        assert_eq!(*table.commands.borrow(), [Command::Shutdown]);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn a_terminal_or_an_engine_that_is_gone_ends_the_console() {
    let test = async {
        let table = open();
        drop(table.keys);
        let outcome = table.outcome.await.expect("no panic").expect("no error");
        assert_eq!(outcome, Outcome::Signalled(Signal::HangUp));
        let table = open();
        drop(table.events);
        let outcome = table.outcome.await.expect("no panic").expect("no error");
        assert_eq!(outcome, Outcome::EngineGone);
    };
    LocalSet::new().run_until(test).await;
}
