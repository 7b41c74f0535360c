//! What must hold of any bytes and any value: nothing panics, every walk ends, nothing is lost on the way.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use hailer::wire::encode::encode as to_pickle;
use hailer::wire::frame::{self, Kind, MAX_PAYLOAD};
use hailer::wire::pickle::{Caps, decode};
use hailer::wire::value::{ClassName, Form, Node, NodeId, Object, Opaque, Text, Value};
use proptest::collection::vec;
use proptest::prelude::*;

const SMALL: Caps = Caps { bytes: 4096, nodes: 200, memo: 100, stack: 100, copies: 1000 };

fn kind() -> impl Strategy<Value = Kind> {
    (1u8..=8).prop_map(|byte| Kind::from_byte(byte).unwrap())
}

/// Frames of the grammar, as they are written.
fn valid_frame() -> impl Strategy<Value = (Kind, u32, Vec<u8>)> {
    (kind(), any::<u32>(), vec(any::<u8>(), 0..200)).prop_map(|(kind, channel, mut payload)| {
        match kind {
            Kind::Credit => payload.resize(4, 0),
            Kind::Cancel => payload.clear(),
            Kind::Ping | Kind::Pong => payload.truncate(frame::MAX_PING),
            Kind::Open | Kind::Data | Kind::Item | Kind::Close => {}
        }
        (kind, channel, payload)
    })
}

/// Any plain value.
fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::from(())),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(|text| Value::from(&*text)),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Value::from(&*bytes)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::list),
            vec(inner.clone(), 0..6).prop_map(Value::tuple),
            vec((inner.clone(), inner), 0..6).prop_map(Value::dict),
        ]
    })
}

/// Any arena, cycles and all.
fn arena() -> impl Strategy<Value = Value> {
    (1u32..12).prop_flat_map(|size| {
        let id = move || (0..size).prop_map(NodeId);
        let ids = move || vec(id(), 0..4);
        let pairs = move || vec((id(), id()), 0..4);
        let class = || {
            prop::sample::select(vec![
                ("datetime", "datetime"),
                ("datetime", "timedelta"),
                ("datetime", "timezone"),
                ("decimal", "Decimal"),
                ("pathlib", "PosixPath"),
                ("uuid", "UUID"),
                ("fractions", "Fraction"),
                ("collections", "Counter"),
                ("collections", "deque"),
                ("collections", "defaultdict"),
                ("collections", "OrderedDict"),
                ("builtins", "range"),
                ("builtins", "complex"),
                ("builtins", "getattr"),
                ("os", "terminal_size"),
                ("app.models", "Outer.Disk"),
            ])
            .prop_map(|(module, name)| ClassName::new(module, name))
        };
        let form = prop::sample::select(vec![Form::Plain, Form::Dataclass, Form::NamedTuple, Form::Enum]);
        let object = (class(), form, ids(), prop::option::of(id()), ids(), pairs()).prop_map(
            |(class, form, args, state, items, pairs)| {
                Node::Object(Box::new(Object { class, form, args, state, items, pairs }))
            },
        );
        let node = prop_oneof![
            Just(Node::None),
            any::<i64>().prop_map(Node::Int),
            any::<f64>().prop_map(Node::Float),
            vec(any::<u8>(), 9..40).prop_map(|bytes| Node::Big(bytes.into())),
            vec(any::<u8>(), 0..12).prop_map(|bytes| Node::Bytes(bytes.into())),
            // Not even WTF-8: no decoder makes such text, and no walk may fall over it.
            vec(any::<u8>(), 0..12).prop_map(|bytes| Node::Str(Text(bytes.into()))),
            class().prop_map(|class| Node::Class(Box::new(class))),
            class().prop_map(|class| Node::Opaque(Box::new(Opaque { class, repr: "<x>".into() }))),
            ids().prop_map(Node::List),
            ids().prop_map(Node::Tuple),
            ids().prop_map(Node::Set),
            pairs().prop_map(Node::Dict),
            object,
        ];
        (vec(node, size as usize), id()).prop_map(|(nodes, root)| Value::new(Arc::new(nodes), root))
    })
}

/// Every walk there is, to its end.
fn walk(value: &Value) {
    for limit in [0, 1, 50, 5000] {
        assert!(value.repr(limit).chars().count() <= limit + 1);
    }
    assert_eq!(value.digest(), value.digest());
    let _ = (value.type_name(), value.summary(), value.number(), value.len(), value.pairs());
    for child in value.items().unwrap_or_default() {
        let _ = child.repr(10);
    }
    for (_, child) in value.fields().unwrap_or_default() {
        let _ = child.repr(10);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_a_breach_or_too_few(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(Some((frame, used))) = frame::decode(&bytes) {
            prop_assert_eq!(used, frame::HEADER_LEN + frame.payload.len());
            prop_assert!(frame.payload.len() <= MAX_PAYLOAD);
        }
    }

    #[test]
    fn frames_come_back_wherever_the_stream_is_split(
        frames in vec(valid_frame(), 1..5),
        split in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        for (kind, channel, payload) in &frames {
            frame::encode(&mut bytes, *kind, 0, *channel, payload);
        }
        let (first, second) = bytes.split_at(split.index(bytes.len()));
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        for part in [first, second] {
            buffer.extend_from_slice(part);
            let mut done = 0;
            while let Some((frame, used)) = frame::decode(&buffer[done..]).unwrap() {
                seen.push((frame.kind, frame.channel, frame.payload.to_vec()));
                done += used;
            }
            buffer.drain(..done);
        }
        prop_assert_eq!(seen, frames);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn a_message_comes_back_whole(length in 0..3 * MAX_PAYLOAD, fill in any::<u8>()) {
        let message = vec![fill; length];
        let mut bytes = Vec::new();
        frame::encode_message(&mut bytes, Kind::Close, frame::close::VALUE, 2, &message);
        let (mut rest, mut back) = (&bytes[..], Vec::new());
        while let Some((frame, used)) = frame::decode(rest).unwrap() {
            back.extend_from_slice(frame.payload);
            rest = &rest[used..];
            prop_assert_eq!(frame.more, !rest.is_empty());
        }
        prop_assert_eq!(back, message);
    }

    #[test]
    fn a_plain_value_comes_back(value in plain()) {
        let back = decode(&to_pickle(&value).unwrap(), &Caps::default()).unwrap();
        prop_assert_eq!(back.repr(100_000), value.repr(100_000));
        prop_assert_eq!(back, value);
    }

    #[test]
    fn any_bytes_are_a_pickle_within_the_caps_or_an_error(
        bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(&b"(]}).NKaestubRoq\x85\x86\x94\x93\x81"[..])], 0..400),
        protocol in 2u8..=5,
    ) {
        let bytes = [&[0x80, protocol], &bytes[..]].concat();
        if let Ok(value) = decode(&bytes, &SMALL) {
            prop_assert!(value.id().0 < 200);
            walk(&value);
        }
    }

    #[test]
    fn a_damaged_pickle_is_a_value_or_an_error(
        place in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = golden(place);
        for (index, byte) in damage {
            let length = bytes.len();
            bytes[index.index(length)] = byte;
        }
        if let Ok(value) = decode(&bytes, &Caps::default()) {
            walk(&value);
            let _ = value.json();
        }
    }

    #[test]
    fn every_walk_of_any_arena_ends(value in arena()) {
        walk(&value);
        // JSON says shared nodes each time they are met: bounded, but long where everything refers to everything.
        if value.repr(200_000).chars().count() < 200_000 {
            prop_assert!(serde_json::to_string(&value).is_ok());
        }
        if let Ok(bytes) = to_pickle(&value) {
            let _ = decode(&bytes, &Caps::default());
        }
    }

    #[test]
    fn digests_are_blind_to_the_order_of_dicts(pairs in vec((plain(), plain()), 0..6)) {
        let backwards = Value::dict(pairs.iter().rev().cloned());
        prop_assert_eq!(Value::dict(pairs.clone()).digest(), backwards.digest());
        if pairs.len() > 1 && pairs[0] != pairs[1] {
            let flat = |(key, value): (Value, Value)| Value::tuple([key, value]);
            let list = Value::list(pairs.iter().cloned().map(flat));
            prop_assert_ne!(list.digest(), Value::dict(pairs).digest());
        }
    }

    #[test]
    fn digests_do_not_depend_on_where_nodes_lie(value in arena()) {
        prop_assert_eq!(Value::list([().into(), value.clone()]), Value::list([().into(), value]));
    }
}

/// One of the pickles that a real Python wrote.
fn golden(place: prop::sample::Index) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/golden");
    let bytes = std::fs::read(folder.join("3.13-4.pickle")).unwrap();
    let table = std::fs::read_to_string(folder.join("3.13-4.tsv")).unwrap();
    let lengths: Vec<usize> =
        table.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect();
    let chosen = place.index(lengths.len());
    let start = lengths[..chosen].iter().sum();
    bytes[start..][..lengths[chosen]].to_vec()
}
