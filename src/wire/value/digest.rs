//! A digest that equal values share.
//!
//! Typed (1, 1.0, True and "1" differ), blind to the order of sets and of dicts. -0.0 and 0.0 differ; all NaNs are
//! equal, so that the same answer of two hosts folds. Two values with cycles are equal when no walk along them tells
//! them apart; such walks are followed for at most [`MAX_ROUNDS`] steps.
//!
//! The hash is `SipHash` under keys drawn at random for this process: a host cannot make up a value that folds with
//! another's. So digests are for comparing within a process, not for keeping.
//!
//! Linear in the number of nodes: shared nodes are looked at once. No recursion.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::OnceLock;

use super::{Node, NodeId, Value};

/// Steps that cycles are followed for.
pub const MAX_ROUNDS: usize = 64;

impl Value {
    /// A digest that equal values share: typed (1 ≠ 1.0 ≠ True ≠ "1"), blind to the order of sets and dicts. All
    /// NaNs are equal, -0.0 and 0.0 differ. For comparing within this process only.
    pub fn digest(&self) -> u128 {
        Walk { value: self, done: HashMap::new() }.digest(self.root)
    }
}

/// Two lanes of 64 bits, each under its own key.
struct Hash128 {
    low: <RandomState as BuildHasher>::Hasher,
    high: <RandomState as BuildHasher>::Hasher,
}

impl Hash128 {
    fn new() -> Self {
        static KEYS: OnceLock<(RandomState, RandomState)> = OnceLock::new();
        let (low, high) = KEYS.get_or_init(|| (RandomState::new(), RandomState::new()));
        Self { low: low.build_hasher(), high: high.build_hasher() }
    }

    fn add(&mut self, part: &(impl Hash + ?Sized)) {
        part.hash(&mut self.low);
        part.hash(&mut self.high);
    }

    fn unordered(&mut self, parts: impl ExactSizeIterator<Item = u128>) {
        self.add(&parts.len());
        self.add(&parts.fold(0, u128::wrapping_add));
    }

    fn finish(&self) -> u128 {
        u128::from(self.low.finish()) << 64 | u128::from(self.high.finish())
    }
}

/// The digest of a node. `child` adds what stands for a child to the hash.
fn combine(node: &Node, child: impl Fn(&mut Hash128, NodeId)) -> u128 {
    let mut hash = Hash128::new();
    hash.add(&tag(node));
    let ordered = |hash: &mut Hash128, ids: &[NodeId]| {
        hash.add(&ids.len());
        for id in ids {
            child(hash, *id);
        }
    };
    let one = |id: &NodeId| {
        let mut hash = Hash128::new();
        child(&mut hash, *id);
        hash.finish()
    };
    let pair = |(key, value): &(NodeId, NodeId)| {
        let mut hash = Hash128::new();
        child(&mut hash, *key);
        child(&mut hash, *value);
        hash.finish()
    };
    match node {
        Node::List(items) | Node::Tuple(items) => ordered(&mut hash, items),
        Node::Set(items) | Node::FrozenSet(items) => hash.unordered(items.iter().map(one)),
        Node::Dict(pairs) => hash.unordered(pairs.iter().map(pair)),
        Node::Object(object) => {
            hash.add(&object.class);
            hash.add(&object.form);
            ordered(&mut hash, &object.args);
            ordered(&mut hash, object.state.as_slice());
            ordered(&mut hash, &object.items);
            if object.class.is("collections", "OrderedDict") {
                hash.add(&object.pairs.len());
                for (key, value) in &object.pairs {
                    child(&mut hash, *key);
                    child(&mut hash, *value);
                }
            } else {
                hash.unordered(object.pairs.iter().map(pair));
            }
        }
        leaf => add_leaf(&mut hash, leaf),
    }
    hash.finish()
}

/// The content of a node without children. With the tag before it, no two leaves add the same.
fn add_leaf(hash: &mut Hash128, node: &Node) {
    match node {
        Node::Bool(bool) => hash.add(bool),
        Node::Int(int) => hash.add(int),
        Node::Float(float) => hash.add(&if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() }),
        Node::Str(text) => hash.add(text),
        Node::Big(bytes) | Node::Bytes(bytes) | Node::ByteArray(bytes) => hash.add(bytes),
        Node::Class(class) => hash.add(class),
        Node::Opaque(opaque) => {
            hash.add(&opaque.class);
            hash.add(&opaque.repr);
        }
        _ => {}
    }
}

/// Stands in the place of a tag before the digest of a node that is not small.
const NESTED: u8 = u8::MAX;

fn tag(node: &Node) -> u8 {
    match node {
        Node::None => 0,
        Node::Bool(_) => 1,
        Node::Int(_) => 2,
        Node::Big(_) => 3,
        Node::Float(_) => 4,
        Node::Str(_) => 5,
        Node::Bytes(_) => 6,
        Node::ByteArray(_) => 7,
        Node::List(_) => 8,
        Node::Tuple(_) => 9,
        Node::Set(_) => 10,
        Node::FrozenSet(_) => 11,
        Node::Dict(_) => 12,
        Node::Class(_) => 13,
        Node::Object(_) => 14,
        Node::Opaque(_) => 15,
    }
}

/// What is known of a node with children.
#[derive(Clone, Copy)]
enum Known {
    /// Its children are being looked at.
    Open,
    /// Its digest.
    Digest(u128),
    /// It lies on a cycle, or above one.
    Cyclic,
}

struct Walk<'a> {
    value: &'a Value,
    done: HashMap<NodeId, Known>,
}

impl Walk<'_> {
    fn digest(mut self, root: NodeId) -> u128 {
        let cyclic = self.visit(root);
        match self.done.get(&root) {
            Some(Known::Digest(digest)) => *digest,
            _ => self.refine(root, &cyclic),
        }
    }

    /// Children first. Digests all that no cycle can be reached from; returns the rest.
    fn visit(&mut self, root: NodeId) -> Vec<NodeId> {
        let mut cyclic = Vec::new();
        let mut stack = vec![(root, false)];
        while let Some((id, children_done)) = stack.pop() {
            let node = self.value.get(id);
            if children_done {
                let known = self.close(node);
                if matches!(known, Known::Cyclic) {
                    cyclic.push(id);
                }
                self.done.insert(id, known);
            } else if let Entry::Vacant(entry) = self.done.entry(id) {
                entry.insert(Known::Open);
                stack.push((id, true));
                each_child(node, |child| {
                    if !is_small(self.value.get(child)) && !self.done.contains_key(&child) {
                        stack.push((child, false));
                    }
                });
            }
        }
        cyclic
    }

    fn close(&self, node: &Node) -> Known {
        let mut cyclic = false;
        each_child(node, |child| {
            cyclic |= matches!(self.done.get(&child), Some(Known::Open | Known::Cyclic));
        });
        if cyclic {
            return Known::Cyclic;
        }
        Known::Digest(combine(node, |hash, child| self.add_child(hash, child, &HashMap::new())))
    }

    /// A small node as it is, any other by its digest: the settled one, or that of the round before.
    fn add_child(&self, hash: &mut Hash128, id: NodeId, cyclic: &HashMap<NodeId, u128>) {
        let node = self.value.get(id);
        if is_small(node) {
            hash.add(&tag(node));
            return add_leaf(hash, node);
        }
        hash.add(&NESTED);
        match self.done.get(&id) {
            Some(Known::Digest(digest)) => hash.add(digest),
            _ => hash.add(&cyclic.get(&id)),
        }
    }

    /// Nodes on cycles: all begin equal, and each round tells apart those whose children differ, until no more do.
    fn refine(&self, root: NodeId, cyclic: &[NodeId]) -> u128 {
        let mut now: HashMap<NodeId, u128> = cyclic.iter().map(|id| (*id, 0)).collect();
        let mut classes = HashSet::new();
        for _ in 0..MAX_ROUNDS {
            let next: HashMap<NodeId, u128> = cyclic
                .iter()
                .map(|id| {
                    let child = |hash: &mut Hash128, child| self.add_child(hash, child, &now);
                    (*id, combine(self.value.get(*id), child))
                })
                .collect();
            let apart: HashSet<u128> = next.values().copied().collect();
            now = next;
            let settled = apart.len() == classes.len();
            classes = apart;
            if settled {
                break;
            }
        }
        let mut hash = Hash128::new();
        hash.add(&now.get(&root));
        hash.add(&classes.iter().fold(0u128, |sum, class| sum.wrapping_add(*class)));
        hash.finish()
    }
}

/// Whether it has no children, and is so small that hashing it again costs no more than remembering it.
fn is_small(node: &Node) -> bool {
    const SMALL: usize = 128;
    match node {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) => true,
        Node::Str(text) => text.0.len() <= SMALL,
        Node::Big(bytes) | Node::Bytes(bytes) | Node::ByteArray(bytes) => bytes.len() <= SMALL,
        _ => false,
    }
}

fn each_child(node: &Node, mut visit: impl FnMut(NodeId)) {
    match node {
        Node::List(items) | Node::Tuple(items) | Node::Set(items) | Node::FrozenSet(items) => {
            for id in items {
                visit(*id);
            }
        }
        Node::Dict(pairs) => pairs.iter().for_each(|(key, value)| {
            visit(*key);
            visit(*value);
        }),
        Node::Object(object) => {
            object.args.iter().chain(&object.items).chain(&object.state).for_each(|id| visit(*id));
            object.pairs.iter().for_each(|(key, value)| {
                visit(*key);
                visit(*value);
            });
        }
        _ => {}
    }
}
