//! `hailer hosts`: the targets that are known, and where each comes from.

use std::io;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::engine::target::{Kind, Origin};
use crate::inventory::{self, Change, Discover, Found};
use crate::print::harmless::harmless;
use crate::print::json;
use crate::print::writer::say;

#[derive(Serialize)]
struct Line<'a> {
    target: &'a str,
    kind: Kind,
    origin: Origin,
    about: &'a str,
}

/// This machine, and what these sources know now.
///
/// # Errors
/// The system gives no event queue.
pub fn known(discover: &Discover) -> io::Result<Vec<Found>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut known = vec![inventory::this_machine()];
    runtime.block_on(async {
        for change in inventory::now(discover).await {
            match change {
                Change::Found(found) => known.push(found),
                Change::Gone { name } => known.retain(|found: &Found| found.name != name),
                Change::Notice(text) => say(&format!("hailer: {}\n", harmless(&text))),
            }
        }
    });
    runtime.shutdown_background();
    Ok(known)
}

/// The named ones, each with what is known of it.
pub fn of(named: Vec<Found>, known: &[Found]) -> Vec<Found> {
    let better = |named: Found| known.iter().find(|known| known.name == named.name).cloned().unwrap_or(named);
    named.into_iter().map(better).collect()
}

/// One JSON object a target.
pub fn json(found: &[Found]) -> String {
    let mut to = String::new();
    for Found { name, kind, origin, about, .. } in found {
        json::push(&Line { target: name, kind: *kind, origin: origin.clone(), about }, &mut to);
    }
    to
}

/// One line a target: its name, where it comes from, what is known of it.
pub fn text(found: &[Found]) -> String {
    let rows: Vec<[String; 3]> = found
        .iter()
        .map(|found| {
            [&found.name, origin(&found.origin), &found.about].map(|text| harmless(text).into_owned())
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let (names, origins) = (width(0), width(1));
    let mut to = String::new();
    for [name, origin, about] in &rows {
        let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()) + 2);
        let line =
            [name, &pad(name, names), origin, &pad(origin, origins), about].map(String::as_str).concat();
        to.push_str(line.trim_end());
        to.push('\n');
    }
    to
}

fn origin(origin: &Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "built in",
        Origin::Named => "named",
        Origin::SshConfig => "ssh config",
        Origin::Docker => "docker",
        Origin::Hop => "on the way",
        Origin::Code => "opened by code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, kind: Kind, origin: Origin, about: &str) -> Found {
        let address = name.parse().expect("an address");
        Found { name: name.into(), address, kind, origin, about: about.into() }
    }

    fn three() -> Vec<Found> {
        vec![
            found("local", Kind::Local, Origin::BuiltIn, ""),
            found("web1", Kind::Ssh, Origin::SshConfig, "10.0.0.1"),
            found("docker:cache", Kind::Docker, Origin::Docker, "redis:7\u{1b}[2J"),
        ]
    }

    #[test]
    fn text_has_a_line_for_every_target() {
        let expected = "local         built in\n\
                        web1          ssh config  10.0.0.1\n\
                        docker:cache  docker      redis:7␛[2J\n";
        assert_eq!(text(&three()), expected);
    }

    #[test]
    fn json_has_an_object_for_every_target() {
        let expected = concat!(
            r#"{"target":"local","kind":"local","origin":"built-in","about":""}"#,
            "\n",
            r#"{"target":"web1","kind":"ssh","origin":"ssh-config","about":"10.0.0.1"}"#,
            "\n",
            r#"{"target":"docker:cache","kind":"docker","origin":"docker","about":"redis:7\u001b[2J"}"#,
            "\n",
        );
        assert_eq!(json(&three()), expected);
    }

    #[test]
    fn a_named_target_is_shown_as_it_is_known() {
        let named =
            vec![found("web1", Kind::Ssh, Origin::Named, ""), found("web7", Kind::Ssh, Origin::Named, "")];
        let shown: Vec<_> = of(named, &three()).into_iter().map(|found| (found.name, found.origin)).collect();
        assert_eq!(shown, [("web1".into(), Origin::SshConfig), ("web7".into(), Origin::Named)]);
    }
}
