//! The headless front end: the same events as the console, as lines of text.
//!
//! | file | what lives there |
//! | --- | --- |
//! | [`headless`] | `hailer run`: an engine, one run, the exit status |
//! | [`follow`] | the loop around it: events in, text out, signals heeded |
//! | [`report`] | pure: each event becomes what is to be written now |
//! | [`form`] | what a form of printing is told; [`text`], [`json`], [`fold`], [`table`], [`files`] are the forms |
//! | [`ask`], [`tty`] | what ways in ask, and the terminal on which it is asked |
//! | [`bars`] | how far files are, at the foot of a terminal |
//! | [`consent`] | whether a run that hits many, or protected ones, is meant |
//! | [`remote`] | lines that hosts write, prefixed |
//! | [`outcome`], [`words`] | counts and the exit status; failures and summaries in words |
//! | [`harmless`] | remote text made fit for a terminal |
//! | [`script`] | `hailer script`: a program that reaches hosts |
//! | [`hosts`], [`bootstrap`] | `hailer hosts`, `hailer bootstrap --print` |
//! | [`signals`], [`writer`] | what the system tells us, and what we write |

pub mod ask;
pub mod bars;
pub mod bootstrap;
pub mod consent;
pub mod files;
pub mod fold;
pub mod follow;
pub mod form;
pub mod harmless;
pub mod headless;
pub mod hosts;
pub mod json;
pub mod outcome;
pub mod remote;
pub mod report;
pub mod script;
pub mod signals;
pub mod table;
pub mod text;
pub mod tty;
pub mod words;
pub mod writer;
