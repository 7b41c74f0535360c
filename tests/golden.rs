//! The frames that both ends were built to: the same file is read by the agent's tests.
#![allow(clippy::expect_used)]

use hailer::wire::frame::{self, Kind, MORE, ZLIB};

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn the_golden_frames_are_read_and_written_as_they_stand() {
    let text = include_str!("golden/frames.txt");
    let mut kinds = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, kind, flags, channel, payload, wire] = parts[..] else { panic!("{line}") };
        let (flags, channel): (u8, u32) = (flags.parse().expect(name), channel.parse().expect(name));
        let (payload, wire) = (bytes(payload), bytes(wire));
        let kind = Kind::from_byte(kind.parse().expect(name)).expect(name);
        let (frame, used) = frame::decode(&wire).expect(name).expect(name);
        assert_eq!(used, wire.len(), "{name}");
        assert_eq!((frame.kind, frame.channel, frame.payload), (kind, channel, &payload[..]), "{name}");
        assert_eq!((frame.more, frame.zlib), (flags & MORE != 0, flags & ZLIB != 0), "{name}");
        assert_eq!(frame.tag, flags & 15, "{name}");
        let mut written = Vec::new();
        frame::encode(&mut written, kind, flags, channel, &payload);
        assert_eq!(written, wire, "{name}");
        kinds |= 1 << kind as u8;
    }
    assert_eq!(kinds, 0b1_1111_1110, "every kind has its frame");
}
