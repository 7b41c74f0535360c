//! The command: parse, choose a front end, exit status.

use std::process::ExitCode;

use clap::Parser;
use hailer::cli::Cli;
use hailer::print::outcome::USAGE;
use hailer::print::writer::say;

fn main() -> ExitCode {
    match hailer::start::start(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(complaint) => {
            say(&format!("hailer: {complaint}\n"));
            ExitCode::from(USAGE)
        }
    }
}
