//! Any bytes are a value within the caps, or an error.

#![no_main]

use hailer::wire::pickle::{Caps, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let caps = Caps { bytes: 1 << 20, nodes: 10_000, memo: 10_000, stack: 10_000, copies: 1 << 20 };
    if let Ok(value) = decode(bytes, &caps) {
        assert!((value.id().0 as usize) < caps.nodes);
    }
});
