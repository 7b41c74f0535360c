//! How far files are, redrawn at the foot of standard error where that is a terminal: all together, and the hosts under way.

use std::collections::BTreeMap;
use std::fmt::Write as _; // writing to a String cannot fail

use unicode_width::UnicodeWidthChar;

use crate::engine::target::TargetId;
use crate::model::cell::Progress;
use crate::model::remote_text::plain;
use crate::print::form::Said;

/// How many hosts have a bar of their own.
const HOSTS: usize = 8;
/// How wide a bar is.
const WIDTH: usize = 20;
/// The most columns that a host's name takes.
const NAME: usize = 24;

/// The bars, and what stands of them on the terminal.
#[derive(Debug)]
pub struct Bars {
    columns: usize,
    targets: usize,
    over: usize,
    under_way: BTreeMap<TargetId, (String, Progress)>,
    drawn: usize,
    changed: bool,
}

impl Bars {
    /// For so many targets, on a terminal so wide.
    pub fn new(columns: usize, targets: usize) -> Self {
        Self { columns, targets, over: 0, under_way: BTreeMap::new(), drawn: 0, changed: false }
    }

    /// A target says how far it is.
    pub fn heard(&mut self, target: TargetId, name: &str, progress: Progress) {
        self.under_way.insert(target, (name.to_owned(), progress));
        self.changed = true;
    }

    /// A target is over.
    pub fn over(&mut self, target: TargetId) {
        self.under_way.remove(&target);
        self.over += 1;
        self.changed = true;
    }

    /// Puts what is to be written above the bars, and draws them anew below it, unless they are to go.
    pub fn draw(&mut self, said: &mut Said, stay: bool) {
        let goes = !stay || self.under_way.is_empty();
        if said.is_empty() && !(self.changed || goes && self.drawn > 0) {
            return;
        }
        if self.drawn > 0 {
            said.err.insert_str(0, &format!("\r\u{1b}[{}A\u{1b}[J", self.drawn));
            self.drawn = 0;
        }
        self.changed = false;
        if goes {
            return;
        }
        let fractions = self.under_way.values().map(|(_, progress)| progress.fraction().unwrap_or(0.0));
        let all = (self.over as f64 + fractions.sum::<f64>()) / self.targets.max(1) as f64;
        if self.targets > 1 {
            let done = format!("{} of {} targets", self.over, self.targets);
            self.line(&done, Some(all), "", &mut said.after);
        }
        for (name, progress) in self.under_way.values().take(HOSTS) {
            self.line(&plain(name), progress.fraction(), &plain(&progress.describe()), &mut said.after);
        }
        let more = self.under_way.len().saturating_sub(HOSTS);
        if more > 0 {
            self.line(&format!("and {more} more"), None, "", &mut said.after);
        }
        self.drawn = said.after.lines().count();
    }

    /// `web1   [#####...............]  25%  1.5/6 MiB`, no wider than the terminal.
    fn line(&self, name: &str, fraction: Option<f64>, text: &str, to: &mut String) {
        let mut line = cut(name, NAME.min(self.columns / 3));
        if let Some(fraction) = fraction {
            let full = (1..=WIDTH).filter(|at| *at as f64 <= fraction * WIDTH as f64).count();
            let percent = fraction * 100.0;
            let _ =
                write!(line, " [{}{}] {percent:>3.0}%  {text}", "#".repeat(full), ".".repeat(WIDTH - full));
        }
        to.push_str(cut(&line, self.columns.saturating_sub(1)).trim_end());
        to.push('\n');
    }
}

/// The text in exactly so many columns.
fn cut(text: &str, columns: usize) -> String {
    let (mut line, mut room) = (String::new(), columns);
    for char in text.chars() {
        let width = char.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        line.push(char);
    }
    line.extend(std::iter::repeat_n(' ', room));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Millis;

    fn progress(done: f64) -> Progress {
        Progress { done, total: Some(8.0), text: Some("MiB".into()), at: Millis(0) }
    }

    #[test]
    fn bars_are_drawn_anew_below_what_is_written() {
        let mut bars = Bars::new(60, 2);
        let draw = |bars: &mut Bars, out: &str, stay| {
            let mut said = Said { out: out.into(), ..Said::default() };
            bars.draw(&mut said, stay);
            said
        };
        assert!(draw(&mut bars, "", true).is_empty());
        bars.heard(TargetId(0), "web1\u{1b}", progress(4.0));
        let said = draw(&mut bars, "", true);
        assert_eq!(
            said.after,
            "0 of 2 targets       [#####...............]  25%\n\
             web1␛                [##########..........]  50%  4/8 MiB\n"
        );
        assert!(draw(&mut bars, "", true).is_empty(), "nothing changed");
        let said = draw(&mut bars, "a line\n", true);
        assert_eq!((said.err.as_str(), said.out.as_str()), ("\r\u{1b}[2A\u{1b}[J", "a line\n"));
        assert_eq!(said.after.lines().count(), 2);
        bars.over(TargetId(0));
        let said = draw(&mut bars, "", true);
        assert_eq!((said.err.as_str(), said.after.as_str()), ("\r\u{1b}[2A\u{1b}[J", ""));
        assert!(draw(&mut bars, "", false).is_empty());
    }

    #[test]
    fn a_narrow_terminal_is_never_wrapped() {
        for columns in 0..40 {
            let mut bars = Bars::new(columns, 20);
            (0..20).for_each(|id| bars.heard(TargetId(id), "漢字漢字漢字漢字漢字", progress(1.0)));
            let mut said = Said::default();
            bars.draw(&mut said, true);
            let fits = |line: &str| unicode_width::UnicodeWidthStr::width(line) < columns.max(1);
            assert!(said.after.lines().all(fits), "{columns}: {}", said.after);
            assert_eq!(said.after.lines().count(), 1 + HOSTS + 1);
        }
    }
}
