//! What Python's `repr()` would show. A loop over a stack of steps: no depth is too great, and nothing past the limit
//! is looked at.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Write};

use super::known::{Known, Names, known};
use super::read::is_builtin_type;
use super::{ClassName, Node, NodeId, Object, Value, literal};

/// Counters are shown with the highest counts first, as Python does, up to this many entries.
const MAX_SORTED: usize = 10_000;

impl Value {
    /// What Python's `repr()` would show, as nearly as inert data allows, cut with `…` after `limit` characters.
    /// Bounded in time by `limit`, whatever the value's size. Remote text: draw it through the renderer.
    ///
    /// Ints of more than 4300 digits show their first and last digits and how many there are. An instance of which
    /// nothing but its state is known is `<app.models.Thing free=1>`; one made by a call is `Thing(1)`.
    pub fn repr(&self, limit: usize) -> String {
        let mut out = Limited { text: String::new(), left: limit };
        if write(self, &mut out).is_err() {
            out.text.pop();
            out.text.push('…');
        }
        out.text
    }
}

/// A string that is full after so many characters.
struct Limited {
    text: String,
    left: usize,
}

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.char_indices().nth(self.left) {
            None => {
                self.left -= text.chars().count();
                self.text.push_str(text);
                Ok(())
            }
            Some((end, _)) => {
                self.left = 0;
                self.text.push_str(text.get(..end).unwrap_or_default());
                Err(fmt::Error)
            }
        }
    }
}

/// What is still to be written.
enum Step<'a> {
    Text(Cow<'a, str>),
    Node(NodeId),
    /// `a, b`
    Items(&'a [NodeId]),
    /// `k: v, …`
    Pairs(&'a [(NodeId, NodeId)]),
    /// The same, the last first.
    Reversed(Vec<(NodeId, NodeId)>),
    /// `name=v, …` of a state.
    Fields(&'a [(NodeId, NodeId)]),
    /// `name=v, …` of a tuple, from this index on.
    Named(Names<'a>, &'a [NodeId], usize),
    /// The node is written: it is no cycle to meet it again.
    Leave(NodeId),
}

use Step::{Fields, Items, Leave, Named, Pairs, Reversed, Text};

fn write(value: &Value, out: &mut Limited) -> fmt::Result {
    let mut stack = vec![Step::Node(value.root)];
    let mut open = HashSet::new();
    while let Some(step) = stack.pop() {
        match step {
            Text(text) => out.write_str(&text)?,
            Leave(id) => {
                open.remove(&id);
            }
            Step::Node(id) if is_leaf(value.get(id)) => leaf(value.get(id), out)?,
            Step::Node(id) if open.insert(id) => {
                stack.push(Leave(id));
                stack.extend(container(value, value.get(id)).into_iter().rev());
            }
            Step::Node(id) => out.write_str(&cycle_mark(value.get(id)))?,
            Items([first, rest @ ..]) => {
                push_rest(&mut stack, !rest.is_empty(), Items(rest));
                stack.push(Step::Node(*first));
            }
            Pairs([(key, item), rest @ ..]) => {
                push_rest(&mut stack, !rest.is_empty(), Pairs(rest));
                stack.extend([Step::Node(*item), Text(": ".into()), Step::Node(*key)]);
            }
            Reversed(mut pairs) => {
                if let Some((key, item)) = pairs.pop() {
                    push_rest(&mut stack, !pairs.is_empty(), Reversed(pairs));
                    stack.extend([Step::Node(item), Text(": ".into()), Step::Node(key)]);
                }
            }
            Fields([(key, item), rest @ ..]) => {
                push_rest(&mut stack, !rest.is_empty(), Fields(rest));
                stack.extend([Step::Node(*item), Text("=".into())]);
                field_name(value.get(*key), out)?;
            }
            Named(names, items, index) => {
                if let Some(item) = items.get(index) {
                    push_rest(&mut stack, index + 1 < items.len(), Named(names, items, index + 1));
                    stack.extend([Step::Node(*item), Text(format!("{}=", names.name(value, index)).into())]);
                }
            }
            Items([]) | Pairs([]) | Fields([]) => {}
        }
    }
    Ok(())
}

fn push_rest<'a>(stack: &mut Vec<Step<'a>>, more: bool, rest: Step<'a>) {
    if more {
        stack.extend([rest, Text(", ".into())]);
    }
}

fn is_leaf(node: &Node) -> bool {
    !matches!(
        node,
        Node::List(_) | Node::Tuple(_) | Node::Set(_) | Node::FrozenSet(_) | Node::Dict(_) | Node::Object(_)
    )
}

fn leaf(node: &Node, out: &mut Limited) -> fmt::Result {
    match node {
        Node::Bool(true) => out.write_str("True"),
        Node::Bool(false) => out.write_str("False"),
        Node::Int(int) => write!(out, "{int}"),
        Node::Big(bytes) => out.write_str(&literal::big(bytes)),
        Node::Float(float) => out.write_str(&literal::float(*float)),
        Node::Str(text) => literal::write_str(out, text),
        Node::Bytes(bytes) => literal::write_bytes(out, bytes),
        Node::ByteArray(bytes) => {
            out.write_str("bytearray(")?;
            literal::write_bytes(out, bytes)?;
            out.write_char(')')
        }
        Node::Class(class) => out.write_str(&class_text(class)),
        Node::Opaque(opaque) => out.write_str(&opaque.repr.lossy()),
        _ => out.write_str("None"),
    }
}

/// `<class 'int'>`, `Ellipsis`, `app.models.Disk`, `<built-in function len>`.
fn class_text(class: &ClassName) -> String {
    match (&*class.module, &*class.name) {
        ("builtins", name @ ("Ellipsis" | "NotImplemented")) => name.to_owned(),
        ("builtins", name) if is_builtin_type(name) => format!("<class '{name}'>"),
        ("builtins", name) => format!("<built-in function {name}>"),
        _ => class.to_string(),
    }
}

fn cycle_mark(node: &Node) -> Cow<'static, str> {
    match node {
        Node::List(_) => "[...]".into(),
        Node::Tuple(_) => "(...)".into(),
        Node::Dict(_) | Node::Set(_) | Node::FrozenSet(_) => "{...}".into(),
        Node::Object(object) => format!("<{} ...>", object.class).into(),
        _ => "...".into(),
    }
}

fn field_name(key: &Node, out: &mut Limited) -> fmt::Result {
    match key {
        Node::Str(text) => out.write_str(&text.lossy()),
        other if is_leaf(other) => leaf(other, out),
        _ => out.write_char('?'),
    }
}

fn container<'a>(value: &'a Value, node: &'a Node) -> Vec<Step<'a>> {
    let wrap = |open: &'static str, body: Step<'a>, close: &'static str| {
        vec![Text(open.into()), body, Text(close.into())]
    };
    match node {
        Node::List(items) => wrap("[", Items(items), "]"),
        Node::Tuple(items) => wrap("(", Items(items), if items.len() == 1 { ",)" } else { ")" }),
        Node::Set(items) if items.is_empty() => vec![Text("set()".into())],
        Node::Set(items) => wrap("{", Items(items), "}"),
        Node::FrozenSet(items) if items.is_empty() => vec![Text("frozenset()".into())],
        Node::FrozenSet(items) => wrap("frozenset({", Items(items), "})"),
        Node::Dict(pairs) => wrap("{", Pairs(pairs), "}"),
        Node::Object(object) => instance(value, object),
        _ => Vec::new(),
    }
}

fn instance<'a>(value: &'a Value, object: &'a Object) -> Vec<Step<'a>> {
    let class = short(&object.class);
    let text = |text: String| vec![Text(text.into())];
    match known(value, object) {
        Known::Text(name, content) => {
            let mut quoted = String::new();
            let _ = literal::write_str(&mut quoted, &content.as_str().into());
            text(format!("{name}({quoted})"))
        }
        Known::Moment { call, zone: None, .. } => text(call + ")"),
        Known::Moment { call, zone: Some(zone), .. } => {
            vec![Text(format!("{call}, tzinfo=").into()), Step::Node(zone), Text(")".into())]
        }
        Known::Delta(days, seconds, micros) => text(delta(days, seconds, micros)),
        Known::Utc => text("datetime.timezone.utc".to_owned()),
        Known::Fraction(over, under) => text(format!("Fraction({over}, {under})")),
        Known::Complex(real, imaginary) => text(complex(real, imaginary)),
        Known::Mapping([]) => text(format!("{class}()")),
        Known::Mapping(pairs) => {
            let pairs = if class == "Counter" { by_count(value, pairs) } else { Pairs(pairs) };
            vec![Text(format!("{class}({{").into()), pairs, Text("})".into())]
        }
        Known::DefaultDict(factory, pairs) => {
            let factory = factory.map_or(Text("None".into()), Step::Node);
            vec![Text("defaultdict(".into()), factory, Text(", {".into()), Pairs(pairs), Text("})".into())]
        }
        Known::Deque(items, longest) => {
            let mut steps = vec![Text("deque([".into()), Items(items), Text("]".into())];
            if let Some(longest) = longest.filter(|id| *value.get(*id) != Node::None) {
                steps.extend([Text(", maxlen=".into()), Step::Node(longest)]);
            }
            steps.push(Text(")".into()));
            steps
        }
        Known::Enum(class, member, _) => text(format!("{}.{member}", short(class))),
        Known::Named(names, values) => {
            let class =
                if matches!(names, Names::Table(_)) { object.class.to_string() } else { class.to_owned() };
            vec![Text(format!("{class}(").into()), Named(names, values, 0), Text(")".into())]
        }
        Known::Dataclass => called(value, object, &object.class.name),
        Known::Other => other(value, object),
    }
}

/// The name without module and outer classes.
fn short(class: &ClassName) -> &str {
    class.name.rsplit('.').next().unwrap_or(&class.name)
}

fn other<'a>(value: &'a Value, object: &'a Object) -> Vec<Step<'a>> {
    let class = &object.class;
    match (&*class.module, &*class.name) {
        ("builtins", "range") => range(value, object),
        ("datetime", _) => called(value, object, &class.to_string()),
        _ if object.state.is_none() => called(value, object, short(class)),
        _ => bracketed(value, object),
    }
}

/// `Disk(1, [2, 3], {4: 5}, free=6)`
fn called<'a>(value: &'a Value, object: &'a Object, name: &str) -> Vec<Step<'a>> {
    let mut steps = vec![Text(format!("{name}(").into())];
    steps.extend(join(parts(value, object)));
    steps.push(Text(")".into()));
    steps
}

/// `<app.models.Thing 1, [2, 3], {4: 5}, free=6>`
fn bracketed<'a>(value: &'a Value, object: &'a Object) -> Vec<Step<'a>> {
    let parts = parts(value, object);
    let gap = if parts.is_empty() { "" } else { " " };
    let mut steps = vec![Text(format!("<{}{gap}", object.class).into())];
    steps.extend(join(parts));
    steps.push(Text(">".into()));
    steps
}

/// Each part of an instance that there is: arguments, items, pairs, fields.
fn parts<'a>(value: &'a Value, object: &'a Object) -> Vec<Vec<Step<'a>>> {
    let mut parts = Vec::new();
    if !object.args.is_empty() {
        parts.push(vec![Items(&object.args)]);
    }
    if !object.items.is_empty() {
        parts.push(vec![Text("[".into()), Items(&object.items), Text("]".into())]);
    }
    if !object.pairs.is_empty() {
        parts.push(vec![Text("{".into()), Pairs(&object.pairs), Text("}".into())]);
    }
    match (value.state(object), object.state) {
        (Some(dicts), _) => {
            parts.extend(dicts.iter().filter(|dict| !dict.is_empty()).map(|dict| vec![Fields(dict)]));
        }
        (None, Some(state)) => parts.push(vec![Text("state=".into()), Step::Node(state)]),
        (None, None) => {}
    }
    parts
}

fn join(parts: Vec<Vec<Step<'_>>>) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in parts {
        if !steps.is_empty() {
            steps.push(Text(", ".into()));
        }
        steps.extend(part);
    }
    steps
}

fn range<'a>(value: &'a Value, object: &'a Object) -> Vec<Step<'a>> {
    let args = match &*object.args {
        [from_to @ .., by] if from_to.len() == 2 && *value.get(*by) == Node::Int(1) => from_to,
        args => args,
    };
    vec![Text("range(".into()), Items(args), Text(")".into())]
}

fn by_count<'a>(value: &Value, pairs: &'a [(NodeId, NodeId)]) -> Step<'a> {
    let count = |id: NodeId| match value.get(id) {
        Node::Int(int) => Some(*int),
        _ => None,
    };
    if pairs.len() > MAX_SORTED || pairs.iter().any(|(_, number)| count(*number).is_none()) {
        return Pairs(pairs);
    }
    let mut sorted: Vec<_> = pairs.iter().rev().copied().collect();
    sorted.sort_by_key(|(_, number)| count(*number));
    Reversed(sorted)
}

fn delta(days: i64, seconds: i64, micros: i64) -> String {
    let parts: Vec<_> = [("days", days), ("seconds", seconds), ("microseconds", micros)]
        .iter()
        .filter(|(_, number)| *number != 0)
        .map(|(name, number)| format!("{name}={number}"))
        .collect();
    format!("datetime.timedelta({})", if parts.is_empty() { "0".to_owned() } else { parts.join(", ") })
}

fn complex(real: f64, imaginary: f64) -> String {
    let part = |float: f64| {
        let text = literal::float(float);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", part(imaginary));
    }
    let sign = if imaginary.is_nan() || imaginary.is_sign_positive() { "+" } else { "" };
    format!("({}{sign}{}j)", part(real), part(imaginary))
}
