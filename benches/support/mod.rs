//! What the benches share: rows, medians, the tables, the fleet's sshd.
#![allow(missing_docs, dead_code)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// One figure beside its floor.
pub struct Row {
    name: String,
    ours: Duration,
    floor: Option<(String, Duration)>,
    note: String,
}

impl Row {
    pub fn times(name: &str, ours: &[Duration], floor: &str, floors: &[Duration]) -> Self {
        let mut floor = floor.replace('\n', " ");
        if floor.len() > 40 {
            floor = format!("…{}", &floor[floor.ceil_char_boundary(floor.len() - 38)..]);
        }
        Self {
            name: name.into(),
            ours: median(ours),
            floor: Some((floor, median(floors))),
            note: String::new(),
        }
    }

    pub fn alone(name: &str, ours: Duration) -> Self {
        Self { name: name.into(), ours, floor: None, note: String::new() }
    }

    pub fn note(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }
}

/// The rows as a Markdown table, on standard output.
pub fn print(rows: &[Row]) {
    println!("| what | hailer, ms | floor | floor, ms | ratio | |\n| --- | --- | --- | --- | --- | --- |");
    for Row { name, ours, floor, note } in rows {
        let (what, floor, ratio) = match floor {
            Some((what, floor)) => (
                format!("`{what}`"),
                millis(*floor),
                format!("{:.2}", ours.as_secs_f64() / floor.as_secs_f64().max(1e-9)),
            ),
            None => (String::new(), String::new(), String::new()),
        };
        println!("| {name} | {} | {what} | {floor} | {ratio} | {note} |", millis(*ours));
    }
}

/// A figure that has a bar to keep below instead of a floor.
pub struct Barred {
    name: String,
    times: Vec<Duration>,
    bar: Duration,
    /// The percentile that the bar is for.
    percent: usize,
}

impl Barred {
    pub fn p50(name: &str, times: Vec<Duration>, bar: Duration) -> Self {
        Self { name: name.into(), times, bar, percent: 50 }
    }

    pub fn p95(name: &str, times: Vec<Duration>, bar: Duration) -> Self {
        Self { name: name.into(), times, bar, percent: 95 }
    }
}

/// The rows as a Markdown table, on standard output.
pub fn print_barred(rows: &[Barred]) {
    println!("| what | p50, ms | p95, ms | max, ms | bar, ms | |\n| --- | --- | --- | --- | --- | --- |");
    for Barred { name, times, bar, percent } in rows {
        let [p50, p95, max] = [50, 95, 100].map(|percent| millis(percentile(times, percent)));
        let kept = if percentile(times, *percent) <= *bar { "kept" } else { "MISSED" };
        println!("| {name} | {p50} | {p95} | {max} | p{percent} ≤ {} | {kept} |", millis(*bar));
    }
}

pub fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    if millis < 1.0 { format!("{millis:.4}") } else { format!("{millis:.1}") }
}

pub fn median(times: &[Duration]) -> Duration {
    percentile(times, 50)
}

pub fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Whether a row of this name was asked for.
pub fn wanted(name: &str) -> bool {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

/// The sshd of the test fleet.
pub struct Ssh {
    pub target: String,
    config: PathBuf,
}

impl Ssh {
    pub fn options(&self) -> Vec<String> {
        vec!["-F".into(), self.config.display().to_string()]
    }

    /// A command run by plain ssh.
    pub fn command(&self, words: &[&str]) -> Vec<String> {
        let ssh = ["ssh".into(), "-T".into()].into_iter();
        ssh.chain(self.options())
            .chain([self.target.clone()])
            .chain(words.iter().map(|word| (*word).to_owned()))
            .collect()
    }
}

/// The local sshd of the fleet, if the fleet is up.
pub fn ssh() -> Option<Ssh> {
    let state = std::env::var_os("HAILER_FLEET").map_or_else(|| PathBuf::from("target/fleet"), PathBuf::from);
    let config = fs::canonicalize(state.join("ssh_config")).ok()?;
    Some(Ssh { target: "localsshd".into(), config })
}
