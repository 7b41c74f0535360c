//! `hailer run`: one run, from the targets' names to the exit status.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::cli::Color;
use crate::engine::code::Code;
use crate::engine::command::{Command, RunId, RunSpec};
use crate::engine::rollout::Steps;
use crate::engine::target::TargetId;
use crate::engine::{Engine, EngineConfig};
use crate::print::ask::{Questions, TERMINAL};
use crate::print::files::Files;
use crate::print::fold::Fold;
use crate::print::follow::{close, follow};
use crate::print::form::Form;
use crate::print::json::Json;
use crate::print::report::Report;
use crate::print::script::Script;
use crate::print::signals::Signals;
use crate::print::table::Table;
use crate::print::text::{Prefix, Text};

/// The only run of a headless engine.
const RUN: RunId = RunId(1);

/// How a run is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// Each answer as it comes, with its target's name.
    #[default]
    Text,
    /// The same, and each line that code prints among them.
    Follow,
    /// JSON lines.
    Json,
    /// Equal answers once.
    Fold,
    /// Columns and rows.
    Table,
    /// A program's own output, and its exit status.
    Script,
    /// What became of files that were put or fetched, a line a target.
    Files,
}

impl Look {
    fn form(self, targets: usize, terminal: bool) -> Box<dyn Form> {
        let prefix = if targets == 1 { Prefix::Bare } else { Prefix::Name };
        match self {
            Self::Text => Box::new(Text::new(prefix, terminal)),
            Self::Follow => Box::new(Text::new(Prefix::Follow, terminal)),
            Self::Json => Box::new(Json),
            Self::Fold => Box::new(Fold::new(terminal)),
            Self::Table => Box::new(Table::new(terminal)),
            Self::Files => Box::new(Files),
            Self::Script => Box::new(Script::new(terminal)),
        }
    }
}

/// What is to be run, and how it is printed; where is said by the targets of the engine's configuration.
#[derive(Debug)]
pub struct Plan {
    /// What is run.
    pub code: Code,
    /// The longest a call may take.
    pub timeout: Option<Duration>,
    /// How many targets at the same time.
    pub fanout: Option<usize>,
    /// The steps it is cut into.
    pub steps: Option<Steps>,
    /// Under the guard rail.
    pub guard: bool,
    /// How it is printed.
    pub look: Look,
    /// Whether prefixes are coloured.
    pub color: Color,
}

/// Runs it, prints it, and answers the exit status.
///
/// # Errors
/// The system gives no thread, event queue or signal handler.
pub fn run(plan: Plan, mut config: EngineConfig) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    config.connect = false; // the run itself opens the links that it needs, within its fanout
    config.reconnect = false;
    config.seating.idle_links_go = true; // and comes back to none of them
    let targets: Vec<_> =
        (0..).map(TargetId).zip(config.targets.iter().map(|found| found.name.clone())).collect();
    let form = plan.look.form(targets.len(), io::stdout().is_terminal());
    let carries = plan.code.files().is_some();
    let columns = rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
    let spec = RunSpec {
        timeout: plan.timeout,
        fanout: plan.fanout,
        steps: plan.steps,
        guard: plan.guard,
        ..RunSpec::new(RUN, plan.code, targets.iter().map(|(id, _)| *id).collect())
    };
    let mut questions = Questions::new(targets.clone(), TERMINAL);
    let mut report = Report::new(RUN, targets, form, coloured(plan.color));
    if let Some(columns) = columns.filter(|_| carries) {
        report = report.with_bars(columns);
    }
    let code = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let (engine, mut events) = Engine::start(config)?;
        let send = |command| engine.send(command);
        send(Command::Run(spec));
        let asked = async || signals.next().await;
        let code = follow(RUN, &mut report, &mut questions, &send, &mut events, asked).await;
        drop(questions); // the terminal is as it was from here on
        close(&mut report, &send, &mut events).await;
        Ok(code)
    });
    runtime.shutdown_background(); // a write that nobody reads may hang there for ever
    code
}

/// Whether standard error is to have colours.
fn coloured(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            io::stderr().is_terminal() && !is_set("NO_COLOR") && !dumb
        }
    }
}

/// Whether somebody can be asked while a run is under way, which this flag needs.
///
/// # Errors
/// There is no terminal. The words are for the person.
pub fn can_ask(flag: &str) -> Result<(), String> {
    match OpenOptions::new().read(true).write(true).open(TERMINAL) {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(format!("{flag} needs a terminal to ask on ({TERMINAL}), and there is none; nothing was run"))
        }
    }
}
