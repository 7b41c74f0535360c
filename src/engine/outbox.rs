//! What waits to be told to a front end that is slower than the hosts.
//!
//! Lines of one target that follow each other are one event, and of a target that waits with too many the oldest are
//! dropped and counted. Everything else is kept: [`Outbox::is_full`] tells the engine to hear no more meanwhile, so
//! that the pressure reaches the hosts.

use tokio::sync::OwnedSemaphorePermit;

use crate::engine::event::{Event, Line};
use crate::engine::target::TargetId;

/// Lines of one target that may wait.
const LINES: usize = 4096;
/// Bytes of lines of one target that may wait.
const LINE_BYTES: usize = 1024 * 1024;
/// Events that may wait.
const EVENTS: usize = 4096;

/// Events on their way out.
#[derive(Debug, Default)]
pub struct Outbox {
    events: Vec<Event>,
    /// The room that their values take up.
    room: Vec<OwnedSemaphorePermit>,
}

impl Outbox {
    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Lines { target, run, lines, dropped } => self.lines(target, run, lines, dropped),
            event => self.events.push(event),
        }
    }

    /// Keeps this room taken for as long as what was added waits.
    pub fn occupy(&mut self, room: Option<OwnedSemaphorePermit>) {
        self.room.extend(room);
    }

    fn lines(&mut self, from: TargetId, of: Option<super::command::RunId>, new: Vec<Line>, lost: u64) {
        // They join lines of theirs that wait already. A line may so overtake a result by one batch, never the reverse.
        let waiting = self.events.iter_mut().rev().take(64).find_map(|event| match event {
            Event::Lines { target, run, lines, dropped } if *target == from && *run == of => {
                Some((lines, dropped))
            }
            _ => None,
        });
        if let Some((lines, dropped)) = waiting {
            lines.extend(new);
            *dropped += lost;
            shorten(lines, dropped);
        } else {
            let (mut lines, mut dropped) = (new, lost);
            shorten(&mut lines, &mut dropped);
            self.events.push(Event::Lines { target: from, run: of, lines, dropped });
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether no more should be heard until some of this is gone.
    pub fn is_full(&self) -> bool {
        self.events.len() >= EVENTS
    }

    /// Everything that waits, in order.
    pub fn take(&mut self) -> Vec<Event> {
        self.room.clear();
        std::mem::take(&mut self.events)
    }
}

fn shorten(lines: &mut Vec<Line>, dropped: &mut u64) {
    let mut bytes = 0;
    let fits = |line: &&Line| {
        bytes += line.text.len();
        bytes <= LINE_BYTES
    };
    let keep = lines.iter().rev().take(LINES).take_while(fits).count();
    let over = lines.len() - keep;
    lines.drain(..over);
    *dropped += over as u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Level, Millis, Stream};

    fn lines(target: u32, count: usize) -> Event {
        let line =
            Line { at: Millis(0), stream: Stream::Stderr, text: "x".into(), partial: false, record: None };
        Event::Lines { target: TargetId(target), run: None, lines: vec![line; count], dropped: 0 }
    }

    #[test]
    fn a_flood_is_cut_and_counted_and_the_others_lose_nothing() {
        let mut outbox = Outbox::default();
        outbox.push(lines(2, 3));
        for _ in 0..100 {
            outbox.push(lines(1, 1000));
        }
        let told: Vec<_> = outbox
            .take()
            .into_iter()
            .filter_map(|event| match event {
                Event::Lines { target, lines, dropped, .. } => Some((target.0, lines.len(), dropped)),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(2, 3, 0), (1, LINES, 100_000 - LINES as u64)]);
    }

    #[test]
    fn long_lines_are_bounded_by_their_bytes() {
        let mut outbox = Outbox::default();
        let text = "x".repeat(64 * 1024);
        let line =
            Line { at: Millis(0), stream: Stream::Stderr, text: text.into(), partial: true, record: None };
        for _ in 0..100 {
            let lines = vec![line.clone()];
            outbox.push(Event::Lines { target: TargetId(1), run: None, lines, dropped: 0 });
        }
        let told = outbox.take();
        assert!(
            matches!(&told[..], [Event::Lines { lines, dropped: 84, .. }] if lines.len() == 16),
            "{told:?}"
        );
    }

    #[test]
    fn other_events_are_kept_and_make_it_full() {
        let mut outbox = Outbox::default();
        for _ in 0..EVENTS {
            assert!(!outbox.is_full());
            outbox.push(Event::Notice { at: Millis(0), level: Level::Info, text: String::new() });
        }
        assert!(outbox.is_full());
        assert_eq!(outbox.take().len(), EVENTS);
        assert!(outbox.is_empty());
    }
}
