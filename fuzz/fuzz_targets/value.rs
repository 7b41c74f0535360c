//! Every walk of whatever a pickle can describe ends; what is plain comes back from the encoder.

#![no_main]

use hailer::wire::encode::encode;
use hailer::wire::pickle::{Caps, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let caps = Caps { bytes: 1 << 16, nodes: 1000, memo: 1000, stack: 1000, copies: 1 << 16 };
    let Ok(value) = decode(bytes, &caps) else { return };
    assert!(value.repr(500).chars().count() <= 501);
    assert_eq!(value.digest(), value.digest());
    let _ = (value.type_name(), value.summary(), value.number(), value.fields(), value.items(), value.pairs());
    if value.repr(20_000).chars().count() < 20_000 {
        serde_json::to_string(&value).expect("JSON of any value");
    }
    if let Ok(pickle) = encode(&value) {
        assert_eq!(decode(&pickle, &Caps::default()).expect("what we encode, we decode"), value);
    }
});
