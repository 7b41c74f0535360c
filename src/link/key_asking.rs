//! A host key that ssh turned away from without saying which it is: ssh is asked once more, for its own account of it.
//!
//! It is the same ssh with the same configuration, only stricter and more talkative: nothing more is sent to the host than
//! the first time, when it was refused before a word of ours.

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use crate::link::opening::{Options, Route};
use crate::tunnel::address::Way;
use crate::tunnel::pipes::Pipes;
use crate::tunnel::words::Words;
use crate::tunnel::{host_key, ssh};

/// How much of its account is read, in bytes.
const ACCOUNT: u64 = 256 * 1024;

/// The line in which ssh would have named the key, had it asked; none where it is not to be had in time.
pub(super) async fn told(route: &Route, options: &Options, until: Instant) -> Option<String> {
    let Way::Ssh { user, host, port } = &route.hop.way else { return None };
    let to = ssh::To { user: user.as_deref(), host, port: *port };
    let more = if route.outer.is_some() { &[] } else { options.defaults.ssh_options.as_slice() };
    let argv = ssh::looking(&to, &route.hop.options, more, options.timeout);
    let account = async {
        let mut pipes = match &route.outer {
            // One that it jumps through may want to ask: nobody answers.
            None => Pipes::spawn(
                &argv,
                &[("SSH_ASKPASS", "false".into()), ("SSH_ASKPASS_REQUIRE", "force".into())],
            )
            .ok()?,
            Some(outer) => outer.spawn(Words { argv, terminal: false }).await.ok()?,
        };
        let mut account = Vec::new();
        let read = (&mut pipes.stderr).take(ACCOUNT).read_to_end(&mut account).await;
        pipes.close(0).await;
        read.ok().map(|_| account)
    };
    let account = timeout_at(until, account).await.ok()??;
    host_key::of_account(&String::from_utf8_lossy(&account))
}
