//! Theme files: TOML with `inherits`, `[palette]` and `[roles]`. Errors name file and line.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{ROLES, colour};

/// The themes inside the binary, with their names.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("default", include_str!("../../../themes/default.toml")),
    ("dusk", include_str!("../../../themes/dusk.toml")),
    ("paper", include_str!("../../../themes/paper.toml")),
];

/// The longest chain of `inherits`.
const DEEPEST: usize = 8;

/// Why a theme cannot be used. Each says where and what.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// Nobody has a theme of this name.
    #[error(
        "no theme is called `{name}`; there are default, dusk, paper, and the files of the themes directory"
    )]
    Unknown {
        /// The name.
        name: String,
    },
    /// The file cannot be read.
    #[error("{file}: {why}")]
    Unreadable {
        /// Which file.
        file: String,
        /// The system's own words.
        why: std::io::Error,
    },
    /// The file says what cannot be said.
    #[error("{file}, line {line}: {what}")]
    Broken {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    inherits: Option<Spanned<String>>,
    #[serde(default)]
    palette: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<String, Spanned<Value>>,
}

/// A file's text with its name, for errors.
struct Source {
    file: String,
    text: String,
}

impl Source {
    /// The user's own file, else a built-in theme. The name is one path component, so nothing outside is ever read.
    fn find(name: &str, dir: Option<&Path>) -> Result<Self, ThemeError> {
        let unknown = || ThemeError::Unknown { name: name.to_owned() };
        if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(unknown());
        }
        if let Some(dir) = dir {
            let path = dir.join(format!("{name}.toml"));
            let file = path.display().to_string();
            match fs::read_to_string(path) {
                Ok(text) => return Ok(Self { file, text }),
                Err(why) if why.kind() == ErrorKind::NotFound => {}
                Err(why) => return Err(ThemeError::Unreadable { file, why }),
            }
        }
        let text = BUILT_IN.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?.1;
        Ok(Self { file: format!("themes/{name}.toml (built in)"), text: text.to_owned() })
    }

    fn broken(&self, at: usize, what: impl Into<String>) -> ThemeError {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ThemeError::Broken { file: self.file.clone(), line, what: what.into() }
    }

    fn parse(&self) -> Result<Sheet, ThemeError> {
        toml::from_str(&self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.broken(at, error.message().trim().replace('\n', ": "))
        })
    }
}

/// What is known so far while a chain of themes is read, the eldest first.
#[derive(Default)]
struct Known {
    palette: BTreeMap<String, Color>,
    roles: BTreeMap<String, Style>,
}

/// The styles of a theme and of those it inherits from, every role filled in.
pub(super) fn resolve(name: &str, dir: Option<&Path>) -> Result<[Style; ROLES.len()], ThemeError> {
    let mut known = Known::default();
    for (source, sheet) in chain(name, dir)?.iter().rev() {
        known.learn(source, sheet)?;
    }
    Ok(ROLES.map(|(_, role)| known.style(role)))
}

/// The theme and its ancestors. One that inherits from its own name means the built-in theme that it stands before.
fn chain(name: &str, dir: Option<&Path>) -> Result<Vec<(Source, Sheet)>, ThemeError> {
    let source = Source::find(name, dir)?;
    let sheet = source.parse()?;
    let mut chain = vec![(source, sheet)];
    let mut child = name.to_owned();
    let mut dir = dir;
    while let Some((source, sheet)) = chain.last()
        && let Some(parent) = &sheet.inherits
    {
        let at = parent.span().start;
        let name = parent.get_ref().clone();
        if chain.len() == DEEPEST {
            return Err(source.broken(at, format!("more than {DEEPEST} themes inherit from each other")));
        }
        if name == child {
            dir = None;
        }
        let found = Source::find(&name, dir).map_err(|error| source.broken(at, error.to_string()))?;
        let sheet = found.parse()?;
        chain.push((found, sheet));
        child = name;
    }
    Ok(chain)
}

impl Known {
    fn learn(&mut self, source: &Source, sheet: &Sheet) -> Result<(), ThemeError> {
        for (name, value) in &sheet.palette {
            let colour = colour::parse(value.get_ref());
            let what = || source.broken(value.span().start, format!("`{}` is no colour", value.get_ref()));
            self.palette.insert(name.clone(), colour.ok_or_else(what)?);
        }
        for (name, value) in &sheet.roles {
            let broken = |what: String| source.broken(value.span().start, what);
            if !ROLES.iter().any(|(_, role)| role == name) {
                return Err(broken(format!("there is no role `{name}`")));
            }
            let style = self.read(value.get_ref()).map_err(broken)?;
            self.roles.insert(name.clone(), style);
        }
        Ok(())
    }

    fn read(&self, value: &Value) -> Result<Style, String> {
        match value {
            Value::String(name) => Ok(Style::new().fg(self.colour(name)?)),
            Value::Table(parts) => {
                parts.iter().try_fold(Style::new(), |style, (part, value)| self.part(style, part, value))
            }
            _ => Err("a role is a colour or a table like { fg = \"red\", bold = true }".into()),
        }
    }

    fn part(&self, style: Style, part: &str, value: &Value) -> Result<Style, String> {
        let modifier = match (part, value) {
            ("fg", Value::String(name)) => return Ok(style.fg(self.colour(name)?)),
            ("bg", Value::String(name)) => return Ok(style.bg(self.colour(name)?)),
            ("fg" | "bg", _) => return Err(format!("`{part}` wants a colour in quotes")),
            ("bold", _) => Modifier::BOLD,
            ("dim", _) => Modifier::DIM,
            ("italic", _) => Modifier::ITALIC,
            ("underline", _) => Modifier::UNDERLINED,
            ("reverse", _) => Modifier::REVERSED,
            ("crossed", _) => Modifier::CROSSED_OUT,
            _ => return Err(format!("a style has no part `{part}`")),
        };
        match value {
            Value::Boolean(true) => Ok(style.add_modifier(modifier)),
            Value::Boolean(false) => Ok(style.remove_modifier(modifier)),
            _ => Err(format!("`{part}` is true or false")),
        }
    }

    fn colour(&self, name: &str) -> Result<Color, String> {
        let own = self.palette.get(name).copied();
        own.or_else(|| colour::parse(name)).ok_or_else(|| format!("`{name}` is no colour"))
    }

    /// The style of a role, else of the one before its last dot, else of `text`.
    fn style(&self, role: &str) -> Style {
        match (self.roles.get(role), role.rsplit_once('.')) {
            (Some(style), _) => *style,
            (None, Some((parent, _))) => self.style(parent),
            (None, None) if role == "text" => Style::new(),
            (None, None) => self.style("text"),
        }
    }
}
