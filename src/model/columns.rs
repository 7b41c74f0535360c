//! The columns of a run's table: what the answers have for fields, in the order in which they first appeared.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use crate::wire::value::Value;

/// How many fields become columns.
pub const FIELDS_KEPT: usize = 64;

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// The target, or the folded names of a group.
    Host,
    /// The state of the cell.
    State,
    /// How long the call ran, in seconds.
    Time,
    /// The whole answer, where it has no fields; the reason where there is no answer.
    Value,
    /// A key of a dict, a field of a dataclass. Remote text.
    Field(Arc<str>),
}

impl Column {
    /// What stands above it, and what a filter calls it.
    pub fn title(&self) -> &str {
        match self {
            Self::Host => "host",
            Self::State => "state",
            Self::Time => "time",
            Self::Value => "value",
            Self::Field(name) => name,
        }
    }
}

/// The fields of all answers so far.
#[derive(Debug, Default)]
pub struct Columns {
    fields: Vec<Arc<str>>,
    known: HashSet<Arc<str>>,
    more: usize,
    plain: bool,
}

impl Columns {
    /// An answer has come in.
    pub(super) fn learn(&mut self, value: &Value) {
        let fields = value.fields().unwrap_or_default();
        self.plain |= fields.is_empty();
        for (name, _) in fields {
            if self.known.contains(name.as_str()) {
                continue;
            }
            if self.fields.len() == FIELDS_KEPT {
                self.more += 1;
                continue;
            }
            let name: Arc<str> = name.into();
            self.known.insert(Arc::clone(&name));
            self.fields.push(name);
        }
    }

    /// Host, state and time; the value, unless all answers have fields; the fields.
    pub fn all(&self) -> Vec<Column> {
        let mut all = vec![Column::Host, Column::State, Column::Time];
        if self.plain || self.fields.is_empty() {
            all.push(Column::Value);
        }
        all.extend(self.fields.iter().cloned().map(Column::Field));
        all
    }

    /// How often a field was met that has no column because there were too many.
    pub fn more(&self) -> usize {
        self.more
    }
}
