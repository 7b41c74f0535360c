//! Whether a headless run is meant: asked before it begins, where it hits many targets or protected ones.

use std::io::{self, BufRead, IsTerminal};

use crate::config::Config;
use crate::engine::target::Origin;
use crate::inventory::protected::Protected;
use crate::inventory::{Found, nodeset};
use crate::print::harmless::harmless;
use crate::print::writer::say;

/// Lets a run on these targets pass, or not. What was said on the command line counts: that many are meant (`yes`), and so many
/// protected ones. Else the person is asked.
///
/// # Errors
/// It is not meant, or nobody can be asked. The words are for the person.
pub fn asked(targets: &[Found], config: &Config, yes: bool, said: Option<usize>) -> Result<(), String> {
    let patterns = Protected::read(&config.protected)?;
    let protected: Vec<&str> = targets
        .iter()
        .filter(|found| is_protected(&patterns, found))
        .map(|found| found.name.as_str())
        .collect();
    if protected.is_empty() && said.is_none_or(|said| said == 0) {
        return many(targets.len(), config.confirm_over, yes);
    }
    let hit = protected.len();
    let names = nodeset::fold(protected.iter().copied());
    let those = if hit == 0 { String::new() } else { format!(": {}", harmless(&names)) };
    let sentence = format!("{hit} of {} targets are protected{those}", targets.len());
    match said {
        Some(said) if said == hit => return many(targets.len(), config.confirm_over, yes),
        Some(said) => {
            return Err(format!("{sentence}; --protected {said} says otherwise, and nothing was run"));
        }
        None if !can_ask() => {
            return Err(format!(
                "{sentence}; nobody can be asked here, and --yes says nothing about those: add --protected {hit} if it is meant"
            ));
        }
        None => {}
    }
    match answer(&format!("{sentence}\nType how many, to run on them: ")).as_deref() {
        Some(typed) if typed == hit.to_string() => Ok(()),
        _ => Err("nothing was run".to_owned()),
    }
}

/// Lets what hits more than `over` targets pass, or not: see [`asked`].
///
/// # Errors
/// It is not meant, or nobody can be asked.
pub fn many(targets: usize, over: usize, yes: bool) -> Result<(), String> {
    if yes || over == 0 || targets <= over {
        return Ok(());
    }
    if !can_ask() {
        return Err(format!(
            "{targets} targets are more than confirm_over = {over}, and nobody can be asked here; add --yes if it is meant"
        ));
    }
    match answer(&format!("Run on {targets} targets? [y/N] ")).as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err("nothing was run".to_owned()),
    }
}

fn is_protected(patterns: &Protected, found: &Found) -> bool {
    patterns.covers(&found.name, (found.origin == Origin::SshConfig).then_some(found.about.as_str()))
}

fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn answer(question: &str) -> Option<String> {
    say(question);
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}
