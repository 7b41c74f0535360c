//! The loop around a run: events in, text out, signals heed.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use crate::engine::command::{Command, Interrupt, RunId};
use crate::engine::event::Event;
use crate::print::form::Said;
use crate::print::outcome::{CANCELLED, UNREACHED};
use crate::print::report::Report;
use crate::print::signals::{Asked, Signals};
use crate::print::writer::{Writer, say};

/// The longest that closing the links may take.
const CLOSING: Duration = Duration::from_secs(3);

/// Follows a run to its end and answers the exit status.
///
/// Ctrl-C cancels the calls; again, it ends the links; a third time, nothing more is waited for. SIGTERM and SIGHUP end it at once, and
/// so does a reader that has closed our standard output, then without a word.
pub async fn follow(
    run: RunId,
    report: &mut Report,
    send: &impl Fn(Command),
    events: &mut Receiver<Vec<Event>>,
    signals: &mut Signals,
) -> u8 {
    let mut writer = Writer::default();
    let mut presses = 0;
    loop {
        if report.is_finished() && !writer.is_busy() {
            return report.exit_code();
        }
        tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::End => return CANCELLED,
                Asked::Cancel => {
                    presses += 1;
                    let how = match presses {
                        1 => Interrupt::Soft,
                        2 => Interrupt::Hard,
                        _ => return CANCELLED,
                    };
                    let told = report.interrupt();
                    tokio::task::spawn_blocking(move || say(&told));
                    send(Command::Cancel { run, only: None, how });
                }
            },
            written = writer.written() => if written.is_err() {
                return report.exit_code();
            },
            batch = events.recv(), if !writer.is_busy() => {
                let Some(batch) = batch else { return report.exit_code().max(UNREACHED) };
                let mut said = Said::default();
                for event in &batch {
                    report.take(event, &mut said);
                }
                writer.write(said);
            }
        }
    }
}

/// Closes every link, and waits until that is done.
pub async fn close(send: &impl Fn(Command), events: &mut Receiver<Vec<Event>>) {
    send(Command::Shutdown);
    let drained = async { while events.recv().await.is_some() {} };
    if tokio::time::timeout(CLOSING, drained).await.is_err() {
        tracing::warn!("some links were not closed within {CLOSING:?}");
    }
}
