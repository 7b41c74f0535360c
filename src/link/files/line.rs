//! The channel of a transfer, for a thread: orders and bytes out as credit allows, orders and bytes in.

use std::time::Instant;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{SemaphorePermit, TryAcquireError};

use crate::link::call::{self, Outcome};
use crate::link::files::Stop;
use crate::link::files::window::{RoundTrip, Window};
use crate::tunnel::relay::{Channel, Request};
use crate::wire::encode::encode;
use crate::wire::frame::{Kind, MORE, data, item};
use crate::wire::part::Part;
use crate::wire::value::Value;

/// The longest order that is taken, in bytes: five hundred names of the longest sort fit.
const LONGEST: usize = 1 << 20;

/// What the far side says.
#[derive(Debug)]
pub enum Word {
    /// An order or an answer: a tuple that begins with a word.
    Order(Vec<Value>),
    /// Bytes of the file under way.
    Bytes(Bytes),
}

/// This end of a transfer's channel.
#[derive(Debug)]
pub struct Line {
    channel: Channel,
    runtime: Handle,
    window: Window,
    /// Of an order or an end that goes on.
    begun: Vec<u8>,
}

impl Line {
    /// On this channel of a link with these round trips. Made within the runtime that serves the link.
    pub fn new(channel: Channel, trip: RoundTrip) -> Self {
        Self { channel, runtime: Handle::current(), window: Window::new(trip), begun: Vec::new() }
    }

    /// Sends an order.
    ///
    /// # Errors
    /// The far side, or the link, has ended.
    pub fn order(&mut self, words: impl IntoIterator<Item = Value>) -> Result<(), Stop> {
        let order = encode(&Value::tuple(words)).map_err(|error| nonsense(&error.to_string()))?;
        self.send(data::ORDER, order.into())
    }

    /// Sends bytes of the file under way: at most a frame's worth.
    ///
    /// # Errors
    /// As [`Line::order`].
    pub fn bytes(&mut self, bytes: Bytes) -> Result<(), Stop> {
        let length = bytes.len();
        self.send(data::BYTES, bytes)?;
        let wider = self.window.passed(length, Instant::now());
        self.channel.credit.add_permits(wider as usize);
        Ok(())
    }

    fn send(&mut self, tag: u8, bytes: Bytes) -> Result<(), Stop> {
        let (credit, count) = (&self.channel.credit, bytes.len() as u32);
        let permit = match credit.try_acquire_many(count) {
            Err(TryAcquireError::NoPermits) => self.runtime.block_on(credit.acquire_many(count)).ok(),
            permit => permit.ok(),
        };
        if permit.map(SemaphorePermit::forget).is_none() {
            return Err(self.end());
        }
        let part = Part::data(tag, bytes);
        self.channel.hold.outer.ask(Request::Send { channel: self.channel.number, part });
        Ok(())
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// The far side, or the link, has ended; or it makes no sense.
    pub fn hear(&mut self) -> Result<Word, Stop> {
        loop {
            let Some(part) = self.channel.parts.blocking_recv() else { return Err(Stop::Lost) };
            self.taken(part.kind, part.bytes.len());
            let Part { kind, flags, bytes } = part;
            if kind == Kind::Data {
                return Ok(Word::Bytes(bytes));
            }
            if self.begun.len() + bytes.len() > LONGEST {
                return Err(nonsense("a message without end"));
            }
            self.begun.extend_from_slice(&bytes);
            if flags & MORE != 0 {
                continue;
            }
            let message = std::mem::take(&mut self.begun);
            if kind == Kind::Close {
                return Err(Stop::Over(call::outcome(flags, &message)));
            }
            if flags == item::VALUE {
                let words = call::value(&message).ok().and_then(|value| value.items());
                return words.map(Word::Order).ok_or_else(|| nonsense("an order that is none"));
            }
        }
    }

    /// Waits for an order that begins with this word, and gives the rest of it.
    ///
    /// # Errors
    /// As [`Line::hear`].
    pub fn answer(&mut self, word: &str) -> Result<Vec<Value>, Stop> {
        match self.hear()? {
            Word::Order(words) if words.first().and_then(Value::as_str) == Some(word) => Ok(words),
            _ => Err(nonsense("an answer to something else")),
        }
    }

    /// Waits for the far side's end: its answer.
    ///
    /// # Errors
    /// It is no answer; or as [`Line::hear`].
    pub fn over(&mut self) -> Result<Value, Stop> {
        match self.end() {
            Stop::Over(Outcome::Value(value)) => Ok(value),
            stop => Err(stop),
        }
    }

    /// What the end was, whatever came before it.
    fn end(&mut self) -> Stop {
        loop {
            if let Err(stop) = self.hear() {
                return stop;
            }
        }
    }

    fn taken(&mut self, kind: Kind, bytes: usize) {
        let wider = if kind == Kind::Data { self.window.passed(bytes, Instant::now()) } else { 0 };
        let taken = Request::Taken { channel: self.channel.number, bytes: bytes + wider as usize };
        self.channel.hold.outer.ask(taken);
    }
}

/// The far side says what it must not.
pub fn nonsense(what: &str) -> Stop {
    Stop::Here("hailer.Refused", format!("the host's end of the transfer makes no sense: {what}"))
}
