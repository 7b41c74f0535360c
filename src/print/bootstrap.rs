//! `hailer bootstrap --print`: exactly what is sent to a target to start the agent, as text that a person can read.

use std::fmt::Write as _; // writing to a String cannot fail
use std::io::{self, Read};

use flate2::read::ZlibDecoder;

use crate::link::payload::{self, Codec};
use crate::tunnel::interpreter;
use crate::wire::frame::NONCE_LEN;

/// The command line, stage 0, and the core.
///
/// # Errors
/// The core that was built in cannot be unpacked.
pub fn describe() -> io::Result<String> {
    let stage0 = payload::stage0(Codec::Zlib);
    let sent = payload::core(Codec::Zlib);
    let mut core = String::new();
    ZlibDecoder::new(sent).read_to_string(&mut core)?;
    let command = interpreter::quoted(&interpreter::find_and_start(None, stage0));
    let mut text = String::new();
    let _ = write!(
        text,
        "# 1. The command that is run on the target, {} bytes. It finds an interpreter, and hands it stage 0.\n{command}\n\n\
         # 2. Stage 0, {} bytes, as it stands in that command.\n{}\n\n\
         # 3. To its standard input: the core, {} bytes of zlib, and then {NONCE_LEN} random bytes that mark where our\n\
         #    bytes begin. Unpacked, the core is this, {} bytes.\n{}\n",
        command.len(),
        stage0.len(),
        stage0.trim_end(),
        sent.len(),
        core.len(),
        core.trim_end(),
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_sent() {
        let text = describe().expect("the core");
        assert!(text.contains(payload::stage0(Codec::Zlib).trim_end()), "stage 0 is missing");
        let raw = std::str::from_utf8(payload::core(Codec::Raw)).expect("Python text");
        assert!(text.ends_with(&format!("{}\n", raw.trim_end())), "the core is another one");
    }
}
