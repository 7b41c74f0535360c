//! What a text imports, found by parsing it: no Python is needed here.
//!
//! Imports count wherever they stand: in functions, behind conditions, in `try`; only what `if TYPE_CHECKING` guards does not
//! run, and is left out. A text that the parser takes for broken (2.7's own grammar, or a slip) is still read: from what the
//! parser made of it, and line by line.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;

/// How many imports of one text are looked at.
const MOST: usize = 10_000;

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Import {
    /// How many dots stand before the name.
    pub level: usize,
    /// The module's name, without those.
    pub module: String,
    /// What is wanted of it; each may be a module inside of it.
    pub names: Vec<String>,
}

impl Import {
    fn of(level: usize, module: &str, names: Vec<String>) -> Self {
        Self { level, module: module.to_owned(), names }
    }
}

/// The imports of a text, each once.
pub fn of(text: &str) -> Vec<Import> {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let mut seen = Seen::default();
    seen.visit_body(&parsed.syntax().body);
    if !parsed.errors().is_empty() {
        scan(text, &mut seen);
    }
    seen.found
}

#[derive(Debug, Default)]
struct Seen {
    found: Vec<Import>,
    known: std::collections::HashSet<Import>,
}

impl Seen {
    fn add(&mut self, import: Import) {
        if self.found.len() < MOST && self.known.insert(import.clone()) {
            self.found.push(import);
        }
    }

    /// `import_module("a.b")`, `import_module(".b", package)` and `__import__("a.b")`.
    fn call(&mut self, call: &ExprCall) {
        let name = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return,
        };
        let literal = |at: usize, keyword: &str| match call.arguments.find_argument_value(keyword, at) {
            Some(Expr::StringLiteral(text)) => Some(text.value.to_str().to_owned()),
            _ => None,
        };
        if let Some(text) = literal(2, "text").filter(|_| name == "_receive") {
            of(&text).into_iter().for_each(|import| self.add(import)); // a function that another host ships
            return;
        }
        let Some(module) = literal(0, "name").filter(|_| matches!(name, "import_module" | "__import__"))
        else {
            return;
        };
        let rest = module.trim_start_matches('.');
        let level = module.len() - rest.len();
        match literal(1, "package").filter(|_| level > 0) {
            // A package that is named: one dot is the package itself.
            Some(package) => {
                let parts: Vec<&str> = package.split('.').collect();
                let kept = parts.len().saturating_sub(level - 1);
                self.add(Import::of(0, &format!("{}.{rest}", parts[..kept].join(".")), Vec::new()));
            }
            None => self.add(Import::of(level, rest, Vec::new())),
        }
    }
}

impl<'a> Visitor<'a> for Seen {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.add(Import::of(0, alias.name.as_str(), Vec::new()));
                }
            }
            Stmt::ImportFrom(from) => {
                let names = from.names.iter().map(|alias| alias.name.as_str());
                let names = names.filter(|name| *name != "*").map(str::to_owned).collect();
                let module = from.module.as_ref().map_or("", |module| module.as_str());
                self.add(Import::of(from.level as usize, module, names));
            }
            Stmt::If(condition) if is_type_checking(&condition.test) => {
                for clause in &condition.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        walk_expr(self, expr);
    }
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// The imports that stand at the beginning of a line or behind a `;` or `:`, whatever else there is.
fn scan(text: &str, seen: &mut Seen) {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        for part in line.split(['#', ';']).next().into_iter().chain(line.split([';', ':']).skip(1)) {
            let mut part = part.trim().to_owned();
            if part.starts_with("from ") {
                while part.contains('(') && !part.contains(')') || part.ends_with('\\') {
                    let Some(next) = lines.next() else { break };
                    let next = next.split('#').next().unwrap_or("");
                    part = format!("{} {}", part.trim_end_matches('\\'), next.trim());
                }
            }
            scan_one(&part, seen);
        }
    }
}

fn scan_one(part: &str, seen: &mut Seen) {
    let word = |text: &str| text.split_whitespace().next().unwrap_or("").to_owned();
    let listed = |text: &str| -> Vec<String> {
        let text = text.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
        let names = text.split(',').map(word).filter(|name| !name.is_empty() && name != "*");
        names.map(|name| name.trim_matches(['(', ')']).to_owned()).collect()
    };
    if let Some(rest) = part.strip_prefix("import ") {
        for name in listed(rest) {
            seen.add(Import::of(0, &name, Vec::new()));
        }
    } else if let Some((module, names)) =
        part.strip_prefix("from ").and_then(|rest| rest.split_once(" import "))
    {
        let module = module.trim();
        let name = module.trim_start_matches('.');
        seen.add(Import::of(module.len() - name.len(), name.trim(), listed(names)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let one = |import: &Import| {
            format!("{}{} {}", ".".repeat(import.level), import.module, import.names.join(","))
        };
        of(text).iter().map(|import| one(import).trim().to_owned()).collect()
    }

    #[test]
    fn every_way_to_import_is_seen() {
        let text = "import a, b.c as d\nfrom . import e\nfrom ..f import g, h\ndef k():\n    import lazy\ntry:\n    import m\n\
                    except ImportError:\n    m = None\nif TYPE_CHECKING:\n    import types_only\nelse:\n    import other\n\
                    importlib.import_module('n.o')\nimport_module('.p', __package__)\nimport_module('..q', 'r.s')\n\
                    __import__('t')\nx = [__import__('u') for _ in ()]\nfrom v import *\n";
        assert_eq!(
            told(text),
            ["a", "b.c", ". e", "..f g,h", "lazy", "m", "other", "n.o", ".p", "r.q", "t", "u", "v"]
        );
    }

    #[test]
    fn what_only_the_old_python_takes_is_read_all_the_same() {
        let text = "print 'x'\nimport a\nexec 'y'\nfrom b import (c,\n    d as e)\nraise E, 'z'\nif x: import f; import g\n\
                    try:\n    pass\nexcept E, e:\n    import h\n";
        let told = told(text);
        for name in ["a", "b c,d", "f", "g", "h"] {
            assert!(told.iter().any(|one| one == name), "{name}: {told:?}");
        }
    }

    #[test]
    fn nonsense_holds_no_imports() {
        assert!(told("").is_empty());
        assert!(told("\0\0((((((((").is_empty());
    }
}
