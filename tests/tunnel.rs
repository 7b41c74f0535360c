//! "Writing a tunnel", as the page of `hailer::tunnel` says it: a driver of our own, in this file.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use hailer::link::call::{self, Outcome};
use hailer::link::connection::{Connection, Turn};
use hailer::link::mux::{Caps, Heard};
use hailer::link::opening::{Opening, Options};
use hailer::link::payload::{self, Codec};
use hailer::tunnel::pipes::Pipes;
use hailer::tunnel::{Defaults, interpreter};

/// The driver: an interpreter with another name for this machine, by `unshare --uts`.
fn argv(start: &[String]) -> Vec<String> {
    let script = "hostname elsewhere && exec \"$@\"";
    let before = ["unshare", "--uts", "--fork", "--kill-child", "sh", "-c", script, "driver"];
    before.iter().map(|word| (*word).to_owned()).chain(start.iter().cloned()).collect()
}

async fn value(connection: &mut Connection, code: &str) -> String {
    let asked = connection.mux().eval("<test>", code);
    loop {
        match connection.turn().await.expect("the link is up") {
            Turn::Heard(Heard::Closed { channel, tag, message }) if channel == asked => {
                match call::outcome(tag, &message) {
                    Outcome::Value(value) => return value.repr(100),
                    other => panic!("{other:?}"),
                }
            }
            Turn::Heard(Heard::Import { channel, name }) => {
                let module = payload::module(&name).ok_or(name);
                connection.mux().answer(channel, module);
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_tunnel_is_added_by_one_small_function() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root may give this machine another name");
        return;
    }
    let start = interpreter::find_and_start(None, payload::stage0(Codec::Zlib));
    let pipes = Pipes::spawn(&argv(&start), &[]).expect("unshare");
    let timeout = Duration::from_mins(1);
    let options = Options { timeout, defaults: Defaults::default(), caps: Caps::default(), silence: None };
    let opening = Opening::on(pipes, &options).expect("an opening");
    let opened = opening.interpreter().await.expect("an interpreter").agent().await.expect("an agent");
    assert_eq!(opened.info.host, "elsewhere");
    let mut connection = opened.connection;
    assert_eq!(value(&mut connection, "import os; os.uname()[1]").await, "'elsewhere'");
    assert_eq!(value(&mut connection, "{'a': (1, 2)}").await, "{'a': (1, 2)}");
    connection.close().await;
}
