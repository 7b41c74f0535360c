use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::wire::frame::{MAX_PAYLOAD, MORE};

fn mux(message: usize) -> Mux {
    Mux::new(Caps { message })
}

fn heard(mux: &mut Mux, bytes: &[u8]) -> Result<Vec<Heard>, Breach> {
    let mut heard = Vec::new();
    mux.receive(bytes, &mut heard).map(|()| heard)
}

fn framed(kind: Kind, flags: u8, channel: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::encode_message(&mut bytes, kind, flags, channel, payload);
    bytes
}

#[test]
fn a_call_is_answered_however_the_bytes_are_cut() {
    for cut in 0..24 {
        let mut mux = mux(1000);
        let channel = mux.eval("<run 1>", "1");
        let answer = framed(Kind::Close, frame::close::VALUE, channel, b"K\x01.");
        let (head, tail) = answer.split_at(cut.min(answer.len()));
        let mut all = heard(&mut mux, head).unwrap();
        all.extend(heard(&mut mux, tail).unwrap());
        assert_eq!(all, [Heard::Closed { channel, tag: 0, message: b"K\x01.".to_vec() }]);
    }
}

#[test]
fn a_message_over_the_cap_is_thrown_away_and_the_link_goes_on() {
    let mut mux = mux(100_000);
    let channel = mux.eval("x", "y");
    let bytes = framed(Kind::Close, 0, channel, &vec![b'x'; 150_000]);
    let all = heard(&mut mux, &bytes).unwrap();
    assert_eq!(all, [Heard::TooLong { channel, length: 150_000, closed: true }]);
    let next = mux.eval("x", "y");
    assert_eq!(heard(&mut mux, &framed(Kind::Close, 0, next, b"N.")).unwrap().len(), 1);
}

#[test]
fn more_than_was_granted_is_a_breach_and_credit_is_given_in_time() {
    let mut greedy = mux(usize::MAX);
    let channel = greedy.eval("x", "y");
    greedy.take_output();
    let chunk = framed(Kind::Item, MORE, channel, &vec![0; MAX_PAYLOAD]);
    let mut sent = 0_u64;
    let mut granted = u64::from(WINDOW);
    while sent < 20 * u64::from(WINDOW) {
        assert!(sent + MAX_PAYLOAD as u64 <= granted, "the sender would be stuck at {sent}");
        heard(&mut greedy, &chunk).unwrap();
        sent += MAX_PAYLOAD as u64;
        let output = greedy.take_output();
        if let Some((frame, _)) = frame::decode(&output).unwrap() {
            granted += u64::from(u32::from_be_bytes(frame.payload.try_into().unwrap()));
        }
    }
    assert!(granted - sent <= u64::from(WIDEST), "{granted} granted, {sent} sent");
    let mut over = mux(usize::MAX);
    let channel = over.eval("x", "y");
    over.channels.get_mut(&channel).unwrap().granted = 10;
    assert_eq!(
        heard(&mut over, &framed(Kind::Data, 0, channel, &[0; 12])),
        Err(Breach::Credit { channel, over: 2 })
    );
}

#[test]
fn frames_for_a_channel_that_is_over_are_counted_and_for_one_that_never_was_end_the_link() {
    let mut mux = mux(100);
    let channel = mux.eval("x", "y");
    let close = framed(Kind::Close, 0, channel, b"N.");
    heard(&mut mux, &close).unwrap();
    assert_eq!(heard(&mut mux, &close).unwrap(), []);
    assert_eq!(mux.late(), 1);
    assert!(heard(&mut mux, &framed(Kind::Close, 0, channel + 2, b"N.")).is_err());
    assert!(heard(&mut mux, &framed(Kind::Item, 0, 1, b"N.")).is_err());
}

#[test]
fn a_message_inside_another_is_a_breach() {
    let mut mux = mux(100);
    let channel = mux.eval("x", "y");
    heard(&mut mux, &framed(Kind::Item, MORE, channel, b"a")).unwrap();
    assert!(heard(&mut mux, &framed(Kind::Close, 0, channel, b"b")).is_err());
}

#[test]
fn answers_that_nobody_reads_end_the_link_and_those_that_are_read_never_do() {
    let ping = framed(Kind::Ping, 0, 0, &[7; 64]);
    let mut silent = mux(100);
    let breach = (0..1_000_000).find_map(|_| heard(&mut silent, &ping).err());
    assert!(breach.is_some_and(|breach| breach.to_string().contains("nobody reads")));
    assert!(silent.take_output().len() < ANSWERS + 1000);
    let mut read = mux(100);
    for _ in 0..50_000 {
        heard(&mut read, &ping).unwrap();
        read.take_output();
    }
    let mut curious = mux(100);
    let opens = (0..100_000).map(|at| framed(Kind::Open, frame::open::IMPORT, 2 * at + 1, b"x"));
    let breach = opens.enumerate().find_map(|(at, open)| {
        let breach = heard(&mut curious, &open).err();
        curious.answer(2 * at as u32 + 1, Ok(&"x".repeat(4000)));
        breach
    });
    assert!(breach.is_some() && curious.take_output().len() < ANSWERS + 10_000);
}

#[test]
fn a_module_is_asked_for_once_a_number() {
    let mut mux = mux(100);
    let ask = framed(Kind::Open, frame::open::IMPORT, 1, b"hailer.errors");
    assert_eq!(heard(&mut mux, &ask).unwrap(), [Heard::Import { channel: 1, name: "hailer.errors".into() }]);
    mux.answer(1, Ok("x = 1"));
    let output = mux.take_output();
    let (frame, _) = frame::decode(&output).unwrap().unwrap();
    assert_eq!((frame.kind, frame.tag, frame.payload), (Kind::Close, 0, &b"x = 1"[..]));
    assert!(heard(&mut mux, &ask).is_err(), "the same number again");
}

fn credit(channel: u32, bytes: u32) -> Vec<u8> {
    framed(Kind::Credit, 0, channel, &bytes.to_be_bytes())
}

#[test]
fn credit_is_believed_only_for_what_was_written() {
    let mut mux = mux(1000);
    let channel = mux.spawn(&["cat".into()], false);
    let part = Part::data(0, vec![0; 1000].into());
    mux.send(channel, &part);
    assert!(heard(&mut mux, &credit(channel, 1)).is_err(), "it lies in our own memory yet");
    mux.take_output();
    mux.ping(b"");
    assert_eq!(heard(&mut mux, &credit(channel, 600)).unwrap(), [Heard::Credit { channel, bytes: 600 }]);
    mux.send(channel, &part);
    assert!(heard(&mut mux, &credit(channel, 401)).is_err());
    assert_eq!(heard(&mut mux, &credit(channel, 400)).unwrap().len(), 1);
    mux.take_output();
    assert_eq!(heard(&mut mux, &credit(channel, 1000)).unwrap().len(), 1);
    assert!(heard(&mut mux, &credit(channel, 1)).is_err());
    assert!(heard(&mut mux, &credit(channel, u32::MAX)).is_err());
}

#[test]
fn what_says_nothing_on_a_raw_channel_is_not_kept() {
    let mut mux = mux(1000);
    let channel = mux.spawn(&["cat".into()], false);
    for (kind, flags) in [(Kind::Data, 0), (Kind::Item, 0), (Kind::Item, MORE), (Kind::Close, MORE)] {
        assert_eq!(heard(&mut mux, &framed(kind, flags, channel, b"").repeat(1000)).unwrap(), []);
    }
    assert_eq!(heard(&mut mux, &framed(Kind::Close, 0, channel, b"")).unwrap().len(), 1);
}

#[test]
fn requests_that_are_begun_and_never_ended_have_a_bound() {
    let mut mux = mux(1000);
    let begun = (0..100_000).find_map(|at| {
        heard(&mut mux, &framed(Kind::Open, frame::open::REACH | MORE, 2 * at + 1, b"")).err()
    });
    assert!(begun.is_some() && mux.requests.len() <= REQUESTS + 1, "{}", mux.requests.len());
}

#[test]
fn requests_that_wait_for_their_answers_have_a_bound_together() {
    let mut mux = mux(1000);
    let ask = |at| framed(Kind::Open, frame::open::REACH, at, &[b'x'; 600]);
    assert_eq!(heard(&mut mux, &ask(1)).unwrap().len(), 1);
    assert_eq!(heard(&mut mux, &ask(3)).unwrap(), [], "refused, and the link goes on");
    let output = mux.take_output();
    let (frame, _) = frame::decode(&output).unwrap().unwrap();
    assert_eq!((frame.kind, frame.tag, frame.channel), (Kind::Close, frame::close::REFUSED, 3));
    Part::refusal("no").iter().for_each(|part| mux.send(1, part));
    assert_eq!(heard(&mut mux, &ask(5)).unwrap().len(), 1, "there is room again");
}

#[test]
fn the_last_of_all_numbers_is_used_once() {
    let mut mux = mux(1000);
    let ask = framed(Kind::Open, frame::open::REACH, u32::MAX, b"x");
    assert_eq!(heard(&mut mux, &ask).unwrap().len(), 1);
    assert!(heard(&mut mux, &ask).is_err());
}

/// Frames of any kind, on channels that there are, were, and never will be.
fn any_frame() -> impl Strategy<Value = (u8, u8, u32, Vec<u8>)> {
    let channel = prop_oneof![0..12_u32, Just(u32::MAX), Just(u32::MAX - 1)];
    let payload = prop_oneof![
        vec(any::<u8>(), 0..80),
        (0..40_000_u32).prop_map(|bytes| bytes.to_be_bytes().to_vec()),
        (1..MAX_PAYLOAD).prop_map(|length| vec![7; length]),
    ];
    (1..9_u8, prop_oneof![0..5_u8, Just(MORE), Just(MORE | 3), any::<u8>()], channel, payload)
}

proptest! {
    #[test]
    fn any_frames_in_any_order_never_panic_and_stay_bounded(
        frames in vec((any_frame(), any::<bool>()), 0..120),
        cut in 1..90_000_usize,
    ) {
        let mut mux = mux(100_000);
        mux.eval("x", "y");
        mux.spawn(&["cat".into()], true);
        mux.eval_for_another("x", "y");
        let mut all = Vec::new();
        for ((kind, flags, channel, payload), written) in &frames {
            all.clear();
            let bytes = framed(Kind::from_byte(*kind).unwrap(), *flags, *channel, payload);
            if bytes.chunks(cut).any(|bytes| mux.receive(bytes, &mut all).is_err()) {
                break;
            }
            for heard in &all {
                match heard {
                    Heard::Reach { channel, .. } => mux.send(*channel, &Part::data(0, vec![1; 5000].into())),
                    Heard::Part { channel, part } => {
                        mux.taken(*channel, part.bytes.len());
                        mux.send(*channel, &Part::data(0, part.bytes.clone()));
                    }
                    Heard::Import { channel, .. } => mux.answer(*channel, Ok("x")),
                    _ => {}
                }
            }
            if *written {
                mux.take_output();
            }
            let held: usize = mux.requests.values().map(Vec::len).sum();
            prop_assert_eq!(held, mux.begun);
            prop_assert!(held <= mux.caps.message);
            prop_assert!(mux.channels.values().map(|open| open.request).sum::<usize>() <= mux.caps.message);
            for open in mux.channels.values() {
                prop_assert!(open.message.len() <= mux.caps.message);
                prop_assert!(open.granted <= u64::from(WIDEST));
                prop_assert!(open.latest.1 <= open.sent || open.latest.0 != mux.outputs);
            }
            prop_assert!(mux.input.len() <= frame::HEADER_LEN + MAX_PAYLOAD);
        }
    }
}

#[test]
fn records_of_the_link_come_after_its_hello_only() {
    let record = framed(Kind::Item, frame::item::LOG, 0, b"N.");
    assert!(matches!(heard(&mut mux(100), &record), Err(Breach::Channel { channel: 0, .. })));
    let mut mux = mux(100);
    heard(&mut mux, &framed(Kind::Item, frame::item::HELLO, 0, b"pid=1")).unwrap();
    let wanted = Heard::Item { channel: 0, tag: frame::item::LOG, message: b"N.".to_vec() };
    assert_eq!(heard(&mut mux, &record.repeat(2)).unwrap(), [wanted.clone(), wanted]);
    assert!(heard(&mut mux, &framed(Kind::Item, frame::item::LOG | MORE, 0, b"N.")).is_err());
    assert!(heard(&mut mux, &framed(Kind::Data, frame::item::LOG, 0, b"N.")).is_err());
}
