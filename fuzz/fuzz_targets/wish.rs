//! Any request of code on a host is a wish or a sentence; and what it wants opened can be typed.

#![no_main]

use hailer::engine::wish::Wish;
use hailer::tunnel::address::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Wish::Open { hop, .. }) = Wish::read(bytes) {
        let address = Address { hops: vec![*hop] };
        assert_eq!(address.to_string().parse(), Ok(address));
    }
});
