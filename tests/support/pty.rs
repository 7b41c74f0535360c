//! The program in a real pseudo-terminal, with a terminal emulator at the other end.
//!
//! Waits have deadlines, and wake when something was written: nothing sleeps for a guess.

use std::fmt::{Debug, Write as _};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

/// How long a wait may take: far longer than anything should, since machines that test are busy.
const PATIENCE: Duration = Duration::from_mins(1);
/// Variables of whoever runs the tests that would change what the program does.
const FOREIGN: [&str; 15] = [
    "NO_COLOR",
    "COLORTERM",
    "TERM_PROGRAM",
    "TMUX",
    "STY",
    "EDITOR",
    "VISUAL",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "DOCKER_HOST",
    "COLUMNS",
    "LINES",
    "RUST_BACKTRACE",
];

/// A program on a screen.
pub struct Screen {
    display: Arc<Display>,
    writer: Keyboard,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Open until the program has ended, so that the terminal outlives it as a real one does.
    slave: Option<Box<dyn SlavePty + Send>>,
    child: Box<dyn Child + Send + Sync>,
}

/// What a program may set on a terminal and has to set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // a terminal's own
pub struct Modes {
    pub alternate_screen: bool,
    pub hidden_cursor: bool,
    pub bracketed_paste: bool,
    pub mouse: vt100::MouseProtocolMode,
    pub mouse_encoding: vt100::MouseProtocolEncoding,
    pub application_cursor: bool,
    pub application_keypad: bool,
}

type Keyboard = Arc<Mutex<Box<dyn Write + Send>>>;

struct Display {
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Nobody looks any more.
    closed: bool,
    /// Nothing more will come.
    over: bool,
}

impl Screen {
    /// Starts `program` with these arguments and environment on a screen of this size.
    pub fn start(program: &Path, arguments: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        FOREIGN.iter().for_each(|name| command.env_remove(name));
        command.env("TERM", "xterm-256color");
        env.iter().for_each(|(name, value)| command.env(name, value));
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shown = Mutex::new(Shown { parser, raw: Vec::new(), closed: false, over: false });
        let display = Arc::new(Display { shown, changed: Condvar::new() });
        let writer = Arc::new(Mutex::new(pair.master.take_writer().expect("the keyboard")));
        let reader = pair.master.try_clone_reader().expect("the screen");
        let (seen, answers) = (Arc::clone(&display), Arc::clone(&writer));
        thread::spawn(move || seen.follow(reader, &answers));
        let child = pair.slave.spawn_command(command).expect("the program");
        Self { display, writer, master: Some(pair.master), slave: Some(pair.slave), child }
    }

    /// Types these bytes.
    pub fn keys(&self, bytes: &str) {
        let mut writer = self.writer.lock().expect("the keyboard");
        writer.write_all(bytes.as_bytes()).and_then(|()| writer.flush()).expect("typing");
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.display.lock().text()
    }

    /// Waits until the screen's text fits.
    pub fn wait(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.display.wait(what, |shown| Some(shown.text()).filter(|text| fits(text)))
    }

    /// Waits until this stands on the screen.
    pub fn wait_for(&self, words: &str) -> String {
        self.wait(words, |text| text.contains(words))
    }

    /// Waits until this stands in one row. Looks at that row only, and so costs little.
    pub fn wait_row(&self, row: u16, words: &str) {
        self.display.wait(words, |shown| {
            let screen = shown.parser.screen();
            screen.contents_between(row, 0, row, u16::MAX).contains(words).then_some(())
        });
    }

    /// Makes the screen another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.display.lock().parser.set_size(cells(rows), cells(columns));
        self.master().resize(size(columns, rows)).expect("a resize");
    }

    /// Waits until the modes fit.
    pub fn wait_modes(&self, what: &str, fits: impl Fn(Modes) -> bool) -> Modes {
        self.display.wait(what, |shown| Some(shown.modes()).filter(|modes| fits(*modes)))
    }

    /// How the terminal is set.
    pub fn modes(&self) -> Modes {
        self.display.lock().modes()
    }

    /// How the terminal's line discipline is set.
    pub fn termios(&self) -> impl PartialEq + Debug + use<> {
        self.master().get_termios().expect("a terminal's settings")
    }

    /// Every byte that was written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.display.lock().raw.clone()
    }

    /// Waits until what was written to the terminal fits.
    pub fn wait_raw(&self, what: &str, fits: impl Fn(&[u8]) -> bool) {
        self.display.wait(what, |shown| fits(&shown.raw).then_some(()));
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Waits for the program's end; its exit code. All that it wrote has been read then.
    pub fn ended(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                break status;
            }
            assert!(Instant::now() < end, "it did not end; on the screen:\n{}", self.text());
            thread::sleep(Duration::from_millis(2));
        };
        self.slave = None;
        self.display.wait("the last of what it wrote", |shown| shown.over.then_some(()));
        status.exit_code()
    }

    /// The window is closed, as when a connection breaks: the terminal is gone.
    pub fn close(&mut self) {
        self.display.lock().closed = true;
        // The reader's own descriptor goes once it has something to read, and a new size makes the program write.
        self.resize(61, 17);
        *self.writer.lock().expect("the keyboard") = Box::new(std::io::sink());
        (self.slave, self.master) = (None, None);
    }

    fn master(&self) -> &dyn MasterPty {
        self.master.as_deref().expect("an open terminal")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Display {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().expect("the screen")
    }

    fn wait<T>(&self, what: &str, fits: impl Fn(&Shown) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut shown = self.lock();
        loop {
            if let Some(found) = fits(&shown) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || shown.over {
                let text = shown.text();
                drop(shown); // not poisoned: the reader goes on
                panic!("waited for {what} in vain; on the screen:\n{text}");
            }
            shown = self.changed.wait_timeout(shown, left).expect("the screen").0;
        }
    }

    fn follow(&self, mut reader: Box<dyn Read + Send>, keyboard: &Keyboard) {
        let mut buffer = vec![0; 65536];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let answer = {
                let mut shown = self.lock();
                if shown.closed {
                    break;
                }
                shown.take(&buffer[..count])
            };
            self.changed.notify_all();
            let _ = keyboard.lock().expect("the keyboard").write_all(answer.as_bytes());
        }
        self.lock().over = true;
        self.changed.notify_all();
    }
}

impl Shown {
    /// Shows these bytes. A terminal answers when it is asked for the cursor, or for its kind.
    fn take(&mut self, bytes: &[u8]) -> String {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
        let mut answer = String::new();
        if bytes.windows(4).any(|four| four == b"\x1b[6n") {
            let (row, column) = self.parser.screen().cursor_position();
            let _ = write!(answer, "\x1b[{};{}R", row + 1, column + 1); // a String takes all
        }
        if bytes.windows(3).any(|three| three == b"\x1b[c") {
            answer += "\x1b[?62;22c";
        }
        answer
    }

    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    fn modes(&self) -> Modes {
        let screen = self.parser.screen();
        Modes {
            alternate_screen: screen.alternate_screen(),
            hidden_cursor: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode(),
            mouse_encoding: screen.mouse_protocol_encoding(),
            application_cursor: screen.application_cursor(),
            application_keypad: screen.application_keypad(),
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a screen of some size")
}
