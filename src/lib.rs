//! **hailer**: one voice, many hosts.
//!
//! The program is three worlds, one direction; each room's own page says more.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`wire`] | bytes ⇄ frames ⇄ values, pure |
//! | [`tunnel`] | how to reach an interpreter: three byte pipes |
//! | [`library`] | your own Python modules, and what a call imports of them |
//! | [`link`] | one connected interpreter |
//! | [`inventory`] | where names come from |
//! | [`engine`] | supervises links and runs; the only API of the front ends |
//! | [`model`] | what is known, as plain data: no I/O, no screen |
//! | [`print`](mod@print) | the headless front end |
//! | [`tui`] | the full-screen front end |
//!
//! Beside them: [`cli`] is the command line, [`config`] the configuration, [`paths`] where it lies, [`duration`] how people
//! write spans of time, [`shell_words`] how they write words, [`script_file`] reads a script, [`template`] translates templates, [`crash`] keeps reports of panics, [`open_files`] says how many links this system has room for, [`start`] is what leads from the command line to a front end.
//!
//! `engine` → `model` → `tui` and `print`: a lower room never names an upper one, and a test sees to it.

pub mod cli;
pub mod config;
pub mod crash;
pub mod duration;
pub mod engine;
pub mod inventory;
pub mod library;
pub mod link;
pub mod model;
pub mod open_files;
pub mod paths;
pub mod print;
pub mod script_file;
pub mod shell_words;
pub mod start;
pub mod template;
pub mod tui;
pub mod tunnel;
pub mod wire;
