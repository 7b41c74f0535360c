//! From three byte pipes to a link, step by step: [`Opening::start`], then [`Opening::interpreter`], then
//! [`Opening::agent`]. Each step ends within the time given to the whole, in a [`Failure`] that says how far it came.

use std::borrow::Cow;
use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::link::agent::AgentInfo;
use crate::link::connection::{Connection, READ};
use crate::link::handshake::{Handshake, Step};
use crate::link::key_asking;
use crate::link::mux::{Caps, Heard, Mux};
use crate::link::payload::{self, Codec};
use crate::link::prompting::{Prompting, Unanswered};
use crate::tunnel::address::{Address, Hop, Way};
use crate::tunnel::diagnose::{self, Seen};
use crate::tunnel::pipes::Pipes;
use crate::tunnel::prompt::Asker;
use crate::tunnel::relay::Outer;
use crate::tunnel::{self, Defaults, Failure, Stage, Start, host_key, nsenter, words};
use crate::wire::frame::NONCE_LEN;

/// How much of standard error is kept while a link starts, in bytes; of more, the end.
const STDERR: usize = 16 * 1024;

/// What a link is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest that opening may take, from the start of the tunnel to the agent's hello.
    pub timeout: Duration,
    /// What the tunnels use where the address says nothing.
    pub defaults: Defaults,
    /// What the peer may make us hold.
    pub caps: Caps,
    /// How long one that is up may give no sign of life; none: as long as it likes.
    pub silence: Option<Duration>,
}

/// Where a link is to lead.
#[derive(Debug, Clone)]
pub struct Route {
    /// The hop that is taken.
    pub hop: Hop,
    /// From which agent's machine; none: from this one.
    pub outer: Option<Outer>,
    /// Who answers what is asked on the way; none: nobody does.
    pub asker: Option<Asker>,
}

impl Route {
    /// The last hop of an address, from this machine, with nobody who answers.
    pub fn from_here(address: &Address) -> Option<Self> {
        Some(Self { hop: address.last()?.clone(), outer: None, asker: None })
    }
}

/// A link on its way up.
pub struct Opening {
    /// Where it leads, so that it can be started again; not known of another's tunnel.
    route: Option<Route>,
    options: Options,
    codec: Codec,
    until: Instant,
    pipes: Pipes,
    handshake: Handshake,
    output: Vec<u8>,
    /// What is written only when stage 0 has spoken: who reads lines may read ahead.
    held: Vec<u8>,
    stderr: Vec<u8>,
    stderr_open: bool,
    interpreter: Option<(String, String)>,
    prompting: Option<Prompting>,
}

/// A link that is up, and what was said on the way.
#[derive(Debug)]
pub struct Opened {
    /// The link.
    pub connection: Connection,
    /// What the agent says of itself.
    pub info: AgentInfo,
    /// What the login shell printed before our stage 0. Remote text; may be empty.
    pub banner: String,
    /// What came on standard error meanwhile.
    pub stderr: Vec<u8>,
}

impl Opening {
    /// Starts the tunnel, and sends it all it needs in one write.
    ///
    /// # Errors
    /// The tunnel could not be started.
    pub async fn start(route: &Route, options: &Options) -> Result<Self, Failure> {
        let until = Instant::now() + options.timeout;
        Self::attempt(route, options, Codec::Zlib, until).await
    }

    async fn attempt(
        route: &Route,
        options: &Options,
        codec: Codec,
        until: Instant,
    ) -> Result<Self, Failure> {
        let seconds = options.timeout.as_secs_f64();
        let (stage0, core) = sent(&route.hop, codec)?;
        let start = Start {
            defaults: &options.defaults,
            stage0: &stage0,
            limit: options.timeout,
            asker: route.asker.as_ref(),
        };
        let opened = async {
            match &route.outer {
                None => tunnel::open(&route.hop, start).await,
                Some(outer) => outer.spawn(words::of(&route.hop, start)).await,
            }
        };
        let pipes = timeout_at(until, opened)
            .await
            .unwrap_or_else(|_| Err(diagnose::timed_out(&Seen::default(), seconds)))?;
        let opening = Self::over(pipes, options, codec, core, route.asker.clone())?;
        Ok(Self { route: Some(route.clone()), until, ..opening })
    }

    /// A link over the pipes of any tunnel, on whose far end an interpreter runs the stage 0 of [`Codec::Zlib`]. This is how a
    /// tunnel that is none of ours is used.
    ///
    /// # Errors
    /// This machine gave no random bytes.
    pub fn on(pipes: Pipes, options: &Options) -> Result<Self, Failure> {
        Self::over(pipes, options, Codec::Zlib, payload::core(Codec::Zlib), None)
    }

    fn over(
        mut pipes: Pipes,
        options: &Options,
        codec: Codec,
        core: &[u8],
        asker: Option<Asker>,
    ) -> Result<Self, Failure> {
        let nonce = nonce()?;
        let core = [core, &nonce].concat();
        let (output, held) = if pipes.reads_lines { (line(codec), core) } else { (core, Vec::new()) };
        let prompting = pipes.terminal.take().map(|terminal| Prompting::new(terminal, asker));
        Ok(Self {
            route: None,
            options: options.clone(),
            codec,
            until: Instant::now() + options.timeout,
            pipes,
            prompting,
            handshake: Handshake::new(nonce),
            output,
            held,
            stderr: Vec::new(),
            stderr_open: true,
            interpreter: None,
        })
    }

    /// Waits until an interpreter runs our stage 0.
    ///
    /// # Errors
    /// No interpreter answered.
    pub async fn interpreter(mut self) -> Result<Self, Failure> {
        match self.step().await? {
            Step::Interpreter { version, executable } => {
                self.interpreter = Some((version, executable));
                self.output.append(&mut self.held);
                Ok(self)
            }
            Step::NoZlib | Step::Agent { .. } => Err(self.failed(Stage::Boot, "the far side skipped a step")),
        }
    }

    /// Waits for the agent's hello.
    ///
    /// # Errors
    /// The agent did not come up.
    pub async fn agent(mut self) -> Result<Opened, Failure> {
        let rest = loop {
            match self.step().await? {
                Step::Agent { rest } => break rest,
                Step::NoZlib if self.codec == Codec::Zlib => self = self.without_zlib().await?,
                Step::NoZlib | Step::Interpreter { .. } => {
                    return Err(self.failed(Stage::Boot, "the far side repeats a step"));
                }
            }
        };
        self.hello(rest).await
    }

    /// Starts again with a core that is not compressed. The interpreter is known to be there by now.
    async fn without_zlib(self) -> Result<Self, Failure> {
        let Self { route, options, until, pipes, .. } = self;
        pipes.close(STDERR as u64).await;
        let Some(route) = route else {
            return Err(Failure::at(
                Stage::Boot,
                "the Python there has no zlib; open the tunnel with Codec::Raw",
            ));
        };
        Box::pin(Self::attempt(&route, &options, Codec::Raw, until).await?.interpreter()).await
    }

    async fn hello(mut self, rest: Vec<u8>) -> Result<Opened, Failure> {
        let mut mux = Mux::new(self.options.caps);
        let mut heard = Vec::new();
        let mut bytes = rest;
        loop {
            if let Err(breach) = mux.receive(&bytes, &mut heard) {
                return Err(self.failed(Stage::Boot, &breach.to_string()));
            }
            if !heard.is_empty() {
                break;
            }
            bytes = self.read().await?;
        }
        let Heard::Hello(hello) = heard.remove(0) else {
            return Err(self.failed(Stage::Boot, "its first frame is no hello"));
        };
        let Self { pipes, handshake, stderr, .. } = self;
        Ok(Opened {
            info: AgentInfo::parse(&hello),
            // An interpreter that reads lines asks for the first one.
            banner: handshake.banner().trim_end_matches(">>>").trim_end().to_owned(),
            stderr,
            connection: Connection::new(mux, pipes, heard),
        })
    }

    /// The next step that the handshake sees.
    async fn step(&mut self) -> Result<Step, Failure> {
        let mut bytes = Vec::new();
        loop {
            if let Some(step) = self.handshake.receive(&bytes) {
                return Ok(step);
            }
            bytes = self.read().await?;
        }
    }

    /// Writes and reads until bytes came on standard output.
    async fn read(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(READ);
        let mut words = Vec::with_capacity(STDERR);
        loop {
            let Pipes { stdin, stdout, stderr, .. } = &mut self.pipes;
            tokio::select! {
                written = stdin.write(&self.output), if !self.output.is_empty() => match written {
                    Ok(count) if count > 0 => drop(self.output.drain(..count)),
                    // Nobody reads any more: what standard error says is the reason.
                    _ => self.output.clear(),
                },
                read = stdout.read_buf(&mut bytes) => match read {
                    Ok(count) if count > 0 => return Ok(bytes),
                    Ok(_) => return Err(self.ended().await),
                    Err(error) => {
                        // Over TLS this is the peer's reason.
                        self.stderr.extend_from_slice(error.to_string().as_bytes());
                        return Err(self.ended().await);
                    }
                },
                read = stderr.read_buf(&mut words), if self.stderr_open => match read {
                    Ok(count) if count > 0 => {
                        self.stderr.append(&mut words);
                        let over = self.stderr.len().saturating_sub(STDERR);
                        self.stderr.drain(..over);
                    }
                    _ => self.stderr_open = false,
                },
                Unanswered(question) = attend(&mut self.prompting) => {
                    let why = format!("it asks, and nobody answers: {}", question.trim_end());
                    return Err(self.failed(Stage::Login, &why));
                }
                () = tokio::time::sleep_until(self.until) => {
                    let asker = self.route.as_ref().and_then(|route| route.asker.as_ref());
                    if asker.is_some_and(|asker| asker.patience.is_needed()) {
                        self.until = Instant::now() + self.options.timeout;
                        continue;
                    }
                    return Err(diagnose::timed_out(&self.seen(None), self.options.timeout.as_secs_f64()));
                }
            }
        }
    }

    async fn ended(&mut self) -> Failure {
        let (mut words, ending) = self.pipes.last_words(STDERR as u64).await;
        if let Some(prompting) = &self.prompting {
            self.stderr.extend_from_slice(prompting.shown());
        }
        self.stderr.append(&mut words);
        let mut seen = self.seen(ending.code());
        if host_key::is_untold(&seen.stderr)
            && let Some(route) = &self.route
            && let Some(line) = key_asking::told(route, &self.options, self.until).await
        {
            seen.stderr.insert_str(0, &line);
        }
        diagnose::ended(&seen)
    }

    fn failed(&self, stage: Stage, why: &str) -> Failure {
        let seen = self.seen(None);
        let why =
            if stage == Stage::Boot { format!("the agent did not come up: {why}") } else { why.to_owned() };
        Failure { stage, why, said: seen.stderr }
    }

    fn seen(&self, code: Option<i32>) -> Seen {
        Seen {
            interpreter: self.interpreter.clone(),
            code,
            stderr: String::from_utf8_lossy(&self.stderr).into_owned(),
            banner: self.handshake.banner(),
        }
    }
}

/// Waits for a question that nobody answers; where there is no terminal, for ever.
async fn attend(prompting: &mut Option<Prompting>) -> Unanswered {
    match prompting {
        Some(prompting) => prompting.attend().await,
        None => std::future::pending().await,
    }
}

/// Stage 0, and the core that it reads.
fn sent(hop: &Hop, codec: Codec) -> Result<(Cow<'static, str>, &'static [u8]), Failure> {
    let Way::Nsenter(inside) = &hop.way else {
        return Ok((payload::stage0(codec).into(), payload::core(codec)));
    };
    let stage0 = payload::entering_stage0(codec, &nsenter::target(inside));
    let stage0 = stage0.ok_or_else(|| Failure::start("no process or container can be called so"))?;
    Ok((stage0.into(), payload::entering_core(codec)))
}

/// Stage 0 as a line for an interpreter that reads such. Its standard error goes where it is heard while stage 0 is at
/// work, and tells the core that it has none of its own.
fn line(codec: Codec) -> Vec<u8> {
    format!("import os;n=os.dup2(1,2);{}\n", payload::stage0(codec)).into_bytes()
}

fn nonce() -> Result<[u8; NONCE_LEN], Failure> {
    let mut nonce = [0; NONCE_LEN];
    match getrandom(&mut nonce, GetRandomFlags::empty()) {
        Ok(NONCE_LEN) => Ok(nonce),
        _ => Err(Failure {
            stage: Stage::Start,
            why: "this machine gave no random bytes".to_owned(),
            said: String::new(),
        }),
    }
}
