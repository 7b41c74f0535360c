//! Every way of not starting, as data: at which stage, why, and what the far side said.

use std::fmt;

use serde::Serialize;

/// How far a connect came before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The name has no address.
    Resolve,
    /// Our own command (ssh, docker) could not be started, or is not allowed to.
    Start,
    /// Nobody there, refused, no route, no such container.
    Connect,
    /// Somebody is there, but hung up before it said who it is: too busy to take us, which may pass.
    Busy,
    /// The host's key is unknown or has changed; nothing was sent.
    HostKey,
    /// The credentials were refused.
    Login,
    /// No interpreter, one that is too old, or one that cannot be executed.
    Interpreter,
    /// The interpreter started; the agent did not.
    Boot,
}

/// Why a target could not be reached. Shown as it is, so each part is a sentence or the far side's own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Failure {
    /// How far it came.
    pub stage: Stage,
    /// What happened, in our words, with what to do next where we know it.
    pub why: String,
    /// The last lines of what the far side and the tunnel said. May be empty. Remote text: draw it through the renderer.
    pub said: String,
}

impl Stage {
    /// The stage's name, as JSON and the screen write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Start => "start",
            Self::Connect => "connect",
            Self::Busy => "busy",
            Self::HostKey => "host-key",
            Self::Login => "login",
            Self::Interpreter => "interpreter",
            Self::Boot => "boot",
        }
    }
}

impl Failure {
    /// One at this stage, with nothing said.
    pub fn at(stage: Stage, why: impl Into<String>) -> Self {
        Self { stage, why: why.into(), said: String::new() }
    }

    /// Our own end could not start.
    pub fn start(why: impl Into<String>) -> Self {
        Self::at(Stage::Start, why)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage.name(), self.why)?;
        match self.said.lines().rfind(|line| !line.trim().is_empty()) {
            Some(last) => write!(f, " ({last})"),
            None => Ok(()),
        }
    }
}
