//! The command: help ssh if it is ssh that asks, else parse, choose a front end, exit status.

use std::process::ExitCode;

use clap::Parser;
use hailer::cli::Cli;
use hailer::crash;
use hailer::print::outcome::USAGE;
use hailer::print::writer::say;
use hailer::tunnel::askpass::client;

fn main() -> ExitCode {
    if let Some(code) = client::run() {
        return ExitCode::from(code);
    }
    crash::keep_reports();
    match hailer::start::start(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(complaint) => {
            say(&format!("hailer: {complaint}\n"));
            ExitCode::from(USAGE)
        }
    }
}
