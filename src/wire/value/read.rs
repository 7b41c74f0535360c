//! Reading a value: its type, parts, length, number.

use super::known::{Known, known};
use super::text::Text;
use super::{Form, Node, NodeId, Object, Value, literal};

impl Value {
    /// Python's name of the type: `int`, `str`, `app.models.Disk` (builtins without their module).
    pub fn type_name(&self) -> String {
        let name = match self.node() {
            Node::None => "NoneType",
            Node::Bool(_) => "bool",
            Node::Int(_) | Node::Big(_) => "int",
            Node::Float(_) => "float",
            Node::Str(_) => "str",
            Node::Bytes(_) => "bytes",
            Node::ByteArray(_) => "bytearray",
            Node::List(_) => "list",
            Node::Tuple(_) => "tuple",
            Node::Set(_) => "set",
            Node::FrozenSet(_) => "frozenset",
            Node::Dict(_) => "dict",
            Node::Class(class) if class.is("builtins", "Ellipsis") => "ellipsis",
            Node::Class(class) if class.is("builtins", "NotImplemented") => "NotImplementedType",
            Node::Class(class) if is_function(&class.name) => "function",
            Node::Class(_) => "type",
            Node::Object(object) => {
                return match known(self, object) {
                    Known::Enum(class, ..) => class.to_string(),
                    _ => object.class.to_string(),
                };
            }
            Node::Opaque(opaque) => return opaque.class.to_string(),
        };
        name.to_owned()
    }

    /// The text of a str without lone surrogates. None for anything else.
    pub fn as_str(&self) -> Option<&str> {
        match self.node() {
            Node::Str(text) => text.as_str(),
            _ => None,
        }
    }

    /// The text of any str. None for anything else.
    pub fn as_text(&self) -> Option<&Text> {
        match self.node() {
            Node::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The content of a bytes or bytearray. None for anything else.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.node() {
            Node::Bytes(bytes) | Node::ByteArray(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// An int that fits. None for anything else, bools included.
    pub fn as_i64(&self) -> Option<i64> {
        match self.node() {
            Node::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// A bool. None for anything else.
    pub fn as_bool(&self) -> Option<bool> {
        match self.node() {
            Node::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// Whether it is None.
    pub fn is_none(&self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The value of this key of a dict, or of this field. The last one of that name, as in Python.
    pub fn get_field(&self, name: &str) -> Option<Self> {
        if let Node::Dict(pairs) = self.node() {
            let named = |key: NodeId| matches!(self.get(key), Node::Str(text) if *text.0 == *name.as_bytes());
            return pairs.iter().rev().find(|(key, _)| named(*key)).map(|(_, value)| self.at(*value));
        }
        self.fields()?.into_iter().rev().find_map(|(field, value)| (field == name).then_some(value))
    }

    /// Named parts: the items of a dict whose keys are all strings, the fields of a dataclass, named tuple or other
    /// instance. None where the value has no such parts.
    pub fn fields(&self) -> Option<Vec<(String, Self)>> {
        match self.node() {
            Node::Dict(pairs) => self.named_pairs(pairs),
            Node::Object(object) => match known(self, object) {
                Known::Mapping(pairs) | Known::DefaultDict(_, pairs) => self.named_pairs(pairs),
                Known::Named(names, values) => {
                    let field = |(index, id): (usize, &NodeId)| (names.name(self, index), self.at(*id));
                    Some(values.iter().enumerate().map(field).collect())
                }
                Known::Dataclass | Known::Other => self.state_fields(object),
                _ => None,
            },
            _ => None,
        }
    }

    fn named_pairs(&self, pairs: &[(NodeId, NodeId)]) -> Option<Vec<(String, Self)>> {
        let named = |(key, value): &(NodeId, NodeId)| match self.get(*key) {
            Node::Str(text) => Some((text.lossy().into_owned(), self.at(*value))),
            _ => None,
        };
        pairs.iter().map(named).collect()
    }

    fn state_fields(&self, object: &Object) -> Option<Vec<(String, Self)>> {
        let [dict, slots] = self.state(object)?;
        if dict.is_empty() && slots.is_empty() {
            return (object.form == Form::Dataclass).then(Vec::new);
        }
        let mut fields = self.named_pairs(dict)?;
        fields.extend(self.named_pairs(slots)?);
        Some(fields)
    }

    /// The instance's `__dict__` and its slots, where its state is made of these.
    pub(super) fn state<'a>(&'a self, object: &Object) -> Option<[&'a [(NodeId, NodeId)]; 2]> {
        let Some(state) = object.state else { return Some([&[], &[]]) };
        match self.get(state) {
            Node::Dict(dict) => Some([dict, &[]]),
            Node::Tuple(both) => match both[..] {
                [dict, slots] => match (self.get(dict), self.get(slots)) {
                    (Node::None, Node::Dict(slots)) => Some([&[], slots]),
                    (Node::Dict(dict), Node::Dict(slots)) => Some([dict, slots]),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The items of a list, tuple, set, frozenset or instance with items. None for anything else.
    pub fn items(&self) -> Option<Vec<Self>> {
        Some(self.item_ids()?.iter().map(|id| self.at(*id)).collect())
    }

    fn item_ids(&self) -> Option<&[NodeId]> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) | Node::FrozenSet(items) => Some(items),
            Node::Object(object) => match known(self, object) {
                Known::Deque(items, _) | Known::Named(_, items) => Some(items),
                _ => (!object.items.is_empty()).then_some(&*object.items),
            },
            _ => None,
        }
    }

    /// The keys and values of a dict, or of an instance of a dict's subclass. None for anything else.
    pub fn pairs(&self) -> Option<Vec<(Self, Self)>> {
        let pairs = self.pair_ids()?;
        Some(pairs.iter().map(|(key, value)| (self.at(*key), self.at(*value))).collect())
    }

    fn pair_ids(&self) -> Option<&[(NodeId, NodeId)]> {
        match self.node() {
            Node::Dict(pairs) => Some(pairs),
            Node::Object(object) => match known(self, object) {
                Known::Mapping(pairs) | Known::DefaultDict(_, pairs) => Some(pairs),
                _ => (!object.pairs.is_empty()).then_some(&*object.pairs),
            },
            _ => None,
        }
    }

    /// What `len()` would say, for the builtin types and instances with items. None for anything else.
    pub fn len(&self) -> Option<usize> {
        match self.node() {
            Node::Str(text) => Some(text.len()),
            Node::Bytes(bytes) | Node::ByteArray(bytes) => Some(bytes.len()),
            _ => match self.item_ids() {
                Some(items) => Some(items.len()),
                None => self.pair_ids().map(<[_]>::len),
            },
        }
    }

    /// Whether it has a length, and that is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// As a number, for sorting and summing: ints, floats, bools, Decimals, Fractions; timedeltas in seconds.
    pub fn number(&self) -> Option<f64> {
        match self.node() {
            Node::Bool(bool) => Some(f64::from(u8::from(*bool))),
            Node::Int(int) => Some(*int as f64),
            Node::Big(bytes) => Some(literal::big_to_f64(bytes)),
            Node::Float(float) => Some(*float),
            Node::Object(object) => match known(self, object) {
                Known::Text(_, text) if object.class.is("decimal", "Decimal") => text.parse().ok(),
                Known::Fraction(over, under) => Some(over.parse::<f64>().ok()? / under.parse::<f64>().ok()?),
                Known::Delta(days, seconds, micros) => {
                    Some(days as f64 * 86_400.0 + seconds as f64 + micros as f64 / 1e6)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Type and size in a few words, for a value too large to show: `list of 100000`, `str of 5 characters`.
    pub fn summary(&self) -> String {
        let name = self.type_name();
        match (self.node(), self.len()) {
            (_, None) => name,
            (Node::Str(_), Some(1)) => format!("{name} of 1 character"),
            (Node::Str(_), Some(count)) => format!("{name} of {count} characters"),
            (Node::Bytes(_) | Node::ByteArray(_), Some(1)) => format!("{name} of 1 byte"),
            (Node::Bytes(_) | Node::ByteArray(_), Some(count)) => format!("{name} of {count} bytes"),
            (_, Some(count)) => format!("{name} of {count}"),
        }
    }
}

/// A global whose last name begins small is a function more often than not, but for builtin types.
fn is_function(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.starts_with(|first: char| first.is_lowercase() || first == '_') && !is_builtin_type(name)
}

/// Whether `builtins.name` is a class.
pub(super) fn is_builtin_type(name: &str) -> bool {
    const SMALL: &[&str] = &[
        "bool",
        "bytearray",
        "bytes",
        "classmethod",
        "complex",
        "dict",
        "enumerate",
        "filter",
        "float",
        "frozenset",
        "int",
        "list",
        "map",
        "memoryview",
        "object",
        "property",
        "range",
        "reversed",
        "set",
        "slice",
        "staticmethod",
        "str",
        "super",
        "tuple",
        "type",
        "zip",
    ];
    SMALL.contains(&name)
        || name.starts_with(char::is_uppercase) && !matches!(name, "Ellipsis" | "NotImplemented")
}
