//! Frames: the one grammar between controller and agent.
//!
//! # Start of a link
//!
//! The controller writes, in one go: the core (exactly as many bytes as stage 0 was told), a nonce of
//! [`NONCE_LEN`] random bytes, and as many frames as it likes. What comes back on the same pipe pair:
//!
//! 1. whatever the login shell prints (banner; kept to be shown),
//! 2. stage 0's line `hailer0 <version> <executable>` (put together at run time, so that an echo of the command
//!    line is not mistaken for it),
//! 3. the nonce. From here on nothing but frames, the first of them the hello.
//!
//! # A frame
//!
//! Big-endian, [`HEADER_LEN`] bytes, then `length` bytes of payload, at most [`MAX_PAYLOAD`]:
//!
//! ```text
//! length: u32 | kind: u8 | flags: u8 | channel: u32 | payload
//! ```
//!
//! Everything is a channel. The controller opens even ones (from 2), the agent odd ones (from 1); channel 0 is the
//! link itself (hello, ping, pong). The low four bits of `flags` are a *tag*, whose meaning hangs on the kind;
//! [`MORE`] says that the message goes on in the next frame of the same kind and tag on that channel; [`ZLIB`] (on
//! the last frame of a message, controller to agent only) that the whole message is zlib-compressed. All other bits
//! are zero.
//!
//! | kind | tag | payload |
//! | --- | --- | --- |
//! | OPEN | 0 eval | `name NUL source`, UTF-8: run this text, tracebacks call it `name` |
//! | OPEN | 1 spawn (controller → agent) | `terminal NUL word NUL word …`: start a program and relay its pipes; `terminal` is `1` where it gets one of its own |
//! | OPEN | 2 import (agent → controller) | name of one of the agent's own modules, as `hailer.errors`; answered by CLOSE with its source. Or `lib:NAME`, a module of the library, or `data:PACKAGE/PATH`, a file of one: answered by an ITEM on channel 0, then an empty CLOSE |
//! | OPEN | 3 reach (agent → controller) | pickle of a tuple: code on a host wants another one, see below |
//! | DATA | 0 bytes, 1 stdout, 2 stderr, 3 terminal | raw bytes; never MORE. To a relayed program: 0 its input, where none at all is its end, and 3 what is typed; from it: 0 its output, 2 its standard error, 3 what its terminal shows. To a call that carries files: 0 bytes of one, 1 an order, the pickle of a tuple; from it: 0 bytes of one |
//! | ITEM | 0 value | pickle: one item of a stream |
//! | ITEM | 1 progress | pickle of `(done, total or None, text or None)` |
//! | ITEM | 2 warning | pickle of a str |
//! | ITEM | 3 hello (channel 0) | UTF-8 lines `key=value`: python, implementation, executable, pid, host, uid, user, platform, pickle, zlib |
//! | ITEM | 4 log (of a call, or channel 0) | pickle of `(number of its level, name of its level, logger, seconds since the epoch, text, how many were dropped before it)`; never MORE |
//! | ITEM | 0 ours (channel 0, controller → agent) | `name NUL source`: one of the agent's own modules, before it asks |
//! | ITEM | 1 library (channel 0, controller → agent) | modules of the library, see `library/parcel.rs`; for `hailer.imports`, which came before |
//! | CREDIT | 0 | u32: so many more bytes may be sent on this channel |
//! | CLOSE | 0 value | pickle of the result (source text for an import; of a program its exit code, or its signal as a negative number) |
//! | CLOSE | 1 raised | pickle of a dict, see below |
//! | CLOSE | 2 cancelled | pickle of None |
//! | CLOSE | 3 refused | UTF-8 sentence: the request could not be taken up |
//! | PING, PONG | 0 | up to [`MAX_PING`] bytes, sent back as they are |
//! | CANCEL | 0 soft, 1 hard | empty |
//!
//! A channel is over when its CLOSE is complete. Frames for a channel that is over are ignored and counted (a cancel
//! and a result may cross); frames of one that never was end the link.
//!
//! **Credit.** A sender may have [`WINDOW`] payload bytes of DATA, ITEM and CLOSE under way on a channel; CREDIT
//! gives more. OPEN, CREDIT, PING, PONG and CANCEL cost nothing, and neither do the answer to an import and what is
//! pushed on channel 0.
//!
//! **Reach.** Code on a host reaches another by asking the controller, which opens it by way of that host, and relays:
//!
//! | request | answer |
//! | --- | --- |
//! | `("open", through, hop, label)` | CLOSE value: `("ok", dict)`, `("depth", sentence)` or `("failed", stage, why, said)` |
//! | `("call", target, name, source)` | the ITEMs and the CLOSE of that host's call, as they come |
//! | `("close", target)` | CLOSE value: None |
//!
//! `through` and `target` are numbers that an open gave (None: the asking host itself). `hop` is a dict: `kind`, one of
//! local, ssh, docker, docker-run, podman, kube, nsenter, sudo, su, doas, cmd, and what that kind needs. A CANCEL on the
//! channel cancels the call there.
//!
//! **Raised.** `{"type", "module", "message", "args", "frames": [(file, line, function, source)], "notes": [str],
//! "cause": the same dict or None, "context": the same or None, "suppress": bool, "group": [the same, …] or None,
//! "text": the traceback as Python prints it}`. Our own frames are not among them; `args` went through the reducer
//! that turns what cannot be pickled into an opaque; a SyntaxError's place is its last frame.
//!
//! **Opaque.** What cannot be pickled is a call of the global `hailer _opaque` with `(module, type, repr)`.
//!
//! Anything else on the wire is a breach: [`Breach`] names it, that link ends, no other does.

use thiserror::Error;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 10;
/// The largest payload of one frame in bytes; longer messages go in several, with [`MORE`].
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// The largest payload of PING and PONG in bytes.
pub const MAX_PING: usize = 64;
/// Length of the nonce that marks where the agent's frames begin.
pub const NONCE_LEN: usize = 16;
/// Bytes that may be under way on a channel before the receiver grants more.
pub const WINDOW: u32 = 256 * 1024;

/// Flag: the message goes on in the next frame of this kind and tag on this channel.
pub const MORE: u8 = 0x80;
/// Flag: the whole message is compressed with zlib.
pub const ZLIB: u8 = 0x40;
const TAG: u8 = 0x0f;
const KNOWN: u8 = MORE | ZLIB | TAG;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Opens a channel with a request.
    Open = 1,
    /// Raw bytes.
    Data = 2,
    /// One item of a stream.
    Item = 3,
    /// More bytes may be sent.
    Credit = 4,
    /// Ends a channel, with its outcome.
    Close = 5,
    /// Asks for a [`Kind::Pong`].
    Ping = 6,
    /// Answers a [`Kind::Ping`].
    Pong = 7,
    /// Asks to stop what the channel runs.
    Cancel = 8,
}

impl Kind {
    /// The kind with this number, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Open,
            2 => Self::Data,
            3 => Self::Item,
            4 => Self::Credit,
            5 => Self::Close,
            6 => Self::Ping,
            7 => Self::Pong,
            8 => Self::Cancel,
            _ => return None,
        })
    }

    /// Whether a payload of this kind uses up the channel's credit.
    pub const fn costs_credit(self) -> bool {
        matches!(self, Self::Data | Self::Item | Self::Close)
    }
}

/// Tags of OPEN.
pub mod open {
    /// Run a piece of source text.
    pub const EVAL: u8 = 0;
    /// Start a program and relay it.
    pub const SPAWN: u8 = 1;
    /// One of the agent's own modules is wanted.
    pub const IMPORT: u8 = 2;
    /// Code on a host wants another host.
    pub const REACH: u8 = 3;
}
/// Tags of DATA.
pub mod data {
    /// Bytes of a file or a relayed pipe.
    pub const BYTES: u8 = 0;
    /// To a transfer of files: an order.
    pub const ORDER: u8 = 1;
    /// What a call printed on `sys.stdout`.
    pub const STDOUT: u8 = 1;
    /// What a call wrote to `sys.stderr`, where that is known.
    pub const STDERR: u8 = 2;
    /// A relayed program's terminal.
    pub const TERMINAL: u8 = 3;
}
/// Tags of ITEM.
pub mod item {
    /// An item of a stream.
    pub const VALUE: u8 = 0;
    /// `progress(done, total, text)`.
    pub const PROGRESS: u8 = 1;
    /// `warn(text)`.
    pub const WARNING: u8 = 2;
    /// The agent's first words.
    pub const HELLO: u8 = 3;
    /// A record of `logging`.
    pub const LOG: u8 = 4;
    /// On channel 0, to the agent: one of its own modules.
    pub const OURS: u8 = 0;
    /// On channel 0, to the agent: modules of the library.
    pub const LIBRARY: u8 = 1;
}
/// Tags of CLOSE.
pub mod close {
    /// The call returned.
    pub const VALUE: u8 = 0;
    /// The call raised.
    pub const RAISED: u8 = 1;
    /// The call was cancelled.
    pub const CANCELLED: u8 = 2;
    /// The request could not be taken up.
    pub const REFUSED: u8 = 3;
}

/// A frame as it was read: its payload still lies in the reader's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: Kind,
    /// The tag, 0 to 15.
    pub tag: u8,
    /// Whether the message goes on.
    pub more: bool,
    /// Whether the message is compressed.
    pub zlib: bool,
    /// The channel.
    pub channel: u32,
    /// The payload.
    pub payload: &'a [u8],
}

/// A peer broke the grammar; the link ends with this reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Breach {
    /// A length over [`MAX_PAYLOAD`] (most often: something printed into the stream).
    #[error("a frame of {length} bytes, {MAX_PAYLOAD} are allowed; the bytes there are {bytes}")]
    TooLong {
        /// The length it claimed.
        length: u32,
        /// The header as it stands, printable.
        bytes: String,
    },
    /// No such kind.
    #[error("no frame is of kind {kind}; the bytes there are {bytes}")]
    Kind {
        /// The number.
        kind: u8,
        /// The header as it stands, printable.
        bytes: String,
    },
    /// A flag that has no meaning here.
    #[error("flags {flags:#04x} mean nothing on {kind:?}")]
    Flags {
        /// The flags.
        flags: u8,
        /// The frame's kind.
        kind: Kind,
    },
    /// A payload whose length is wrong for its kind.
    #[error("{kind:?} with a payload of {length} bytes")]
    Length {
        /// The frame's kind.
        kind: Kind,
        /// The payload's length.
        length: usize,
    },
    /// A channel that never was opened, or of the wrong side.
    #[error("{kind:?} on channel {channel}, which was never opened")]
    Channel {
        /// The frame's kind.
        kind: Kind,
        /// The channel.
        channel: u32,
    },
    /// More bytes than were granted.
    #[error("channel {channel} sent {over} bytes more than it was granted")]
    Credit {
        /// The channel.
        channel: u32,
        /// By how many bytes.
        over: u64,
    },
    /// A frame inside another message's frames, or any other order that makes no sense.
    #[error("{what} on channel {channel}")]
    Order {
        /// What was out of order.
        what: &'static str,
        /// The channel.
        channel: u32,
    },
}

/// Looks for a whole frame at the start of `buffer`.
///
/// `Ok(None)`: more bytes are needed. `Ok(Some((frame, used)))`: the frame, and how many bytes it took.
///
/// # Errors
/// A [`Breach`] as soon as the header shows one, before its payload is waited for.
pub fn decode(buffer: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Breach> {
    let Some(header) = buffer.first_chunk::<HEADER_LEN>() else { return Ok(None) };
    let [l0, l1, l2, l3, kind, flags, c0, c1, c2, c3] = *header;
    let length = u32::from_be_bytes([l0, l1, l2, l3]);
    if length as usize > MAX_PAYLOAD {
        return Err(Breach::TooLong { length, bytes: header.escape_ascii().to_string() });
    }
    let Some(kind) = Kind::from_byte(kind) else {
        return Err(Breach::Kind { kind, bytes: header.escape_ascii().to_string() });
    };
    check_flags(kind, flags)?;
    let length = length as usize;
    check_length(kind, length)?;
    let Some(payload) = buffer.get(HEADER_LEN..HEADER_LEN + length) else { return Ok(None) };
    let frame = Frame {
        kind,
        tag: flags & TAG,
        more: flags & MORE != 0,
        zlib: flags & ZLIB != 0,
        channel: u32::from_be_bytes([c0, c1, c2, c3]),
        payload,
    };
    Ok(Some((frame, HEADER_LEN + length)))
}

fn check_flags(kind: Kind, flags: u8) -> Result<(), Breach> {
    let messages = matches!(kind, Kind::Open | Kind::Item | Kind::Close);
    let highest = match kind {
        Kind::Item => item::LOG,
        Kind::Open | Kind::Data | Kind::Close => 3,
        Kind::Cancel => 1,
        Kind::Credit | Kind::Ping | Kind::Pong => 0,
    };
    if flags & !KNOWN != 0 || flags & TAG > highest || (!messages && flags & (MORE | ZLIB) != 0) {
        return Err(Breach::Flags { flags, kind });
    }
    Ok(())
}

fn check_length(kind: Kind, length: usize) -> Result<(), Breach> {
    let fits = match kind {
        Kind::Credit => length == 4,
        Kind::Cancel => length == 0,
        Kind::Ping | Kind::Pong => length <= MAX_PING,
        Kind::Open | Kind::Data | Kind::Item | Kind::Close => true,
    };
    if fits { Ok(()) } else { Err(Breach::Length { kind, length }) }
}

/// Appends one frame to `out`. The payload must fit ([`MAX_PAYLOAD`]); [`encode_message`] splits longer ones.
pub fn encode(out: &mut Vec<u8>, kind: Kind, flags: u8, channel: u32, payload: &[u8]) {
    debug_assert!(payload.len() <= MAX_PAYLOAD);
    out.reserve(HEADER_LEN + payload.len());
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    out.extend_from_slice(&[kind as u8, flags]);
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Appends a message of any length, in as many frames as it takes (at least one). `flags` holds the tag and
/// [`ZLIB`], which goes on the last frame.
pub fn encode_message(out: &mut Vec<u8>, kind: Kind, flags: u8, channel: u32, mut message: &[u8]) {
    while message.len() > MAX_PAYLOAD {
        let (head, rest) = message.split_at(MAX_PAYLOAD);
        encode(out, kind, (flags & TAG) | MORE, channel, head);
        message = rest;
    }
    encode(out, kind, flags, channel, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_went() {
        let mut bytes = Vec::new();
        encode(&mut bytes, Kind::Data, data::STDOUT, 7, b"hi\n");
        let (frame, used) = decode(&bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((frame.kind, frame.tag, frame.channel, frame.payload), (Kind::Data, 1, 7, &b"hi\n"[..]));
    }

    #[test]
    fn a_short_buffer_asks_for_more_at_every_offset() {
        let mut bytes = Vec::new();
        encode(&mut bytes, Kind::Item, 0, 2, b"payload");
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn text_in_the_stream_is_quoted_in_the_breach() {
        let breach = decode(b"Welcome to web1!").unwrap_err();
        assert!(breach.to_string().contains("Welcome to"), "{breach}");
    }

    #[test]
    fn a_long_message_is_split_and_its_last_frame_ends_it() {
        let mut bytes = Vec::new();
        encode_message(&mut bytes, Kind::Close, close::VALUE | ZLIB, 2, &vec![b'x'; 2 * MAX_PAYLOAD + 1]);
        let mut rest = &bytes[..];
        let mut seen = Vec::new();
        while let Some((frame, used)) = decode(rest).unwrap() {
            seen.push((frame.payload.len(), frame.more, frame.zlib));
            rest = &rest[used..];
        }
        assert_eq!(seen, [(MAX_PAYLOAD, true, false), (MAX_PAYLOAD, true, false), (1, false, true)]);
    }
}
