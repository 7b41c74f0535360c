//! A link that is up: its calls, what it says, what is passed on through it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::engine::clock;
use crate::engine::command::RunId;
use crate::engine::event::{Cell, Line, Stream};
use crate::engine::lines::{self, Cutter};
use crate::engine::passages::Passages;
use crate::engine::runs::CallNews;
use crate::engine::target::LinkState;
use crate::engine::transfers;
use crate::engine::worker::{News, Request, Worker};
use crate::library::parcel::Held;
use crate::library::snapshot::Shipment;
use crate::link::call::{self, Outcome};
use crate::link::connection::{Connection, Ended, Turn};
use crate::link::files::line;
use crate::link::files::window::RoundTrip;
use crate::link::health::{Health, Verdict, Watch};
use crate::link::mux::Heard;
use crate::link::payload;
use crate::link::record;
use crate::tunnel::relay;
use crate::wire::frame::{Kind, data, item};
use crate::wire::part::Part;

/// How long the rest of a line waits for its end before it is shown as partial.
const PARTIAL: Duration = Duration::from_millis(150);

/// How often is looked whether a file was saved.
const SAVES: Duration = Duration::from_secs(1);
/// The agent's own module that takes in what is sent of the library.
const IMPORTS: &str = "hailer.imports";
/// So many bytes may wait to be written when a module of the library is asked for.
const WAITING: usize = 16 << 20;

/// A call under way.
#[derive(Debug)]
struct Call {
    /// None: code on another host made it.
    run: Option<RunId>,
    stdout: Cutter,
    stderr: Cutter,
}

impl Call {
    fn new(run: Option<RunId>) -> Self {
        Self { run, stdout: Cutter::new(Stream::Stdout), stderr: Cutter::new(Stream::Stderr) }
    }
}

/// A link that is up, with its calls.
pub struct Serving {
    worker: Worker,
    connection: Connection,
    calls: HashMap<u32, Call>,
    passages: Passages,
    /// What it has of the library.
    held: Held,
    /// Some of that is older than what the library has now.
    outdated: bool,
    stderr: Cutter,
    /// The shortest round trip so far, for transfers.
    trip: RoundTrip,
    /// Something came since partial lines were last looked for.
    fresh: bool,
    pinged: Option<Instant>,
    watch: Watch,
    health: Health,
}

impl Serving {
    /// Nothing has come yet.
    pub fn new(worker: Worker, connection: Connection, held: Held) -> Self {
        let stderr = Cutter::new(Stream::Stderr);
        let watch = Watch::new(worker.options.silence, Instant::now(), clock::slept());
        Self {
            worker,
            connection,
            calls: HashMap::new(),
            passages: Passages::default(),
            held,
            outdated: false,
            stderr,
            trip: RoundTrip::default(),
            fresh: false,
            pinged: None,
            watch,
            health: Health::Well,
        }
    }

    /// Serves until the link ends or is let go of.
    pub async fn serve(mut self) {
        self.ping();
        let mut saves = interval(SAVES);
        saves.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut partials = interval(PARTIAL);
        partials.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let look = self.watch.next_look().into();
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
                Some(request) = self.worker.beyond.1.recv() => {
                    if let relay::Request::Eval { code, .. } = &request {
                        let modules = self.worker.library.of_latest(code);
                        self.send_along(modules.as_ref());
                    }
                    if let Some(channel) = self.passages.ask(request, &self.worker.beyond.0, self.connection.mux()) {
                        self.calls.insert(channel, Call::new(None));
                    }
                }
                () = sleep_until(look) => if let Some(silent) = self.look().await {
                    return self.gone(silent).await;
                },
                _ = saves.tick(), if !self.held.is_empty() => self.look_for_saves().await,
                _ = partials.tick(), if self.fresh => self.partial_lines().await,
            }
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Call { run, name, code, modules } => {
                self.send_along(modules.as_ref());
                let channel = self.connection.mux().eval(&name, &code);
                self.calls.insert(channel, Call::new(Some(run)));
            }
            Request::Carry { run, name, code, carry } => {
                let number = self.connection.mux().transfer(&name, &code);
                self.calls.insert(number, Call::new(Some(run)));
                let channel = self.passages.begin(number, &self.worker.beyond.0);
                transfers::start(&self.worker, run, carry, line::Line::new(channel, self.trip.clone()));
            }
            Request::Cancel(run) => {
                let of_run = self.calls.iter().filter(|(_, call)| call.run == Some(run));
                for channel in of_run.map(|(channel, _)| *channel).collect::<Vec<_>>() {
                    self.connection.mux().cancel(channel, false);
                }
            }
        }
    }

    /// Says when a file was saved whose older text is there, and when it is no more.
    async fn look_for_saves(&mut self) {
        let outdated = self.held.is_outdated();
        if outdated != self.outdated {
            self.outdated = outdated;
            self.worker.report(News::Outdated(outdated)).await;
        }
    }

    /// Sends, in front of a call, what it may import and is not there yet.
    fn send_along(&mut self, modules: Option<&Shipment>) {
        let Some(shipment) = modules else { return };
        let is_first = self.held.is_empty();
        let Some(parcel) = self.held.before(shipment) else { return };
        let mux = self.connection.mux();
        if is_first && let Some(source) = payload::module(IMPORTS) {
            mux.push(item::OURS, format!("{IMPORTS}\0{source}").as_bytes(), false);
        }
        mux.push(item::LIBRARY, &parcel.bytes, parcel.zlib);
    }

    /// The agent wants a module: one of its own, or one of the library that nobody could foresee.
    fn import(&mut self, channel: u32, name: &str) {
        let mux = self.connection.mux();
        if !name.contains(':') {
            let module = payload::module(name).ok_or_else(|| format!("the controller has no module {name}"));
            return mux.answer(channel, module);
        }
        if mux.waiting() > WAITING {
            return mux.answer(channel, Err("too much of the library is under way already".to_owned()));
        }
        match self.held.wished(name) {
            Ok(parcel) => {
                if let Some(parcel) = parcel {
                    mux.push(item::LIBRARY, &parcel.bytes, parcel.zlib);
                }
                mux.answer(channel, Ok(""));
            }
            Err(why) => mux.answer(channel, Err(why)),
        }
    }

    fn ping(&mut self) {
        self.pinged.get_or_insert_with(Instant::now);
        self.connection.mux().ping(b"");
    }

    /// Looks how the far side does, and asks it. For how long it was silent, if that is too long.
    async fn look(&mut self) -> Option<Duration> {
        let at_work = !self.calls.is_empty();
        match self.watch.look(Instant::now(), self.connection.came(), clock::slept(), at_work) {
            Verdict::Gone(silent) => return Some(silent),
            Verdict::Is(health, since) => {
                if health != std::mem::replace(&mut self.health, health) {
                    let since = self.worker.clock.before(since);
                    self.worker.report(News::Health { health, since }).await;
                }
            }
        }
        self.ping();
        None
    }

    /// The far side gives no sign of life any more.
    async fn gone(mut self, silent: Duration) {
        self.partial_lines().await;
        let why = format!("nothing was heard from it for {} s", silent.as_secs());
        self.worker.report(News::State(LinkState::Lost { why })).await;
        self.close().await;
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Data { channel, tag, bytes } => self.printed(channel, tag, &bytes).await,
            Heard::Item { channel, tag, message } => self.item(channel, tag, &message).await,
            Heard::Closed { channel, tag, message } => {
                self.over(channel, cell(call::outcome(tag, &message)), message.len()).await;
            }
            Heard::TooLong { channel, length, closed } => self.too_long(channel, length, closed).await,
            Heard::Import { channel, name } => self.import(channel, &name),
            Heard::Pong(_) => {
                if let Some(pinged) = self.pinged.take() {
                    let took = pinged.elapsed();
                    self.trip.took(took);
                    self.worker.report(News::Latency(took)).await;
                }
            }
            Heard::Part { channel, part } => self.part(channel, part).await,
            Heard::Credit { channel, bytes } => self.passages.credit(channel, bytes),
            Heard::Cancelled { channel } => self.passages.stop(channel),
            Heard::Reach { channel, request } => {
                let answer = self.passages.answer(channel, self.worker.beyond.0.clone());
                let size = request.len();
                self.worker.report_large(News::Reach { request, answer }, size).await;
            }
            Heard::Hello(_) => {} // the first one ended the opening, and the mux lets no second one through
        }
    }

    /// A frame for somebody else. What a call prints is shown as this host's all the same.
    async fn part(&mut self, channel: u32, part: Part) {
        let (ends, bytes) = (part.ends(), part.bytes.len());
        let printed = part.kind == Kind::Data && part.flags != data::BYTES;
        if printed && self.calls.contains_key(&channel) {
            self.printed(channel, part.flags, &part.bytes).await;
            self.connection.mux().taken(channel, bytes);
            return;
        }
        if (part.kind, part.flags) == (Kind::Item, item::LOG) && self.calls.contains_key(&channel) {
            self.logged(channel, &part.bytes).await;
            self.connection.mux().taken(channel, bytes);
            return;
        }
        self.passages.part(channel, part, self.connection.mux());
        if ends {
            self.rest_of(channel).await;
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
        let run = call.run;
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
            self.worker.lines(run, vec![line]).await;
        }
    }

    /// A record of `logging`, of a call or of the link.
    async fn logged(&mut self, channel: u32, message: &[u8]) {
        let Some(run) = self.calls.get(&channel).map(|call| call.run).or((channel == 0).then_some(None))
        else {
            return;
        };
        let lines = record::logged(message).map(|logged| lines::of_record(logged, self.worker.clock.now()));
        self.worker.lines(run, lines.unwrap_or_default()).await;
    }

    async fn item(&mut self, channel: u32, tag: u8, message: &[u8]) {
        if tag == item::LOG {
            return self.logged(channel, message).await;
        }
        let Some(run) = self.calls.get(&channel).and_then(|call| call.run) else { return };
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
        } else if let Some(run) = self.calls.get(&channel).and_then(|call| call.run) {
            self.worker.report(News::Call { run, news: CallNews::Warning(why) }).await;
        }
    }

    /// A call ended with a message of `length` bytes.
    async fn over(&mut self, channel: u32, outcome: Cell, length: usize) {
        let Some(run) = self.rest_of(channel).await else { return };
        let nodes = if let Cell::Value { value } = &outcome { value.nodes_size() } else { 0 };
        let news = News::Call { run, news: CallNews::Over(outcome) };
        self.worker.report_large(news, length + nodes).await;
    }

    /// A call is over: what it printed of a last line. The run it belongs to.
    async fn rest_of(&mut self, channel: u32) -> Option<RunId> {
        let mut call = self.calls.remove(&channel)?;
        let at = self.worker.clock.now();
        let rest = [&mut call.stdout, &mut call.stderr].into_iter().filter_map(|cutter| cutter.flush(at));
        let rest = rest.map(|line| Line { partial: false, ..line }).collect();
        self.worker.lines(call.run, rest).await;
        call.run
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

/// How a call's cell ends.
pub(super) fn cell(outcome: Outcome) -> Cell {
    match outcome {
        Outcome::Value(value) => Cell::Value { value },
        Outcome::Raised(error) => Cell::Raised { error },
        Outcome::Cancelled => Cell::Cancelled,
        Outcome::Refused(why) => Cell::Raised { error: call::made_up("hailer.Refused", why) },
    }
}
