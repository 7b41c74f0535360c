//! What people type behind a function's name, as Python values: by its annotations, its defaults, or as it looks.

use ruff_python_ast::{Expr, Number, UnaryOp};
use ruff_python_parser::parse_expression;

use crate::library::function::{Function, Given, Named, Parameter};
use crate::wire::value::Value;

/// What a value is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Type {
    /// A literal if it looks like one, else text.
    Any,
    Text,
    Whole,
    Number,
    Truth,
    Bytes,
    Path,
    Nothing,
    /// One of these texts, each as Python writes it.
    Choice(Vec<String>),
    Many(Box<Type>),
    /// A dict, a set, a tuple: written as a literal.
    Literal,
    /// The first that fits.
    Either(Vec<Type>),
}

/// The Python expression that calls what is named with these words.
///
/// # Errors
/// A word that does not fit, in words for the person.
pub fn call(named: &Named, words: &[String]) -> Result<String, String> {
    let (module, name, parameters) = match named {
        Named::Function(function) => (&function.module, &function.name, Some(&function.parameters[..])),
        Named::Other { module, name } => (module, name, None),
        Named::Module { name, functions, .. } => {
            let all: Vec<&str> = functions.iter().map(|(name, _)| name.as_str()).collect();
            return Err(format!("{name} is a module; which of its functions? {}", all.join(", ")));
        }
    };
    let given = read(parameters, words).map_err(|why| {
        let help = if let Named::Function(function) = named { function.usage() } else { String::new() };
        format!("{module}.{name}: {why}{help}")
    })?;
    Ok(format!("__import__(\"importlib\").import_module(\"{module}\").{name}({})", given.join(", ")))
}

impl Function {
    fn usage(&self) -> String {
        format!("\n  it is {}\n  more: hailer run -m {}.{} --help", self.signature(), self.module, self.name)
    }
}

/// The arguments of a call, as Python writes them.
fn read(parameters: Option<&[Parameter]>, words: &[String]) -> Result<Vec<String>, String> {
    let all = parameters.unwrap_or_default();
    let by_place = |at: usize| {
        let places = all.iter().filter(|one| matches!(one.given, Given::Place | Given::Either));
        places.chain(all.iter().filter(|one| one.given == Given::Places).cycle()).nth(at)
    };
    let (mut places, mut names): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let mut many: Vec<(String, Vec<String>)> = Vec::new();
    let mut words = words.iter();
    let mut only_places = false;
    while let Some(word) = words.next() {
        if word == "--" && !only_places {
            only_places = true;
            continue;
        }
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|rest| !rest.is_empty()));
        let Some(flag) = flag.filter(|_| !only_places && !is_number(word)) else {
            let kind = match (parameters, by_place(places.len())) {
                (None, _) => Type::Any,
                (_, Some(parameter)) => of(parameter),
                (_, None) => return Err(format!("{word:?} is one argument too many")),
            };
            places.push(value(&kind, word).map_err(|what| format!("{word:?} is no {what}"))?);
            continue;
        };
        let (flag, mut with) =
            flag.split_once('=').map_or((flag, None), |(flag, with)| (flag, Some(with.to_owned())));
        let name = flag.replace('-', "_");
        let of_name = |name: &str| {
            all.iter().find(|one| one.name == name && matches!(one.given, Given::Either | Given::Name))
        };
        let rest = all.iter().find(|one| one.given == Given::Names);
        if let Some(off) = name.strip_prefix("no_").and_then(of_name)
            && of_name(&name).is_none()
            && with.is_none()
            && of(off) == Type::Truth
        {
            names.push((off.name.clone(), "False".to_owned()));
            continue;
        }
        let kind = match (parameters, of_name(&name).or(rest)) {
            (None, _) => Type::Any,
            (_, Some(parameter)) => of(parameter),
            (_, None) => return Err(format!("there is no --{flag}")),
        };
        if !crate::library::place::is_identifier(&name) {
            return Err(format!("--{flag} is no name of an argument"));
        }
        if kind == Type::Truth && with.is_none() {
            with = Some("true".to_owned());
        }
        let Some(with) = with.or_else(|| words.next().cloned()) else {
            return Err(format!("--{flag} wants a value"));
        };
        // A list can be given item by item.
        if let Type::Many(item) = &kind
            && !with.starts_with('[')
        {
            let items: Result<Vec<_>, _> = with.split(',').map(|one| value(item, one.trim())).collect();
            let items = items.map_err(|what| format!("--{flag} is a list, and in {with:?} is no {what}"))?;
            match many.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.extend(items),
                None => many.push((name, items)),
            }
            continue;
        }
        let with = value(&kind, &with).map_err(|what| format!("--{flag}: {with:?} is no {what}"))?;
        names.push((name, with));
    }
    names.extend(many.into_iter().map(|(name, items)| (name, format!("[{}]", items.join(", ")))));
    complete(all, &places, &names)?;
    let names = names.into_iter().map(|(name, with)| format!("{name}={with}"));
    Ok(places.into_iter().chain(names).collect())
}

/// Whether nothing is missing, and nothing is there twice.
fn complete(all: &[Parameter], places: &[String], names: &[(String, String)]) -> Result<(), String> {
    let mut at = 0;
    for parameter in all {
        let by_place = matches!(parameter.given, Given::Place | Given::Either) && {
            at += 1;
            at <= places.len()
        };
        let times = names.iter().filter(|(name, _)| *name == parameter.name).count() + usize::from(by_place);
        let needed = parameter.default.is_none() && !matches!(parameter.given, Given::Places | Given::Names);
        match times {
            0 if needed && parameter.given == Given::Name => {
                return Err(format!("--{} is missing", parameter.name.replace('_', "-")));
            }
            0 if needed => return Err(format!("{} is missing", parameter.name.to_uppercase())),
            0 | 1 => {}
            _ => return Err(format!("{} is given twice", parameter.name)),
        }
    }
    for (at, (name, _)) in names.iter().enumerate() {
        if names[..at].iter().any(|(other, _)| other == name) {
            return Err(format!("{name} is given twice"));
        }
    }
    Ok(())
}

/// What is told of a parameter.
pub fn about(parameter: &Parameter) -> String {
    let kind = parameter.annotation.clone().unwrap_or_else(|| described(&of(parameter)).to_owned());
    match &parameter.default {
        Some(default) => format!("{kind}, else {default}"),
        None => kind,
    }
}

/// What a parameter is to be: by its annotation, else by its default.
fn of(parameter: &Parameter) -> Type {
    if let Some(annotation) = &parameter.annotation {
        return parse_expression(annotation)
            .map_or(Type::Any, |parsed| annotated(&parsed.syntax().body, annotation, 4));
    }
    let Some(default) = &parameter.default else { return Type::Any };
    match parse_expression(default).map(|parsed| (*parsed.syntax().body).clone()) {
        Ok(Expr::BooleanLiteral(_)) => Type::Truth,
        Ok(Expr::StringLiteral(_)) => Type::Text,
        Ok(Expr::BytesLiteral(_)) => Type::Bytes,
        Ok(Expr::NumberLiteral(number)) => match number.value {
            Number::Int(_) => Type::Either(vec![Type::Whole, Type::Number]),
            _ => Type::Number,
        },
        Ok(Expr::List(_) | Expr::Tuple(_)) => Type::Many(Box::new(Type::Any)),
        Ok(Expr::Dict(_) | Expr::Set(_)) => Type::Literal,
        _ => Type::Any,
    }
}

fn annotated(expression: &Expr, text: &str, left: usize) -> Type {
    let inner = |expression: &Expr| if left == 0 { Type::Any } else { annotated(expression, text, left - 1) };
    match expression {
        Expr::NoneLiteral(_) => Type::Nothing,
        // An annotation in quotes.
        Expr::StringLiteral(quoted) => {
            let quoted = quoted.value.to_str();
            let parsed = parse_expression(quoted);
            parsed.map_or(Type::Any, |parsed| {
                if left == 0 { Type::Any } else { annotated(&parsed.syntax().body, quoted, left - 1) }
            })
        }
        Expr::BinOp(either) => Type::Either(vec![inner(&either.left), inner(&either.right)]),
        Expr::Name(_) | Expr::Attribute(_) => match last_name(expression) {
            "str" => Type::Text,
            "int" => Type::Whole,
            "float" => Type::Number,
            "bool" => Type::Truth,
            "bytes" => Type::Bytes,
            "Path" | "PurePath" | "PosixPath" => Type::Path,
            "list" | "List" | "Sequence" | "Iterable" | "Collection" => Type::Many(Box::new(Type::Any)),
            "dict" | "Dict" | "Mapping" | "tuple" | "Tuple" | "set" | "Set" | "frozenset" => Type::Literal,
            _ => Type::Any,
        },
        Expr::Subscript(of) => {
            let items: Vec<&Expr> = match &*of.slice {
                Expr::Tuple(items) => items.elts.iter().collect(),
                one => vec![one],
            };
            match last_name(&of.value) {
                "Optional" => Type::Either(items.into_iter().map(inner).chain([Type::Nothing]).collect()),
                "Union" => Type::Either(items.into_iter().map(inner).collect()),
                "Annotated" => items.first().map_or(Type::Any, |one| inner(one)),
                "list" | "List" | "Sequence" | "Iterable" | "Collection" => {
                    Type::Many(Box::new(items.first().map_or(Type::Any, |one| inner(one))))
                }
                "Literal" => Type::Choice(
                    items
                        .into_iter()
                        .filter(|one| is_literal(one))
                        .filter_map(|one| literal_text(one, text))
                        .collect(),
                ),
                "dict" | "Dict" | "Mapping" | "tuple" | "Tuple" | "set" | "Set" | "frozenset" => {
                    Type::Literal
                }
                _ => Type::Any,
            }
        }
        _ => Type::Any,
    }
}

fn last_name(expression: &Expr) -> &str {
    match expression {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

fn literal_text(expression: &Expr, text: &str) -> Option<String> {
    use ruff_text_size::Ranged;
    if let Expr::StringLiteral(literal) = expression {
        return Some(quoted(literal.value.to_str()));
    }
    text.get(std::ops::Range::<usize>::from(expression.range())).map(str::to_owned)
}

fn described(kind: &Type) -> &'static str {
    match kind {
        Type::Any => "any value",
        Type::Text => "str",
        Type::Whole => "int",
        Type::Number => "float",
        Type::Truth => "bool (true or false)",
        Type::Bytes => "bytes",
        Type::Path => "path",
        Type::Nothing => "None",
        Type::Choice(_) => "value that it may have",
        Type::Many(_) => "list",
        Type::Literal => "Python literal of its type",
        Type::Either(_) => "value of its types",
    }
}

/// A word as a Python expression of this type.
fn value(kind: &Type, word: &str) -> Result<String, String> {
    let wrong = || Err(described(kind).to_owned());
    match kind {
        Type::Any => Ok(literal(word).unwrap_or_else(|| quoted(word))),
        Type::Text => Ok(quoted(word)),
        Type::Whole => {
            let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
            if digits.is_empty() || digits.len() > 4000 || !digits.chars().all(|c| c.is_ascii_digit()) {
                return wrong();
            }
            let sign = if word.starts_with('-') { "-" } else { "" };
            let digits = digits.trim_start_matches('0');
            Ok(format!("{sign}{}", if digits.is_empty() { "0" } else { digits }))
        }
        Type::Number => match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(format!("{number:?}")),
            Ok(_) => Ok(format!("float({})", quoted(word))),
            Err(_) => wrong(),
        },
        Type::Truth => match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok("True".to_owned()),
            "false" | "no" | "off" | "0" => Ok("False".to_owned()),
            _ => wrong(),
        },
        Type::Bytes => Ok(format!("b'{}'", word.as_bytes().escape_ascii())),
        Type::Path => Ok(format!("__import__(\"pathlib\").Path({})", quoted(word))),
        Type::Nothing => {
            if word == "None" {
                Ok(word.to_owned())
            } else {
                wrong()
            }
        }
        Type::Choice(choices) => {
            let fits = |choice: &&String| **choice == quoted(word) || choice.as_str() == word;
            choices
                .iter()
                .find(fits)
                .cloned()
                .ok_or_else(|| format!("one of {}", choices.join(", ").replace("u'", "'")))
        }
        Type::Many(item) => {
            if word.starts_with('[') {
                return literal(word).ok_or_else(|| described(kind).to_owned());
            }
            let items: Result<Vec<_>, _> = word.split(',').map(|one| value(item, one.trim())).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Type::Literal => literal(word).ok_or_else(|| described(kind).to_owned()),
        Type::Either(kinds) => {
            // Text fits always: it is tried last.
            let (texts, others): (Vec<_>, Vec<_>) = kinds.iter().partition(|one| **one == Type::Text);
            others.into_iter().chain(texts).find_map(|one| value(one, word).ok()).map_or_else(wrong, Ok)
        }
    }
}

/// Text as every Python reads it.
fn quoted(word: &str) -> String {
    format!("u{}", Value::from(word).repr(usize::MAX))
}

/// The word itself, if it is a Python literal and nothing more.
fn literal(word: &str) -> Option<String> {
    if word.len() > 65_536 || word.trim() != word {
        return None;
    }
    let parsed = parse_expression(word).ok()?;
    is_literal(&parsed.syntax().body).then(|| word.to_owned())
}

fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => true,
        Expr::List(items) => items.elts.iter().all(is_literal),
        Expr::Tuple(items) => items.elts.iter().all(is_literal),
        Expr::Set(items) => items.elts.iter().all(is_literal),
        Expr::Dict(dict) => {
            dict.items.iter().all(|item| item.key.as_ref().is_some_and(is_literal) && is_literal(&item.value))
        }
        Expr::UnaryOp(sign) => {
            matches!(sign.op, UnaryOp::USub | UnaryOp::UAdd)
                && matches!(&*sign.operand, Expr::NumberLiteral(_))
        }
        _ => false,
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with('-') && word.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(text: &str) -> Named {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.py"), format!("def f({text}):\n    pass\n")).unwrap();
        let place =
            crate::library::place::Place::at(folder.path(), crate::library::place::Wins::Usual).unwrap();
        let library = std::sync::Arc::new(crate::library::Library::new(vec![place]));
        let snapshot = crate::library::snapshot::Snapshot::new(library);
        crate::library::function::find(&snapshot, "m.f").unwrap()
    }

    fn called(parameters: &str, words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let code =
            call(&function(parameters), &words).map_err(|why| why.lines().next().unwrap().to_owned())?;
        let arguments = code.strip_prefix("__import__(\"importlib\").import_module(\"m\").f(").unwrap();
        Ok(arguments.strip_suffix(')').unwrap().to_owned())
    }

    #[test]
    fn words_become_what_the_annotations_say() {
        let good = |parameters: &str, words: &[&str], arguments: &str| {
            assert_eq!(called(parameters, words).as_deref(), Ok(arguments), "{parameters} {words:?}");
        };
        good("path: str, n: int = 3", &["/var", "--n", "5"], "u'/var', n=5");
        good("path: str, n: int = 3", &["5", "--n=007"], "u'5', n=7");
        good("n: int", &["-5"], "-5");
        good("x: float, *, deep: bool = False", &["1e3", "--deep"], "1000.0, deep=True");
        good("deep=True", &["--no-deep"], "deep=False");
        good("a, b", &["5", "it's"], "5, u\"it's\"");
        good("a=1, b='x'", &["2.5", "7"], "2.5, u'7'");
        good("p: 'pathlib.Path'", &["/x"], "__import__(\"pathlib\").Path(u'/x')");
        good(
            "names: list[str], n: Optional[int] = None",
            &["--names", "a,b", "--names", "c", "--n", "None"],
            "n=None, names=[u'a', u'b', u'c']",
        );
        good("d: dict", &["{'a': [1, -2]}"], "{'a': [1, -2]}");
        good("mode: Literal['fast', 'safe']", &["safe"], "u'safe'");
        good("x: int | str", &["7x"], "u'7x'");
        good("*paths: str, **more", &["1", "2", "--what-ever", "3"], "u'1', u'2', what_ever=3");
        good("a, b=1", &["--", "--b"], "u'--b'");
        good("b: bytes", &["é"], "b'\\xc3\\xa9'");
    }

    #[test]
    fn what_does_not_fit_is_said_before_anything_runs() {
        let bad = |parameters: &str, words: &[&str], why: &str| {
            let told = called(parameters, words).unwrap_err();
            assert!(told.contains(why), "{parameters} {words:?}: {told}");
        };
        bad("n: int", &["x"], "\"x\" is no int");
        bad("n: int", &["--n", "1.5"], "--n: \"1.5\" is no int");
        bad("path, n=1", &[], "PATH is missing");
        bad("*, path", &[], "--path is missing");
        bad("a", &["1", "2"], "\"2\" is one argument too many");
        bad("a", &["1", "--a", "2"], "a is given twice");
        bad("a", &["--b", "2"], "there is no --b");
        bad("a", &["--a"], "--a wants a value");
        bad("d: dict", &["__import__('os')"], "is no Python literal");
        bad("mode: Literal['fast', 'safe']", &["slow"], "is no one of 'fast', 'safe'");
        bad("b: bool", &["perhaps"], "is no bool");
    }
}
