//! How a run ended: counts that add up to the targets, and the exit status (NEEDS 1).

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::engine::event::Cell;

/// Everything went well.
pub const OK: u8 = 0;
/// Some calls raised.
pub const RAISED: u8 = 1;
/// The command line, the configuration or a name is wrong; nothing ran.
pub const USAGE: u8 = 2;
/// Some targets were unreachable, lost, skipped, or took too long.
pub const UNREACHED: u8 = 3;
/// It was cancelled.
pub const CANCELLED: u8 = 130;

/// How many targets ended in which state, in the order in which the states are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Vec<(&'static str, usize)>);

/// The final states, in the order of reports.
const STATES: [&str; 8] =
    ["value", "raised", "timed out", "lost", "unreachable", "skipped", "cancelled", "cancel unconfirmed"];

impl Counts {
    /// One more target ended so.
    pub fn add(&mut self, cell: &Cell) {
        let name = cell.name();
        match self.0.iter_mut().find(|(state, _)| *state == name) {
            Some((_, count)) => *count += 1,
            None => self.0.push((name, 1)),
        }
        self.0.sort_by_key(|(state, _)| STATES.iter().position(|known| known == state));
    }

    /// How many targets ended.
    pub fn total(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many ended in this state.
    pub fn of(&self, state: &str) -> usize {
        self.0.iter().find(|(name, _)| *name == state).map_or(0, |(_, count)| *count)
    }

    /// Whether every target that ended returned a value.
    pub fn all_ok(&self) -> bool {
        self.of("value") == self.total()
    }

    /// The exit status; the worst wins. What was skipped in a run that a person stopped was cancelled.
    pub fn exit_code(&self, interrupted: bool) -> u8 {
        let any = |states: &[&str]| states.iter().any(|state| self.of(state) > 0);
        if any(&["cancelled", "cancel unconfirmed"]) || interrupted && !self.all_ok() {
            CANCELLED
        } else if any(&["timed out", "lost", "unreachable", "skipped"]) {
            UNREACHED
        } else if any(&["raised"]) {
            RAISED
        } else {
            OK
        }
    }
}

/// `3 value, 1 raised`
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (state, count)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {state}")?;
        }
        Ok(())
    }
}

/// `{"value":3,"raised":1}`
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (state, count) in &self.0 {
            map.serialize_entry(state, count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::raised::Raised;
    use crate::tunnel::{Failure, Stage};

    fn counts(cells: impl IntoIterator<Item = Cell>) -> Counts {
        let mut counts = Counts::default();
        cells.into_iter().for_each(|cell| counts.add(&cell));
        counts
    }

    fn cells() -> [Cell; 8] {
        [
            Cell::Value { value: 1_i64.into() },
            Cell::Raised { error: Box::new(Raised::default()) },
            Cell::TimedOut { after: std::time::Duration::from_secs(1) },
            Cell::Lost { why: String::new() },
            Cell::Unreachable {
                failure: Failure { stage: Stage::Connect, why: String::new(), said: String::new() },
            },
            Cell::Skipped { why: String::new() },
            Cell::Cancelled,
            Cell::CancelUnconfirmed { why: String::new() },
        ]
    }

    #[test]
    fn each_state_has_its_exit_status() {
        let codes: Vec<u8> = cells().into_iter().map(|cell| counts([cell]).exit_code(false)).collect();
        assert_eq!(codes, [0, 1, 3, 3, 3, 3, 130, 130]);
    }

    #[test]
    fn the_worst_wins() {
        let [value, raised, timed_out, _, _, skipped, cancelled, _] = cells();
        assert_eq!(counts([value.clone(), raised.clone()]).exit_code(false), RAISED);
        assert_eq!(counts([timed_out.clone(), raised]).exit_code(false), UNREACHED);
        assert_eq!(counts([cancelled, timed_out]).exit_code(false), CANCELLED);
        assert_eq!(counts([value.clone(), skipped.clone()]).exit_code(false), UNREACHED);
        assert_eq!(counts([value.clone(), skipped]).exit_code(true), CANCELLED);
        assert_eq!(counts([value]).exit_code(true), OK);
    }

    #[test]
    fn counts_add_up_and_stand_in_one_order() {
        let counts = counts(cells().into_iter().rev().chain(cells()));
        assert_eq!(counts.total(), 16);
        assert_eq!(
            counts.to_string(),
            "2 value, 2 raised, 2 timed out, 2 lost, 2 unreachable, 2 skipped, 2 cancelled, 2 cancel unconfirmed"
        );
    }
}
