//! The last second: the terminal is the person's own again, and the engine closes what is open.

use std::io::{self, Write};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::engine::event::Event;
use crate::tui::msg::Signal;

/// A close that is over sooner is not worth a word.
const AT_ONCE: Duration = Duration::from_millis(100);
/// How long it may take in all.
const LONGEST: Duration = Duration::from_secs(1);

/// Waits until the engine has closed its links, `open` of them, and says so where that takes a moment. The person need not
/// wait for it: Ctrl-C, or any other signal that ends the console, ends the wait.
pub async fn close(
    open: usize,
    signals: &mut (impl Stream<Item = Signal> + Unpin),
    events: &mut mpsc::Receiver<Vec<Event>>,
) {
    let begun = Instant::now();
    let mut said = open == 0;
    loop {
        tokio::select! { biased;
            batch = events.recv() => if batch.is_none() {
                return;
            },
            Some(_) = signals.next() => return,
            () = sleep_until(begun + AT_ONCE), if !said => {
                said = true;
                let links = if open == 1 { "link" } else { "links" };
                // Standard error may be gone with the terminal.
                let _ = writeln!(io::stderr(), "hailer: closing {open} {links}; Ctrl-C leaves at once");
            }
            () = sleep_until(begun + LONGEST) => {
                tracing::warn!("some links took longer than {LONGEST:?} to close");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{iter, pending};

    use super::*;

    #[tokio::test]
    async fn it_waits_for_the_engine_but_not_for_long_and_not_against_a_persons_will() {
        let (tell, mut events) = mpsc::channel(1);
        let begun = Instant::now();
        close(2, &mut iter([Signal::Interrupt]), &mut events).await;
        assert!(begun.elapsed() < LONGEST / 2, "a signal ends the wait");
        close(2, &mut pending(), &mut events).await;
        assert!(begun.elapsed() >= LONGEST, "it gives the engine its time");
        drop(tell);
        let begun = Instant::now();
        close(2, &mut pending(), &mut events).await;
        assert!(begun.elapsed() < LONGEST / 2, "an engine that has closed all is not waited for");
    }
}
