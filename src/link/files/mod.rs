//! put and fetch: files over a channel of a link, by a thread that may wait for disks.
//!
//! One end is the source, the other the sink; put and fetch differ in which is here. Both say the same: see
//! `agent/hailer/receive.py` for the orders. A sink tells for each file what it has of it, so that only what differs
//! travels, and a transfer that was cut goes on. What is on its way lies beside its goal, and takes its place when it is
//! whole, verified by its SHA-256, and on the disk.
//!
//! | file | what lives there |
//! | --- | --- |
//! | [`mod@line`] | the channel, for a thread: orders, bytes, credit |
//! | [`window`] | how much may be under way on it |
//! | [`source`] | put: the tree here is told of and sent |
//! | [`sink`] | fetch: what a host tells of is taken in, under names that are checked here |
//! | [`folder`] | folders that are opened step by step, following no link |
//! | [`part`] | a file on its way in |
//! | [`sha256`] | its hash |
//! | [`tally`] | how far it is, and what became of it |

pub mod folder;
pub mod line;
pub mod part;
pub mod sha256;
pub mod sink;
pub mod source;
pub mod tally;
pub mod window;

use std::path::PathBuf;

use crate::link::call::{self, Outcome};
use crate::link::files::line::Line;
use crate::link::files::tally::{Done, Meter};
use crate::wire::value::Value;

/// How many files are announced before the first of them is sent.
const AHEAD: usize = 256;

/// What is to be carried, from this machine's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carry {
    /// To the host.
    Put {
        /// A file or a folder here.
        local: PathBuf,
        /// What is not in it goes from the folder there.
        delete: bool,
    },
    /// From the host.
    Fetch {
        /// Where it goes here; the folders on the way are made.
        local: PathBuf,
        /// What is not in it goes from the folder here.
        delete: bool,
    },
}

/// Why a transfer ended early.
#[derive(Debug)]
pub enum Stop {
    /// The far side ended it.
    Over(Outcome),
    /// The link is gone: what there is stays, for the next transfer to go on from.
    Lost,
    /// Something failed on this machine, or the far side made no sense: the error's kind, and a sentence.
    Here(&'static str, String),
}

/// The Python text that a host runs for its end.
pub fn python(put: bool, remote: &[u8], delete: bool) -> String {
    let path = Value::from(remote).repr(usize::MAX);
    let module = |name: &str| format!("__import__(\"hailer\")._core.module(\"hailer.{name}\")");
    if put {
        format!("{}.run({path})", module("receive"))
    } else {
        format!("{}.run({path}, {})", module("deliver"), u8::from(delete))
    }
}

/// Carries it all, and waits for the end. None: the link is gone, which others tell.
pub fn carry(carry: &Carry, mut line: Line, mut meter: Meter) -> Option<Outcome> {
    let carried = match carry {
        Carry::Put { local, delete } => source::put(&mut line, &mut meter, local, *delete),
        Carry::Fetch { local, delete } => sink::fetch(&mut line, &mut meter, local, *delete),
    };
    Some(match carried {
        Ok(done) => outcome(done),
        Err(Stop::Over(outcome)) => told(outcome),
        Err(Stop::Lost) => return None,
        Err(Stop::Here(kind, why)) => Outcome::Raised(call::made_up(kind, why)),
    })
}

/// What the system there says is enough; where in our own code it said so is nobody's business.
fn told(mut outcome: Outcome) -> Outcome {
    if let Outcome::Value(_) = outcome {
        let why = "the host's end of the transfer ended early, and says nothing of why";
        return Outcome::Raised(call::made_up("hailer.Refused", why.to_owned()));
    }
    if let Outcome::Raised(error) = &mut outcome
        && error.message.starts_with("[Errno ")
    {
        error.traceback = format!("{}: {}", error.kind, error.message);
        error.frames.clear();
    }
    outcome
}

/// What a transfer that came to its end was: a failure where some files are missing.
fn outcome(done: Done) -> Outcome {
    match done.incomplete() {
        Some(why) => Outcome::Raised(call::made_up("hailer.Incomplete", why)),
        None => Outcome::Value(done.value()),
    }
}
