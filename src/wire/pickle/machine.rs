//! The machine: a stack, a memo, an arena, and one operation after another.

use std::collections::HashMap;
use std::sync::Arc;

use super::reader::{Reader, Sentence, refusal};
use super::{Caps, PickleError, leaf};
use crate::wire::value::{ClassName, Node, NodeId, Object, Value};

/// A module or a class has no longer name than this, in bytes.
const MAX_NAME: usize = 512;
/// Marks an index of the memo that nothing was put at.
const UNSET: NodeId = NodeId(u32::MAX);

pub(super) struct Machine<'a> {
    reader: Reader<'a>,
    caps: Caps,
    copies: usize,
    pub(super) arena: Vec<Node>,
    stack: Vec<NodeId>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: Vec<NodeId>,
    /// Names that many instances share.
    names: HashMap<Box<str>, Arc<str>>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8], caps: Caps) -> Self {
        Self {
            reader: Reader::new(bytes),
            caps,
            copies: 0,
            arena: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
            names: HashMap::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Value, PickleError> {
        let mut offset = 0;
        match self.operations(&mut offset) {
            Ok(root) => Ok(Value::new(Arc::new(self.arena), root)),
            Err(what) => Err(PickleError { offset, what }),
        }
    }

    fn operations(&mut self, offset: &mut usize) -> Sentence<NodeId> {
        let length = self.reader.left();
        if length > self.caps.bytes {
            return Err(format!("it is {length} bytes long, {} are allowed", self.caps.bytes));
        }
        match self.reader.array()? {
            [0x80, 2..=5] => {}
            [0x80, protocol] => return Err(format!("protocol {protocol} is not one of 2 to 5")),
            _ => {
                return Err(
                    "it does not begin with a protocol number (protocols 0 and 1 are not taken)".into()
                );
            }
        }
        loop {
            *offset = self.reader.offset;
            let operation = self.reader.byte()?;
            if operation == b'.' {
                return self.end();
            }
            self.step(operation)?;
        }
    }

    fn end(&mut self) -> Sentence<NodeId> {
        let root = self.pop()?;
        match (self.stack.is_empty() && self.marks.is_empty(), self.reader.left()) {
            (true, 0) => Ok(root),
            (false, _) => Err("it ends with values left on the stack".into()),
            (_, left) => Err(format!("{left} bytes follow its end")),
        }
    }

    fn step(&mut self, operation: u8) -> Sentence<()> {
        match operation {
            // Leaves.
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'J' => self.reader.array().and_then(|bytes| self.int(i64::from(i32::from_le_bytes(bytes)))),
            b'K' => self.reader.byte().and_then(|byte| self.int(i64::from(byte))),
            b'M' => self.reader.array().and_then(|bytes| self.int(i64::from(u16::from_le_bytes(bytes)))),
            b'I' => self.reader.line().and_then(leaf::int_line).and_then(|int| self.push(int)),
            0x8a => self.reader.take_u8().and_then(|bytes| self.push(leaf::long(bytes))),
            0x8b => self.long4(),
            b'G' => self.reader.array().and_then(|bytes| self.push(Node::Float(f64::from_be_bytes(bytes)))),
            0x8c => self.reader.take_u8().and_then(leaf::text).and_then(|text| self.push(text)),
            b'X' => self.reader.take_u32().and_then(leaf::text).and_then(|text| self.push(text)),
            0x8d => self.reader.take_u64().and_then(leaf::text).and_then(|text| self.push(text)),
            b'U' => self.reader.take_u8().and_then(|bytes| self.push(leaf::old_str(bytes))),
            b'T' => self.reader.take_u32().and_then(|bytes| self.push(leaf::old_str(bytes))),
            b'C' => self.reader.take_u8().and_then(|bytes| self.push(Node::Bytes(bytes.into()))),
            b'B' => self.reader.take_u32().and_then(|bytes| self.push(Node::Bytes(bytes.into()))),
            0x8e => self.reader.take_u64().and_then(|bytes| self.push(Node::Bytes(bytes.into()))),
            0x96 => self.reader.take_u64().and_then(|bytes| self.push(Node::ByteArray(bytes.into()))),
            // Containers.
            b']' => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            0x85..=0x87 => {
                let at = self.below(usize::from(operation - 0x84))?;
                let items = self.stack.split_off(at);
                self.push(Node::Tuple(items))
            }
            b't' => self.pop_mark().and_then(|items| self.push(Node::Tuple(items))),
            b'l' => self.pop_mark().and_then(|items| self.push(Node::List(items))),
            b'd' => self.pop_mark().and_then(pairs).and_then(|pairs| self.push(Node::Dict(pairs))),
            0x91 => self.pop_mark().and_then(|items| self.push(Node::FrozenSet(items))),
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            b'e' => self.pop_mark().and_then(|items| self.append(items)),
            b's' => {
                let at = self.below(2)?;
                let items = self.stack.split_off(at);
                self.set_items(items)
            }
            b'u' => self.pop_mark().and_then(|items| self.set_items(items)),
            0x90 => self.pop_mark().and_then(|items| self.add_items(items)),
            // Stack and memo.
            b'(' => self.mark(),
            b'0' => self.discard(),
            b'1' => self.pop_mark().map(drop),
            b'2' => self.top().and_then(|id| self.push_id(id)),
            b'q' => self.reader.byte().and_then(|index| self.put(usize::from(index))),
            b'r' => self.reader.u32().and_then(|index| self.put(index as usize)),
            0x94 => self.put(self.memo.len()),
            b'h' => self.reader.byte().and_then(|index| self.get(usize::from(index))),
            b'j' => self.reader.u32().and_then(|index| self.get(index as usize)),
            // Globals and instances.
            b'c' => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                let class = self.class(module, name)?;
                self.push(Node::Class(Box::new(class)))
            }
            0x93 => self.stack_global(),
            b'R' => {
                let (callable, args) = self.pop_two()?;
                self.reduce(callable, args)
            }
            0x81 => {
                let (class, args) = self.pop_two()?;
                self.new_object(class, args, None)
            }
            0x92 => {
                let kwargs = self.pop()?;
                let (class, args) = self.pop_two()?;
                self.new_object(class, args, Some(kwargs))
            }
            b'o' => self.old_object(),
            b'b' => self.build(),
            // Framing.
            0x95 => {
                let length = self.reader.array().map(u64::from_le_bytes)?;
                let left = self.reader.left() as u64;
                if length > left {
                    Err(format!("a frame of {length} bytes, {left} are left"))
                } else {
                    Ok(())
                }
            }
            refused => Err(refusal(refused)),
        }
    }

    fn int(&mut self, int: i64) -> Sentence<()> {
        self.push(Node::Int(int))
    }

    fn long4(&mut self) -> Sentence<()> {
        let length = self.reader.array().map(i32::from_le_bytes)?;
        let length = u64::try_from(length).map_err(|_| format!("an int of {length} bytes"))?;
        let bytes = self.reader.take(length)?;
        self.push(leaf::long(bytes))
    }

    // Containers

    fn append(&mut self, new: Vec<NodeId>) -> Sentence<()> {
        match self.top_node()? {
            Node::List(items) => items.extend(new),
            Node::Object(object) => object.items.extend(new),
            _ => return Err("items for what is no list".into()),
        }
        Ok(())
    }

    fn set_items(&mut self, new: Vec<NodeId>) -> Sentence<()> {
        let new = pairs(new)?;
        match self.top_node()? {
            Node::Dict(pairs) => pairs.extend(new),
            Node::Object(object) => object.pairs.extend(new),
            _ => return Err("keys and values for what is no dict".into()),
        }
        Ok(())
    }

    fn add_items(&mut self, new: Vec<NodeId>) -> Sentence<()> {
        match self.top_node()? {
            Node::Set(items) => items.extend(new),
            _ => return Err("members for what is no set".into()),
        }
        Ok(())
    }

    // Stack and memo

    /// Adds a node and pushes it.
    pub(super) fn push(&mut self, node: Node) -> Sentence<()> {
        if self.arena.len() >= self.caps.nodes.min(u32::MAX as usize) {
            return Err(format!("it holds more than {} nodes", self.caps.nodes));
        }
        let id = NodeId(self.arena.len() as u32);
        self.arena.push(node);
        self.push_id(id)
    }

    fn push_id(&mut self, id: NodeId) -> Sentence<()> {
        if self.stack.len() + self.marks.len() >= self.caps.stack {
            return Err(format!("more than {} values wait on the stack", self.caps.stack));
        }
        self.stack.push(id);
        Ok(())
    }

    fn mark(&mut self) -> Sentence<()> {
        if self.stack.len() + self.marks.len() >= self.caps.stack {
            return Err(format!("more than {} values wait on the stack", self.caps.stack));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// The stack's height without its top `count` values, none of which lies below the last mark.
    fn below(&self, count: usize) -> Sentence<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let at = self.stack.len().checked_sub(count).filter(|at| *at >= floor);
        at.ok_or_else(|| "the stack is empty".to_owned())
    }

    pub(super) fn pop(&mut self) -> Sentence<NodeId> {
        self.below(1)?;
        self.stack.pop().ok_or_else(|| "the stack is empty".to_owned())
    }

    fn pop_two(&mut self) -> Sentence<(NodeId, NodeId)> {
        let second = self.pop()?;
        Ok((self.pop()?, second))
    }

    fn pop_mark(&mut self) -> Sentence<Vec<NodeId>> {
        let mark = self.marks.pop().ok_or("there is no mark on the stack")?;
        Ok(self.stack.split_off(mark))
    }

    /// POP takes a value, or the mark where there is no value above it.
    fn discard(&mut self) -> Sentence<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn top(&self) -> Sentence<NodeId> {
        self.below(1)?;
        self.stack.last().copied().ok_or_else(|| "the stack is empty".to_owned())
    }

    fn top_node(&mut self) -> Sentence<&mut Node> {
        let id = self.top()?;
        self.arena.get_mut(id.0 as usize).ok_or_else(|| "no such node".to_owned())
    }

    /// Picklers count the memo up by one, so no index is higher than the bytes read so far.
    fn put(&mut self, index: usize) -> Sentence<()> {
        if index >= self.caps.memo || index > self.reader.offset {
            return Err(format!("memo entry {index} is out of bounds"));
        }
        let id = self.top()?;
        if index >= self.memo.len() {
            self.memo.resize(index + 1, UNSET);
        }
        if let Some(entry) = self.memo.get_mut(index) {
            *entry = id;
        }
        Ok(())
    }

    fn get(&mut self, index: usize) -> Sentence<()> {
        match self.memo.get(index) {
            Some(id) if *id != UNSET => self.push_id(*id),
            _ => Err(format!("memo entry {index} was never set")),
        }
    }

    // What the reductions need as well

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.arena.get(id.0 as usize).unwrap_or(&Node::None)
    }

    /// Counts what is copied from one node to another: a few bytes could ask for it again and again.
    pub(super) fn copy(&mut self, size: usize) -> Sentence<()> {
        self.copies = self.copies.saturating_add(size);
        if self.copies > self.caps.copies {
            return Err(format!("its reductions copy more than {} bytes", self.caps.copies));
        }
        Ok(())
    }

    /// A class by the names of Python 3.
    pub(super) fn class(&mut self, module: &[u8], name: &[u8]) -> Sentence<ClassName> {
        let (module, name) = (class_text(module)?, class_text(name)?);
        let (module, name) = super::reduce::of_python_3(module, name);
        Ok(ClassName { module: self.shared(module), name: self.shared(name) })
    }

    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.names.insert(name.into(), Arc::clone(&new));
        new
    }

    fn stack_global(&mut self) -> Sentence<()> {
        let (module, name) = self.pop_two()?;
        let (Node::Str(module), Node::Str(name)) = (self.node(module), self.node(name)) else {
            return Err("a global whose names are no strings".into());
        };
        if module.0.len() > MAX_NAME || name.0.len() > MAX_NAME {
            return Err(format!("a global with a name of more than {MAX_NAME} bytes"));
        }
        let (module, name) = (module.clone(), name.clone());
        let class = self.class(&module.0, &name.0)?;
        self.push(Node::Class(Box::new(class)))
    }

    /// An instance of an old-style class: mark, class, arguments.
    fn old_object(&mut self) -> Sentence<()> {
        let parts = self.pop_mark()?;
        let Some((class, args)) = parts.split_first() else {
            return Err("an instance without a class".into());
        };
        match self.node(*class) {
            Node::Class(class) => {
                let object = Object::new((**class).clone(), args.to_vec());
                self.push(Node::Object(Box::new(object)))
            }
            _ => Err("an instance of what is no class".into()),
        }
    }

    fn build(&mut self) -> Sentence<()> {
        let state = self.pop()?;
        match self.top_node()? {
            Node::Object(object) => {
                object.state = Some(state);
                Ok(())
            }
            _ => Err("a state for what is no instance".into()),
        }
    }
}

fn class_text(name: &[u8]) -> Sentence<&str> {
    if name.len() > MAX_NAME {
        return Err(format!("a global with a name of {} bytes", name.len()));
    }
    std::str::from_utf8(name).map_err(|_| "a global whose name is not UTF-8".to_owned())
}

fn pairs(items: Vec<NodeId>) -> Sentence<Vec<(NodeId, NodeId)>> {
    let (pairs, []) = items.as_chunks::<2>() else { return Err("a key without a value".into()) };
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}
