//! What calls in a pickle stand for. Nothing is called: a reduction whose meaning is certain becomes a plain node,
//! any other an [`Object`] that says what would have been called.

use super::machine::Machine;
use super::reader::Sentence;
use crate::wire::value::{ClassName, Form, Node, NodeId, Object, Opaque, Point, Text};

/// Python 2.7's names, and those that Python 3 writes in protocol 2, in the names of Python 3.
pub(super) fn of_python_3<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    match (module, name) {
        ("__builtin__", "unicode") => ("builtins", "str"),
        ("__builtin__", "long") => ("builtins", "int"),
        ("__builtin__", "xrange") => ("builtins", "range"),
        ("exceptions", "StandardError") => ("builtins", "Exception"),
        ("__builtin__" | "exceptions", name) => ("builtins", name),
        ("copy_reg", name) => ("copyreg", name),
        ("pathlib._local", name) => ("pathlib", name),
        other => other,
    }
}

impl Machine<'_> {
    /// REDUCE: `callable(*args)`.
    pub(super) fn reduce(&mut self, callable: NodeId, args: NodeId) -> Sentence<()> {
        let args = self.args(args)?;
        let node = match self.node(callable) {
            Node::Class(class) => {
                let class = (**class).clone();
                match self.certain(&class, &args)? {
                    Some(node) => node,
                    None => object(class, args),
                }
            }
            // A call of an instance, as of functools.partial: of its class, with itself as first argument.
            Node::Object(instance) => {
                let class = instance.class.clone();
                object(class, [vec![callable], args].concat())
            }
            _ => return Err("a call of what cannot be called".into()),
        };
        self.push(node)
    }

    /// NEWOBJ, `NEWOBJ_EX`: `class.__new__(class, *args, **kwargs)`.
    pub(super) fn new_object(&mut self, class: NodeId, args: NodeId, kwargs: Option<NodeId>) -> Sentence<()> {
        let Node::Class(class) = self.node(class) else {
            return Err("an instance of what is no class".into());
        };
        let class = (**class).clone();
        let mut args = self.args(args)?;
        args.extend(kwargs.filter(|id| !matches!(self.node(*id), Node::Dict(pairs) if pairs.is_empty())));
        self.push(object(class, args))
    }

    fn args(&mut self, id: NodeId) -> Sentence<Vec<NodeId>> {
        let Node::Tuple(args) = self.node(id) else { return Err("arguments that are no tuple".into()) };
        let args = args.clone();
        self.copy(args.len())?;
        Ok(args)
    }

    /// The plain node that this call stands for, if that is certain.
    fn certain(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        match (&*class.module, &*class.name) {
            ("hailer", name) => self.told(name, args).map(Some),
            ("builtins", "set") => self.members(args).map(|members| members.map(Node::Set)),
            ("builtins", "frozenset") => self.members(args).map(|members| members.map(Node::FrozenSet)),
            ("builtins", "bytes") if args.is_empty() => Ok(Some(Node::Bytes(Box::default()))),
            ("builtins", "bytearray") => self.bytes(args).map(|bytes| bytes.map(Node::ByteArray)),
            ("_codecs", "encode") => self.bytes(args).map(|bytes| bytes.map(Node::Bytes)),
            ("builtins", "type") => Ok(self.type_of(args)),
            ("copyreg", "_reconstructor") => Ok(self.reconstructed(args)),
            ("copyreg", "__newobj__") => Ok(self.instance(args)),
            _ => self.in_one_form(class, args),
        }
    }

    /// What the agent's reducer tells.
    fn told(&mut self, name: &str, args: &[NodeId]) -> Sentence<Node> {
        let names = match args {
            [module, name, ..] => (self.node(*module), self.node(*name)),
            _ => return Err(format!("hailer {name} with {} arguments", args.len())),
        };
        let (Node::Str(module), Node::Str(qualified)) = names else {
            return Err(format!("hailer {name} of a class whose names are no strings"));
        };
        let (module, qualified) = (module.clone(), qualified.clone());
        self.copy(module.0.len() + qualified.0.len())?;
        let class = self.class(&module.0, &qualified.0)?;
        let form = match (name, args) {
            ("_opaque", [_, _, repr]) => return self.opaque(class, *repr),
            ("_dataclass", [_, _]) => Form::Dataclass,
            ("_named", [_, _, _]) => Form::NamedTuple,
            ("_enum", [_, _, _, _]) => Form::Enum,
            _ => return Err(format!("hailer {name} with {} arguments is nothing that we know", args.len())),
        };
        let rest = args.get(2..).unwrap_or_default().to_vec();
        Ok(Node::Object(Box::new(Object { form, ..Object::new(class, rest) })))
    }

    fn opaque(&mut self, class: ClassName, repr: NodeId) -> Sentence<Node> {
        let repr = match self.node(repr) {
            Node::Str(text) => text.clone(),
            // 2.7: a repr with bytes that are no UTF-8.
            Node::Bytes(bytes) => Text::from(&*String::from_utf8_lossy(bytes)),
            _ => return Err("an opaque whose repr is no string".into()),
        };
        self.copy(repr.0.len())?;
        Ok(Node::Opaque(Box::new(Opaque { class, repr })))
    }

    /// The members of `set([…])`.
    fn members(&mut self, args: &[NodeId]) -> Sentence<Option<Vec<NodeId>>> {
        let members = match args {
            [] => Some(Vec::new()),
            [list] => match self.node(*list) {
                Node::List(items) | Node::Tuple(items) => Some(items.clone()),
                _ => None,
            },
            _ => None,
        };
        self.copy(members.as_ref().map_or(0, Vec::len))?;
        Ok(members)
    }

    /// The bytes of `()`, `(bytes,)` or `(text, 'latin-1')`.
    fn bytes(&mut self, args: &[NodeId]) -> Sentence<Option<Box<[u8]>>> {
        let bytes = match args.iter().map(|id| self.node(*id)).collect::<Vec<_>>()[..] {
            [] => Some(Box::default()),
            [Node::Bytes(bytes)] => Some(bytes.clone()),
            [Node::Str(text), Node::Str(codec)] => match &*codec.0 {
                b"latin-1" | b"latin1" => latin_1(text),
                b"utf-8" | b"utf8" => Some(text.0.clone()),
                _ => None,
            },
            _ => None,
        };
        self.copy(bytes.as_ref().map_or(0, |bytes| bytes.len()))?;
        Ok(bytes)
    }

    /// `type(None)` and its like.
    fn type_of(&self, args: &[NodeId]) -> Option<Node> {
        let [of] = args else { return None };
        let name = match self.node(*of) {
            Node::None => "NoneType",
            Node::Class(class) if class.is("builtins", "Ellipsis") => "ellipsis",
            Node::Class(class) if class.is("builtins", "NotImplemented") => "NotImplementedType",
            _ => return None,
        };
        Some(Node::Class(Box::new(ClassName::new("builtins", name))))
    }

    /// `copyreg._reconstructor(class, base, state of the base)`
    fn reconstructed(&self, args: &[NodeId]) -> Option<Node> {
        let [class, _, state] = args else { return None };
        let Node::Class(class) = self.node(*class) else { return None };
        let args = if *self.node(*state) == Node::None { Vec::new() } else { vec![*state] };
        Some(object((**class).clone(), args))
    }

    /// `copyreg.__newobj__(class, *args)`
    fn instance(&self, args: &[NodeId]) -> Option<Node> {
        let (class, args) = args.split_first()?;
        let Node::Class(class) = self.node(*class) else { return None };
        Some(object((**class).clone(), args.to_vec()))
    }
}

pub(super) fn object(class: ClassName, args: Vec<NodeId>) -> Node {
    Node::Object(Box::new(Object::new(class, args)))
}

/// The text in Latin-1; none where it holds anything else.
fn latin_1(text: &Text) -> Option<Box<[u8]>> {
    text.points()
        .map(|point| match point {
            Point::Char(char) => u8::try_from(char).ok(),
            Point::Surrogate(_) => None,
        })
        .collect()
}
