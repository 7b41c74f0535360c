//! A Python value as inert data: what a pickle says, with nothing imported, called or constructed.
//!
//! A [`Value`] is a handle (one `Arc`, one index) into an arena of [`Node`]s, so clones and children cost nothing,
//! shared references stay shared, and cycles are possible: **every walk must be bounded** by depth or count.

use std::fmt;
use std::sync::Arc;

/// Index of a node in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Python text: WTF-8, so that file names with bytes that are no UTF-8 (lone surrogates) survive.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Text(pub Box<[u8]>);

/// A class (or any other global) by name only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassName {
    /// `app.models`
    pub module: Arc<str>,
    /// `Disk`, or `Outer.Inner`
    pub name: Arc<str>,
}

/// One node of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `None`
    None,
    /// `Ellipsis` and `NotImplemented` come as [`Node::Class`] of builtins.
    Bool(bool),
    /// An int that fits.
    Int(i64),
    /// Any other int: two's complement, little-endian, as pickle has it.
    Big(Box<[u8]>),
    /// A float; NaN payloads are kept.
    Float(f64),
    /// A str.
    Str(Text),
    /// A bytes.
    Bytes(Box<[u8]>),
    /// A bytearray.
    ByteArray(Box<[u8]>),
    /// A list.
    List(Vec<NodeId>),
    /// A tuple.
    Tuple(Vec<NodeId>),
    /// A set, in the order of the pickle.
    Set(Vec<NodeId>),
    /// A frozenset, in the order of the pickle.
    FrozenSet(Vec<NodeId>),
    /// A dict, in insertion order.
    Dict(Vec<(NodeId, NodeId)>),
    /// A class, function or other global, by name.
    Class(ClassName),
    /// An instance of a class: what would have been called, with what.
    Object(Box<Object>),
    /// What could not be pickled: type and repr alone.
    Opaque {
        /// Its class.
        class: ClassName,
        /// Its `repr()`, cut by the agent.
        repr: Text,
    },
}

/// An instance, as the pickle describes its making.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What would have been called.
    pub class: ClassName,
    /// With these arguments.
    pub args: Vec<NodeId>,
    /// And this state (`__dict__`, or a tuple of it and the slots), if any.
    pub state: Option<NodeId>,
    /// Items that would have been appended (a list subclass).
    pub items: Vec<NodeId>,
    /// Pairs that would have been set (a dict subclass).
    pub pairs: Vec<(NodeId, NodeId)>,
}

/// A handle on one node. Cheap to clone.
#[derive(Clone)]
pub struct Value {
    arena: Arc<Vec<Node>>,
    root: NodeId,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr(200))
    }
}

impl Value {
    /// The node `root` of an arena. Every id inside must lie in the arena.
    pub fn new(arena: Arc<Vec<Node>>, root: NodeId) -> Self {
        debug_assert!((root.0 as usize) < arena.len());
        Self { arena, root }
    }

    /// The node itself.
    pub fn node(&self) -> &Node {
        self.arena.get(self.root.0 as usize).unwrap_or(&Node::None)
    }

    /// Another node of the same arena.
    pub fn at(&self, id: NodeId) -> Self {
        Self { arena: Arc::clone(&self.arena), root: id }
    }

    /// A list of values, for tests and for what the controller makes up itself.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::gather(items.into_iter().collect(), Node::List)
    }

    /// A dict of values.
    pub fn dict(pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let flat = pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
        Self::gather(flat, |ids| Node::Dict(ids.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()))
    }

    fn gather(values: Vec<Self>, make: impl FnOnce(Vec<NodeId>) -> Node) -> Self {
        let mut arena = Vec::new();
        let ids = values.iter().map(|value| value.copy_into(&mut arena)).collect();
        arena.push(make(ids));
        let root = NodeId(arena.len() as u32 - 1);
        Self::new(Arc::new(arena), root)
    }

    fn copy_into(&self, arena: &mut Vec<Node>) -> NodeId {
        let base = arena.len() as u32;
        arena.extend(self.arena.iter().map(|node| node.shifted(base)));
        NodeId(self.root.0 + base)
    }
}

// First cut of the reading side: the signatures below stand; their bodies are filled in with the decoder.
impl Value {
    /// Python's name of the type: `int`, `str`, `app.models.Disk` (builtins without their module).
    pub fn type_name(&self) -> String {
        String::new()
    }

    /// What Python's `repr()` would show, as nearly as inert data allows, cut with `…` after `limit` characters.
    /// Bounded in time by `limit`, whatever the value's size. Remote text: draw it through the renderer.
    pub fn repr(&self, limit: usize) -> String {
        let _ = limit;
        String::new()
    }

    /// Named parts: a dict's items with string keys, the fields of a dataclass, namedtuple or other instance.
    /// None where the value has no such parts.
    pub fn fields(&self) -> Option<Vec<(String, Self)>> {
        None
    }

    /// The items of a list, tuple, set, frozenset or instance with items. None for anything else.
    pub fn items(&self) -> Option<Vec<Self>> {
        None
    }

    /// As a number, for sorting and summing: ints, floats, bools, Decimals.
    pub fn number(&self) -> Option<f64> {
        None
    }

    /// A digest that equal values share: typed (1 ≠ 1.0 ≠ True ≠ "1"), blind to the order of sets and dicts.
    pub fn digest(&self) -> u128 {
        0
    }

    /// As JSON; what JSON has no type for is `{"$type": …}` (DESIGN §11).
    pub fn json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

macro_rules! from {
    ($($from:ty => $make:expr),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::new(Arc::new(vec![$make(value)]), NodeId(0))
            }
        })*
    };
}
from! {
    () => |()| Node::None,
    bool => Node::Bool,
    i64 => Node::Int,
    f64 => Node::Float,
    &str => |text: &str| Node::Str(Text(text.as_bytes().into())),
    Node => |node| node
}

impl Node {
    fn shifted(&self, base: u32) -> Self {
        let id = |id: &NodeId| NodeId(id.0 + base);
        let ids = |ids: &[NodeId]| ids.iter().map(id).collect::<Vec<_>>();
        let pairs =
            |pairs: &[(NodeId, NodeId)]| pairs.iter().map(|(k, v)| (id(k), id(v))).collect::<Vec<_>>();
        match self {
            Self::List(items) => Self::List(ids(items)),
            Self::Tuple(items) => Self::Tuple(ids(items)),
            Self::Set(items) => Self::Set(ids(items)),
            Self::FrozenSet(items) => Self::FrozenSet(ids(items)),
            Self::Dict(items) => Self::Dict(pairs(items)),
            Self::Object(object) => Self::Object(Box::new(Object {
                class: object.class.clone(),
                args: ids(&object.args),
                state: object.state.as_ref().map(id),
                items: ids(&object.items),
                pairs: pairs(&object.pairs),
            })),
            leaf => leaf.clone(),
        }
    }
}
