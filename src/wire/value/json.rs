//! JSON that loses nothing: what JSON has no type for is an object with `$type`.
//!
//! | Python | JSON |
//! | --- | --- |
//! | None, bool, str, list, finite float, int of 64 bits | themselves |
//! | dict with str keys, none of which begins with `$` | an object |
//! | any other dict | `{"$type":"dict","$value":[[key, value], …]}` |
//! | tuple, set, frozenset, deque | `{"$type":"tuple","$value":[…]}` |
//! | bytes, bytearray | `{"$type":"bytes","$value":"base64"}` |
//! | longer ints, inf, nan | `{"$type":"int","$value":"decimal, or 0x… beyond 4300 digits"}` |
//! | str with lone surrogates | `{"$type":"str","$repr":"'\\udc80'"}`, a Python literal |
//! | Decimal, Fraction, UUID, paths, dates | `{"$type":"decimal.Decimal","$value":"1.5"}` |
//! | enum | `{"$type":"app.Color","$name":"RED","$value":1}` |
//! | named tuple, dataclass, other instance | `{"$type":"app.Disk","$args":[…],"$fields":{…},"$items":[…],"$pairs":[…]}`, what there is of it |
//! | class, function | `{"$type":"type","$value":"app.models.Disk"}` |
//! | what could not be pickled | `{"$type":"_thread.lock","$repr":"<…>"}` |
//! | a reference back to a container it lies in | `{"$type":"list","$cycle":2}`, so many containers up |
//! | deeper than [`MAX_DEPTH`] | `{"$type":"list","$cut":"depth","$repr":"[[[…"}` |
//! | past [`MAX_SIZE`] | `{"$type":"list","$cut":"size"}`, and each container around it ends there |

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::known::{Known, known};
use super::{Node, NodeId, Object, Value, literal};

/// Containers inside one another that are written as they are. Many readers of JSON stop at 128 levels, and a tagged
/// container takes two.
pub const MAX_DEPTH: usize = 48;
/// About so many bytes are written as they are: a pickle of some bytes can say the same node a million times.
pub const MAX_SIZE: u64 = 256 << 20;
/// Characters of the repr that stands for what was cut.
const CUT_REPR: usize = 16 * 1024;

impl Value {
    /// As JSON; what JSON has no type for is `{"$type": …}` (DESIGN §11). Writing it out with `serde` directly saves
    /// this copy.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let left = Cell::new(MAX_SIZE);
        Place { value: self, id: self.root, above: None, depth: 0, left: &left }.serialize(serializer)
    }
}

/// A node, and the way down to it.
struct Place<'a> {
    value: &'a Value,
    id: NodeId,
    above: Option<&'a Place<'a>>,
    depth: usize,
    left: &'a Cell<u64>,
}

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.value.get(self.id);
        if !self.spend(node) {
            return self.cut(serializer, "size");
        }
        match node {
            Node::None => serializer.serialize_unit(),
            Node::Bool(bool) => serializer.serialize_bool(*bool),
            Node::Int(int) => serializer.serialize_i64(*int),
            Node::Float(float) if float.is_finite() => serializer.serialize_f64(*float),
            Node::Float(float) => tagged(serializer, "float", "$value", &literal::float(*float)),
            Node::Big(bytes) => match small(bytes) {
                Some(int) => serializer.serialize_u64(int),
                None => tagged(serializer, "int", "$value", &literal::big_exact(bytes)),
            },
            Node::Str(text) => match text.as_str() {
                Some(text) => serializer.serialize_str(text),
                None => tagged(serializer, "str", "$repr", &self.whole_repr()),
            },
            Node::Bytes(bytes) => tagged(serializer, "bytes", "$value", &STANDARD.encode(bytes)),
            Node::ByteArray(bytes) => tagged(serializer, "bytearray", "$value", &STANDARD.encode(bytes)),
            Node::Class(class) => {
                let kind = self.value.at(self.id).type_name();
                tagged(serializer, &kind, "$value", &class.to_string())
            }
            Node::Opaque(opaque) => {
                tagged(serializer, &opaque.class.to_string(), "$repr", &*opaque.repr.lossy())
            }
            _ => self.container(serializer, node),
        }
    }
}

impl<'a> Place<'a> {
    fn down(&'a self, id: NodeId) -> Self {
        Place { value: self.value, id, above: Some(self), depth: self.depth + 1, left: self.left }
    }

    /// Takes the node's size off what may still be written; false when that is used up.
    fn spend(&self, node: &Node) -> bool {
        let size = match node {
            Node::Str(text) => text.0.len(),
            Node::Big(bytes) | Node::Bytes(bytes) | Node::ByteArray(bytes) => bytes.len(),
            Node::Opaque(opaque) => opaque.repr.0.len() + opaque.class.name.len() + opaque.class.module.len(),
            Node::Class(class) => class.name.len() + class.module.len(),
            Node::Object(object) => object.class.name.len() + object.class.module.len(),
            _ => 0,
        };
        let left = self.left.get().checked_sub(size as u64 + 16);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether all that may be written is: the container at hand ends after the element that says so.
    fn is_full(&self) -> bool {
        self.left.get() == 0
    }

    fn whole_repr(&self) -> String {
        self.value.at(self.id).repr(usize::MAX)
    }

    fn cut<S: Serializer>(&self, serializer: S, why: &str) -> Result<S::Ok, S::Error> {
        let here = self.value.at(self.id);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$type", &here.type_name())?;
        map.serialize_entry("$cut", why)?;
        if !self.is_full() {
            map.serialize_entry("$repr", &here.repr(CUT_REPR))?;
        }
        map.end()
    }

    fn container<S: Serializer>(&self, serializer: S, node: &Node) -> Result<S::Ok, S::Error> {
        if let Some(levels) = self.levels_to_itself() {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry("$type", &self.value.at(self.id).type_name())?;
            map.serialize_entry("$cycle", &levels)?;
            return map.end();
        }
        if self.depth >= MAX_DEPTH {
            let repr_size = CUT_REPR as u64;
            self.left.set(self.left.get().saturating_sub(repr_size));
            return self.cut(serializer, "depth");
        }
        match node {
            Node::List(items) => self.items(items).serialize(serializer),
            Node::Tuple(items) => tagged(serializer, "tuple", "$value", &self.items(items)),
            Node::Set(items) => tagged(serializer, "set", "$value", &self.items(items)),
            Node::FrozenSet(items) => tagged(serializer, "frozenset", "$value", &self.items(items)),
            Node::Dict(pairs) if self.is_plain(pairs) => self.fields(pairs, &[]).serialize(serializer),
            Node::Dict(pairs) => tagged(serializer, "dict", "$value", &self.pairs(pairs)),
            Node::Object(object) => self.instance(serializer, object),
            _ => serializer.serialize_unit(),
        }
    }

    fn levels_to_itself(&self) -> Option<usize> {
        let above = std::iter::successors(self.above, |place| place.above);
        above.zip(1..).find_map(|(place, levels)| (place.id == self.id).then_some(levels))
    }

    /// Whether the keys can be those of a JSON object, and the object not be taken for a tagged one.
    fn is_plain(&self, pairs: &[(NodeId, NodeId)]) -> bool {
        pairs.iter().all(|(key, _)| match self.value.get(*key) {
            Node::Str(text) => text.as_str().is_some_and(|text| !text.starts_with('$')),
            _ => false,
        })
    }

    fn items(&'a self, ids: &'a [NodeId]) -> ItemSeq<'a> {
        ItemSeq(self, ids)
    }

    fn pairs(&'a self, pairs: &'a [(NodeId, NodeId)]) -> PairSeq<'a> {
        PairSeq(self, pairs)
    }

    fn fields(&'a self, dict: &'a [(NodeId, NodeId)], slots: &'a [(NodeId, NodeId)]) -> FieldMap<'a> {
        FieldMap(self, dict, slots)
    }

    fn instance<S: Serializer>(&self, serializer: S, object: &Object) -> Result<S::Ok, S::Error> {
        let value = self.value;
        let class = object.class.to_string();
        match known(value, object) {
            Known::Text(_, text) => tagged(serializer, &class, "$value", &text),
            Known::Moment { iso, zone: None, call } if !call.contains("fold") => {
                tagged(serializer, &class, "$value", &iso)
            }
            Known::Moment { iso, zone, call } => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$type", &class)?;
                map.serialize_entry("$value", &iso)?;
                if call.contains("fold") {
                    map.serialize_entry("$fold", &1)?;
                }
                if let Some(zone) = zone {
                    map.serialize_entry("$zone", &self.down(zone))?;
                }
                map.end()
            }
            Known::Delta(days, seconds, microseconds) => {
                let fields =
                    serde_json::json!({"days": days, "seconds": seconds, "microseconds": microseconds});
                tagged(serializer, &class, "$fields", &fields)
            }
            Known::Utc => tagged(serializer, &class, "$value", "UTC"),
            Known::Fraction(over, under) => tagged(serializer, &class, "$value", &format!("{over}/{under}")),
            Known::Complex(..) => tagged(serializer, &class, "$value", &self.items(&object.args)),
            Known::Enum(class, name, member) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$type", &class.to_string())?;
                map.serialize_entry("$name", &name)?;
                if let Some(member) = member {
                    map.serialize_entry("$value", &self.down(member))?;
                }
                map.end()
            }
            Known::Named(..) => {
                let fields = NamedMap(self, object);
                tagged(serializer, &class, "$fields", &fields)
            }
            Known::Mapping(pairs) => tagged(serializer, &class, "$pairs", &self.pairs(pairs)),
            Known::Deque(items, longest) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$type", &class)?;
                map.serialize_entry("$value", &self.items(items))?;
                if let Some(longest) = longest {
                    map.serialize_entry("$maxlen", &self.down(longest))?;
                }
                map.end()
            }
            Known::DefaultDict(..) | Known::Dataclass | Known::Other => self.parts(serializer, object),
        }
    }

    fn parts<S: Serializer>(&self, serializer: S, object: &Object) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$type", &object.class.to_string())?;
        if !object.args.is_empty() {
            map.serialize_entry("$args", &self.items(&object.args))?;
        }
        match (self.value.state(object), object.state) {
            (Some([dict, slots]), Some(_)) if self.is_plain(dict) && self.is_plain(slots) => {
                map.serialize_entry("$fields", &self.fields(dict, slots))?;
            }
            (_, Some(state)) => map.serialize_entry("$state", &self.down(state))?,
            (_, None) => {}
        }
        if !object.items.is_empty() {
            map.serialize_entry("$items", &self.items(&object.items))?;
        }
        if !object.pairs.is_empty() {
            map.serialize_entry("$pairs", &self.pairs(&object.pairs))?;
        }
        map.end()
    }
}

fn tagged<S: Serializer>(
    serializer: S,
    kind: &str,
    key: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("$type", kind)?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// The int as u64, where it is one.
fn small(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [low @ .., 0] if low.len() == 8 => Some(u64::from_le_bytes(low.try_into().ok()?)),
        _ => None,
    }
}

struct ItemSeq<'a>(&'a Place<'a>, &'a [NodeId]);

impl Serialize for ItemSeq<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for id in self.1 {
            seq.serialize_element(&self.0.down(*id))?;
            if self.0.is_full() {
                break;
            }
        }
        seq.end()
    }
}

struct PairSeq<'a>(&'a Place<'a>, &'a [(NodeId, NodeId)]);

impl Serialize for PairSeq<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for (key, value) in self.1 {
            seq.serialize_element(&[self.0.down(*key), self.0.down(*value)])?;
            if self.0.is_full() {
                break;
            }
        }
        seq.end()
    }
}

/// Fields by name; every key is a str without surrogates.
struct FieldMap<'a>(&'a Place<'a>, &'a [(NodeId, NodeId)], &'a [(NodeId, NodeId)]);

impl Serialize for FieldMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.1.iter().chain(self.2) {
            let Node::Str(name) = self.0.value.get(*key) else { continue };
            self.0.spend(self.0.value.get(*key));
            map.serialize_entry(&*name.lossy(), &self.0.down(*value))?;
            if self.0.is_full() {
                break;
            }
        }
        map.end()
    }
}

/// The fields of a named tuple.
struct NamedMap<'a>(&'a Place<'a>, &'a Object);

impl Serialize for NamedMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Known::Named(names, values) = known(self.0.value, self.1) else {
            return serializer.serialize_unit();
        };
        let mut map = serializer.serialize_map(None)?;
        for (index, id) in values.iter().enumerate() {
            map.serialize_entry(&names.name(self.0.value, index), &self.0.down(*id))?;
            if self.0.is_full() {
                break;
            }
        }
        map.end()
    }
}
