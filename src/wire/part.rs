//! A frame that is passed on and not looked into.

use bytes::Bytes;

use crate::wire::frame::{Kind, MAX_PAYLOAD, MORE, close};

/// One frame of a channel: what it is for, and its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// DATA, ITEM or CLOSE.
    pub kind: Kind,
    /// Tag and [`MORE`].
    pub flags: u8,
    /// Its payload, at most [`MAX_PAYLOAD`] bytes.
    pub bytes: Bytes,
}

impl Part {
    /// Whether the channel is over with it.
    pub fn ends(&self) -> bool {
        self.kind == Kind::Close && self.flags & MORE == 0
    }

    /// Raw bytes, with a tag of [`crate::wire::frame::data`].
    pub fn data(tag: u8, bytes: Bytes) -> Self {
        Self { kind: Kind::Data, flags: tag, bytes }
    }

    /// The end of a channel with this tag and message, in as many parts as it takes.
    pub fn close(tag: u8, message: impl Into<Bytes>) -> Vec<Self> {
        let (mut message, mut parts) = (message.into(), Vec::new());
        while message.len() > MAX_PAYLOAD {
            parts.push(Self { kind: Kind::Close, flags: tag | MORE, bytes: message.split_to(MAX_PAYLOAD) });
        }
        parts.push(Self { kind: Kind::Close, flags: tag, bytes: message });
        parts
    }

    /// The end of a channel whose request cannot be taken up, with the reason.
    pub fn refusal(why: impl Into<String>) -> Vec<Self> {
        Self::close(close::REFUSED, why.into())
    }
}
