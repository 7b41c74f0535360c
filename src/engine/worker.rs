//! One task for each link: opens it, serves it (see [`crate::engine::serving`]), and lets go of it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;

use crate::engine::clock::Clock;
use crate::engine::command::RunId;
use crate::engine::event::{Line, Millis, Stream};
use crate::engine::lines::Cutter;
use crate::engine::pace::{Pace, Refusals, Turn};
use crate::engine::passages::Answer;
use crate::engine::runs::CallNews;
use crate::engine::serving::Serving;
use crate::engine::target::{LinkState, TargetId};
use crate::library::Library;
use crate::library::parcel::Held;
use crate::library::snapshot::Shipment;
use crate::link::files::Carry;
use crate::link::health::Health;
use crate::link::opening::{Opened, Opening, Options, Route};
use crate::tunnel::relay::{self, Outer};
use crate::tunnel::{Failure, Stage};

/// How much all values that wait for a slow front end may take up, in KiB. One that is larger waits until it is alone.
pub const ROOM: u32 = 64 * 1024;
/// How many lines are reported at once.
const BATCH: usize = 256;

/// What a worker is asked for. Dropping the sender closes the link.
#[derive(Debug)]
pub enum Request {
    /// Run this.
    Call {
        /// For which run.
        run: RunId,
        /// What tracebacks call it.
        name: String,
        /// The Python text.
        code: String,
        /// What it may import of the library.
        modules: Option<Shipment>,
    },
    /// Carry files.
    Carry {
        /// For which run.
        run: RunId,
        /// What tracebacks call it.
        name: String,
        /// The Python text of the far end.
        code: String,
        /// What.
        carry: Carry,
    },
    /// Ask this run's call to stop.
    Cancel(RunId),
}

/// What a worker has to say.
#[derive(Debug)]
pub struct Report {
    /// Whose link.
    pub target: TargetId,
    /// Which of its links, one after the other.
    pub epoch: u32,
    /// What.
    pub news: News,
    /// The room that it takes up, if that is worth counting.
    pub room: Option<OwnedSemaphorePermit>,
}

/// News of a link.
#[derive(Debug)]
pub enum News {
    /// Its state.
    State(LinkState),
    /// Round trip of a ping.
    Latency(Duration),
    /// How the far side does.
    Health {
        /// So.
        health: Health,
        /// Since then.
        since: Millis,
    },
    /// Whether it has an older text of a module than the library.
    Outdated(bool),
    /// Lines it wrote.
    Lines {
        /// In which run.
        run: Option<RunId>,
        /// The lines.
        lines: Vec<Line>,
    },
    /// A call has news.
    Call {
        /// In which run.
        run: RunId,
        /// What.
        news: CallNews,
    },
    /// Code on the host wants another host.
    Reach {
        /// The request, as it came.
        request: Vec<u8>,
        /// Where the answer goes.
        answer: Answer,
    },
}

/// All that a worker needs.
#[derive(Debug)]
pub struct Worker {
    /// Whose link.
    pub target: TargetId,
    /// Which of its links.
    pub epoch: u32,
    /// The way in.
    pub route: Route,
    /// How it is opened.
    pub options: Options,
    /// Bounds how many links are opened at once from where this one is.
    pub pace: Pace,
    /// What it is asked for.
    pub requests: mpsc::UnboundedReceiver<Request>,
    /// What it is asked for by those who lie beyond it, and the way they ask.
    pub beyond: (Outer, mpsc::UnboundedReceiver<relay::Request>),
    /// Room for values on their way to the front end, one permit a KiB: see [`ROOM`].
    pub room: Arc<Semaphore>,
    /// Where its reports go.
    pub reports: mpsc::Sender<Report>,
    /// What its code may import.
    pub library: Arc<Library>,
    /// For the lines' times.
    pub clock: Clock,
}

impl Worker {
    /// Works until the link ends or is let go of.
    pub async fn work(mut self) {
        let Some(opened) = self.open().await else { return };
        let Opened { connection, info, banner, stderr } = opened;
        self.tell_the_way(&banner, &stderr).await;
        let held = Held::nothing(info.zlib);
        self.report(News::State(LinkState::Ready(info))).await;
        Serving::new(self, connection, held).serve().await;
    }

    /// Opens the link, reporting each step, and again when it was only refused for now. None: it failed, and that was
    /// reported, or nobody wants it any more.
    async fn open(&mut self) -> Option<Opened> {
        let (pace, mut refusals) = (self.pace.clone(), Refusals::default());
        loop {
            let mut turn = Some(self.unless_dropped(pace.turn()).await?);
            let failure = match self.attempt(&mut turn).await? {
                Ok(opened) => {
                    if let Some(turn) = turn {
                        turn.came_up(self.options.timeout);
                    }
                    return Some(opened);
                }
                Err(failure) => failure,
            };
            let refused = turn.filter(|_| failure.stage == Stage::Busy);
            let Some(pause) = refused.and_then(|turn| turn.refused(&mut refusals)) else {
                self.report(News::State(LinkState::Unreachable(failure))).await;
                return None;
            };
            self.report(News::State(LinkState::Queued)).await;
            self.unless_dropped(sleep(pause)).await?;
        }
    }

    /// Opens the link, once. Its turn goes to others while a person is asked. None: nobody wants the link any more.
    async fn attempt(&mut self, turn: &mut Option<Turn>) -> Option<Result<Opened, Failure>> {
        self.report(News::State(LinkState::Connecting)).await;
        let (route, options) = (self.route.clone(), self.options.clone());
        let patience = route.asker.as_ref().map(|asker| asker.patience.clone()).unwrap_or_default();
        let work = async move {
            let mut found = pin!(async { Opening::start(&route, &options).await?.interpreter().await });
            tokio::select! {
                found = &mut found => return found,
                () = patience.needed() => drop(turn.take()),
            }
            found.await
        };
        let opening = match self.unless_dropped(work).await? {
            Ok(opening) => opening,
            Err(failure) => return Some(Err(failure)),
        };
        self.report(News::State(LinkState::Booting)).await;
        self.unless_dropped(opening.agent()).await
    }

    /// Waits for `work`, unless the link is let go of first.
    async fn unless_dropped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            // No request comes before the link is ready: this ends only when the sender is dropped.
            None = self.requests.recv() => None,
        }
    }

    /// What was said on the way in is shown as the tunnel's lines.
    async fn tell_the_way(&self, banner: &str, stderr: &[u8]) {
        let at = self.clock.now();
        let mut lines = Vec::new();
        for bytes in [banner.as_bytes(), stderr] {
            let mut cutter = Cutter::new(Stream::Tunnel);
            cutter.feed(bytes, at, &mut lines);
            lines.extend(cutter.flush(at).map(|line| Line { partial: false, ..line }));
        }
        self.lines(None, lines).await;
    }

    pub(super) async fn lines(&self, run: Option<RunId>, lines: Vec<Line>) {
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            self.report(News::Lines { run, lines: lines.by_ref().take(BATCH).collect() }).await;
        }
    }

    pub(super) async fn report(&self, news: News) {
        self.report_large(news, 0).await;
    }

    /// Reports what takes up `size` bytes, once there is room for it.
    pub(super) async fn report_large(&self, news: News, size: usize) {
        let needs = u32::try_from(size / 1024).unwrap_or(ROOM).min(ROOM);
        let room = match needs {
            0 => None,
            _ => Arc::clone(&self.room).acquire_many_owned(needs).await.ok(),
        };
        // The engine is gone when this fails; so will this task be, with its requests' sender.
        let _ = self.reports.send(Report { target: self.target, epoch: self.epoch, news, room }).await;
    }
}
