//! Instances that the versions of Python pickle differently, in one form: so that equal answers of hosts with different
//! Pythons are equal values.

use super::machine::Machine;
use super::reader::Sentence;
use super::reduce::object;
use crate::wire::value::{ClassName, Node, NodeId, Object, Text};

impl Machine<'_> {
    /// The form of this instance in the newest Python, where older ones write another.
    pub(super) fn in_one_form(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        match (&*class.module, &*class.name) {
            ("collections", "OrderedDict") => self.ordered_dict(class, args),
            ("collections", "deque") => self.deque(class, args),
            ("datetime", _) => self.packed(class, args),
            ("fractions", "Fraction") => self.fraction(class, args),
            ("pathlib", _) if args.len() != 1 => self.path(class, args),
            _ => Ok(None),
        }
    }

    /// A node that the instance at hand needs, and that the pickle has in another form.
    fn add(&mut self, node: Node) -> Sentence<NodeId> {
        self.push(node)?;
        self.pop()
    }

    /// Python 2.7: `OrderedDict([[key, value], …])`
    fn ordered_dict(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        let [list] = args else { return Ok(None) };
        let Node::List(items) = self.node(*list) else { return Ok(None) };
        let pair = |id: &NodeId| match self.node(*id) {
            Node::List(pair) | Node::Tuple(pair) => match pair[..] {
                [key, value] => Some((key, value)),
                _ => None,
            },
            _ => None,
        };
        let Some(pairs) = items.iter().map(pair).collect::<Option<Vec<_>>>() else { return Ok(None) };
        self.copy(pairs.len() * 2)?;
        Ok(Some(Node::Object(Box::new(Object { pairs, ..Object::new(class.clone(), Vec::new()) }))))
    }

    /// Python 2.7: `deque([1, 2], 5)`
    fn deque(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        let Some((items, longest)) = args.split_first() else { return Ok(None) };
        let Node::List(items) = self.node(*items) else { return Ok(None) };
        let items = items.clone();
        self.copy(items.len())?;
        let mut args = Vec::new();
        if !longest.is_empty() {
            args.push(self.add(Node::Tuple(Vec::new()))?);
            args.extend(longest);
        }
        Ok(Some(Node::Object(Box::new(Object { items, ..Object::new(class.clone(), args) }))))
    }

    /// Python 2.7: the packed bytes of a date are a str, which may be UTF-8.
    fn packed(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        let Some((packed, zone)) = args.split_first() else { return Ok(None) };
        let Node::Str(packed) = self.node(*packed) else { return Ok(None) };
        let bytes = packed.0.clone();
        self.copy(bytes.len())?;
        let packed = self.add(Node::Bytes(bytes))?;
        Ok(Some(object(class.clone(), [&[packed], zone].concat())))
    }

    /// Before Python 3.12: `Fraction('-3/4')`
    fn fraction(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        let [text] = args else { return Ok(None) };
        let Node::Str(text) = self.node(*text) else { return Ok(None) };
        let text = text.lossy();
        let (over, under) = text.split_once('/').unwrap_or((&text, "1"));
        let (Ok(over), Ok(under)) = (over.parse(), under.parse()) else { return Ok(None) };
        let args = vec![self.add(Node::Int(over))?, self.add(Node::Int(under))?];
        Ok(Some(object(class.clone(), args)))
    }

    /// Before Python 3.13: `PosixPath('/', 'a', 'b')`
    fn path(&mut self, class: &ClassName, args: &[NodeId]) -> Sentence<Option<Node>> {
        let mut path = Vec::new();
        for id in args {
            let Node::Str(part) = self.node(*id) else { return Ok(None) };
            let part = part.clone();
            self.copy(part.0.len() + 1)?;
            if !path.is_empty() && !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend_from_slice(&part.0);
        }
        // 3.13 still writes no argument, or a dot, for the current directory.
        let path = if path.is_empty() { b".".to_vec() } else { path };
        let path = self.add(Node::Str(Text(path.into())))?;
        Ok(Some(object(class.clone(), vec![path])))
    }
}
