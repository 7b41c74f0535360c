//! One task for each link: opens it, serves its calls, reports what it hears, and lets go of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::engine::clock::Clock;
use crate::engine::command::RunId;
use crate::engine::event::{Cell, Line, Stream};
use crate::engine::lines::Cutter;
use crate::engine::pace::{Pace, Patience};
use crate::engine::runs::CallNews;
use crate::engine::target::{LinkState, TargetId};
use crate::link::call::{self, Outcome};
use crate::link::connection::{Connection, Ended, Turn};
use crate::link::mux::Heard;
use crate::link::opening::{Opened, Opening, Options};
use crate::link::payload;
use crate::tunnel::address::Address;
use crate::tunnel::{Failure, Stage};
use crate::wire::frame::{data, item};

/// How often a link is asked how long a round trip takes.
const PING: Duration = Duration::from_secs(5);
/// How long the rest of a line waits for its end before it is shown as partial.
const PARTIAL: Duration = Duration::from_millis(150);
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
}

/// All that a worker needs.
#[derive(Debug)]
pub struct Worker {
    /// Whose link.
    pub target: TargetId,
    /// Which of its links.
    pub epoch: u32,
    /// The way in.
    pub address: Address,
    /// How it is opened.
    pub options: Options,
    /// Bounds how many links are opened at once from where this one is.
    pub pace: Pace,
    /// What it is asked for.
    pub requests: mpsc::UnboundedReceiver<Request>,
    /// Room for values on their way to the front end, one permit a KiB: see [`ROOM`].
    pub room: Arc<Semaphore>,
    /// Where its reports go.
    pub reports: mpsc::Sender<Report>,
    /// For the lines' times.
    pub clock: Clock,
}

impl Worker {
    /// Works until the link ends or is let go of.
    pub async fn work(mut self) {
        let Some(opened) = self.open().await else { return };
        let Opened { connection, info, banner, stderr } = opened;
        self.tell_the_way(&banner, &stderr).await;
        self.report(News::State(LinkState::Ready(info))).await;
        Serving::new(self, connection).serve().await;
    }

    /// Opens the link, reporting each step, and again when it was only refused for now. None: it failed, and that was
    /// reported, or nobody wants it any more.
    async fn open(&mut self) -> Option<Opened> {
        let (pace, mut patience) = (self.pace.clone(), Patience::default());
        loop {
            let turn = self.unless_dropped(pace.turn()).await?;
            let failure = match self.attempt().await? {
                Ok(opened) => {
                    turn.came_up(self.options.timeout);
                    return Some(opened);
                }
                Err(failure) => failure,
            };
            let busy = failure.stage == Stage::Busy;
            let Some(pause) = busy.then(|| turn.refused(&mut patience)).flatten() else {
                self.report(News::State(LinkState::Unreachable(failure))).await;
                return None;
            };
            self.report(News::State(LinkState::Queued)).await;
            self.unless_dropped(sleep(pause)).await?;
        }
    }

    /// Opens the link, once. None: nobody wants it any more.
    async fn attempt(&mut self) -> Option<Result<Opened, Failure>> {
        self.report(News::State(LinkState::Connecting)).await;
        let (address, options) = (self.address.clone(), self.options.clone());
        let found =
            self.unless_dropped(async move { Opening::start(&address, &options).await?.interpreter().await });
        let opening = match found.await? {
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

    async fn lines(&self, run: Option<RunId>, lines: Vec<Line>) {
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            self.report(News::Lines { run, lines: lines.by_ref().take(BATCH).collect() }).await;
        }
    }

    async fn report(&self, news: News) {
        self.report_large(news, 0).await;
    }

    /// Reports what takes up `size` bytes, once there is room for it.
    async fn report_large(&self, news: News, size: usize) {
        let needs = u32::try_from(size / 1024).unwrap_or(ROOM).min(ROOM);
        let room = match needs {
            0 => None,
            _ => Arc::clone(&self.room).acquire_many_owned(needs).await.ok(),
        };
        // The engine is gone when this fails; so will this task be, with its requests' sender.
        let _ = self.reports.send(Report { target: self.target, epoch: self.epoch, news, room }).await;
    }
}

/// A call under way.
#[derive(Debug)]
struct Call {
    run: RunId,
    stdout: Cutter,
    stderr: Cutter,
}

/// A link that is up, with its calls.
struct Serving {
    worker: Worker,
    connection: Connection,
    calls: HashMap<u32, Call>,
    stderr: Cutter,
    /// Something came since partial lines were last looked for.
    fresh: bool,
    pinged: Option<Instant>,
}

impl Serving {
    fn new(worker: Worker, connection: Connection) -> Self {
        let stderr = Cutter::new(Stream::Stderr);
        Self { worker, connection, calls: HashMap::new(), stderr, fresh: false, pinged: None }
    }

    async fn serve(mut self) {
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut partials = interval(PARTIAL);
        partials.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                request = self.worker.requests.recv() => match request {
                    Some(request) => self.request(request),
                    None => return self.close().await,
                },
                turn = self.connection.turn() => match turn {
                    Ok(Turn::Heard(heard)) => self.heard(heard).await,
                    Ok(Turn::Stderr(bytes)) => self.stderr(&bytes).await,
                    Err(ended) => return self.ended(ended).await,
                },
                _ = pings.tick() => self.ping(),
                _ = partials.tick(), if self.fresh => self.partial_lines().await,
            }
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Call { run, name, code } => {
                let channel = self.connection.mux().eval(&name, &code);
                let (stdout, stderr) = (Cutter::new(Stream::Stdout), Cutter::new(Stream::Stderr));
                self.calls.insert(channel, Call { run, stdout, stderr });
            }
            Request::Cancel(run) => {
                let of_run = self.calls.iter().filter(|(_, call)| call.run == run);
                for channel in of_run.map(|(channel, _)| *channel).collect::<Vec<_>>() {
                    self.connection.mux().cancel(channel, false);
                }
            }
        }
    }

    fn ping(&mut self) {
        if self.pinged.is_none() {
            self.pinged = Some(Instant::now());
            self.connection.mux().ping(b"");
        }
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Data { channel, tag, bytes } => self.printed(channel, tag, &bytes).await,
            Heard::Item { channel, tag, message } => self.item(channel, tag, &message).await,
            Heard::Closed { channel, tag, message } => {
                self.over(channel, cell(call::outcome(tag, &message)), message.len()).await;
            }
            Heard::TooLong { channel, length, closed } => self.too_long(channel, length, closed).await,
            Heard::Import { channel, name } => {
                let module =
                    payload::module(&name).ok_or_else(|| format!("the controller has no module {name}"));
                self.connection.mux().answer(channel, module);
            }
            Heard::Pong(_) => {
                if let Some(pinged) = self.pinged.take() {
                    self.worker.report(News::Latency(pinged.elapsed())).await;
                }
            }
            Heard::Hello(_) => {} // the first one ended the opening, and the mux lets no second one through
        }
    }

    async fn stderr(&mut self, bytes: &[u8]) {
        let mut lines = Vec::new();
        self.stderr.feed(bytes, self.worker.clock.now(), &mut lines);
        self.fresh = true;
        self.worker.lines(None, lines).await;
    }

    async fn printed(&mut self, channel: u32, tag: u8, bytes: &[u8]) {
        let Some(call) = self.calls.get_mut(&channel) else { return };
        let cutter = if tag == data::STDERR { &mut call.stderr } else { &mut call.stdout };
        let mut lines = Vec::new();
        cutter.feed(bytes, self.worker.clock.now(), &mut lines);
        let run = Some(call.run);
        self.fresh = true;
        self.worker.lines(run, lines).await;
    }

    /// Shows what waits for the end of its line.
    async fn partial_lines(&mut self) {
        self.fresh = false;
        let at = self.worker.clock.now();
        if let Some(line) = self.stderr.flush(at) {
            self.worker.lines(None, vec![line]).await;
        }
        let mut waiting = Vec::new();
        for call in self.calls.values_mut() {
            waiting.extend(
                [&mut call.stdout, &mut call.stderr]
                    .into_iter()
                    .filter_map(|cutter| Some((call.run, cutter.flush(at)?))),
            );
        }
        for (run, line) in waiting {
            self.worker.lines(Some(run), vec![line]).await;
        }
    }

    async fn item(&mut self, channel: u32, tag: u8, message: &[u8]) {
        let Some(run) = self.calls.get(&channel).map(|call| call.run) else { return };
        let news = match tag {
            item::PROGRESS => {
                call::progress(message).map(|(done, total, text)| CallNews::Progress { done, total, text })
            }
            item::WARNING => call::warning(message).map(CallNews::Warning),
            _ => call::value(message).map(CallNews::Item),
        };
        let news = news.unwrap_or_else(CallNews::Warning);
        let nodes = if let CallNews::Item(value) = &news { value.nodes_size() } else { 0 };
        self.worker.report_large(News::Call { run, news }, message.len() + nodes).await;
    }

    async fn too_long(&mut self, channel: u32, length: u64, closed: bool) {
        let why =
            format!("{length} bytes are more than a result may have ({})", self.worker.options.caps.message);
        if closed {
            self.over(channel, Cell::Raised { error: call::made_up("hailer.TooLarge", why) }, 0).await;
        } else if let Some(call) = self.calls.get(&channel) {
            self.worker.report(News::Call { run: call.run, news: CallNews::Warning(why) }).await;
        }
    }

    /// A call ended with a message of `length` bytes.
    async fn over(&mut self, channel: u32, outcome: Cell, length: usize) {
        let Some(mut call) = self.calls.remove(&channel) else { return };
        let at = self.worker.clock.now();
        let rest = [&mut call.stdout, &mut call.stderr].into_iter().filter_map(|cutter| cutter.flush(at));
        let rest = rest.map(|line| Line { partial: false, ..line }).collect();
        self.worker.lines(Some(call.run), rest).await;
        let nodes = if let Cell::Value { value } = &outcome { value.nodes_size() } else { 0 };
        let news = News::Call { run: call.run, news: CallNews::Over(outcome) };
        self.worker.report_large(news, length + nodes).await;
    }

    /// The link ended by itself: last words first, then the loss.
    async fn ended(mut self, ended: Ended) {
        let why = match ended {
            Ended::Breach(breach) => format!("the link was ended, its stream is broken: {breach}"),
            Ended::Closed => {
                let (said, ending) = self.connection.last_words().await;
                self.stderr(&said).await;
                format!("the link ended: {ending}")
            }
        };
        self.partial_lines().await;
        self.worker.report(News::State(LinkState::Lost { why })).await;
        self.connection.close().await;
    }

    /// Lets go of the link. What a host wrote before is still told.
    async fn close(self) {
        let Self { worker, connection, mut stderr, .. } = self;
        let words = connection.close().await;
        let (at, mut lines) = (worker.clock.now(), Vec::new());
        stderr.feed(&words, at, &mut lines);
        lines.extend(stderr.flush(at));
        worker.lines(None, lines).await;
    }
}

fn cell(outcome: Outcome) -> Cell {
    match outcome {
        Outcome::Value(value) => Cell::Value { value },
        Outcome::Raised(error) => Cell::Raised { error },
        Outcome::Cancelled => Cell::Cancelled,
        Outcome::Refused(why) => Cell::Raised { error: call::made_up("hailer.Refused", why) },
    }
}
