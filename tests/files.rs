//! put and fetch of the program itself: whole or not at all, only what differs, on every kind of host.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// `hailer --no-config` with these words, from a folder.
fn hailer(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    command.arg("--no-config").args(words).current_dir(folder);
    command.output().expect("the program")
}

/// The JSON of one target's line.
#[track_caller]
fn line(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let first =
        text.lines().next().unwrap_or_else(|| panic!("nothing: {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(first).expect("JSON")
}

/// What a transfer answered, which has to be a value.
#[track_caller]
fn value(output: &Output) -> Value {
    let mut line = line(output);
    assert_eq!(line["state"], "value", "{line}");
    line["value"].take()
}

/// The message of a transfer that failed.
#[track_caller]
fn message(output: &Output) -> String {
    let line = line(output);
    assert_eq!(line["state"], "raised", "{line}");
    line["error"]["message"].as_str().expect("a message").to_owned()
}

/// Bytes that no compression makes smaller and no two places of which are the same.
fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        bytes.extend_from_slice(&seed.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

/// All names below a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let (mut names, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = open.pop() {
        for entry in fs::read_dir(inside).expect("a folder").flatten() {
            names.push(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    names.sort();
    names
}

fn place() -> (TempDir, PathBuf) {
    let place = TempDir::new().expect("a folder");
    let path = place.path().canonicalize().expect("a path");
    (place, path)
}

#[test]
fn a_file_of_any_size_goes_and_comes_back() {
    let (_place, path) = place();
    for size in [0, 1, 3_000_001] {
        let data = noise(size, 7);
        fs::write(path.join("from"), &data).unwrap();
        fs::set_permissions(path.join("from"), fs::Permissions::from_mode(0o751)).unwrap();
        let there = path.join("there");
        let put = value(&hailer(&path, &["put", "--json", "from", there.to_str().unwrap()]));
        assert_eq!(put["remote_path"], there.to_str().unwrap());
        assert_eq!(put["local_path"], path.join("from").to_str().unwrap());
        assert_eq!((&put["size"], &put["changed"]), (&size.into(), &true.into()), "{put}");
        assert!(fs::read(&there).unwrap() == data, "{size} bytes");
        assert_eq!(mode(&there), 0o751);
        let again = value(&hailer(&path, &["put", "--json", "from", there.to_str().unwrap()]));
        assert_eq!((&again["changed"], &again["moved"]), (&false.into(), &0.into()), "{again}");
        assert_eq!(again["checksum"], put["checksum"]);
        let fetched = value(&hailer(&path, &["fetch", "--json", there.to_str().unwrap(), "back"]));
        assert_eq!(fetched["local_path"], path.join("back/local/there").to_str().unwrap());
        assert_eq!(fetched["checksum"], put["checksum"]);
        assert!(fs::read(path.join("back/local/there")).unwrap() == data);
        assert_eq!(mode(&path.join("back/local/there")), 0o751);
        fs::remove_file(there).unwrap();
    }
    let mut left = names(&path);
    left.sort();
    assert_eq!(left, ["back", "back/local", "back/local/there", "from"], "nothing is left beside them");
}

#[test]
fn what_fails_is_told_and_leaves_what_was_there() {
    let (_place, path) = place();
    fs::create_dir_all(path.join("folder")).unwrap();
    fs::create_dir_all(path.join("back/local")).unwrap();
    fs::write(path.join("from"), "new").unwrap();
    fs::write(path.join("back/local/missing"), "old").unwrap();
    let at = |name: &str| path.join(name).to_str().unwrap().to_owned();
    let put = |to: &str| message(&hailer(&path, &["put", "--json", "from", &at(to)]));
    assert!(put("folder").contains("Is a directory"), "{}", put("folder"));
    assert!(put("no/such").contains("No such file"), "{}", put("no/such"));
    let fetch = |from: &str| message(&hailer(&path, &["fetch", "--json", from, "back"]));
    assert!(fetch(&at("missing")).contains("No such file"));
    assert!(fetch("/dev/zero").contains("only plain files"), "{}", fetch("/dev/zero"));
    assert_eq!(fs::read_to_string(path.join("back/local/missing")).unwrap(), "old");
    let none = hailer(&path, &["put", "none", "/tmp/x"]);
    assert_eq!(none.status.code(), Some(2), "{}", String::from_utf8_lossy(&none.stderr));
    assert_eq!(names(&path), ["back", "back/local", "back/local/missing", "folder", "from"]);
    let into = value(&hailer(&path, &["put", "--json", "from", &(at("folder") + "/")]));
    assert_eq!(into["remote_path"], at("folder/from"));
}

#[test]
fn a_folder_goes_with_all_in_it_and_only_what_differs() {
    let (_place, path) = place();
    let from = path.join("from");
    fs::create_dir_all(from.join("deep/er")).unwrap();
    fs::create_dir_all(from.join("empty")).unwrap();
    fs::write(from.join("deep/er/é 漢"), "é").unwrap();
    fs::write(from.join("new\nline"), "n").unwrap();
    fs::write(from.join(OsStr::from_bytes(b"bad-\xff")), "b").unwrap();
    let sizes = [0, 1, 65535, 65536, 65537, 131_073, 262_144, 262_145];
    for size in sizes {
        fs::write(from.join(format!("size-{size}")), noise(size, 5)).unwrap();
    }
    fs::write(from.join("deep/tool"), noise(200_000, 3)).unwrap();
    fs::set_permissions(from.join("deep/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(from.join("deep/er"), fs::Permissions::from_mode(0o555)).unwrap();
    symlink("deep/tool", from.join("link")).unwrap();
    let there = path.join("there");
    let to = there.to_str().unwrap();
    let put = value(&hailer(&path, &["put", "--json", "from", to]));
    assert_eq!((&put["files"], &put["changed"]), (&12.into(), &true.into()), "{put}");
    assert_eq!(names(&there), names(&from));
    assert_eq!(mode(&there.join("deep/tool")), 0o755);
    assert_eq!(mode(&there.join("deep/er")), 0o555);
    assert_eq!(fs::read_link(there.join("link")).unwrap(), Path::new("deep/tool"));
    let again = value(&hailer(&path, &["put", "--json", "from", to]));
    assert_eq!((&again["changed"], &again["moved"]), (&false.into(), &0.into()), "{again}");
    // Of the same size and not the same; one too many; a file that is not asked about any more.
    fs::write(there.join("new\nline"), "m").unwrap();
    fs::write(there.join("extra"), "x").unwrap();
    let third = value(&hailer(&path, &["put", "--json", "from", to]));
    assert_eq!((&third["moved"], &third["deleted"]), (&1.into(), &0.into()), "{third}");
    assert!(there.join("extra").exists());
    fs::create_dir_all(there.join("empty/more/and/more")).unwrap();
    symlink(&from, there.join("empty/more/out")).unwrap();
    let fourth = value(&hailer(&path, &["put", "--json", "--delete", "from", to]));
    assert_eq!(fourth["deleted"], 2, "{fourth}");
    assert_eq!(names(&there), names(&from));
    assert_eq!(fs::read(from.join("deep/tool")).unwrap().len(), 200_000, "no link was followed");
    let back = value(&hailer(&path, &["fetch", "--json", to, "back/{host}"]));
    assert_eq!((&back["files"], &back["checksum"]), (&12.into(), &put["checksum"]), "{back}");
    let here = path.join("back/local");
    assert_eq!(names(&here), names(&from));
    assert_eq!(mode(&here.join("deep/er")), 0o555);
    for size in sizes {
        assert!(fs::read(here.join(format!("size-{size}"))).unwrap() == noise(size, 5), "{size} bytes");
    }
    fs::write(here.join("gone"), "x").unwrap();
    let again = value(&hailer(&path, &["fetch", "--json", "--delete", to, "back/{host}"]));
    assert_eq!((&again["moved"], &again["deleted"]), (&0.into(), &1.into()), "{again}");
    assert_eq!(names(&here), names(&from));
    for folder in [&from, &there, &here] {
        fs::set_permissions(folder.join("deep/er"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(fs::metadata(&here).unwrap().mode() & 0o170_000, 0o040_000);
}
