//! A function of the library, by its name: `ops.disk.biggest`. Its signature and docstring are read by parsing; no host is touched.

use std::fmt::Write as _;
use std::sync::Arc;

use ruff_python_ast::{Expr, PySourceType, Stmt, StmtFunctionDef};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged;

use crate::library::snapshot::{Kind, Module, Snapshot};

/// How many re-exports are followed.
const FOLLOWED: usize = 8;

/// How a parameter can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// By its place only.
    Place,
    /// By its place or its name.
    Either,
    /// By its name only.
    Name,
    /// All other places: `*args`.
    Places,
    /// All other names: `**kwargs`.
    Names,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How it can be given.
    pub given: Given,
    /// Its annotation, as it stands.
    pub annotation: Option<String>,
    /// Its default, as it stands.
    pub default: Option<String>,
}

/// A function whose text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The module that is imported.
    pub module: String,
    /// Its name in there: `biggest`, or `Disk.free`.
    pub name: String,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// What it says it gives.
    pub returns: Option<String>,
    /// What it says of itself.
    pub doc: Option<String>,
    /// Where it stands.
    pub place: String,
}

/// What a dotted name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A function of the library.
    Function(Box<Function>),
    /// A module of the library: its docstring, and the functions in it, each with the first line of its own.
    Module {
        /// Its name.
        name: String,
        /// What it says of itself.
        doc: Option<String>,
        /// Functions that do not begin with `_`.
        functions: Vec<(String, Option<String>)>,
    },
    /// Something of which no more is known than its name.
    Other {
        /// The module.
        module: String,
        /// What in it.
        name: String,
    },
}

/// What a dotted name stands for, in the library or on the hosts.
///
/// # Errors
/// It cannot be called; why, in words.
pub fn find(snapshot: &Snapshot, dotted: &str) -> Result<Named, String> {
    let parts: Vec<&str> = dotted.split('.').collect();
    if !parts.iter().all(|part| crate::library::place::is_identifier(part)) {
        return Err(format!("{dotted} is no name of a function: it is to be as ops.disk.biggest"));
    }
    let module =
        (1..=parts.len()).rev().find_map(|kept| Some((kept, snapshot.module(&parts[..kept].join("."))?)));
    let Some((kept, module)) = module else {
        return match dotted.rsplit_once('.') {
            Some((module, name)) => Ok(Named::Other { module: module.to_owned(), name: name.to_owned() }),
            None => Err(format!(
                "{dotted} is no function: it is to be as ops.disk.biggest; name its library with --lib"
            )),
        };
    };
    if module.kind == Kind::Refused {
        return Err(String::from_utf8_lossy(&module.text).into_owned());
    }
    if kept == parts.len() {
        return Ok(of_module(&module));
    }
    let name = parts[kept..].join(".");
    match search(snapshot, &module, &name, FOLLOWED) {
        Some(function) => {
            Ok(Named::Function(Box::new(Function { module: module.name.clone(), name, ..function })))
        }
        None if has_name(&module, parts[kept]) => Ok(Named::Other { module: module.name.clone(), name }),
        None => Err(format!(
            "{} has no {name}: {} defines {}",
            module.name,
            module.shown,
            listed(&of_module(&module))
        )),
    }
}

fn listed(module: &Named) -> String {
    let Named::Module { functions, .. } = module else { return String::new() };
    let names: Vec<&str> = functions.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { "no functions".to_owned() } else { names.join(", ") }
}

/// Whether a text mentions a name at its top level in a way that may define it.
fn has_name(module: &Module, name: &str) -> bool {
    let text = String::from_utf8_lossy(&module.text);
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
        || text.contains("import *")
}

fn of_module(module: &Arc<Module>) -> Named {
    let text = String::from_utf8_lossy(&module.text);
    let parsed = parse_unchecked_source(&text, PySourceType::Python);
    let body = &parsed.syntax().body;
    let function = |stmt: &Stmt| match stmt {
        Stmt::FunctionDef(function) if !function.name.as_str().starts_with('_') => {
            let doc = doc(&function.body).and_then(|doc| doc.lines().next().map(str::to_owned));
            Some((function.name.to_string(), doc))
        }
        _ => None,
    };
    Named::Module {
        name: module.name.clone(),
        doc: doc(body),
        functions: body.iter().filter_map(function).collect(),
    }
}

/// Looks for a function in a module, through classes and re-exports.
fn search(snapshot: &Snapshot, module: &Arc<Module>, name: &str, left: usize) -> Option<Function> {
    let text = String::from_utf8_lossy(&module.text);
    let parsed = parse_unchecked_source(&text, PySourceType::Python);
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let mut found = None;
    visit(&parsed.syntax().body, &mut |stmt| match stmt {
        Stmt::FunctionDef(function) if function.name.as_str() == first && rest.is_empty() => {
            found = Some(read(function, &text, module, false));
        }
        Stmt::ClassDef(class) if class.name.as_str() == first => visit(&class.body, &mut |stmt| match stmt {
            Stmt::FunctionDef(function) if function.name.as_str() == rest => {
                let is_static = function.decorator_list.iter().any(
                    |one| matches!(&one.expression, Expr::Name(name) if name.id.as_str() == "staticmethod"),
                );
                found = Some(read(function, &text, module, !is_static));
            }
            _ => {}
        }),
        Stmt::ImportFrom(from) if left > 0 => {
            let alias =
                from.names.iter().find(|one| one.asname.as_ref().unwrap_or(&one.name).as_str() == first);
            let Some(alias) = alias else { return };
            let inner = from.module.as_ref().map_or("", |module| module.as_str());
            let inner = snapshot.absolute(from.level as usize, inner, module);
            let name = format!("{}{}{rest}", alias.name, if rest.is_empty() { "" } else { "." });
            if let Some(inner) = inner.and_then(|inner| snapshot.module(&inner)) {
                found = search(snapshot, &inner, &name, left - 1).or(found.take());
            }
        }
        _ => {}
    });
    found
}

/// The statements of a body, and of what stands in its conditions.
fn visit<'a>(body: &'a [Stmt], act: &mut dyn FnMut(&'a Stmt)) {
    for stmt in body {
        act(stmt);
        match stmt {
            Stmt::If(condition) => {
                visit(&condition.body, act);
                condition.elif_else_clauses.iter().for_each(|clause| visit(&clause.body, act));
            }
            Stmt::Try(attempt) => {
                visit(&attempt.body, act);
                visit(&attempt.orelse, act);
            }
            _ => {}
        }
    }
}

fn read(function: &StmtFunctionDef, text: &str, module: &Module, is_method: bool) -> Function {
    let slice = |expression: &Expr| {
        text.get(std::ops::Range::<usize>::from(expression.range())).unwrap_or_default().to_owned()
    };
    let one = |parameter: &ruff_python_ast::Parameter, given: Given, default: Option<&Expr>| Parameter {
        name: parameter.name.to_string(),
        given,
        annotation: parameter.annotation.as_deref().map(slice),
        default: default.map(slice),
    };
    let all = &function.parameters;
    let groups = [(&all.posonlyargs, Given::Place), (&all.args, Given::Either)];
    let mut parameters: Vec<Parameter> = groups
        .into_iter()
        .flat_map(|(group, given)| group.iter().map(move |each| (each, given)))
        .map(|(each, given)| one(&each.parameter, given, each.default.as_deref()))
        .collect();
    if is_method && !parameters.is_empty() {
        parameters.remove(0);
    }
    parameters.extend(all.vararg.iter().map(|each| one(each, Given::Places, None)));
    parameters
        .extend(all.kwonlyargs.iter().map(|each| one(&each.parameter, Given::Name, each.default.as_deref())));
    parameters.extend(all.kwarg.iter().map(|each| one(each, Given::Names, None)));
    let line = text[..function.name.range().start().to_usize()].matches('\n').count() + 1;
    Function {
        module: module.name.clone(),
        name: function.name.to_string(),
        parameters,
        returns: function.returns.as_deref().map(slice),
        doc: doc(&function.body),
        place: format!("{}, line {line}", module.shown),
    }
}

/// A docstring, its indentation taken off.
fn doc(body: &[Stmt]) -> Option<String> {
    let Stmt::Expr(first) = body.first()? else { return None };
    let Expr::StringLiteral(text) = &*first.value else { return None };
    let text = text.value.to_str().trim_end();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let shared = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let mut lines = text.lines();
    let mut out = lines.next()?.trim().to_owned();
    for line in lines {
        let _ = write!(out, "\n{}", line.get(shared..).unwrap_or("").trim_end());
    }
    Some(out)
}

impl Function {
    /// `ops.disk.biggest(path: str, n: int = 3) -> list`
    pub fn signature(&self) -> String {
        let mut words = Vec::new();
        let mut named = false;
        for (at, parameter) in self.parameters.iter().enumerate() {
            if parameter.given == Given::Name
                && !named
                && !self.parameters.iter().any(|one| one.given == Given::Places)
            {
                words.push("*".to_owned());
            }
            named |= parameter.given == Given::Name;
            let stars = match parameter.given {
                Given::Places => "*",
                Given::Names => "**",
                _ => "",
            };
            let annotation =
                parameter.annotation.as_ref().map_or_else(String::new, |text| format!(": {text}"));
            let equals = if annotation.is_empty() { "=" } else { " = " };
            let default =
                parameter.default.as_ref().map_or_else(String::new, |text| format!("{equals}{text}"));
            words.push(format!("{stars}{}{annotation}{default}", parameter.name));
            let last = self.parameters.get(at + 1).is_none_or(|next| next.given != Given::Place);
            if parameter.given == Given::Place && last {
                words.push("/".to_owned());
            }
        }
        let returns = self.returns.as_ref().map_or_else(String::new, |text| format!(" -> {text}"));
        format!("{}.{}({}){returns}", self.module, self.name, words.join(", "))
    }
}

impl Named {
    /// What `--help` prints.
    pub fn help(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Other { module, name } => {
                let _ = writeln!(
                    out,
                    "{module}.{name}\n\nIt is not in the library: nothing is known of it here."
                );
            }
            Self::Module { name, doc, functions } => {
                let _ = writeln!(out, "{name}");
                if let Some(doc) = doc {
                    let _ = writeln!(out, "\n{doc}");
                }
                let _ = writeln!(out, "\nFunctions:");
                for (function, line) in functions {
                    let _ = writeln!(out, "  {name}.{function}  {}", line.as_deref().unwrap_or_default());
                }
            }
            Self::Function(function) => {
                let _ = writeln!(out, "{}", function.signature());
                if let Some(doc) = &function.doc {
                    let _ = writeln!(out, "\n{doc}");
                }
                if !function.parameters.is_empty() {
                    let _ = writeln!(out, "\nArguments:");
                }
                for parameter in &function.parameters {
                    let (name, about) =
                        (parameter.name.replace('_', "-"), crate::library::arguments::about(parameter));
                    let shown = match parameter.given {
                        Given::Place => parameter.name.to_uppercase(),
                        Given::Either => format!("{} or --{name}", parameter.name.to_uppercase()),
                        Given::Name => format!("--{name}"),
                        Given::Places => format!("{}…", parameter.name.to_uppercase()),
                        Given::Names => "--NAME VALUE …".to_owned(),
                    };
                    let _ = writeln!(out, "  {shown:<24} {about}");
                }
                let _ = writeln!(out, "\nIt stands in {}.", function.place);
            }
        }
        out
    }
}
