//! What is known of instances: those of the standard library that people meet, and the forms that the agent tells.

use std::fmt::Write as _;

use super::{ClassName, Form, Node, NodeId, Object, Value, literal};

/// An instance, seen with what is known of its class.
pub(super) enum Known<'a> {
    /// One text says all: `Decimal('1.5')`, `PosixPath('/x')`, `UUID('…')`. The call's name, the text.
    Text(String, String),
    /// A date, time or moment: the call without its closing bracket, ISO 8601, the zone if any.
    Moment { call: String, iso: String, zone: Option<NodeId> },
    /// Days, seconds, microseconds.
    Delta(i64, i64, i64),
    /// `datetime.timezone.utc`
    Utc,
    /// Numerator and denominator, in decimal.
    Fraction(String, String),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// `OrderedDict`, `Counter`: its pairs.
    Mapping(&'a [(NodeId, NodeId)]),
    /// A `defaultdict`: factory and pairs.
    DefaultDict(Option<NodeId>, &'a [(NodeId, NodeId)]),
    /// A `deque`: items and greatest length.
    Deque(&'a [NodeId], Option<NodeId>),
    /// A member of an enum: class, name and, where known, value.
    Enum(&'a ClassName, String, Option<NodeId>),
    /// A named tuple: field names and values.
    Named(Names<'a>, &'a [NodeId]),
    /// A dataclass: its state.
    Dataclass,
    /// Anything else: what the pickle says.
    Other,
}

/// Names of a tuple's fields.
#[derive(Clone, Copy)]
pub(super) enum Names<'a> {
    /// Strings of the arena.
    Ids(&'a [NodeId]),
    /// Of a class that we know.
    Table(&'static [&'static str]),
}

impl Names<'_> {
    pub(super) fn name(&self, value: &Value, index: usize) -> String {
        match self {
            Self::Table(names) => names.get(index).map(|name| (*name).to_owned()),
            Self::Ids(ids) => ids.get(index).and_then(|id| match value.get(*id) {
                Node::Str(text) => Some(text.lossy().into_owned()),
                _ => None,
            }),
        }
        .unwrap_or_else(|| format!("[{index}]"))
    }
}

/// Tuples with names that are not named tuples: their pickles hold the values alone.
const STRUCTS: &[(&[&str], &str, &[&str])] = &[
    (&["os", "posix"], "uname_result", &["sysname", "nodename", "release", "version", "machine"]),
    (
        &["os", "posix"],
        "stat_result",
        &[
            "st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime",
            "st_ctime",
        ],
    ),
    (
        &["os", "posix"],
        "statvfs_result",
        &[
            "f_bsize",
            "f_frsize",
            "f_blocks",
            "f_bfree",
            "f_bavail",
            "f_files",
            "f_ffree",
            "f_favail",
            "f_flag",
            "f_namemax",
        ],
    ),
    (&["os"], "terminal_size", &["columns", "lines"]),
    (&["posix", "os"], "times_result", &["user", "system", "children_user", "children_system", "elapsed"]),
    (
        &["time"],
        "struct_time",
        &["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"],
    ),
    (
        &["pwd"],
        "struct_passwd",
        &["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"],
    ),
    (&["grp"], "struct_group", &["gr_name", "gr_passwd", "gr_gid", "gr_mem"]),
];

/// Texts longer than this are not looked into: no real date, path or number has them.
const MAX_TEXT: usize = 8192;

/// What is known of this instance of `value`'s arena.
pub(super) fn known<'a>(value: &'a Value, object: &'a Object) -> Known<'a> {
    match object.form {
        Form::Dataclass => Known::Dataclass,
        Form::Enum => enum_member(value, object).unwrap_or(Known::Other),
        Form::NamedTuple => named(value, object).unwrap_or(Known::Other),
        Form::Plain => standard(value, object).unwrap_or(Known::Other),
    }
}

fn enum_member<'a>(value: &Value, object: &'a Object) -> Option<Known<'a>> {
    let [name, member, ..] = *object.args else { return None };
    Some(Known::Enum(&object.class, small_text(value, name)?, Some(member)))
}

fn named<'a>(value: &'a Value, object: &'a Object) -> Option<Known<'a>> {
    let [names] = *object.args else { return None };
    match value.get(names) {
        Node::Tuple(names) => Some(Known::Named(Names::Ids(names), &object.items)),
        _ => None,
    }
}

fn standard<'a>(value: &'a Value, object: &'a Object) -> Option<Known<'a>> {
    let args = &*object.args;
    let text = |id: NodeId| small_text(value, id);
    let known = match (&*object.class.module, &*object.class.name) {
        ("datetime", name) => return moment(value, name, args),
        ("decimal", "Decimal") => Known::Text("Decimal".to_owned(), text(*args.first()?)?),
        ("uuid", "UUID") => Known::Text("UUID".to_owned(), uuid(value, object)?),
        ("pathlib", name) => match args {
            [path] => Known::Text(name.to_owned(), text(*path)?),
            _ => return None,
        },
        ("fractions", "Fraction") => fraction(value, args)?,
        ("builtins", "complex") => match (value.get(*args.first()?), value.get(*args.get(1)?)) {
            (Node::Float(real), Node::Float(imaginary)) => Known::Complex(*real, *imaginary),
            _ => return None,
        },
        ("builtins", "getattr") => match value.get(*args.first()?) {
            Node::Class(class) => Known::Enum(class, text(*args.get(1)?)?, None),
            _ => return None,
        },
        ("collections", "OrderedDict") if args.is_empty() => Known::Mapping(&object.pairs),
        ("collections", "Counter") => match args.first().map(|id| value.get(*id)) {
            None => Known::Mapping(&object.pairs),
            Some(Node::Dict(pairs)) if object.pairs.is_empty() => Known::Mapping(pairs),
            Some(_) => return None,
        },
        ("collections", "defaultdict") if args.len() < 2 => {
            Known::DefaultDict(args.first().copied(), &object.pairs)
        }
        ("collections", "deque") => deque(value, object)?,
        (module, name) => {
            let (_, _, names) =
                STRUCTS.iter().find(|(modules, n, _)| *n == name && modules.contains(&module))?;
            match value.get(*args.first()?) {
                Node::Tuple(values) if values.len() == names.len() => {
                    Known::Named(Names::Table(names), values)
                }
                _ => return None,
            }
        }
    };
    // State or items beside what we know would be lost.
    let has_rest = object.state.is_some() && !object.class.is("uuid", "UUID");
    (!has_rest).then_some(known)
}

fn deque<'a>(value: &'a Value, object: &'a Object) -> Option<Known<'a>> {
    let longest = object.args.get(1).copied();
    match object.args.first().map(|id| value.get(*id)) {
        Some(Node::List(items) | Node::Tuple(items)) if object.items.is_empty() => {
            Some(Known::Deque(items, longest))
        }
        None => Some(Known::Deque(&object.items, longest)),
        Some(Node::Tuple(none)) if none.is_empty() => Some(Known::Deque(&object.items, longest)),
        Some(_) => None,
    }
}

fn fraction<'a>(value: &Value, args: &[NodeId]) -> Option<Known<'a>> {
    Some(match args {
        // What the decoder leaves so: ints of more than 64 bits, from before Python 3.12.
        [one] => {
            let text = small_text(value, *one)?;
            let (numerator, denominator) = text.split_once('/').unwrap_or((&text, "1"));
            Known::Fraction(numerator.to_owned(), denominator.to_owned())
        }
        [numerator, denominator] => {
            Known::Fraction(int_text(value, *numerator)?, int_text(value, *denominator)?)
        }
        _ => return None,
    })
}

fn int_text(value: &Value, id: NodeId) -> Option<String> {
    match value.get(id) {
        Node::Int(int) => Some(int.to_string()),
        Node::Big(bytes) if bytes.len() <= MAX_TEXT => Some(literal::big_exact(bytes)),
        _ => None,
    }
}

fn uuid(value: &Value, object: &Object) -> Option<String> {
    let Node::Dict(state) = value.get(object.state?) else { return None };
    let number = state.iter().find_map(|(key, number)| match (value.get(*key), value.get(*number)) {
        (Node::Str(key), Node::Int(int)) if key.as_str() == Some("int") => u128::try_from(*int).ok(),
        (Node::Str(key), Node::Big(bytes)) if key.as_str() == Some("int") => unsigned(bytes),
        _ => None,
    })?;
    let hex = format!("{number:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    Some([part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-"))
}

fn unsigned(bytes: &[u8]) -> Option<u128> {
    if bytes.len() > 17 || bytes.last()? & 0x80 != 0 || bytes.get(16).is_some_and(|byte| *byte != 0) {
        return None;
    }
    Some(bytes.iter().take(16).rev().fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
}

/// A str without lone surrogates, or 2.7's ASCII str.
fn small_text(value: &Value, id: NodeId) -> Option<String> {
    match value.get(id) {
        Node::Str(text) if text.0.len() <= MAX_TEXT => text.as_str().map(str::to_owned),
        _ => None,
    }
}

fn moment<'a>(value: &Value, name: &str, args: &[NodeId]) -> Option<Known<'a>> {
    let int = |index: usize| match value.get(*args.get(index)?) {
        Node::Int(int) => Some(*int),
        _ => None,
    };
    match name {
        "timedelta" if args.len() == 3 => return Some(Known::Delta(int(0)?, int(1)?, int(2)?)),
        "timezone" if args.len() == 1 => return is_zero_delta(value, *args.first()?).then_some(Known::Utc),
        _ => {}
    }
    // On 2.7 the packed bytes are a str, and some of them are UTF-8.
    let packed: &[u8] = match value.get(*args.first()?) {
        Node::Bytes(bytes) => bytes,
        Node::Str(text) => &text.0,
        _ => return None,
    };
    let zone = args.get(1).copied().filter(|zone| *value.get(*zone) != Node::None);
    let (call, iso) = match (name, packed) {
        ("date", [y1, y2, month, day]) => {
            let year = u16::from_be_bytes([*y1, *y2]);
            (format!("datetime.date({year}, {month}, {day}"), format!("{year:04}-{month:02}-{day:02}"))
        }
        ("time", [hour, rest @ ..]) => {
            let (fold, hour) = (hour >> 7, hour & 0x7f);
            let (parts, iso) = clock(hour, rest)?;
            (format!("datetime.time({parts}{}", fold_text(fold)), iso)
        }
        ("datetime", [y1, y2, month, day, hour, rest @ ..]) => {
            let year = u16::from_be_bytes([*y1, *y2]);
            let (fold, month) = (month >> 7, month & 0x7f);
            let (parts, iso) = clock(*hour, rest)?;
            (
                format!("datetime.datetime({year}, {month}, {day}, {parts}{}", fold_text(fold)),
                format!("{year:04}-{month:02}-{day:02}T{iso}"),
            )
        }
        _ => return None,
    };
    Some(Known::Moment { call, iso, zone })
}

fn fold_text(fold: u8) -> &'static str {
    if fold == 1 { ", fold=1" } else { "" }
}

/// Hour, minute and what else is not zero: as arguments, and as ISO 8601.
fn clock(hour: u8, rest: &[u8]) -> Option<(String, String)> {
    let [minute, second, m1, m2, m3] = *rest else { return None };
    let micro = u32::from_be_bytes([0, m1, m2, m3]);
    let mut call = format!("{hour}, {minute}");
    let mut iso = format!("{hour:02}:{minute:02}:{second:02}");
    if second != 0 || micro != 0 {
        let _ = write!(call, ", {second}");
    }
    if micro != 0 {
        let _ = write!(call, ", {micro}");
        let _ = write!(iso, ".{micro:06}");
    }
    Some((call, iso))
}

fn is_zero_delta(value: &Value, id: NodeId) -> bool {
    match value.get(id) {
        Node::Object(delta) if delta.class.is("datetime", "timedelta") => {
            delta.args.len() == 3 && delta.args.iter().all(|part| *value.get(*part) == Node::Int(0))
        }
        _ => false,
    }
}
