//! Programs that an agent on another machine starts for us, their pipes relayed as a channel of its link.
//!
//! The link's own task owns the channel; here are the three pipes at its end. Both sides keep within the credit of
//! [`crate::wire::frame`], so that neither fills the other's memory.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::tunnel::diagnose::NOT_STARTED;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::pipes::{Ending, Pipes, Process, Terminal};
use crate::tunnel::words::Words;
use crate::wire::frame::{Kind, close, data};
use crate::wire::part::Part;

/// How many bytes wait between us and whoever reads or writes a pipe.
const PIPE: usize = 64 * 1024;

/// A link, as those see it who have it do something for them.
#[derive(Debug, Clone)]
pub struct Outer {
    requests: mpsc::UnboundedSender<Request>,
}

/// What a link is asked for. Bounded by the credit of the channels.
#[derive(Debug)]
pub enum Request {
    /// Start a program and relay it.
    Spawn {
        /// The program.
        words: Words,
        /// Where its channel goes.
        reply: oneshot::Sender<Channel>,
    },
    /// Run code, and pass on what comes as it is.
    Eval {
        /// What tracebacks call it.
        name: String,
        /// The Python text.
        code: String,
        /// Where its channel goes.
        reply: oneshot::Sender<Channel>,
    },
    /// Send this on a channel: there is credit for it.
    Send {
        /// Which.
        channel: u32,
        /// What.
        part: Part,
    },
    /// So many bytes of a channel were taken.
    Taken {
        /// Which.
        channel: u32,
        /// How many.
        bytes: usize,
    },
    /// Stop what a channel runs.
    Stop {
        /// Which.
        channel: u32,
    },
}

/// A channel of another's link.
#[derive(Debug)]
pub struct Channel {
    /// Its number there.
    pub number: u32,
    /// What comes on it; ends with the channel, or with the link.
    pub parts: mpsc::UnboundedReceiver<Part>,
    /// How many bytes may be sent. Closed when the channel is over.
    pub credit: Arc<Semaphore>,
    /// Stops what it runs when nobody holds it any more.
    pub hold: Hold,
}

/// Whoever has this has a channel of another's link. Dropped, what the channel runs is stopped, unless it is over.
#[derive(Debug)]
pub struct Hold {
    /// The link.
    pub outer: Outer,
    /// The channel's number there.
    pub channel: u32,
}

impl Hold {
    fn stop(&self) {
        self.outer.ask(Request::Stop { channel: self.channel });
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A relayed program, as what is behind three pipes.
#[derive(Debug)]
pub struct Relayed {
    hold: Hold,
    end: oneshot::Receiver<Ending>,
    ending: Option<Ending>,
}

impl Outer {
    /// A link's front and its back: what is asked here arrives there.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Request>) {
        let (requests, asked) = mpsc::unbounded_channel();
        (Self { requests }, asked)
    }

    /// Asks for something. Nothing happens where the link is over.
    pub fn ask(&self, request: Request) {
        let _ = self.requests.send(request);
    }

    /// Waits until the link is over, and its tunnel closed.
    pub async fn ended(&self) {
        self.requests.closed().await;
    }

    /// Runs code there; what comes is passed on as it is. None: the link is over.
    pub async fn eval(&self, name: String, code: String) -> Option<Channel> {
        let (reply, channel) = oneshot::channel();
        self.ask(Request::Eval { name, code, reply });
        channel.await.ok()
    }

    /// Starts a program there.
    ///
    /// # Errors
    /// The link is over. That the program cannot be started shows when its pipes end.
    pub async fn spawn(&self, words: Words) -> Result<Pipes, Failure> {
        let terminal = words.terminal;
        let (reply, channel) = oneshot::channel();
        self.ask(Request::Spawn { words, reply });
        let gone = |_| Failure::at(Stage::Connect, "the host on the way to it is gone");
        Ok(self.pipes(channel.await.map_err(gone)?, terminal))
    }

    fn pipes(&self, channel: Channel, terminal: bool) -> Pipes {
        let Channel { number, parts, credit, hold } = channel;
        let (stdin, input) = tokio::io::duplex(PIPE);
        let (output, stdout) = tokio::io::duplex(PIPE);
        let (errors, stderr) = tokio::io::duplex(PIPE);
        let (typed, typing) = tokio::io::duplex(PIPE);
        let (showing, shown) = tokio::io::duplex(PIPE);
        let (over, end) = oneshot::channel();
        let feed = |tag| Feed { outer: self.clone(), channel: number, credit: Arc::clone(&credit), tag };
        tokio::spawn(feed(data::BYTES).pump(input));
        if terminal {
            tokio::spawn(feed(data::TERMINAL).pump(typing));
        }
        let ears = Ears { outer: self.clone(), channel: number, output, errors, showing };
        tokio::spawn(ears.listen(parts, over));
        let (input, output) = (Box::new(typed), Box::new(shown));
        Pipes {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            process: Process::Relayed(Relayed { hold, end, ending: None }),
            terminal: terminal.then_some(Terminal { input, output }),
            reads_lines: false,
        }
    }
}

impl Relayed {
    /// Waits for the end. May be asked again, and given up half-way.
    pub async fn ended(&mut self) -> Ending {
        if let Some(ending) = self.ending {
            return ending;
        }
        let ending = (&mut self.end).await.unwrap_or(Ending::Unknown);
        self.ending = Some(ending);
        ending
    }

    /// Ends it now.
    pub fn kill(&self) {
        self.hold.stop();
    }
}

/// Sends what is written to one pipe, as credit allows.
struct Feed {
    outer: Outer,
    channel: u32,
    credit: Arc<Semaphore>,
    tag: u8,
}

impl Feed {
    async fn pump(self, mut pipe: DuplexStream) {
        let mut bytes = BytesMut::new();
        while let Ok(count) = pipe.read_buf(&mut bytes).await {
            let Ok(permit) = self.credit.acquire_many(count as u32).await else { return };
            permit.forget();
            let ends = count == 0;
            // Nothing at all says that the input ends; what is typed never does.
            if !ends || self.tag == data::BYTES {
                let part = Part::data(self.tag, bytes.split().freeze());
                self.outer.ask(Request::Send { channel: self.channel, part });
            }
            if ends {
                return;
            }
            bytes.reserve(PIPE / 4);
        }
    }
}

/// Hears what a program says, and how it ends.
struct Ears {
    outer: Outer,
    channel: u32,
    output: DuplexStream,
    errors: DuplexStream,
    showing: DuplexStream,
}

impl Ears {
    async fn listen(mut self, mut parts: mpsc::UnboundedReceiver<Part>, over: oneshot::Sender<Ending>) {
        let mut ending = Ending::Unknown;
        while let Some(Part { kind, flags, bytes }) = parts.recv().await {
            let length = bytes.len();
            match (kind, flags) {
                (Kind::Data, data::BYTES) => pass(&mut self.output, &bytes).await,
                (Kind::Data, data::STDERR) => pass(&mut self.errors, &bytes).await,
                (Kind::Data, data::TERMINAL) => pass(&mut self.showing, &bytes).await,
                (Kind::Close, close::VALUE) => ending = exit(&bytes),
                (Kind::Close, close::REFUSED) => {
                    let why = String::from_utf8_lossy(&bytes);
                    pass(&mut self.errors, format!("{NOT_STARTED}{why}\n").as_bytes()).await;
                }
                _ => {} // no program says anything else
            }
            self.outer.ask(Request::Taken { channel: self.channel, bytes: length });
        }
        let _ = over.send(ending);
    }
}

/// Whoever does not listen any more misses it.
async fn pass(pipe: &mut DuplexStream, bytes: &[u8]) {
    let _ = pipe.write_all(bytes).await;
}

/// How a program ended, from the pickle of its status.
fn exit(message: &[u8]) -> Ending {
    let status = crate::wire::pickle::decode(message, &crate::wire::pickle::Caps::default());
    match status.ok().and_then(|status| status.number()) {
        Some(code) if code >= 0.0 => Ending::Code(code as i32),
        Some(signal) => Ending::Signal(-signal as i32),
        None => Ending::Unknown,
    }
}
