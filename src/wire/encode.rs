//! The encoder of plain values for the way to the agent: a pickle of protocol 2 that Python 2.7's `cPickle.loads` and
//! Python 3's `_pickle.loads` read alike.
//!
//! None, bool, int, float, str, bytes, list, tuple, dict. A str arrives as unicode on 2.7, bytes as its str. Shared
//! lists, tuples and dicts stay shared, lists and dicts may hold themselves. A loop without recursion.

use std::collections::HashMap;

use thiserror::Error;

use super::value::{Node, NodeId, Value};

/// Why a value cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// Not one of the plain types.
    #[error(
        "a value of type {0} cannot be sent; plain values can (None, bool, int, float, str, bytes, list, tuple, dict)"
    )]
    NotPlain(String),
    /// A tuple that holds itself.
    #[error("a tuple that holds itself cannot be sent")]
    Cycle,
    /// Longer than the format has a number for.
    #[error("a value of {0} bytes is too long to be sent")]
    TooLong(usize),
}

/// The value as a pickle of protocol 2.
///
/// # Errors
/// [`EncodeError`] where something in it is not plain.
pub fn encode(value: &Value) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder { out: vec![0x80, 2], memo: HashMap::new(), next: 0 };
    let mut stack = vec![Step::Node(value.id())];
    while let Some(step) = stack.pop() {
        match step {
            Step::Node(id) => encoder.node(value, id, &mut stack)?,
            Step::Byte(byte) => encoder.out.push(byte),
            Step::EndTuple(id) => {
                encoder.out.push(b't');
                encoder.put(id);
            }
        }
    }
    encoder.out.push(b'.');
    Ok(encoder.out)
}

/// What is still to be written.
enum Step {
    Node(NodeId),
    Byte(u8),
    EndTuple(NodeId),
}

struct Encoder {
    out: Vec<u8>,
    /// The memo index of a container; none while a tuple's items are being written.
    memo: HashMap<NodeId, Option<u32>>,
    next: u32,
}

impl Encoder {
    fn node(&mut self, value: &Value, id: NodeId, stack: &mut Vec<Step>) -> Result<(), EncodeError> {
        match self.memo.get(&id) {
            Some(Some(index)) => {
                self.out.push(b'j');
                self.out.extend(index.to_le_bytes());
                return Ok(());
            }
            Some(None) => return Err(EncodeError::Cycle),
            None => {}
        }
        let place = value.at(id);
        match place.node() {
            Node::None => self.out.push(b'N'),
            Node::Bool(bool) => self.out.push(if *bool { 0x88 } else { 0x89 }),
            Node::Int(int) => self.int(*int),
            Node::Big(bytes) => self.sized(0x8b, bytes)?,
            Node::Float(float) => {
                self.out.push(b'G');
                self.out.extend(float.to_be_bytes());
            }
            Node::Str(text) => self.sized(b'X', &text.0)?,
            Node::Bytes(bytes) => self.bytes(bytes)?,
            Node::List(items) => {
                self.open(b']', id);
                stack.push(Step::Byte(b'e'));
                stack.extend(items.iter().rev().map(|item| Step::Node(*item)));
            }
            Node::Dict(pairs) => {
                self.open(b'}', id);
                stack.push(Step::Byte(b'u'));
                stack
                    .extend(pairs.iter().rev().flat_map(|(key, item)| [Step::Node(*item), Step::Node(*key)]));
            }
            Node::Tuple(items) => {
                self.memo.insert(id, None);
                self.out.push(b'(');
                stack.push(Step::EndTuple(id));
                stack.extend(items.iter().rev().map(|item| Step::Node(*item)));
            }
            _ => return Err(EncodeError::NotPlain(place.type_name())),
        }
        Ok(())
    }

    /// An empty container, remembered before its items come, and a mark for them.
    fn open(&mut self, operation: u8, id: NodeId) {
        self.out.push(operation);
        self.put(id);
        self.out.push(b'(');
    }

    fn put(&mut self, id: NodeId) {
        self.memo.insert(id, Some(self.next));
        self.out.push(b'r');
        self.out.extend(self.next.to_le_bytes());
        self.next += 1;
    }

    fn int(&mut self, int: i64) {
        if let Ok(int) = i32::try_from(int) {
            self.out.push(b'J');
            self.out.extend(int.to_le_bytes());
        } else {
            self.out.extend([0x8a, 8]);
            self.out.extend(int.to_le_bytes());
        }
    }

    /// Protocol 2 has no bytes: Latin-1 text, and how to encode it.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        self.out.extend(b"c_codecs\nencode\n");
        self.sized(b'X', text.as_bytes())?;
        self.sized(b'X', b"latin1")?;
        self.out.extend([0x86, b'R']);
        Ok(())
    }

    fn sized(&mut self, operation: u8, bytes: &[u8]) -> Result<(), EncodeError> {
        // Python reads this length as a signed one in some places.
        let length = i32::try_from(bytes.len()).map_err(|_| EncodeError::TooLong(bytes.len()))?;
        self.out.push(operation);
        self.out.extend(length.to_le_bytes());
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pickle::{Caps, decode};

    #[test]
    fn what_was_sent_reads_back_the_same() {
        let value = Value::dict([
            ("a".into(), Value::list([1.into(), (i64::MIN).into(), 0.5.into(), true.into(), ().into()])),
            (Value::tuple([]), Value::tuple([b"\0\xff".as_slice().into()])),
        ]);
        let back = decode(&encode(&value).unwrap(), &Caps::default()).unwrap();
        assert_eq!(back, value);
        assert_eq!(back.repr(200), r"{'a': [1, -9223372036854775808, 0.5, True, None], (): (b'\x00\xff',)}");
    }

    #[test]
    fn a_list_may_hold_itself_and_what_is_not_plain_is_named() {
        let cycle = decode(b"\x80\x04]\x94h\x00a.", &Caps::default()).unwrap();
        assert_eq!(decode(&encode(&cycle).unwrap(), &Caps::default()).unwrap().repr(20), "[[...]]");
        let set = Value::from(Node::Set(Vec::new()));
        assert_eq!(encode(&set), Err(EncodeError::NotPlain("set".to_owned())));
    }
}
