//! Runs in steps: a few targets first, then batches of the others. What lets the next step begin, and when the rest is given
//! up. Plain data and pure logic; `engine::runs` drives it.
//!
//! The words are those that people know from Salt (`--batch`, percentages) and Ansible (`serial`, `max_fail_percentage`).

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::engine::event::Cell;

/// How many targets: a number, or a share of those of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// So many.
    Count(usize),
    /// So many of a hundred.
    Percent(u8),
}

impl Amount {
    /// How many that are of `total`: at least one, and a part of one counts as one.
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::Count(count) => count.max(1),
            Self::Percent(percent) => (total * usize::from(percent)).div_ceil(100).max(1),
        }
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| *percent <= 100).map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        read.filter(|amount| !matches!(amount, Self::Count(0) | Self::Percent(0)))
            .ok_or_else(|| format!("`{text}` is no number of targets: write 3, or 10%"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// What lets the next step begin, once all targets of one are final.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nothing holds it up.
    None,
    /// No target has failed.
    #[default]
    Ok,
    /// No target has failed, and all have given the same answer.
    Same,
    /// A person says so.
    Ask,
}

impl Gate {
    /// The gate where none is named: a person who says how many may fail does not mean none at all.
    pub fn default_with(halt_at: Option<Amount>) -> Self {
        if halt_at.is_some() { Self::None } else { Self::Ok }
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ok => "ok",
            Self::Same => "same",
            Self::Ask => "ask",
        }
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let gates = [Self::None, Self::Ok, Self::Same, Self::Ask];
        let found = gates.into_iter().find(|gate| gate.name() == text);
        found.ok_or_else(|| format!("`{text}` is no gate: write ok, same, ask or none"))
    }
}

/// How a run is cut into steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// So many targets go before all others.
    pub first: Option<usize>,
    /// So many of the others make a step each; none: all of them are one.
    pub batch: Option<Amount>,
    /// When so many have failed, no other target begins.
    pub halt_at: Option<Amount>,
    /// What lets the next step begin.
    pub gate: Gate,
}

impl Steps {
    /// One target, and the others when a person says so.
    pub const ONE_THEN_ASK: Self = Self { first: Some(1), batch: None, halt_at: None, gate: Gate::Ask };

    /// How many of `total` targets each step has. They add up to `total`.
    pub fn sizes(&self, total: usize) -> Vec<usize> {
        let first = self.first.unwrap_or(0).min(total);
        let mut left = total - first;
        let batch = self.batch.map_or(left, |batch| batch.of(total));
        let mut sizes = Vec::from_iter((first > 0).then_some(first));
        while left > 0 {
            let size = batch.clamp(1, left);
            sizes.push(size);
            left -= size;
        }
        sizes
    }
}

/// Reads the flags' own words: `first 1 batch 10% halt-at 3 gate same`; `off` is one step.
impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Self::default();
        let mut gate = None;
        let mut words = text
            .split([' ', '=', ','])
            .map(|word| word.trim_start_matches('-'))
            .filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` wants a value"));
            match word {
                "off" => return Ok(Self::default()),
                "first" => steps.first = Some(count(value()?)?),
                "batch" => steps.batch = Some(value()?.parse()?),
                "halt-at" => steps.halt_at = Some(value()?.parse()?),
                "gate" => gate = Some(value()?.parse()?),
                _ => return Err(format!("`{word}`: write first N, batch N, halt-at N or gate WHAT")),
            }
        }
        steps.gate = gate.unwrap_or_else(|| Gate::default_with(steps.halt_at));
        Ok(steps)
    }
}

/// `first 1, then 10%, gate ask, halt at 3`
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.map(|first| format!("first {first}"));
        let batch = self.batch.map(|batch| format!("batches of {batch}"));
        let gate = (first.is_some() || batch.is_some()).then(|| format!("gate {}", self.gate.name()));
        let halt = self.halt_at.map(|amount| format!("halt at {amount}"));
        let parts: Vec<_> = [first, batch, gate, halt].into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// Where a run in steps is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// Which step, counting from 1.
    pub step: usize,
    /// Of how many.
    pub steps: usize,
    /// How many targets it has.
    pub size: usize,
    /// How many targets later steps have.
    pub left: usize,
    /// It is over, and the next one waits for a person.
    pub waits: bool,
}

/// What comes when a step is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The next step.
    Begin(Phase),
    /// A person is to say so first.
    Hold(Phase),
    /// Nothing: see [`Rollout::given_up`].
    End,
}

/// How far a run in steps is.
#[derive(Debug)]
pub(super) struct Rollout {
    steps: Option<Steps>,
    total: usize,
    sizes: Vec<usize>,
    /// The steps that have begun.
    begun: usize,
    /// How many targets may have begun by now, and have.
    allowed: usize,
    taken: usize,
    failed: usize,
    /// The digest of the first answer, and whether another one differs.
    answer: Option<u128>,
    differ: bool,
    held: bool,
    given_up: Option<String>,
}

impl Rollout {
    /// Nothing has begun. Without steps all targets are one.
    pub(super) fn new(steps: Option<Steps>, total: usize) -> Self {
        let sizes = steps.unwrap_or_default().sizes(total);
        let allowed = sizes.first().copied().unwrap_or(0);
        Self {
            steps,
            total,
            sizes,
            begun: 1,
            allowed,
            taken: 0,
            failed: 0,
            answer: None,
            differ: false,
            held: false,
            given_up: None,
        }
    }

    /// Where it is, if it has more steps than one.
    pub(super) fn phase(&self) -> Option<Phase> {
        let size = *self.sizes.get(self.begun - 1)?;
        let (step, steps, left) = (self.begun, self.sizes.len(), self.total - self.allowed);
        (steps > 1).then_some(Phase { step, steps, size, left, waits: self.held })
    }

    /// Whether one more target may begin now; it is counted then.
    pub(super) fn take(&mut self) -> bool {
        let may = self.taken < self.allowed;
        self.taken += usize::from(may);
        may
    }

    /// A target that was begun came to its final state.
    pub(super) fn ended(&mut self, cell: &Cell) {
        let Some(steps) = self.steps else { return };
        match cell {
            Cell::Value { value } if steps.gate == Gate::Same => {
                let answer = value.digest();
                self.differ |= *self.answer.get_or_insert(answer) != answer;
            }
            Cell::Value { .. } => {}
            _ => self.failed += 1,
        }
        if self.given_up.is_none() && steps.halt_at.is_some_and(|at| self.failed >= at.of(self.total)) {
            self.given_up = Some(format!("the run was halted when {} had failed", targets(self.failed)));
        }
    }

    /// All targets that may have begun are final: what comes now?
    pub(super) fn next(&mut self) -> Next {
        let gate = self.steps.unwrap_or_default().gate;
        let why = match gate {
            Gate::Ok | Gate::Same if self.failed > 0 => format!("{} had failed", targets(self.failed)),
            Gate::Same if self.differ => "its answers differ".to_owned(),
            Gate::Ask if !self.held => {
                self.held = true;
                return self.phase().map_or(Next::End, Next::Hold);
            }
            _ => return self.begin(),
        };
        self.end(&why);
        Next::End
    }

    /// Whether the next step waits for a person.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// The person has said so.
    pub(super) fn begin(&mut self) -> Next {
        self.held = false;
        let Some(size) = self.sizes.get(self.begun) else { return Next::End };
        self.begun += 1;
        self.allowed += size;
        self.phase().map_or(Next::End, Next::Begin)
    }

    /// No other target is to begin, for this reason.
    pub(super) fn end(&mut self, why: &str) {
        self.held = false;
        let (step, steps) = (self.begun, self.sizes.len());
        self.given_up = Some(format!("the run ended with step {step} of {steps}: {why}"));
    }

    /// Why no other target is to begin.
    pub(super) fn given_up(&self) -> Option<&str> {
        self.given_up.as_deref()
    }
}

fn count(text: &str) -> Result<usize, String> {
    let read = text.parse().ok().filter(|count| *count > 0);
    read.ok_or_else(|| format!("`{text}` is no number of targets"))
}

fn targets(count: usize) -> String {
    if count == 1 { "1 target".to_owned() } else { format!("{count} targets") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(first: Option<usize>, batch: Option<&str>) -> Steps {
        Steps { first, batch: batch.map(|text| text.parse().expect("an amount")), ..Steps::default() }
    }

    #[test]
    fn steps_add_up_to_the_targets_whatever_they_are() {
        assert_eq!(steps(Some(1), None).sizes(10), [1, 9]);
        assert_eq!(steps(None, Some("4")).sizes(10), [4, 4, 2]);
        assert_eq!(steps(Some(1), Some("30%")).sizes(10), [1, 3, 3, 3]);
        assert_eq!(steps(Some(1), Some("1%")).sizes(3), [1, 1, 1]);
        assert_eq!(steps(Some(5), Some("50%")).sizes(3), [3]);
        assert_eq!(steps(None, None).sizes(0), [0; 0]);
        for total in 0..40 {
            for first in [None, Some(1), Some(7), Some(100)] {
                for batch in [None, Some("1"), Some("7"), Some("10%"), Some("100%")] {
                    let sizes = steps(first, batch).sizes(total);
                    assert_eq!(sizes.iter().sum::<usize>(), total, "{first:?} {batch:?}");
                    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
                }
            }
        }
    }

    #[test]
    fn steps_are_read_as_the_flags_are_written() {
        let read = |text: &str| text.parse::<Steps>().map(|steps| steps.to_string());
        assert_eq!(read("first 1 batch 10%"), Ok("first 1, batches of 10%, gate ok".into()));
        assert_eq!(read("--batch=5 --halt-at=3"), Ok("batches of 5, gate none, halt at 3".into()));
        assert_eq!(read("first=2, gate=ask"), Ok("first 2, gate ask".into()));
        assert_eq!(read("off"), Ok(String::new()));
        for wrong in ["first", "first 0", "first 10%", "batch x", "gate maybe", "second 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_and_gates_are_read_and_nonsense_is_refused() {
        assert_eq!("3".parse(), Ok(Amount::Count(3)));
        assert_eq!("5%".parse(), Ok(Amount::Percent(5)));
        for wrong in ["", "0", "0%", "101%", "-1", "ten", "%"] {
            assert!(wrong.parse::<Amount>().unwrap_err().contains("write 3, or 10%"), "{wrong}");
        }
        assert_eq!("same".parse(), Ok(Gate::Same));
        assert!("maybe".parse::<Gate>().is_err());
        assert_eq!(
            [Amount::Percent(5).of(10), Amount::Percent(100).of(10), Amount::Percent(1).of(0)],
            [1, 10, 1]
        );
    }
}
