//! The helper that ssh runs: it takes ssh's question to the one who started ssh, and prints the answer.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Signal, getpgid, getpgrp, getppid, kill_process};
use zeroize::Zeroizing;

use super::{ANSWER, QUESTION, UNANSWERED, VARIABLE, is_private};
use crate::tunnel::prompt::{self, Unanswered};

/// Answers ssh, if it is ssh that runs this program: our variable is set, and the question is the only argument.
/// The exit status, or none: this is no helper. Nothing is printed where there is no answer.
pub fn run() -> Option<u8> {
    let variable = env::var_os(VARIABLE)?;
    let mut arguments = env::args_os().skip(1);
    let (Some(text), None) = (arguments.next(), arguments.next()) else { return None };
    let hint = env::var_os("SSH_ASKPASS_PROMPT").unwrap_or_default();
    let answered = ask(&variable, &hint, &text).and_then(|answer| print(&answer)).is_ok();
    if !answered {
        give_up(&text.to_string_lossy());
    }
    Some(u8::from(!answered))
}

/// Sends the question, and waits for the answer with its newline.
fn ask(variable: &OsStr, hint: &OsStr, text: &OsStr) -> io::Result<Zeroizing<Vec<u8>>> {
    let (link, socket) = place(variable).ok_or(io::ErrorKind::InvalidInput)?;
    if !socket.parent().is_some_and(is_private) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut stream = UnixStream::connect(socket)?;
    // The end of a long question is what asks.
    let room = (QUESTION as usize).saturating_sub(link.len() + hint.len() + 3);
    let text = &text.as_bytes()[text.len().saturating_sub(room)..];
    stream.write_all(&[link, hint.as_bytes(), text, b""].join(&0))?;
    let mut answer = Zeroizing::new(vec![0; ANSWER]);
    // What cannot be locked is overwritten all the same.
    let _lock = region::lock(answer.as_ptr(), answer.len());
    let mut length = 0;
    while length < answer.len() {
        match stream.read(&mut answer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    answer.truncate(length);
    if answer.ends_with(b"\n") { Ok(answer) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The link's number and the socket.
fn place(variable: &OsStr) -> Option<(&[u8], &Path)> {
    let bytes = variable.as_bytes();
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    Some((&bytes[..space], Path::new(OsStr::from_bytes(&bytes[space + 1..]))))
}

/// Writes to standard output, past the buffer of [`io::stdout`], which is never overwritten.
fn print(answer: &[u8]) -> io::Result<()> {
    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(answer)
}

/// Says what was not answered, on ssh's standard error, where the reason of a failure is looked for; and ends ssh where
/// it would send an empty answer to the host.
fn give_up(text: &str) {
    let mut stderr = io::stderr();
    let _ = match prompt::unanswered(text) {
        Unanswered::Says => stderr.write_all(text.as_bytes()).and_then(|()| stderr.write_all(b"\n")),
        Unanswered::Ends => {
            let said = writeln!(stderr, "{UNANSWERED}{}", text.trim());
            end_ssh();
            said
        }
        Unanswered::Passes => Ok(()),
    };
}

/// Ends the process that runs us, if it is of our own group: as ssh is, unless it has ended and we have another parent.
fn end_ssh() {
    let parent = getppid().filter(|parent| getpgid(Some(*parent)).is_ok_and(|group| group == getpgrp()));
    if let Some(parent) = parent {
        let _ = kill_process(parent, Signal::TERM);
    }
}
