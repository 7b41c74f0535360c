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
    greedy.output().clear();
    let chunk = framed(Kind::Item, MORE, channel, &vec![0; MAX_PAYLOAD]);
    let mut sent = 0_u64;
    let mut granted = u64::from(WINDOW);
    while sent < 20 * u64::from(WINDOW) {
        assert!(sent + MAX_PAYLOAD as u64 <= granted, "the sender would be stuck at {sent}");
        heard(&mut greedy, &chunk).unwrap();
        sent += MAX_PAYLOAD as u64;
        let output = std::mem::take(greedy.output());
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
    assert!(silent.output().len() < ANSWERS + 1000);
    let mut read = mux(100);
    for _ in 0..50_000 {
        heard(&mut read, &ping).unwrap();
        read.output().clear();
    }
    let mut curious = mux(100);
    let opens = (0..100_000).map(|at| framed(Kind::Open, frame::open::IMPORT, 2 * at + 1, b"x"));
    let breach = opens.enumerate().find_map(|(at, open)| {
        let breach = heard(&mut curious, &open).err();
        curious.answer(2 * at as u32 + 1, Ok(&"x".repeat(4000)));
        breach
    });
    assert!(breach.is_some() && curious.output().len() < ANSWERS + 10_000);
}

#[test]
fn a_module_is_asked_for_once_a_number() {
    let mut mux = mux(100);
    let ask = framed(Kind::Open, frame::open::IMPORT, 1, b"hailer.errors");
    assert_eq!(heard(&mut mux, &ask).unwrap(), [Heard::Import { channel: 1, name: "hailer.errors".into() }]);
    mux.answer(1, Ok("x = 1"));
    let (frame, _) = frame::decode(mux.output()).unwrap().unwrap();
    assert_eq!((frame.kind, frame.tag, frame.payload), (Kind::Close, 0, &b"x = 1"[..]));
    assert!(heard(&mut mux, &ask).is_err(), "the same number again");
}
