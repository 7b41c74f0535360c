//! The command line, as data. No logic: see [`crate::start`].

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::duration::Span;
use crate::engine::rollout::{Amount, Gate};

/// A fleet console: Python calls on many hosts and containers at once, nothing installed on them.
#[derive(Debug, Parser)]
#[command(name = "hailer", version, max_term_width = 100)]
#[command(
    after_help = "TARGET is web1, ops@web1:2222, web[01-20], docker:NAME, podman:NAME, docker-run:IMAGE, kube:POD, nsenter:PID, sudo,\n\
    su:USER, doas, cmd:\"…\", tcp:HOST:PORT, unix:\"PATH\" or local; bastion/web1/docker:app/sudo chains them.\n\
    With no TARGET the console connects this machine and lists ssh aliases and running containers."
)]
pub struct Cli {
    /// Targets to open the console with
    pub target: Vec<String>,
    /// What to do instead of opening the console.
    #[command(subcommand)]
    pub command: Option<Sub>,
    /// What holds everywhere.
    #[command(flatten)]
    pub common: Common,
}

/// What to do instead of opening the console.
#[derive(Debug, Subcommand)]
pub enum Sub {
    /// Run Python on targets and print what it gives
    Run(Run),
    /// Run a Python script on this machine that reaches other hosts, with the package hailer
    Script(Script),
    /// Send a file or a folder to targets: only what differs, verified, whole or not at all
    Put(Put),
    /// Take a file or a folder from targets, each into a folder of its own
    Fetch(Fetch),
    /// List the targets that are known, and where each comes from
    Hosts(Hosts),
    /// Show exactly what is sent to a target to start the agent
    Bootstrap(Bootstrap),
    /// Show or check the configuration
    Config(ConfigCommand),
}

/// `hailer run`
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag that a person types
#[command(group(ArgGroup::new("text").required(true).args(["code", "module", "file", "template"])))]
#[command(group(ArgGroup::new("in_steps").args(["first", "batch"]).multiple(true)))]
#[command(group(ArgGroup::new("form").args(["json", "table", "fold", "follow"])))]
#[command(
    after_help = "Exit status: 0 all ok, 1 some raised, 2 usage, 3 some unreachable, lost or timed out, 130 cancelled."
)]
pub struct Run {
    /// Where to run: a target or a node set; several unite [default: local]
    #[arg(short, long = "target", value_name = "SELECTOR")]
    pub target: Vec<String>,
    /// The Python text; its last expression is the value; - reads it from standard input
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Call a function by its name, with arguments: -m ops.disk.biggest /var --n 5; all that follows is the function's, its --help too
    #[arg(short, long, value_name = "NAME", num_args = 1.., allow_hyphen_values = true)]
    pub module: Vec<String>,
    /// Read the Python text from a file
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Render a template on each target; its text is the answer
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// A value for the template; may be repeated
    #[arg(long, value_name = "NAME=TEXT", requires = "template", conflicts_with_all = ["code", "file"])]
    pub set: Vec<String>,
    /// Print one JSON object a line, in order of arrival
    #[arg(long)]
    pub json: bool,
    /// Print a table when the run is over
    #[arg(long)]
    pub table: bool,
    /// Print equal answers once when the run is over, with their targets
    #[arg(long)]
    pub fold: bool,
    /// Print each line and item of the targets as it comes
    #[arg(long)]
    pub follow: bool,
    /// The longest a call may take: seconds, or 500ms, 5m, 1h; 0 for no limit
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Span>,
    /// The longest until a target is ready for calls
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Span>,
    /// The longest that a connected target may give no sign of life; 0 for no limit
    #[arg(long, value_name = "TIME")]
    pub silence: Option<Span>,
    /// How many targets work at the same time; 0 for all
    #[arg(long, value_name = "N")]
    pub fanout: Option<usize>,
    /// Run on so many targets first, and on the others when these have passed the gate
    #[arg(long, value_name = "N")]
    pub first: Option<NonZeroUsize>,
    /// Run in steps of so many targets: a number, or a share of all, as 10%
    #[arg(long, value_name = "N|P%")]
    pub batch: Option<Amount>,
    /// When so many have failed, let no other target begin: a number, or a share of all
    #[arg(long, value_name = "N|P%")]
    pub halt_at: Option<Amount>,
    /// What lets the next step begin: ok (no failure), same (equal answers too), ask (you say so), none [default: ok; with --halt-at: none]
    #[arg(long, value_name = "GATE", requires = "in_steps")]
    pub gate: Option<Gate>,
    /// How many protected targets it is meant to hit; --yes says nothing about those
    #[arg(long, value_name = "N")]
    pub protected: Option<usize>,
    /// Do not ask before a run on many targets
    #[arg(short, long)]
    pub yes: bool,
}

/// `hailer put`
#[derive(Debug, Args)]
#[command(
    after_help = "REMOTE may begin with ~/, and is where LOCAL lies afterwards; one that ends with / is a folder into which it goes under its own name.\n\
    A file takes the place of an older one when it is whole, and keeps its mode. What was cut goes on where it was."
)]
pub struct Put {
    /// A file or a folder of this machine
    pub local: String,
    /// Where it goes on each target
    pub remote: String,
    /// How, and where.
    #[command(flatten)]
    pub carried: Carried,
}

/// `hailer fetch`
#[derive(Debug, Args)]
#[command(
    after_help = "Without {host} in LOCAL it goes to LOCAL/<target>/<name>. With {host}, LOCAL is the file itself, or a folder where it ends with /.\n\
    In names of targets everything that no file name should hold is written as %2F."
)]
pub struct Fetch {
    /// A file or a folder of each target
    pub remote: String,
    /// Where it goes on this machine
    pub local: String,
    /// How, and where.
    #[command(flatten)]
    pub carried: Carried,
}

/// What `put` and `fetch` have in common.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag that a person types
#[command(group(ArgGroup::new("form").args(["json", "table", "fold"])))]
pub struct Carried {
    /// Where: a target or a node set; several unite [default: local]
    #[arg(short, long = "target", value_name = "SELECTOR")]
    pub target: Vec<String>,

    /// Remove from the folder what the source does not have
    #[arg(long)]
    pub delete: bool,

    /// Print one JSON object a line, in order of arrival
    #[arg(long)]
    pub json: bool,

    /// Print a table when all is over
    #[arg(long)]
    pub table: bool,

    /// Print equal outcomes once when all is over, with their targets
    #[arg(long)]
    pub fold: bool,

    /// The longest that one target may take: seconds, or 500ms, 5m, 1h [default: no limit]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Span>,

    /// The longest until a target is ready
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Span>,

    /// How many targets at the same time; 0 for all
    #[arg(long, value_name = "N")]
    pub fanout: Option<usize>,

    /// How many protected targets a put is meant to hit; --yes says nothing about those
    #[arg(long, value_name = "N")]
    pub protected: Option<usize>,

    /// Do not ask before many targets are reached
    #[arg(short, long)]
    pub yes: bool,
}

/// `hailer script`
#[derive(Debug, Args)]
#[command(
    after_help = "The script is a Python program: `from hailer import SSH, Docker, Group`. It prints and leaves as with python;\n\
    what the hosts write goes to standard error. With --python it runs under another Python of this machine."
)]
pub struct Script {
    /// The script
    pub file: PathBuf,
    /// Its arguments, in sys.argv
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
    /// How many hosts may lie on one path that code opens
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub depth: usize,
}

/// `hailer hosts`
#[derive(Debug, Args)]
pub struct Hosts {
    /// List only these
    pub selector: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `hailer bootstrap`
#[derive(Debug, Args)]
pub struct Bootstrap {
    /// Print the command line, stage 0 and the core as Python text
    #[arg(long, required = true)]
    pub print: bool,
}

/// `hailer config`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["print", "check"])))]
pub struct ConfigCommand {
    /// Print every field with its default and what it means
    #[arg(long)]
    pub print: bool,
    /// Say whether the configuration can be used, and which file it is
    #[arg(long)]
    pub check: bool,
}

/// What holds everywhere.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag that a person types
#[command(next_help_heading = "Everywhere")]
pub struct Common {
    /// The interpreter on the far side; looked for when not given
    #[arg(long, global = true, value_name = "PATH")]
    pub python: Option<String>,
    /// An argument for ssh, as in --ssh-option=-oPort=2222; may be repeated
    #[arg(long, global = true, value_name = "ARG", allow_hyphen_values = true)]
    pub ssh_option: Vec<String>,
    /// Send modules from here with the code that imports them: a folder, a .py file, a wheel or a zip; may be repeated;
    /// first=PATH wins over the host's own modules, last=PATH loses to them
    #[arg(long, global = true, value_name = "PATH")]
    pub lib: Vec<String>,
    /// Read this configuration instead of your own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
    /// Run nothing; hosts are only looked at
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Run under a guard rail that refuses what changes a host; needs Python 3.8 there
    #[arg(long, global = true)]
    pub guard: bool,
    /// Write a log of what hailer does to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Whether to use colours: auto, never or always
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: Color,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Never.
    Never,
    /// Always.
    Always,
}
