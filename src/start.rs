//! From the command line to a front end: configuration, log file, targets, code.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::cli::{Carried, Cli, Color, Common, ConfigCommand, Hosts, Run, Script, Sub};
use crate::config::{Config, SAMPLE, Source};
use crate::crash;
use crate::engine::code::Code;
use crate::engine::files::{Files, Way};
use crate::engine::rollout::{Gate, Steps};
use crate::engine::{DEPTH_LIMIT, Engine, EngineConfig, Seating};
use crate::inventory::{self, Discover, Found};
use crate::library::place::{Place, Wins};
use crate::library::snapshot::Snapshot;
use crate::library::{Library, arguments, function};
use crate::link::mux::Caps;
use crate::link::opening::Options;
use crate::open_files;
use crate::print::headless::{self, Look, Plan};
use crate::print::outcome::OK;
use crate::print::{bootstrap, consent, hosts, writer};
use crate::script_file;
use crate::tui;
use crate::tunnel::Defaults;

/// Does what the command line says, and answers the exit status.
///
/// # Errors
/// What is wrong with the command line, the configuration or a name, in words for the person. Nothing has run then.
pub fn start(cli: Cli) -> Result<u8, String> {
    let Cli { target, command, common } = cli;
    if let Some(path) = &common.log {
        log_to(path)?;
    }
    match command {
        None => console(&target, &common),
        Some(Sub::Run(run)) => headless_run(&run, &common),
        Some(Sub::Script(wanted)) => script(&wanted, &common),
        Some(Sub::Put(put)) => carry(Way::Put, &put.local, &put.remote, &put.carried, &common),
        Some(Sub::Fetch(fetch)) => carry(Way::Fetch, &fetch.local, &fetch.remote, &fetch.carried, &common),
        Some(Sub::Hosts(wanted)) => list(&wanted, &common),
        Some(Sub::Bootstrap(_)) => print(&bootstrap::describe().map_err(|error| error.to_string())?),
        Some(Sub::Config(what)) => configuration(&what, &common),
    }
}

fn print(text: &str) -> Result<u8, String> {
    writer::print(text).map_err(|error| format!("standard output: {error}"))?;
    Ok(OK)
}

/// The configuration, and over it what the flags say.
fn config(common: &Common) -> Result<Config, String> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Config::load(&source(common), variables).map_err(|error| error.to_string())
}

fn source(common: &Common) -> Source {
    match &common.config {
        _ if common.no_config => Source::Nothing,
        Some(path) => Source::Named(path.clone()),
        None => Source::User,
    }
}

fn with_flags(mut config: Config, common: &Common) -> Config {
    if let Some(python) = &common.python {
        config.python.clone_from(python);
    }
    config.read_only |= common.read_only;
    config.guard |= common.guard;
    // Of two options that contradict each other, ssh takes the first.
    config.library.splice(0..0, common.lib.iter().cloned());
    config.ssh_options.splice(0..0, common.ssh_option.iter().cloned());
    config
}

/// What the engine begins with.
fn engine(config: &Config, library: Arc<Library>, targets: Vec<Found>, discover: Discover) -> EngineConfig {
    let python = Some(config.python.clone()).filter(|python| !python.is_empty());
    EngineConfig {
        targets,
        connect: true,
        discover,
        opening: Options {
            timeout: config.connect_timeout.0,
            defaults: Defaults { python, ssh_options: config.ssh_options.clone() },
            caps: Caps::default(),
            silence: config.silence.limit(),
        },
        connects_at_once: config.connects_at_once,
        depth_limit: DEPTH_LIMIT,
        library,
        reconnect: config.reconnect,
        seating: open_files::raise()
            .map_or_else(Seating::default, |links| Seating { links, ..Seating::default() }),
        program: None,
    }
}

/// The console.
fn console(named: &[String], common: &Common) -> Result<u8, String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("the console needs a terminal; `hailer run` works without one".to_owned());
    }
    // A broken configuration must not keep anybody from the console at night: it opens on the defaults and says so.
    let (config, broken) = match config(common) {
        Ok(config) => (config, None),
        Err(why) => (Config::default(), Some(format!("the defaults are in force: {why}"))),
    };
    let config = with_flags(config, common);
    let discover = if named.is_empty() { discover(&config) } else { Discover::default() };
    let found = if named.is_empty() { vec![inventory::this_machine()] } else { targets(named)? };
    let (places, broken) = match (Library::named(&config.library), broken) {
        (Ok(places), broken) => (places, broken),
        (Err(why), None) => (Vec::new(), Some(format!("no library is used: {why}"))),
        (Err(_), broken) => (Vec::new(), broken),
    };
    let engine_config = engine(&config, Arc::new(Library::new(places)), found, discover);
    let setup = tui::app::Setup::of(&config, common.color != Color::Never, broken);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the console cannot start: {error}"))?;
    let (handle, events) = Engine::start(engine_config).map_err(|error| format!("the engine: {error}"))?;
    let ended = runtime.block_on(tui::run(setup, config.mouse, |command| handle.send(command), events));
    let outcome = ended.map_err(|error| format!("the terminal: {error}"))?;
    outcome.status().map_err(|why| match crash::newest() {
        Some(path) => format!("{why}; a report is in {}", path.display()),
        None => why.to_owned(),
    })
}

fn headless_run(run: &Run, common: &Common) -> Result<u8, String> {
    let mut config = with_flags(config(common)?, common);
    config.timeout = run.timeout.unwrap_or(config.timeout);
    config.connect_timeout = run.connect_timeout.unwrap_or(config.connect_timeout);
    config.silence = run.silence.unwrap_or(config.silence);
    config.fanout = run.fanout.unwrap_or(config.fanout);
    not_read_only(&config)?;
    let library = Arc::new(Library::new(Library::named(&config.library)?));
    let code = match (&run.template, run.module.split_first()) {
        (Some(path), _) => Code::Template(script_file::read_template(path, &run.set)?.into()),
        (None, Some((name, words))) => {
            let named = function::find(&Snapshot::new(Arc::clone(&library)), name)?;
            let ours = words.iter().take_while(|word| *word != "--");
            if ours.into_iter().any(|word| word == "--help" || word == "-h") {
                return print(&named.help());
            }
            arguments::call(&named, words)?.into()
        }
        (None, None) => code(run)?.into(),
    };
    let targets = targets(&run.target)?;
    consent::asked(&targets, &config, run.yes, run.protected)?;
    let plan = Plan {
        code,
        timeout: config.timeout.limit(),
        fanout: (config.fanout > 0).then_some(config.fanout),
        steps: steps(run, targets.len())?,
        guard: config.guard,
        look: look(run),
        color: common.color,
    };
    headless::run(plan, engine(&config, library, targets, Discover::default()))
        .map_err(|error| error.to_string())
}

/// Files to or from hosts.
fn carry(way: Way, local: &str, remote: &str, carried: &Carried, common: &Common) -> Result<u8, String> {
    let mut config = with_flags(config(common)?, common);
    config.connect_timeout = carried.connect_timeout.unwrap_or(config.connect_timeout);
    config.fanout = carried.fanout.unwrap_or(config.fanout);
    if way == Way::Put {
        not_read_only(&config)?;
        if config.guard {
            return Err("the guard rail lets nobody write files on a host; nothing was put".to_owned());
        }
    }
    let files = Files::new(way, local, remote, carried.delete)?;
    if way == Way::Put {
        fs::metadata(&files.local).map_err(|error| format!("{local}: {error}"))?;
    }
    let targets = targets(&carried.target)?;
    match way {
        Way::Put => consent::asked(&targets, &config, carried.yes, carried.protected)?,
        Way::Fetch => consent::many(targets.len(), config.confirm_over, carried.yes)?,
    }
    let look = match carried {
        Carried { json: true, .. } => Look::Json,
        Carried { table: true, .. } => Look::Table,
        Carried { fold: true, .. } => Look::Fold,
        _ => Look::Files,
    };
    let plan = Plan {
        code: Code::Files(Box::new(files)),
        timeout: carried.timeout.and_then(crate::duration::Span::limit),
        fanout: (config.fanout > 0).then_some(config.fanout),
        steps: None,
        guard: false,
        look,
        color: common.color,
    };
    headless::run(plan, engine(&config, Arc::default(), targets, Discover::default()))
        .map_err(|error| error.to_string())
}

/// A program on this machine that reaches hosts.
fn script(wanted: &Script, common: &Common) -> Result<u8, String> {
    let configured = config(common)?;
    // The flag says what the script runs under; what its hosts use it says itself.
    let config = Config { python: configured.python.clone(), ..with_flags(configured, common) };
    not_read_only(&config)?;
    if config.guard {
        return Err(
            "the guard rail would keep a script from the hosts that it is for; nothing was run".to_owned()
        );
    }
    let code = Code::Script(script_file::read(&wanted.file, wanted.arguments.clone())?);
    let plan = Plan {
        code,
        timeout: None,
        fanout: None,
        steps: None,
        guard: false,
        look: Look::Script,
        color: common.color,
    };
    let mut own = inventory::this_machine();
    own.address.hops.iter_mut().for_each(|hop| hop.options.python.clone_from(&common.python));
    let mut places = Library::named(&config.library)?;
    // What lies beside the script can be imported on every host that it reaches, as on this one.
    let folder = std::path::absolute(&wanted.file).ok();
    let folder = folder.as_deref().and_then(Path::parent).map(|folder| Place::at(folder, Wins::Script));
    places.extend(folder.and_then(Result::ok));
    let mut engine = engine(&config, Arc::new(Library::new(places)), vec![own], Discover::default());
    engine.depth_limit = wanted.depth;
    headless::run(plan, engine).map_err(|error| error.to_string())
}

/// The steps that the flags cut a run over so many targets into.
fn steps(run: &Run, targets: usize) -> Result<Option<Steps>, String> {
    let Run { first, batch, halt_at, gate, .. } = run;
    if first.is_none() && batch.is_none() && halt_at.is_none() {
        return Ok(None);
    }
    let first = first.map(NonZeroUsize::get);
    let steps = Steps {
        first,
        batch: *batch,
        halt_at: *halt_at,
        gate: gate.unwrap_or_else(|| Gate::default_with(*halt_at)),
    };
    if steps.gate == Gate::Ask && steps.sizes(targets).len() > 1 {
        headless::can_ask("--gate ask")?;
    }
    Ok(Some(steps))
}

/// Nothing that would run anything passes here while only looking is wanted.
fn not_read_only(config: &Config) -> Result<(), String> {
    if config.read_only {
        return Err(
            "nothing was run: read-only is asked for (--read-only, or read_only in the configuration)"
                .to_owned(),
        );
    }
    Ok(())
}

fn look(run: &Run) -> Look {
    match run {
        Run { json: true, .. } => Look::Json,
        Run { table: true, .. } => Look::Table,
        Run { fold: true, .. } => Look::Fold,
        Run { follow: true, .. } => Look::Follow,
        _ => Look::Text,
    }
}

fn code(run: &Run) -> Result<String, String> {
    match (&run.file, run.code.as_deref()) {
        (Some(path), _) => fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display())),
        (None, Some("-")) => {
            let mut code = String::new();
            let read = io::stdin().lock().read_to_string(&mut code);
            read.map(|_| code).map_err(|error| format!("standard input: {error}"))
        }
        (None, code) => Ok(code.unwrap_or_default().to_owned()),
    }
}

/// The targets that the selectors name, each once, in their order; this machine where there is no selector.
fn targets(selectors: &[String]) -> Result<Vec<Found>, String> {
    let this = ["local".to_owned()];
    let selectors = if selectors.is_empty() { &this } else { selectors };
    let mut targets: Vec<Found> = Vec::new();
    let mut names = std::collections::HashSet::new();
    for selector in selectors {
        let found = inventory::named(selector)?;
        targets.extend(found.into_iter().filter(|found| names.insert(found.name.clone())));
    }
    Ok(targets)
}

/// What is known: this machine, ssh aliases, running containers; of these, or beside them, what the selector names.
fn list(wanted: &Hosts, common: &Common) -> Result<u8, String> {
    let config = config(common)?;
    let named = wanted.selector.as_deref().map(|selector| targets(&[selector.to_owned()])).transpose()?;
    let known = hosts::known(&discover(&config)).map_err(|error| error.to_string())?;
    let found = match named {
        None => known,
        Some(named) => hosts::of(named, &known),
    };
    print(&if wanted.json { hosts::json(&found) } else { hosts::text(&found) })
}

/// Where targets are looked for.
fn discover(config: &Config) -> Discover {
    Discover {
        ssh: config.discover.ssh.then(crate::paths::ssh_config).flatten(),
        docker: config.discover.docker,
    }
}

fn configuration(what: &ConfigCommand, common: &Common) -> Result<u8, String> {
    if what.print {
        return print(SAMPLE);
    }
    config(common)?;
    let file = match source(common) {
        Source::Nothing => None,
        Source::Named(path) => Some(path),
        Source::User => crate::paths::config_file().filter(|path| path.exists()),
    };
    match file {
        Some(path) => print(&format!("{}: good\n", path.display())),
        None => print("no file is read; the defaults hold\n"),
    }
}

/// Appends to a log file that only this user can read.
fn log_to(path: &Path) -> Result<(), String> {
    let open = || -> io::Result<File> { OpenOptions::new().create(true).append(true).mode(0o600).open(path) };
    let file = open().map_err(|error| format!("{}: {error}", path.display()))?;
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}
