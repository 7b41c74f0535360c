//! The configuration: defaults ← file ← `HAILER_*` variables ← flags. Plain TOML, no logic in it.
//!
//! No file is read but the one that is named, or else the user's own ([`crate::paths::config_file`]): never one that
//! happens to lie in the current directory.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::duration::Span;

/// The commented defaults, as `hailer config --print` writes them.
pub const SAMPLE: &str = include_str!("../assets/config.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)] // each is a field that a person writes
pub struct Config {
    /// The longest from the first attempt until a target is ready for calls.
    pub connect_timeout: Span,
    /// The longest that a link that is up may give no sign of life; zero: as long as it likes.
    pub silence: Span,
    /// Links of the console that were lost come back by themselves.
    pub reconnect: bool,
    /// The longest that a call may take once it runs; zero: as long as it likes.
    pub timeout: Span,
    /// How many targets of one run work at the same time; zero: all.
    pub fanout: usize,
    /// How many targets may at most connect at the same time: they begin fewer, and are fewer after refusals.
    pub connects_at_once: usize,
    /// The interpreter on the far side; empty: looked for.
    pub python: String,
    /// Arguments for every ssh, before the host's name.
    pub ssh_options: Vec<String>,
    /// Where modules for hosts come from: folders, files, wheels and zips, `first=` or `last=` in front where they are to
    /// win or lose against the host's own.
    pub library: Vec<String>,
    /// The console's theme, by name.
    pub theme: String,
    /// Borders and signs in plain ASCII.
    pub ascii: bool,
    /// The console uses the mouse.
    pub mouse: bool,
    /// A run on more targets than this is asked about first; zero: never.
    pub confirm_over: usize,
    /// Targets on which nothing is to run by accident: names, node sets, globs.
    pub protected: Vec<String>,
    /// Nothing is run, only looked at.
    pub read_only: bool,
    /// Runs go under the guard rail, which refuses what changes a host.
    pub guard: bool,
    /// What is kept of the lines that hosts write.
    pub log: Log,
    /// What is listed when the console starts.
    pub discover: Discover,
    /// Keys of the console: by place, what a key does; an empty name takes a key away.
    pub keys: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is kept of the lines that hosts write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// So many lines of a host.
    pub lines: usize,
    /// So many bytes of a host.
    pub bytes: usize,
    /// So many bytes of all hosts.
    pub total: usize,
}

/// What is listed beside the targets that are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Discover {
    /// The literal host names of the ssh configuration.
    pub ssh: bool,
    /// The running containers of the current Docker context.
    pub docker: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Span::seconds(10),
            silence: Span::seconds(30),
            reconnect: true,
            timeout: Span::default(),
            fanout: 0,
            connects_at_once: 32,
            python: String::new(),
            ssh_options: Vec::new(),
            library: Vec::new(),
            theme: "default".into(),
            ascii: false,
            mouse: true,
            confirm_over: 50,
            protected: Vec::new(),
            read_only: false,
            guard: false,
            log: Log::default(),
            discover: Discover::default(),
            keys: BTreeMap::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: 10_000, bytes: 4 << 20, total: 256 << 20 }
    }
}

impl Default for Discover {
    fn default() -> Self {
        Self { ssh: true, docker: true }
    }
}

/// Which file is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The user's own, if there is one.
    User,
    /// This one; it must be there.
    Named(PathBuf),
    /// None.
    Nothing,
}

/// Why a configuration cannot be used. Each says where, what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {why}\n  fix: make it readable, name another with --config FILE, or start with --no-config", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's own words.
        why: std::io::Error,
    },
    /// The file is no TOML, or says what cannot be said.
    #[error("{}, line {line}: {what}\n    {text}\n  fix: {fix}", .path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
        /// The line itself.
        text: String,
        /// What to do.
        fix: String,
    },
    /// An environment variable says what cannot be said.
    #[error("{name}={value}: {what}\n  fix: correct the variable, or unset it")]
    Variable {
        /// Its name.
        name: String,
        /// What it says.
        value: String,
        /// What is wrong with that.
        what: String,
    },
}

impl Config {
    /// Defaults, then the file, then the variables. Variables are pairs of name and value; others than the fields' own
    /// are passed over.
    pub fn load(
        source: &Source,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let config = match source {
            Source::Nothing => Self::default(),
            Source::Named(path) => Self::read(path)?,
            Source::User => match crate::paths::config_file() {
                Some(path) => Self::read_if_there(&path)?,
                None => Self::default(),
            },
        };
        config.with_variables(variables)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|why| ConfigError::Unreadable { path: path.into(), why })?;
        toml::from_str(&text).map_err(|error| broken(path, &text, &error))
    }

    fn read_if_there(path: &Path) -> Result<Self, ConfigError> {
        match Self::read(path) {
            Err(ConfigError::Unreadable { why, .. }) if why.kind() == ErrorKind::NotFound => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    fn with_variables(
        self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = self;
        for (name, value) in variables {
            let Some(field) = name.strip_prefix("HAILER_") else { continue };
            if let Some(set) = config.set(&field.to_ascii_lowercase(), &value) {
                config = set.map_err(|what| ConfigError::Variable { name, value, what })?;
            }
        }
        Ok(config)
    }

    /// This configuration with one field set from text; `log_lines` is `lines` of `[log]`. None: there is no such field.
    fn set(&self, field: &str, text: &str) -> Option<Result<Self, String>> {
        let mut table = Table::try_from(self).ok()?;
        let slot = if table.get(field).is_some_and(|value| !value.is_table()) {
            table.get_mut(field)?
        } else {
            let (section, field) = field.split_once('_')?;
            table.get_mut(section)?.as_table_mut()?.get_mut(field)?
        };
        let value = match parsed(slot, text) {
            Ok(value) => value,
            Err(what) => return Some(Err(what)),
        };
        *slot = value;
        Some(table.try_into().map_err(|error: toml::de::Error| error.message().to_owned()))
    }
}

/// Text as a value of the same type as `like`; the words of a list stand between blanks.
fn parsed(like: &Value, text: &str) -> Result<Value, String> {
    match like {
        Value::Integer(_) => {
            text.trim().parse().map(Value::Integer).map_err(|_| "this is no whole number".to_owned())
        }
        Value::Boolean(_) => {
            text.trim().parse().map(Value::Boolean).map_err(|_| "say true or false".to_owned())
        }
        Value::Array(_) => Ok(Value::Array(text.split_whitespace().map(Value::from).collect())),
        _ => Ok(Value::from(text)),
    }
}

fn broken(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.get(..start).unwrap_or_default().matches('\n').count();
    let fix = if error.message().starts_with("unknown field") {
        "correct the name or delete the line; `hailer config --print` shows every field"
    } else {
        "correct this line; `hailer config --print` shows every field with its default"
    };
    ConfigError::Broken {
        path: path.into(),
        line: line + 1,
        what: error.message().trim().replace('\n', ": "),
        text: text.lines().nth(line).unwrap_or("").trim().into(),
        fix: fix.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<Config, ConfigError> {
        toml::from_str(text).map_err(|error| broken(Path::new("/etc/c.toml"), text, &error))
    }

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::default()
            .with_variables(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn the_sample_is_the_defaults_and_leaves_none_out() {
        assert_eq!(named(SAMPLE).expect("the sample"), Config::default());
        let sample: Table = toml::from_str(SAMPLE).expect("the sample");
        let defaults = Table::try_from(Config::default()).expect("a table");
        assert_eq!(sample.keys().collect::<Vec<_>>(), defaults.keys().collect::<Vec<_>>());
        for section in ["log", "discover"] {
            assert_eq!(sample[section], defaults[section]);
        }
    }

    #[test]
    fn every_field_of_the_sample_has_a_comment_above() {
        let mut above = "";
        for line in SAMPLE.lines() {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(above.starts_with('#'), "{line} has no comment");
            }
            above = line;
        }
    }

    #[test]
    fn a_part_of_a_file_leaves_the_rest_as_it_is() {
        let config = named("timeout = 2.5\n[log]\nlines = 10\n").expect("a good file");
        assert_eq!(config.timeout, "2500ms".parse().expect("a span"));
        assert_eq!(config.log, Log { lines: 10, ..Log::default() });
        assert_eq!(config.connect_timeout, Config::default().connect_timeout);
    }

    #[test]
    fn a_broken_file_is_named_with_line_and_fix() {
        let error = named("ascii = true\ntimout = 5\n").expect_err("an unknown field").to_string();
        assert!(error.starts_with("/etc/c.toml, line 2: unknown field `timout`, expected one of"), "{error}");
        assert!(error.contains("\n    timout = 5\n  fix: correct the name or delete the line;"), "{error}");
        let error = named("\n\nconnect_timeout = \"soon\"").expect_err("no span").to_string();
        assert!(error.starts_with("/etc/c.toml, line 3: `soon` is no span of time"), "{error}");
        let error = named("fanout = -3").expect_err("negative").to_string();
        assert!(error.starts_with("/etc/c.toml, line 1: "), "{error}");
        let error = named("a = [").expect_err("no TOML").to_string();
        assert!(error.contains("line 1: "), "{error}");
    }

    #[test]
    fn variables_win_over_the_file_and_keep_its_types() {
        let config = with(&[
            ("HAILER_CONNECT_TIMEOUT", "3s"),
            ("HAILER_FANOUT", "7"),
            ("HAILER_ASCII", "true"),
            ("HAILER_SSH_OPTIONS", "-o Port=2222"),
            ("HAILER_LOG_BYTES", "1000"),
            ("HAILER_DISCOVER_DOCKER", "false"),
            ("HAILER_NOTHING_OF_OURS", "x"),
            ("HAILER_LOG", "x"),
            ("PATH", "/bin"),
        ])
        .expect("good variables");
        assert_eq!(config.connect_timeout, Span::seconds(3));
        assert_eq!((config.fanout, config.ascii, config.log.bytes), (7, true, 1000));
        assert_eq!(config.ssh_options, ["-o", "Port=2222"]);
        assert_eq!(config.discover, Discover { ssh: true, docker: false });
    }

    #[test]
    fn a_broken_variable_is_named() {
        let error = with(&[("HAILER_FANOUT", "many")]).expect_err("no number").to_string();
        assert!(error.starts_with("HAILER_FANOUT=many: this is no whole number\n  fix: "), "{error}");
        let error = with(&[("HAILER_TIMEOUT", "later")]).expect_err("no span").to_string();
        assert!(error.starts_with("HAILER_TIMEOUT=later: `later` is no span of time"), "{error}");
    }

    #[test]
    fn a_missing_file_matters_only_when_it_was_named() {
        let path = PathBuf::from("/nonexistent/hailer.toml");
        assert!(Config::read_if_there(&path).is_ok());
        let error = Config::load(&Source::Named(path), []).expect_err("no such file").to_string();
        assert!(error.starts_with("/nonexistent/hailer.toml: No such file"), "{error}");
    }
}
