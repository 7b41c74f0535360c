//! The channels of one link, without I/O: bytes in, what was heard out; requests in, bytes out.
//!
//! Grammar and credit are those of [`crate::wire::frame`]. Whatever a peer sends, memory stays bounded: a message
//! grows only by bytes that arrived within the credit we gave, and one over [`Caps::message`] is read to its end
//! and thrown away.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::wire::frame::{self, Breach, Frame, Kind, WINDOW};
use crate::wire::part::Part;

/// The window grows to this while a channel keeps filling it, so that a long fat pipe is kept full.
const WIDEST: u32 = 4 * 1024 * 1024;
/// Read buffers above this are given back once they are empty.
const KEEP: usize = 256 * 1024;
/// Bytes of answers (to pings, to questions for modules) that may wait for a peer that reads none of them.
const ANSWERS: usize = 1024 * 1024;
/// Bytes of a relayed pipe up to here are sent as they come; more wait until nothing small does.
const SMALL: usize = 4096;
/// Channels that may be open at once, or on their way, for an agent to ask for more.
const REQUESTS: usize = 10_000;

/// What a peer may make us hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// The longest message in bytes (a result, an item).
    pub message: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { message: 256 * 1024 * 1024 }
    }
}

/// One whole thing that a peer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The agent's first words, as they came.
    Hello(Vec<u8>),
    /// Bytes that a call wrote: tag [`frame::data::STDOUT`] or [`frame::data::STDERR`].
    Data {
        /// Which call.
        channel: u32,
        /// The tag.
        tag: u8,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A whole ITEM.
    Item {
        /// Which call.
        channel: u32,
        /// The tag ([`frame::item`]).
        tag: u8,
        /// Its pickle.
        message: Vec<u8>,
    },
    /// The channel is over.
    Closed {
        /// Which call.
        channel: u32,
        /// The tag ([`frame::close`]).
        tag: u8,
        /// Its pickle, or a sentence for a refusal.
        message: Vec<u8>,
    },
    /// A message was longer than [`Caps::message`] and was thrown away. A close if `closed`.
    TooLong {
        /// Which call.
        channel: u32,
        /// How long it was in bytes.
        length: u64,
        /// Whether the channel is over with it.
        closed: bool,
    },
    /// The agent wants one of its own modules.
    Import {
        /// Answer here, by [`Mux::answer`].
        channel: u32,
        /// Its name.
        name: String,
    },
    /// A ping came back.
    Pong(Vec<u8>),
    /// A frame of a raw channel, as it came: [`Mux::taken`] gives the credit back.
    Part {
        /// Which channel.
        channel: u32,
        /// The frame.
        part: Part,
    },
    /// More may be sent on a channel.
    Credit {
        /// Which.
        channel: u32,
        /// So many bytes.
        bytes: u32,
    },
    /// Code on the host wants another host: a pickle. Answer by [`Mux::send`].
    Reach {
        /// Which channel.
        channel: u32,
        /// The request.
        request: Vec<u8>,
    },
    /// The agent does not want the answer any more.
    Cancelled {
        /// To the request of which channel.
        channel: u32,
    },
}

#[derive(Debug, Default)]
struct Channel {
    /// Kind and tag of the message under way, if any.
    under_way: Option<(Kind, u8)>,
    message: Vec<u8>,
    /// Bytes of the message, kept or thrown away.
    length: u64,
    /// Bytes the peer may still send.
    granted: u64,
    /// Bytes taken since the last grant.
    taken: u32,
    /// The window as it stands.
    window: u32,
    /// Frames are passed on as they come; who takes them says when.
    raw: bool,
    /// Bytes sent for which no credit came back yet.
    sent: u64,
    /// Those of them that went into the output with this number.
    latest: (u64, u64),
    /// How long the request was that this channel answers.
    request: usize,
    /// Its window stays as it is, but for what [`Mux::taken`] adds to it.
    fixed: bool,
    /// Parts of it that wait in [`Mux::bulk`].
    queued: usize,
}

impl Channel {
    fn open() -> Self {
        Self { granted: u64::from(WINDOW), window: WINDOW, ..Self::default() }
    }

    fn raw() -> Self {
        Self { raw: true, ..Self::open() }
    }

    /// Books bytes that go into the output with this number.
    fn put(&mut self, output: u64, length: usize) {
        let before = if self.latest.0 == output { self.latest.1 } else { 0 };
        self.latest = (output, before + length as u64);
        self.sent += length as u64;
    }

    /// The peer took so many bytes. It cannot have taken what was not yet written: one that says so could have us send on
    /// and on, and read nothing.
    fn credited(&mut self, channel: u32, output: u64, bytes: u32) -> Result<(), Breach> {
        let unwritten = if self.latest.0 == output { self.latest.1 } else { 0 };
        let bytes = u64::from(bytes);
        if bytes > self.sent - unwritten {
            return Err(Breach::Order { what: "credit for more than was sent", channel });
        }
        self.sent -= bytes;
        Ok(())
    }

    /// Books `length` bytes; says how many to grant anew, if it is time.
    fn take(&mut self, channel: u32, length: usize) -> Result<Option<u32>, Breach> {
        self.book(channel, length)?;
        Ok(self.grant(length))
    }

    /// Books `length` bytes that came.
    fn book(&mut self, channel: u32, length: usize) -> Result<(), Breach> {
        let length = length as u64;
        self.granted = self
            .granted
            .checked_sub(length)
            .ok_or_else(|| Breach::Credit { channel, over: length.saturating_sub(self.granted) })?;
        Ok(())
    }

    /// So many bytes were taken; says how many to grant anew, if it is time.
    fn grant(&mut self, length: usize) -> Option<u32> {
        self.taken = self.taken.saturating_add(length as u32);
        if self.taken < self.window / 2 {
            return None;
        }
        let wider = if self.fixed { self.window } else { self.window.saturating_mul(2).min(WIDEST) };
        let grant = self.taken + (wider - self.window);
        self.window = wider;
        self.taken = 0;
        self.granted += u64::from(grant);
        Some(grant)
    }
}

/// The channels of one link.
#[derive(Debug)]
pub struct Mux {
    caps: Caps,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes for programs and transfers; each waits until nothing small does. Bounded by credit.
    bulk: VecDeque<(u32, Part)>,
    next: u32,
    /// How often the output was taken.
    outputs: u64,
    /// The agent's channels from here on were never opened.
    theirs: u64,
    channels: HashMap<u32, Channel>,
    /// Requests of the agent's that are longer than one frame.
    requests: HashMap<u32, Vec<u8>>,
    /// Their bytes, all together.
    begun: usize,
    hello: bool,
    late: u64,
    /// Bytes of answers put into `output` since it was last empty.
    answers: usize,
}

impl Mux {
    /// A link on which nothing was said yet.
    pub fn new(caps: Caps) -> Self {
        let (input, output, channels, requests) = (Vec::new(), Vec::new(), HashMap::new(), HashMap::new());
        Self {
            caps,
            input,
            output,
            bulk: VecDeque::new(),
            next: 2,
            outputs: 0,
            theirs: 1,
            channels,
            requests,
            begun: 0,
            hello: false,
            late: 0,
            answers: 0,
        }
    }

    /// Asks for `source` to be run; `name` is what tracebacks call it. The answer comes on the channel returned.
    pub fn eval(&mut self, name: &str, source: &str) -> u32 {
        self.open(Channel::open(), frame::open::EVAL, &[name.as_bytes(), source.as_bytes()])
    }

    /// Asks for the same; what comes is passed on as [`Heard::Part`].
    pub fn eval_for_another(&mut self, name: &str, source: &str) -> u32 {
        self.open(Channel::raw(), frame::open::EVAL, &[name.as_bytes(), source.as_bytes()])
    }

    /// Asks for a transfer's far end to be run; what comes is passed on as [`Heard::Part`].
    pub fn transfer(&mut self, name: &str, source: &str) -> u32 {
        let channel = Channel { fixed: true, ..Channel::raw() };
        self.open(channel, frame::open::EVAL, &[name.as_bytes(), source.as_bytes()])
    }

    /// Asks for a program to be started, and its pipes to be relayed on the channel returned.
    pub fn spawn(&mut self, argv: &[String], terminal: bool) -> u32 {
        let mut words: Vec<&[u8]> = vec![if terminal { b"1" } else { b"0" }];
        words.extend(argv.iter().map(String::as_bytes));
        self.open(Channel::raw(), frame::open::SPAWN, &words)
    }

    fn open(&mut self, new: Channel, tag: u8, words: &[&[u8]]) -> u32 {
        let channel = self.next;
        self.next = self.next.wrapping_add(2).max(2);
        self.channels.insert(channel, new);
        frame::encode_message(&mut self.output, Kind::Open, tag, channel, &words.join(&0));
        channel
    }

    /// Sends a frame on a raw channel, or one that answers [`Heard::Reach`], within the credit that
    /// [`Heard::Credit`] gave beyond [`WINDOW`]. Nothing happens where the channel is over.
    pub fn send(&mut self, channel: u32, part: &Part) {
        if let Some(open) = self.channels.get_mut(&channel) {
            if part.kind == Kind::Data && (open.queued > 0 || part.bytes.len() > SMALL) {
                open.queued += 1;
                self.bulk.push_back((channel, part.clone()));
                return;
            }
            open.put(self.outputs, part.bytes.len());
            frame::encode(&mut self.output, part.kind, part.flags, channel, &part.bytes);
            if channel % 2 == 1 && part.ends() {
                self.channels.remove(&channel);
            }
        }
    }

    /// So many bytes of [`Heard::Part`] were taken: as many more may come. More than there were: the window grows.
    pub fn taken(&mut self, channel: u32, bytes: usize) {
        if let Some(grant) = self.channels.get_mut(&channel).and_then(|open| open.grant(bytes)) {
            frame::encode(&mut self.output, Kind::Credit, 0, channel, &grant.to_be_bytes());
        }
    }

    /// Asks for a call to stop. Nothing happens where it is over already.
    pub fn cancel(&mut self, channel: u32, hard: bool) {
        if self.channels.contains_key(&channel) {
            frame::encode(&mut self.output, Kind::Cancel, u8::from(hard), channel, &[]);
        }
    }

    /// Answers [`Heard::Import`] with the module's source, or refuses it with a sentence.
    pub fn answer(&mut self, channel: u32, module: Result<&str, String>) {
        self.channels.remove(&channel);
        let (tag, text) = match &module {
            Ok(source) => (frame::close::VALUE, *source),
            Err(why) => (frame::close::REFUSED, why.as_str()),
        };
        self.answers += frame::HEADER_LEN + text.len();
        frame::encode_message(&mut self.output, Kind::Close, tag, channel, text.as_bytes());
    }

    /// Sends what the agent did not ask for, ahead of what is sent next: tag [`frame::item::OURS`] or
    /// [`frame::item::LIBRARY`].
    pub fn push(&mut self, tag: u8, message: &[u8], zlib: bool) {
        let flags = tag | if zlib { frame::ZLIB } else { 0 };
        frame::encode_message(&mut self.output, Kind::Item, flags, 0, message);
    }

    /// So many bytes wait to be taken.
    pub fn waiting(&self) -> usize {
        self.output.len()
    }

    /// Sends a ping; `payload` (at most [`frame::MAX_PING`] bytes) comes back in [`Heard::Pong`].
    pub fn ping(&mut self, payload: &[u8]) {
        let payload = payload.get(..frame::MAX_PING).unwrap_or(payload);
        frame::encode(&mut self.output, Kind::Ping, 0, 0, payload);
    }

    /// The bytes that are to be written now: all that is small, and one frame of what is not, for which the next small one
    /// may wait.
    pub fn take_output(&mut self) -> Vec<u8> {
        while let Some((channel, part)) = self.bulk.pop_front() {
            if let Some(open) = self.channels.get_mut(&channel) {
                open.queued -= 1;
                open.put(self.outputs, part.bytes.len());
                frame::encode(&mut self.output, part.kind, part.flags, channel, &part.bytes);
                break;
            }
        }
        if !self.output.is_empty() {
            self.outputs += 1;
        }
        std::mem::take(&mut self.output)
    }

    /// Frames that came for channels that were over (a cancel and a result may cross).
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Takes in bytes, and appends to `heard` what is whole now.
    ///
    /// # Errors
    /// A breach of the grammar; the link is to be ended.
    pub fn receive(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), Breach> {
        // Most reads hold whole frames: they are read where they lie, and only a rest is kept.
        if self.input.is_empty() {
            let used = self.frames(bytes, heard)?;
            self.input.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        let used = self.frames(&input, heard)?;
        input.drain(..used);
        if input.is_empty() && input.capacity() > KEEP {
            input = Vec::new();
        }
        self.input = input;
        Ok(())
    }

    fn frames(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) -> Result<usize, Breach> {
        let mut used = 0;
        while let Some((frame, length)) = frame::decode(&bytes[used..])? {
            self.frame(frame, heard)?;
            used += length;
        }
        Ok(used)
    }

    fn frame(&mut self, frame: Frame<'_>, heard: &mut Vec<Heard>) -> Result<(), Breach> {
        let channel = frame.channel;
        let unknown = Breach::Channel { kind: frame.kind, channel };
        match frame.kind {
            Kind::Ping => {
                self.asked(channel)?;
                self.answers += frame::HEADER_LEN + frame.payload.len();
                frame::encode(&mut self.output, Kind::Pong, 0, 0, frame.payload);
            }
            Kind::Pong => heard.push(Heard::Pong(frame.payload.to_vec())),
            Kind::Open => return self.opened(frame, heard),
            Kind::Credit | Kind::Cancel if self.was_opened(channel) => {
                let Some(open) = self.channels.get_mut(&channel) else { return Ok(()) };
                heard.push(match frame.payload.first_chunk::<4>() {
                    Some(bytes) => {
                        let bytes = u32::from_be_bytes(*bytes);
                        open.credited(channel, self.outputs, bytes)?;
                        Heard::Credit { channel, bytes }
                    }
                    None => Heard::Cancelled { channel },
                });
            }
            Kind::Data | Kind::Item | Kind::Close if channel == 0 => return self.on_the_link(frame, heard),
            Kind::Data | Kind::Item | Kind::Close if self.channels.contains_key(&channel) => {
                return self.message(frame, heard);
            }
            Kind::Data | Kind::Item | Kind::Close if self.was_opened(channel) => self.late += 1,
            Kind::Credit | Kind::Cancel | Kind::Data | Kind::Item | Kind::Close => return Err(unknown),
        }
        Ok(())
    }

    /// The peer asks something. One that asks on and on and reads no answer would fill our memory.
    fn asked(&mut self, channel: u32) -> Result<(), Breach> {
        if self.output.is_empty() {
            self.answers = 0;
        }
        if self.answers > ANSWERS {
            return Err(Breach::Order { what: "a flood of questions whose answers nobody reads", channel });
        }
        Ok(())
    }

    fn was_opened(&self, channel: u32) -> bool {
        let end = if channel.is_multiple_of(2) { u64::from(self.next) } else { self.theirs };
        channel != 0 && u64::from(channel) < end
    }

    /// An OPEN of the agent's: a module is wanted, or another host.
    fn opened(&mut self, frame: Frame<'_>, heard: &mut Vec<Heard>) -> Result<(), Breach> {
        let channel = frame.channel;
        if self.requests.contains_key(&channel) && frame.tag == frame::open::REACH {
            return self.reach(frame, heard);
        }
        if channel.is_multiple_of(2) || u64::from(channel) < self.theirs {
            return Err(Breach::Order {
                what: "an OPEN that reuses a number, or takes one of ours,",
                channel,
            });
        }
        self.asked(channel)?;
        if frame.tag == frame::open::REACH {
            self.theirs = u64::from(channel) + 2;
            return self.reach(frame, heard);
        }
        if frame.more || frame.zlib {
            return Err(Breach::Order { what: "an OPEN longer than one frame", channel });
        }
        self.theirs = u64::from(channel) + 2;
        if frame.tag != frame::open::IMPORT {
            let why = format!("this controller takes no OPEN with tag {}", frame.tag);
            self.answer(channel, Err(why));
            return Ok(());
        }
        self.channels.insert(channel, Channel::open());
        heard.push(Heard::Import { channel, name: String::from_utf8_lossy(frame.payload).into_owned() });
        Ok(())
    }

    /// A request for another host, or a part of one.
    fn reach(&mut self, frame: Frame<'_>, heard: &mut Vec<Heard>) -> Result<(), Breach> {
        let channel = frame.channel;
        // OPENs cost no credit: all that are under way together have a bound.
        let open = self.channels.len() + self.requests.len();
        if self.begun + frame.payload.len() > self.caps.message || frame.zlib || open > REQUESTS {
            return Err(Breach::Order { what: "more requests for other hosts than are taken", channel });
        }
        let mut request = self.requests.remove(&channel).unwrap_or_default();
        request.extend_from_slice(frame.payload);
        self.begun += frame.payload.len();
        if frame.more {
            self.requests.insert(channel, request);
            return Ok(());
        }
        self.begun -= request.len();
        let open: usize = self.channels.values().map(|channel| channel.request).sum();
        if open + request.len() > self.caps.message {
            let why = "too many bytes of requests are under way already: let some of them end first";
            self.answer(channel, Err(why.to_owned()));
            return Ok(());
        }
        self.channels.insert(channel, Channel { request: request.len(), ..Channel::open() });
        heard.push(Heard::Reach { channel, request });
        Ok(())
    }

    /// Channel 0: one hello, then records of `logging` that belong to no call, and nothing else.
    fn on_the_link(&mut self, frame: Frame<'_>, heard: &mut Vec<Heard>) -> Result<(), Breach> {
        if self.hello && (frame.kind, frame.tag, frame.more) == (Kind::Item, frame::item::LOG, false) {
            heard.push(Heard::Item { channel: 0, tag: frame.tag, message: frame.payload.to_vec() });
            return Ok(());
        }
        if self.hello || (frame.kind, frame.tag, frame.more) != (Kind::Item, frame::item::HELLO, false) {
            return Err(Breach::Channel { kind: frame.kind, channel: 0 });
        }
        self.hello = true;
        heard.push(Heard::Hello(frame.payload.to_vec()));
        Ok(())
    }

    fn message(&mut self, frame: Frame<'_>, heard: &mut Vec<Heard>) -> Result<(), Breach> {
        let number = frame.channel;
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        if frame.zlib {
            return Err(Breach::Flags { flags: frame::ZLIB, kind: frame.kind });
        }
        if channel.raw {
            channel.book(number, frame.payload.len())?;
            if frame.payload.is_empty() && (frame.kind != Kind::Close || frame.more) {
                return Ok(()); // it says nothing, costs no credit, and would take up room for ever more of its kind
            }
            let flags = frame.tag | if frame.more { frame::MORE } else { 0 };
            let part = Part { kind: frame.kind, flags, bytes: Bytes::copy_from_slice(frame.payload) };
            if part.ends() {
                self.channels.remove(&number);
            }
            heard.push(Heard::Part { channel: number, part });
            return Ok(());
        }
        let grant = channel.take(number, frame.payload.len())?;
        if frame.kind == Kind::Data {
            heard.push(Heard::Data { channel: number, tag: frame.tag, bytes: frame.payload.to_vec() });
        } else {
            let this = (frame.kind, frame.tag);
            if channel.under_way.is_some_and(|under_way| under_way != this) {
                return Err(Breach::Order { what: "a message inside another", channel: number });
            }
            channel.length += frame.payload.len() as u64;
            if channel.length <= self.caps.message as u64 {
                channel.message.extend_from_slice(frame.payload);
            } else {
                channel.message = Vec::new();
            }
            channel.under_way = frame.more.then_some(this);
            if !frame.more {
                let message = std::mem::take(&mut channel.message);
                let length = std::mem::take(&mut channel.length);
                let closed = frame.kind == Kind::Close;
                heard.push(if length > self.caps.message as u64 {
                    Heard::TooLong { channel: number, length, closed }
                } else if closed {
                    Heard::Closed { channel: number, tag: frame.tag, message }
                } else {
                    Heard::Item { channel: number, tag: frame.tag, message }
                });
                if closed {
                    self.channels.remove(&number);
                    return Ok(());
                }
            }
        }
        if let Some(bytes) = grant {
            frame::encode(&mut self.output, Kind::Credit, 0, number, &bytes.to_be_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "mux_test.rs"]
mod tests;
