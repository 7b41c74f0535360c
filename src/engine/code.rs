//! What a run runs: Python text as it stands, a whole script, which is a program of its own, a template, or files that go
//! to a host or come from it.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::Serialize;

use crate::engine::files::Files;
use crate::wire::value::Value;

/// What a run runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum Code {
    /// Python text in the host's session.
    Text(String),
    /// A program, of which the exit code is the answer.
    Script(Script),
    /// Files that are put or fetched.
    Files(Box<Files>),
    /// A template, of which the text it becomes is the answer.
    Template(Box<Template>),
}

/// A script, read from a file of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Script {
    /// Where it lies: the modules beside it can be imported.
    pub path: PathBuf,
    /// What it gets in `sys.argv`, after its path.
    pub arguments: Vec<String>,
    /// Its text.
    pub text: String,
}

/// A template, read from a file of this machine and translated here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Template {
    /// What errors call it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The Python text that it was translated to.
    #[serde(skip)]
    pub code: String,
    /// The names that it can use, each with its text. Each is a name in Python.
    pub names: Vec<(String, String)>,
}

impl Code {
    /// The text that a person wrote.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Script(Script { text, .. }) => text,
            Self::Files(files) => &files.text,
            Self::Template(template) => &template.text,
        }
    }

    /// The Python text that a host is sent.
    pub fn python(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Script(script) => script.python().into(),
            Self::Files(files) => files.python().into(),
            Self::Template(template) => template.python().into(),
        }
    }

    /// The script, if it is one.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Self::Text(_) | Self::Template(_) | Self::Files(_) => None,
            Self::Script(script) => Some(script),
        }
    }

    /// What is put or fetched, if it is that.
    pub fn files(&self) -> Option<&Files> {
        match self {
            Self::Files(files) => Some(files),
            Self::Text(_) | Self::Script(_) | Self::Template(_) => None,
        }
    }
}

/// What tracebacks call the expression that [`guarded`] makes: it is the agent's own, and they leave it out.
pub const GUARDED: &str = "hailer/guard.py";

/// The expression that runs this Python text under the guard rail, in tracebacks under this name.
pub fn guarded(name: &str, python: &str) -> String {
    let literal = |text: &str| Value::from(text).repr(usize::MAX);
    format!(
        "__import__(\"hailer\")._core.module(\"hailer.guard\").run({}, {})",
        literal(name),
        literal(python)
    )
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Code {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Script {
    /// The last part of its path, which is what people call it.
    pub fn name(&self) -> Cow<'_, str> {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy()
    }

    /// The expression that runs it in an agent.
    pub fn python(&self) -> String {
        let arguments: Vec<String> = self.arguments.iter().map(|word| literal(word)).collect();
        let (path, text) = (literal(&self.path.to_string_lossy()), literal(&self.text));
        format!("__import__(\"hailer.script\").script.run({path}, [{}], {text})", arguments.join(", "))
    }
}

impl Template {
    /// The expression that renders it in an agent.
    pub fn python(&self) -> String {
        let names: Vec<_> =
            self.names.iter().map(|(name, value)| format!("{name}={}", literal(value))).collect();
        let made = [&self.name, &self.code, &self.text].map(|text| literal(text)).join(", ");
        format!("__import__(\"hailer.template\").template.compiled({made}).render({})", names.join(", "))
    }
}

/// A text as Python writes it; a unicode one on 2.7 too.
fn literal(text: &str) -> String {
    format!("u{}", Value::from(text).repr(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_travels_translated() {
        let (name, text, code) = ("motd".to_owned(), "a ${x}".to_owned(), "translated".to_owned());
        let names = vec![("x".to_owned(), "it's".to_owned())];
        let code = Code::Template(Box::new(Template { name, text, code, names }));
        assert_eq!(
            code.python(),
            "__import__(\"hailer.template\").template.compiled(u'motd', u'translated', u'a ${x}').render(x=u\"it's\")"
        );
        assert_eq!((code.text(), code.script()), ("a ${x}", None));
    }

    #[test]
    fn a_script_travels_as_one_expression() {
        let (path, arguments) = ("lib/a'b.py".into(), vec!["-x".to_owned()]);
        let code = Code::Script(Script { path, arguments, text: "print('é')\n".into() });
        assert_eq!(
            code.python(),
            "__import__(\"hailer.script\").script.run(u\"lib/a'b.py\", [u'-x'], u\"print('é')\\n\")"
        );
        assert_eq!(code.text(), "print('é')\n");
        assert_eq!(code.script().map(Script::name).as_deref(), Some("a'b.py"));
    }

    #[test]
    fn guarded_text_travels_as_one_expression() {
        assert_eq!(
            guarded("<run 7>", "print('é')\n"),
            "__import__(\"hailer\")._core.module(\"hailer.guard\").run('<run 7>', \"print('é')\\n\")"
        );
    }

    #[test]
    fn text_is_sent_as_it_stands() {
        let code = Code::from("1 + 1");
        assert_eq!((code.python().as_ref(), code.text(), code.script()), ("1 + 1", "1 + 1", None));
    }
}
