//! The order of a table's rows.

use std::cmp::Ordering;

use serde::Serialize;

use super::look::{looked_at, number};
use crate::engine::event::Millis;
use crate::inventory::nodeset;
use crate::model::cell::CellEntry;
use crate::model::columns::Column;
use crate::model::state::State;

/// Where failures stand when rows are sorted by a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Failures {
    /// Before all others.
    #[default]
    Top,
    /// After all answers.
    Bottom,
}

/// The order of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sort {
    /// By what.
    pub column: Column,
    /// The largest first.
    pub descending: bool,
}

/// Where a row stands when rows are sorted. What is under way stands last, whatever the order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    class: u8,
    key: SortKey,
}

#[derive(Debug)]
struct SortKey {
    content: Content,
    descending: bool,
}

#[derive(Debug)]
enum Content {
    Number(f64),
    Text(String),
    Missing,
}

impl Place {
    pub(super) fn of(entry: &CellEntry, sort: &Sort, failures: Failures, now: Millis) -> Self {
        let class = match (entry.state(), failures) {
            (state, _) if !state.is_final() => 3,
            (State::Value, _) => 1,
            (_, Failures::Top) => 0,
            (_, Failures::Bottom) => 2,
        };
        let content = match number(entry, &sort.column, now) {
            Some(number) => Content::Number(number),
            None => match looked_at(entry, &sort.column, now) {
                text if text.is_empty() => Content::Missing,
                text => Content::Text(text),
            },
        };
        Self { class, key: SortKey { content, descending: sort.descending } }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (&self.content, &other.content) {
            (Content::Missing, Content::Missing) => return Ordering::Equal,
            (Content::Missing, _) => return Ordering::Greater,
            (_, Content::Missing) => return Ordering::Less,
            (Content::Number(a), Content::Number(b)) => a.total_cmp(b),
            (Content::Number(_), Content::Text(_)) => Ordering::Less,
            (Content::Text(_), Content::Number(_)) => Ordering::Greater,
            (Content::Text(a), Content::Text(b)) => nodeset::natural_cmp(a, b),
        };
        if self.descending { order.reverse() } else { order }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}
