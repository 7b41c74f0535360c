//! The terminal: entered, left, and restored on every way out. Its state belongs to the whole process, so this is the
//! one place of the front end with a static.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{panic, thread};

use base64::Engine as _;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute, queue};
use ratatui::layout::Rect;
use rustix::termios::{QueueSelector, tcflush};

use crate::crash;
use crate::tui::app::App;

/// A frame is one write as long as it is no longer than this, in bytes.
const FRAME: usize = 64 * 1024;
/// The most that terminals take in one OSC 52, in bytes before base64.
const CLIPBOARD: usize = 74_994;

/// Whether the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether it was asked for the kitty protocol, and is to be asked back.
static KITTY: AtomicBool = AtomicBool::new(false);

/// The screen, while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    wishes: Wishes,
}

/// What is wished of the terminal beside a screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Clicks and the wheel come here.
    pub mouse: bool,
    /// Ctrl-Enter and its like are told apart.
    pub kitty: bool,
    /// Copied text has to pass through tmux.
    pub tmux: bool,
}

impl Wishes {
    /// What the environment says of the terminal. Asking the terminal itself would cost a round trip before the first
    /// frame, and two seconds where it does not answer.
    pub fn of(mouse: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let tmux = variable("TMUX").is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        let program = variable("TERM_PROGRAM").unwrap_or_default();
        let kitty = ["xterm-kitty", "xterm-ghostty", "foot", "foot-extra", "alacritty"]
            .contains(&term.as_str())
            || ["WezTerm", "ghostty", "iTerm.app"].contains(&program.as_str());
        Self { mouse, kitty: kitty && !tmux, tmux }
    }
}

impl Screen {
    /// Takes the terminal.
    pub fn enter(wishes: Wishes) -> io::Result<Self> {
        let writer = BufWriter::with_capacity(FRAME, io::stdout());
        take(wishes)?;
        match Terminal::new(CrosstermBackend::new(writer)) {
            Ok(terminal) => Ok(Self { terminal, wishes }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Its size.
    pub fn size(&self) -> io::Result<Rect> {
        Ok(Rect::from((ratatui::layout::Position::ORIGIN, self.terminal.size()?)))
    }

    /// Draws a frame in one write that the terminal shows as a whole.
    pub fn draw(&mut self, app: &App) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            let area = frame.area();
            if let Some(place) = app.draw(area, frame.buffer_mut()).cursor {
                frame.set_cursor_position(place);
            }
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Lets the next frame paint every cell. The terminal is asked nothing: some never answer.
    pub fn repaint(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().clear_region(ClearType::All)?;
        self.terminal.swap_buffers();
        Ok(())
    }

    /// Puts text into the clipboard of the terminal that the person sits at, and says how many bytes.
    pub fn copy(&mut self, text: &str) -> Result<usize, String> {
        if text.len() > CLIPBOARD {
            let (bytes, most) = (text.len(), CLIPBOARD);
            return Err(format!("{bytes} bytes are too many for a terminal's clipboard, which takes {most}"));
        }
        let told = osc52(text, self.wishes.tmux);
        let done = execute!(self.terminal.backend_mut(), Print(told));
        done.map(|()| text.len()).map_err(|error| format!("the terminal took no text: {error}"))
    }

    /// Gives the terminal back for a while.
    pub fn leave(&mut self) {
        restore();
    }

    /// Takes it again; the next frame paints every cell. Keys that were pressed meanwhile were not for us: they are dropped,
    /// and before the screen is there again, since those that a person types into the screen are for us.
    pub fn enter_again(&mut self) -> io::Result<()> {
        let _ = tcflush(io::stdin(), QueueSelector::IFlush); // nothing depends on it
        take(self.wishes)?;
        self.repaint()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn osc52(text: &str, tmux: bool) -> String {
    let told = format!("\x1b]52;c;{}\x07", base64::engine::general_purpose::STANDARD.encode(text));
    if tmux { format!("\x1bPtmux;{}\x1b\\", told.replace('\x1b', "\x1b\x1b")) } else { told }
}

fn take(wishes: Wishes) -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if wishes.mouse {
        execute!(out, Print("\x1b[?1000h\x1b[?1006h"))?; // clicks and the wheel, no motion
    }
    if wishes.kitty {
        KITTY.store(true, Ordering::SeqCst);
        execute!(out, PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES))?;
    }
    Ok(())
}

/// Gives the terminal back as it was. Does nothing when it is not ours, so it may be called as often as one likes.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each step is tried though one before it failed: a terminal that is gone must not keep the process.
    let mut out = io::stdout();
    if KITTY.swap(false, Ordering::SeqCst) {
        let _ = queue!(out, PopKeyboardEnhancementFlags);
    }
    let _ = queue!(out, EndSynchronizedUpdate, DisableMouseCapture, DisableBracketedPaste);
    let _ = queue!(out, LeaveAlternateScreen, cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// From now on a panic of this thread restores the terminal before its report is printed. A panic of another thread, as
/// the engine's, goes to a report and the log: its words would tear the screen, and the loop sees that the engine is gone.
pub fn restore_on_panic() {
    let screen_thread = thread::current().id();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == screen_thread {
            restore();
        } else if ENTERED.load(Ordering::SeqCst) {
            crash::record(info);
            tracing::error!("{info}");
            return;
        }
        report(info);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_is_wrapped_for_tmux() {
        assert_eq!(osc52("hi", false), "\x1b]52;c;aGk=\x07");
        assert_eq!(osc52("hi", true), "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
    }

    #[test]
    fn the_kitty_protocol_is_wished_for_only_where_it_is_known() {
        let wishes = |pairs: &[(&str, &str)]| {
            let get = |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            Wishes::of(true, get)
        };
        assert!(wishes(&[("TERM", "xterm-kitty")]).kitty);
        assert!(!wishes(&[("TERM", "xterm-256color")]).kitty);
        let inside = wishes(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")]);
        assert!(!inside.kitty && inside.tmux);
    }

    #[test]
    fn restoring_what_was_never_taken_does_nothing() {
        restore();
        assert!(!ENTERED.load(Ordering::SeqCst));
    }
}
