//! Values as real Pythons pickle them (`tests/wire/make_pickles.py`), and what those Pythons say of them.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hailer::wire::encode::encode;
use hailer::wire::pickle::{Caps, decode};
use hailer::wire::value::Value;

/// One line of a table: what a Python pickled, and what it says of it.
struct Golden {
    name: String,
    pickle: Vec<u8>,
    kind: String,
    repr: String,
}

fn golden_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/golden");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = all.filter(|path| path.extension().is_some_and(|end| end == "pickle")).collect();
    files.sort();
    files
}

fn read(pickles: &Path) -> Vec<Golden> {
    let bytes = fs::read(pickles).unwrap();
    let mut rest = &bytes[..];
    let table = fs::read_to_string(pickles.with_extension("tsv")).unwrap();
    let lines = table.lines().map(|line| {
        let [name, length, kind, repr] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (pickle, after) = rest.split_at(length.parse().unwrap());
        rest = after;
        Golden {
            name: name.to_owned(),
            pickle: pickle.to_vec(),
            // 3.13 has moved its paths.
            kind: serde_json::from_str::<String>(kind).unwrap().replace("pathlib._local", "pathlib"),
            repr: serde_json::from_str(repr).unwrap(),
        }
    });
    lines.collect()
}

fn value(golden: &Golden) -> Value {
    decode(&golden.pickle, &Caps::default()).unwrap_or_else(|error| panic!("{}: {error}", golden.name))
}

/// Reprs have changed over the versions; we show those of the newest.
fn newest() -> HashMap<String, Golden> {
    let path = golden_files().pop().unwrap().with_file_name("3.13-4.pickle");
    read(&path).into_iter().map(|golden| (golden.name.clone(), golden)).collect()
}

#[test]
fn every_python_s_values_are_shown_as_the_newest_shows_them() {
    let newest = newest();
    let mut wrong = Vec::new();
    for file in golden_files() {
        let goldens = read(&file);
        assert!(goldens.len() > 70, "{} holds {} values", file.display(), goldens.len());
        for golden in goldens {
            if is_really_another(&file.file_stem().unwrap().to_string_lossy(), &golden.name) {
                continue;
            }
            let expected = newest.get(&golden.name).unwrap_or(&golden);
            let value = value(&golden);
            let (repr, kind) = (value.repr(100_000), value.type_name());
            if repr != expected.repr || kind != expected.kind {
                let file = file.file_stem().unwrap().display().to_string();
                wrong.push(format!(
                    "{file} {}: {kind} {repr}\n    wanted {} {}",
                    golden.name, expected.kind, expected.repr
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn equal_values_fold_whatever_the_protocol_and_version() {
    let newest = newest();
    let mut apart = Vec::new();
    for file in golden_files() {
        let stem = file.file_stem().unwrap().display().to_string();
        for golden in read(&file) {
            let same = newest.get(&golden.name).is_none_or(|newest| value(&golden) == value(newest));
            if !same && !is_really_another(&stem, &golden.name) {
                apart.push(format!("{stem} {}", golden.name));
            }
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

/// What a version, or its way to pickle, makes another value of.
fn is_really_another(stem: &str, name: &str) -> bool {
    match name {
        // Python itself drops the fold below protocol 4.
        "datetime fold" => stem.ends_with("-2"),
        // Its xrange is range(0, 12, 3), its dicts have another order, its time tuples no zone, its text no é.
        "range by" | "thing" | "time tuple" | "opaque" => stem == "2.7-2",
        _ => false,
    }
}

#[test]
fn different_values_have_different_digests() {
    let newest: Vec<_> = newest().into_values().collect();
    let mut seen = HashMap::new();
    for golden in &newest {
        if let Some(other) = seen.insert(value(golden).digest(), &golden.name) {
            panic!("{} and {other} have the same digest", golden.name);
        }
    }
}

#[test]
fn what_json_has_no_type_for_is_tagged() {
    let newest = newest();
    let json = |name: &str| value(&newest[name]).json().to_string();
    for (name, expected) in [
        ("none", "null"),
        ("int 18446744073709551616", r#"{"$type":"int","$value":"18446744073709551616"}"#),
        ("int 9223372036854775808", "9223372036854775808"),
        ("float nan", r#"{"$type":"float","$value":"nan"}"#),
        ("surrogate", r#"{"$repr":"'\\udc80x'","$type":"str"}"#),
        ("tuple", r#"{"$type":"tuple","$value":[1,2]}"#),
        ("set", r#"{"$type":"set","$value":[1,2]}"#),
        ("bytes", r#"{"$type":"bytes","$value":"AGl0J3P/"}"#),
        ("dict", r#"{"a":[1]}"#),
        ("int keys", r#"{"$type":"dict","$value":[[1,null]]}"#),
        ("cycle", r#"[{"$cycle":1,"$type":"list"}]"#),
        ("thing", r#"{"$fields":{"free":1,"name":"x"},"$type":"__main__.Thing"}"#),
        ("point", r#"{"$fields":{"x":1,"y":"y"},"$type":"__main__.Point"}"#),
        ("opaque", r#"{"$repr":"<Lock é>","$type":"__main__.Lock"}"#),
        ("enum", r#"{"$name":"RED","$type":"__main__.Color","$value":1}"#),
        ("datetime micro", r#"{"$type":"datetime.datetime","$value":"2020-01-02T03:04:00.000006"}"#),
        ("decimal", r#"{"$type":"decimal.Decimal","$value":"1.50"}"#),
        ("path", r#"{"$type":"pathlib.PosixPath","$value":"/a/b c"}"#),
        ("error", r#"{"$args":["x"],"$type":"ValueError"}"#),
        ("class", r#"{"$type":"type","$value":"int"}"#),
        ("ordered", r#"{"$pairs":[["a",1],["b",2]],"$type":"collections.OrderedDict"}"#),
    ] {
        assert_eq!(json(name), expected, "{name}");
    }
}

#[test]
fn parts_and_numbers_can_be_read() {
    let newest = newest();
    let names = |name: &str| {
        let fields = value(&newest[name]).fields();
        fields.map(|fields| fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" "))
    };
    for (name, expected) in [
        ("dict", Some("a")),
        ("int keys", None),
        ("point", Some("x y")),
        ("dataclass", Some("free name")),
        ("slots", Some("free")),
        ("terminal", Some("columns lines")),
        ("ordered", Some("a b")),
        ("list", None),
        ("decimal", None),
    ] {
        assert_eq!(names(name).as_deref(), expected, "{name}");
    }
    let number = |name: &str| value(&newest[name]).number();
    assert_eq!(number("decimal"), Some(1.5));
    assert_eq!(number("fraction"), Some(-0.75));
    assert_eq!(number("str"), None);
    assert_eq!(value(&newest["str"]).summary(), "str of 10 characters");
    assert_eq!(value(&newest["deque"]).items().unwrap().len(), 2);
}

#[test]
fn deep_nesting_is_shown_whole_and_cut_with_a_tag_in_json() {
    let depth = 3000;
    let pickle = [b"\x80\x04".as_slice(), &b"]".repeat(depth), &b"a".repeat(depth - 1), b"."].concat();
    let value = decode(&pickle, &Caps::default()).unwrap();
    let repr = value.repr(10_000);
    assert_eq!(repr, "[".repeat(depth) + &"]".repeat(depth));
    assert_eq!(value, decode(&pickle, &Caps::default()).unwrap());
    let json = serde_json::to_string(&value).unwrap();
    assert!(json.contains(r#"{"$type":"list","$cut":"depth","$repr":"[[["#), "{json}");
    serde_json::from_str::<serde_json::Value>(&json).expect("a depth that readers take");
}

#[test]
fn a_pickle_that_says_one_list_a_billion_times_costs_little() {
    let mut pickle = b"\x80\x04\x8c\x04long\x94".to_vec();
    for level in 0..9 {
        pickle.extend(b"](");
        pickle.extend([b'h', level].repeat(10));
        pickle.extend(b"e\x94");
    }
    pickle.extend(b"\x85.");
    // What lies below on the stack is dropped by taking the whole as a tuple of all.
    let pickle = [b"\x80\x04(".as_slice(), &pickle[2..pickle.len() - 2], b"t."].concat();
    let value = decode(&pickle, &Caps::default()).unwrap();
    assert!(value.repr(1000).chars().count() <= 1001);
    assert_eq!(value, decode(&pickle, &Caps::default()).unwrap());
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, &value).unwrap();
    assert!(counted.0 < 1 << 30, "{} bytes", counted.0);
}

struct Counted(u64);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn real_pythons_read_what_we_encode() {
    let value = Value::tuple([
        Value::list([().into(), true.into(), 7.into(), i64::MIN.into(), 0.1.into()]),
        Value::dict([("k\u{e9}\u{1f600}".into(), b"\0\xff".as_slice().into())]),
        Value::tuple([]),
    ]);
    let check = "import sys\n\
        try: import cPickle as p\n\
        except ImportError: import _pickle as p\n\
        v = p.loads(getattr(sys.stdin, 'buffer', sys.stdin).read())\n\
        e = ([None, True, 7, -2**63, 0.1], {b'k\\xc3\\xa9\\xf0\\x9f\\x98\\x80'.decode('utf-8'): b'\\x00\\xff'}, ())\n\
        assert v == e, v\n";
    let bytes = encode(&value).unwrap();
    let mut asked = Vec::new();
    for python in ["python3", "python2.7"] {
        let started =
            Command::new(python).args(["-c", check]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = started else { continue };
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // A version manager's shim without that version is no Python.
        if output.status.code() != Some(127) {
            assert!(output.status.success(), "{python}: {said}");
            asked.push(python);
        }
    }
    assert!(!asked.is_empty(), "no Python here to ask");
}
