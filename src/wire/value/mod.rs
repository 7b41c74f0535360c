//! A Python value as inert data: what a pickle says, with nothing imported, called or constructed.
//!
//! A [`Value`] is a handle (one `Arc`, one index) into an arena of [`Node`]s, so clones and children cost nothing,
//! shared references stay shared, and cycles are possible: **every walk must be bounded** by depth or count.
//!
//! - this page: the data, and how values are made
//! - [`read`](self): [`Value::fields`], [`Value::items`], [`Value::number`] and their like
//! - `text`: strings with lone surrogates · `literal`: leaves as Python writes them
//! - `known`: what is known of instances of the standard library's classes
//! - `repr`, `digest`, `json`: the three walks

mod digest;
mod json;
mod known;
mod literal;
mod read;
mod repr;
mod text;

use std::fmt;
use std::sync::Arc;

pub use text::{Point, Text};

/// Index of a node in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A class (or any other global) by name only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassName {
    /// `app.models`
    pub module: Arc<str>,
    /// `Disk`, or `Outer.Inner`
    pub name: Arc<str>,
}

impl ClassName {
    /// The class `name` of `module`.
    pub fn new(module: &str, name: &str) -> Self {
        Self { module: module.into(), name: name.into() }
    }

    /// Whether it is `name` of `module`.
    pub fn is(&self, module: &str, name: &str) -> bool {
        *self.module == *module && *self.name == *name
    }
}

impl fmt::Display for ClassName {
    /// `app.models.Disk`; builtins without their module.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if &*self.module == "builtins" {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.module, self.name)
        }
    }
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
    Class(Box<ClassName>),
    /// An instance of a class: what would have been called, with what.
    Object(Box<Object>),
    /// What could not be pickled: type and repr alone.
    Opaque(Box<Opaque>),
}

/// What could not be pickled.
#[derive(Debug, Clone, PartialEq)]
pub struct Opaque {
    /// Its class.
    pub class: ClassName,
    /// Its `repr()`, cut by the agent.
    pub repr: Text,
}

/// An instance, as the pickle describes its making.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What would have been called.
    pub class: ClassName,
    /// What the agent said of the class.
    pub form: Form,
    /// With these arguments.
    pub args: Vec<NodeId>,
    /// And this state (`__dict__`, or a tuple of it and the slots), if any.
    pub state: Option<NodeId>,
    /// Items that would have been appended (a list subclass).
    pub items: Vec<NodeId>,
    /// Pairs that would have been set (a dict subclass).
    pub pairs: Vec<(NodeId, NodeId)>,
}

/// What a pickle alone does not tell of an instance's class; the agent's reducer does (see [`crate::wire::pickle`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// Nothing is known.
    #[default]
    Plain,
    /// A dataclass; its fields are the state.
    Dataclass,
    /// A named tuple; its one argument is the tuple of its field names, its values are the items.
    NamedTuple,
    /// A member of an enum; its arguments are its name and its value.
    Enum,
}

impl Object {
    /// An instance of `class` made with these arguments.
    pub fn new(class: ClassName, args: Vec<NodeId>) -> Self {
        Self { class, form: Form::Plain, args, state: None, items: Vec::new(), pairs: Vec::new() }
    }
}

/// A handle on one node. Cheap to clone. Equal means equal [`Value::digest`].
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
    /// The node `root` of an arena. Every id inside must lie in the arena; one that does not reads as None.
    pub fn new(arena: Arc<Vec<Node>>, root: NodeId) -> Self {
        debug_assert!((root.0 as usize) < arena.len());
        Self { arena, root }
    }

    /// What the nodes of its arena take up in bytes, their texts left out.
    pub fn nodes_size(&self) -> usize {
        self.arena.len() * size_of::<Node>()
    }

    /// The node itself.
    pub fn node(&self) -> &Node {
        self.get(self.root)
    }

    /// Another node of the same arena.
    pub fn at(&self, id: NodeId) -> Self {
        Self { arena: Arc::clone(&self.arena), root: id }
    }

    /// Its index in the arena: two handles of one arena with the same index are the same Python object.
    pub fn id(&self) -> NodeId {
        self.root
    }

    /// Whether the two are made of the very same nodes, and so are equal. Much cheaper than a digest; equal values
    /// may be told by other nodes, so "no" says nothing.
    pub fn is_twin(&self, other: &Self) -> bool {
        let same = |(one, two): (&Node, &Node)| match (one, two) {
            (Node::Float(one), Node::Float(two)) => one.to_bits() == two.to_bits(),
            _ => one == two,
        };
        let (one, two) = (&self.arena, &other.arena);
        self.root == other.root
            && (Arc::ptr_eq(one, two) || one.len() == two.len() && one.iter().zip(&**two).all(same))
    }

    fn get(&self, id: NodeId) -> &Node {
        self.arena.get(id.0 as usize).unwrap_or(&Node::None)
    }

    /// A list of values, for tests and for what the controller makes up itself.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::gather(items.into_iter().collect(), Node::List)
    }

    /// A tuple of values.
    pub fn tuple(items: impl IntoIterator<Item = Self>) -> Self {
        Self::gather(items.into_iter().collect(), Node::Tuple)
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

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.is_twin(other) || self.digest() == other.digest()
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
    &str => |text: &str| Node::Str(text.into()),
    &[u8] => |bytes: &[u8]| Node::Bytes(bytes.into()),
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
                form: object.form,
                args: ids(&object.args),
                state: object.state.as_ref().map(id),
                items: ids(&object.items),
                pairs: pairs(&object.pairs),
            })),
            leaf => leaf.clone(),
        }
    }
}
