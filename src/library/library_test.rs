use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::parcel::{Held, Parcel};
use super::place::{Place, Wins};
use super::snapshot::Kind;
use super::*;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As an editor saves: a new file in the place of the old one.
        let new = path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

fn archive(path: &Path, files: &[(&str, &str)]) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn library(places: &[&Path]) -> Arc<Library> {
    let place = |path: &&Path| Place::at(path, Wins::Usual).unwrap();
    Arc::new(Library::new(places.iter().map(place).collect()))
}

fn names(shipment: &Shipment) -> Vec<&str> {
    shipment.modules.iter().map(|module| module.name.as_str()).collect()
}

/// The lines of a parcel, without the bytes behind them.
fn lines(parcel: Option<Parcel>) -> Vec<String> {
    let Some(parcel) = parcel else { return Vec::new() };
    assert!(!parcel.zlib);
    let text = String::from_utf8(parcel.bytes.to_vec()).unwrap();
    text.split("\n\n").next().unwrap().lines().map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn the_closure_is_what_the_code_imports_and_no_more() {
    let lib = folder(&[
        ("ops/__init__.py", ""),
        ("ops/disk.py", "import os\nfrom . import util\nfrom .deep.er import x\n"),
        ("ops/util.py", "def f():\n    import lone\n"),
        ("ops/deep/er.py", "import importlib\nimportlib.import_module('.late', __package__)\n"),
        ("ops/deep/late.py", ""),
        ("ops/unused.py", "import ops.disk"),
        ("lone.py", "try:\n    import nowhere\nexcept ImportError: pass\n"),
        ("docs/readme.txt", "no Python"),
    ]);
    let library = library(&[lib.path()]);
    let shipment = library.freeze("from ops.disk import biggest\nimport os, docs\n").unwrap();
    assert_eq!(
        names(&shipment),
        ["lone", "ops", "ops.deep", "ops.deep.er", "ops.deep.late", "ops.disk", "ops.util"]
    );
    assert_eq!(shipment.modules[2].kind, Kind::Namespace);
    let roots: Vec<_> = shipment.snapshot.roots().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(roots, ["lone", "ops"]);
    assert!(names(&library.freeze("1 + 1").unwrap()).is_empty());
}

#[test]
fn old_grammar_and_old_imports_do_not_break_it() {
    let lib = folder(&[
        ("old/__init__.py", "import sibling\nprint 'x'\n"),
        ("old/sibling.py", "exec 'y' in {}\nfrom other import (a,\n b)\n"),
        ("old/other.py", ""),
    ]);
    let shipment = library(&[lib.path()]).freeze("import old").unwrap();
    assert_eq!(names(&shipment), ["old", "old.other", "old.sibling"]);
}

#[test]
fn wheels_files_and_folders_stand_side_by_side() {
    let lib = folder(&[("space/one.py", ""), ("single.py", ""), ("twice.py", "first = 1")]);
    let other = folder(&[("space/two.py", ""), ("twice.py", "second = 1")]);
    let wheel = other.path().join("thing-1.0-py3-none-any.whl");
    archive(
        &wheel,
        &[
            ("thing/__init__.py", "from . import part"),
            ("thing/part.py", ""),
            ("thing/a.txt", "text"),
            ("thing-1.0.dist-info/RECORD", ""),
        ],
    );
    let library = library(&[&lib.path().join("single.py"), lib.path(), &wheel, other.path()]);
    let shipment = library.freeze("import single, thing, space.one, space.two, twice").unwrap();
    assert_eq!(
        names(&shipment),
        ["single", "space", "space.one", "space.two", "thing", "thing.part", "twice"]
    );
    assert_eq!(&*shipment.modules[6].text, b"first = 1");
    assert_eq!(shipment.snapshot.data("thing", "a.txt").unwrap(), b"text");
    let files = &shipment.modules[4].files.as_ref().unwrap().0;
    assert_eq!(files, &["__init__.py", "a.txt", "part.py"]);
}

#[test]
fn an_extension_is_refused_with_the_reason() {
    let lib = folder(&[
        ("fast/__init__.py", "from . import _c"),
        ("fast/_c.cpython-311-x86_64-linux-gnu.so", "ELF"),
    ]);
    let shipment = library(&[lib.path()]).freeze("import fast").unwrap();
    let refused = &shipment.modules[1];
    let why = String::from_utf8_lossy(&refused.text);
    assert_eq!((refused.name.as_str(), refused.kind), ("fast._c", Kind::Refused));
    assert!(why.contains("C extension (_c.cpython-311") && why.contains("install it on the host"), "{why}");
    for name in ["x.so", "x.tar.gz", "x.txt", "a-b.py", "none.py", "no.whl"] {
        let path = lib.path().join(name);
        if name != "none.py" {
            fs::write(&path, "").unwrap();
        }
        assert!(Place::at(&path, Wins::Usual).is_err(), "{name}");
    }
}

#[test]
fn a_link_gets_only_what_it_does_not_have() {
    let lib = folder(&[("a.py", "import b"), ("b.py", "x = 1"), ("c.py", "")]);
    let library = library(&[lib.path()]);
    let mut held = Held::nothing(false);
    assert_eq!(held.before(&library.freeze("1").unwrap()), None, "nothing is imported");
    let told = lines(held.before(&library.freeze("import a").unwrap()));
    assert_eq!(told, ["roots - a:usual b:usual c:usual", "module a module 8 b", "module b module 5 "]);
    assert_eq!(held.before(&library.freeze("import a").unwrap()), None);
    assert_eq!(lines(held.before(&library.freeze("import c").unwrap())), ["module c module 0 "]);
    write(lib.path(), &[("b.py", "x = 23")]);
    // Whatever the next call imports: names of the session may stand for it.
    assert_eq!(lines(held.before(&library.freeze("1").unwrap())), ["module b module 6 "]);
    fs::remove_file(lib.path().join("b.py")).unwrap();
    let told = lines(held.before(&library.freeze("import a").unwrap()));
    assert_eq!(told, ["roots - a:usual c:usual", "gone b"]);
    let packed = Held::nothing(true).before(&library.freeze("import a").unwrap()).unwrap();
    assert!(packed.zlib && packed.bytes.starts_with(b"\x78"));
}

#[test]
fn a_run_never_mixes_texts() {
    let lib = folder(&[
        ("a.py", "import b"),
        ("b.py", "x = 1"),
        ("late.py", ""),
        ("pack/__init__.py", ""),
        ("pack/d", "1"),
    ]);
    let library = library(&[lib.path()]);
    let begun = library.freeze("import a, pack").unwrap();
    write(lib.path(), &[("b.py", "x = 2"), ("late.py", "y = 2"), ("pack/d", "2")]);
    let next = library.freeze("import a").unwrap();
    let text = |shipment: &Shipment| shipment.modules[1].text.to_vec();
    assert_eq!((text(&begun), text(&next)), (b"x = 1".to_vec(), b"x = 2".to_vec()));
    // What the older run did not foresee was saved after it began: it does not get a newer text.
    let mut held = Held::nothing(false);
    held.before(&begun);
    let refused = lines(held.wished("lib:late").unwrap());
    assert!(refused[0].starts_with("module late refused"), "{refused:?}");
    assert!(held.wished("data:pack/d").unwrap_err().contains("run it again"));
    let told = lines(held.before(&next));
    assert_eq!(told, ["module b module 5 ", "module late module 5 "]);
}

#[test]
fn wishes_stay_inside_the_library() {
    let lib =
        folder(&[("pack/__init__.py", ""), ("pack/d", "1"), ("pack/.secret", "s"), ("other.txt", "no")]);
    let library = library(&[lib.path()]);
    let mut held = Held::nothing(false);
    assert!(held.wished("lib:pack").is_err(), "no library was told of");
    held.before(&library.freeze("import pack").unwrap());
    assert_eq!(lines(held.wished("data:pack/d").unwrap()), ["data pack d 1"]);
    for wish in [
        "data:pack/../other.txt",
        "data:pack/.secret",
        "data:pack//etc/passwd",
        "data:/etc/passwd",
        "data:pack/",
        "data:../d",
        "lib:../pack",
        "lib:pack.none",
        "lib:",
        "lib:os",
        "file:/etc/passwd",
        "data:pack/d\n",
    ] {
        assert!(held.wished(wish).is_err(), "{wish}");
    }
}

#[test]
fn large_files_and_strange_folders_are_bounded() {
    let lib = folder(&[("many/__init__.py", ""), ("large.py", "")]);
    fs::write(lib.path().join("large.py"), vec![b'#'; 5 << 20]).unwrap();
    for at in 0..1200 {
        fs::write(lib.path().join(format!("many/{at}.txt")), "").unwrap();
    }
    std::os::unix::fs::symlink(lib.path(), lib.path().join("many/round")).unwrap();
    let shipment = library(&[lib.path()]).freeze("import many, large").unwrap();
    assert_eq!(shipment.modules[0].kind, Kind::Refused);
    let files = &shipment.modules[1].files.as_ref().unwrap().0;
    assert!(files.len() <= 1001 && files.contains(&"...".to_owned()), "{}", files.len());
}

#[test]
fn entries_say_who_wins() {
    let lib = folder(&[("a.py", "")]);
    let path = lib.path().display();
    let wins = |entry: String| Place::named(&entry).unwrap().wins;
    assert_eq!(wins(format!("{path}")), Wins::Usual);
    assert_eq!(wins(format!("first={path}")), Wins::First);
    assert_eq!(wins(format!("last={path}")), Wins::Last);
    assert!(Place::named("/nowhere/at/all").unwrap_err().contains("no such file"));
}
