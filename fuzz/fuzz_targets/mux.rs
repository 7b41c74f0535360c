//! Whatever a peer sends on calls and raw channels, in pieces of any length: heard, or a breach; and memory stays small.

#![no_main]

use hailer::link::mux::{Caps, Heard, Mux};
use hailer::wire::part::Part;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (cut, bytes) = input;
    let mut mux = Mux::new(Caps { message: 100_000 });
    mux.eval("x", "y");
    mux.spawn(&["cat".to_owned()], true);
    mux.eval_for_another("x", "y");
    let mut heard = Vec::new();
    for piece in bytes.chunks(usize::from(cut) + 1) {
        let broken = mux.receive(piece, &mut heard).is_err();
        for heard in heard.drain(..) {
            match heard {
                Heard::Part { channel, part } => {
                    mux.taken(channel, part.bytes.len());
                    mux.send(channel, &Part::data(0, part.bytes));
                }
                Heard::Reach { channel, request } => {
                    assert!(request.len() <= 100_000);
                    Part::refusal("no").iter().for_each(|part| mux.send(channel, part));
                }
                Heard::Import { channel, .. } => mux.answer(channel, Ok("x")),
                _ => {}
            }
        }
        if broken {
            return;
        }
        mux.take_output();
    }
});
