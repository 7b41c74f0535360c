//! Any stream is frames, a breach, or too short; and frames say the same when they are written again.

#![no_main]

use hailer::wire::frame::{MORE, ZLIB, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(Some((frame, used))) = decode(rest) {
        let flags = frame.tag | if frame.more { MORE } else { 0 } | if frame.zlib { ZLIB } else { 0 };
        let mut again = Vec::new();
        encode(&mut again, frame.kind, flags, frame.channel, frame.payload);
        assert_eq!(again, &rest[..used]);
        rest = &rest[used..];
    }
});
