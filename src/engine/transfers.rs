//! Transfers of files: each is a thread that may wait for disks, and a task that tells how far it is.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::engine::command::RunId;
use crate::engine::event::Cell;
use crate::engine::runs::CallNews;
use crate::engine::serving::cell;
use crate::engine::target::TargetId;
use crate::engine::worker::{News, Report, Worker};
use crate::link::call;
use crate::link::files::line::Line;
use crate::link::files::tally::{Meter, Progress};
use crate::link::files::{self, Carry};

/// How often it is told how far a transfer is.
const BEAT: Duration = Duration::from_millis(200);

/// Where a transfer's news go.
struct Teller {
    target: TargetId,
    epoch: u32,
    run: RunId,
    reports: mpsc::Sender<Report>,
}

impl Teller {
    async fn tell(&self, news: CallNews) {
        let news = News::Call { run: self.run, news };
        // The engine is gone when this fails.
        let _ = self.reports.send(Report { target: self.target, epoch: self.epoch, news, room: None }).await;
    }
}

/// Starts one on a link's channel.
pub(super) fn start(worker: &Worker, run: RunId, carry: Carry, line: Line) {
    let Worker { target, epoch, reports, .. } = worker;
    let teller = Teller { target: *target, epoch: *epoch, run, reports: reports.clone() };
    tokio::spawn(follow(teller, carry, line));
}

async fn follow(teller: Teller, carry: Carry, line: Line) {
    let (meter, mut seen) = Meter::new();
    let mut work = tokio::task::spawn_blocking(move || files::carry(&carry, line, meter));
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = loop {
        tokio::select! {
            ended = &mut work => break ended,
            _ = beats.tick() => if seen.has_changed().unwrap_or(false) {
                let progress = progress(&seen.borrow_and_update());
                teller.tell(progress).await;
            },
        }
    };
    match ended {
        Ok(Some(outcome)) => teller.tell(CallNews::Over(cell(outcome))).await,
        Ok(None) => {} // the link is gone, and tells that itself
        Err(error) => {
            let why = format!("a fault of hailer itself ended the transfer, please report it: {error}");
            teller.tell(CallNews::Over(Cell::Raised { error: call::made_up("hailer.Fault", why) })).await;
        }
    }
}

fn progress(progress: &Progress) -> CallNews {
    let (unit, word) = match progress.total {
        Some(total) if total < 1 << 10 => (1.0, "B"),
        Some(total) if total < 1 << 20 => (1024.0, "KiB"),
        _ => (1_048_576.0, "MiB"),
    };
    let tenths = |bytes: u64| (bytes as f64 / unit * 10.0).round() / 10.0;
    let text = format!("{word} {}", progress.name).trim_end().to_owned();
    CallNews::Progress { done: tenths(progress.done), total: progress.total.map(tenths), text: Some(text) }
}
