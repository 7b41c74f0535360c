//! The program in a real pseudo-terminal, with a terminal emulator at the other end.
//!
//! Waits have deadlines and poll the emulator: nothing sleeps for a guess.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a wait may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program on a screen.
pub struct Screen {
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Screen {
    /// Starts `program` with these arguments and environment on a screen of this size.
    pub fn start(program: &Path, arguments: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program");
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::new(Mutex::new(pair.master.take_writer().expect("the keyboard")));
        let reader = pair.master.try_clone_reader().expect("the screen");
        read(reader, Arc::clone(&parser), Arc::clone(&raw), Arc::clone(&writer));
        Self { parser, raw, writer, master: pair.master, child }
    }

    /// Types these bytes.
    pub fn keys(&self, bytes: &str) {
        let mut writer = self.writer.lock().expect("the keyboard");
        writer.write_all(bytes.as_bytes()).and_then(|()| writer.flush()).expect("typing");
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.parser.lock().expect("the screen").screen().contents()
    }

    /// Waits until the screen's text fits.
    pub fn wait(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if fits(&text) {
                return text;
            }
            assert!(Instant::now() < end, "waited for {what} in vain; on the screen:\n{text}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until this stands on the screen.
    pub fn wait_for(&self, words: &str) -> String {
        self.wait(words, |text| text.contains(words))
    }

    /// Makes the screen another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().expect("the screen").screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a resize");
    }

    /// Whether the program uses the alternate screen.
    pub fn alternate(&self) -> bool {
        self.parser.lock().expect("the screen").screen().alternate_screen()
    }

    /// Every byte that was written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().expect("the screen").clone()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Waits for the program's end; its exit code.
    pub fn ended(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                // The last bytes are still on their way from the terminal.
                thread::sleep(Duration::from_millis(50));
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it did not end; on the screen:\n{}", self.text());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn read(
    mut reader: Box<dyn Read + Send>,
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
) {
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let bytes = &buffer[..count];
            raw.lock().expect("the screen").extend_from_slice(bytes);
            let mut parser = parser.lock().expect("the screen");
            parser.process(bytes);
            // A terminal answers when it is asked for the cursor, or for its kind.
            if bytes.windows(4).any(|four| four == b"\x1b[6n") {
                let (row, column) = parser.screen().cursor_position();
                let _ = write!(writer.lock().expect("the keyboard"), "\x1b[{};{}R", row + 1, column + 1);
            }
            if bytes.windows(3).any(|three| three == b"\x1b[c") {
                let _ = writer.lock().expect("the keyboard").write_all(b"\x1b[?62;22c");
            }
        }
    });
}
