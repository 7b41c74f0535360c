//! Reading a script or a template that a person named.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::engine::code::{Script, Template};
use crate::template;

/// The longest file, in bytes: no person writes a longer one, and whoever names a disk image by mistake is to be told.
const LONGEST: u64 = 4 << 20;

/// Reads a script. A pipe is waited for.
///
/// # Errors
/// What is wrong with the file, with its name, in a sentence.
pub fn read(path: &Path, arguments: Vec<String>) -> Result<Script, String> {
    Ok(Script { path: path.to_owned(), arguments, text: text_of(path, "script")? })
}

/// Reads a template and translates it. Each value is `NAME=TEXT`.
///
/// # Errors
/// What is wrong with the file, with its name and line, or with a value, in a sentence.
pub fn read_template(path: &Path, values: &[String]) -> Result<Template, String> {
    let text = text_of(path, "template")?;
    let name = path.display().to_string();
    let code = template::compile(&text).map_err(|problem| format!("{name}, {problem}"))?;
    let names = values.iter().map(|value| {
        let named = value.split_once('=').filter(|(name, _)| template::is_name(name));
        let (name, text) = named.ok_or_else(|| format!("--set {value}: this is no NAME=TEXT"))?;
        Ok((name.to_owned(), text.to_owned()))
    });
    Ok(Template { name, text, code, names: names.collect::<Result<_, String>>()? })
}

/// The text of a file. A pipe is waited for.
fn text_of(path: &Path, what: &str) -> Result<String, String> {
    let told = |why: &str| format!("{}: {why}", path.display());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| told(&reason(&error, what)))?;
    if bytes.len() as u64 > LONGEST {
        return Err(told(&format!("a {what} may have up to {} MiB", LONGEST >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        told(&format!("line {line} is not UTF-8, so this is no {what} that can be sent"))
    })
}

/// Reads a script for somebody who cannot wait: it has to be a regular file. The path may begin with `~/`, and is absolute
/// afterwards, since the interpreter that runs the script may be in another folder by now.
///
/// # Errors
/// As [`read`].
pub fn read_at_once(path: &Path, arguments: Vec<String>) -> Result<Script, String> {
    let told = |why: &str| format!("{}: {why}", path.display());
    let home = path.strip_prefix("~").ok().and_then(|rest| Some(crate::paths::home()?.join(rest)));
    let path = std::path::absolute(home.as_deref().unwrap_or(path))
        .map_err(|error| told(&reason(&error, "script")))?;
    let kind =
        fs::metadata(&path).map_err(|error| format!("{}: {}", path.display(), reason(&error, "script")))?;
    if !kind.is_file() && !kind.is_dir() {
        return Err(told("this is no regular file"));
    }
    read(&path, arguments)
}

/// Why a file cannot be read, without the numbers of the system.
fn reason(error: &io::Error, what: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => format!("this is a folder, not a {what}"),
        io::ErrorKind::PermissionDenied => "this file may not be read".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_with_its_arguments_and_an_absolute_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("due.py");
        fs::write(&path, "print('é')\n").unwrap();
        let script = read_at_once(&path, vec!["-x".into()]).unwrap();
        let text = "print('é')\n".to_owned();
        assert_eq!(script, Script { path, arguments: vec!["-x".into()], text });
        assert!(read_at_once(Path::new("Cargo.toml"), Vec::new()).unwrap().path.is_absolute());
    }

    #[test]
    fn a_template_is_read_with_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("motd");
        fs::write(&path, "${a}\n% if a\n% end\n").unwrap();
        let said = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
            read_template(&path, &values)
        };
        let told = said(&[]).unwrap_err();
        assert_eq!(told, format!("{}, line 2: this block is empty; `% pass` does nothing", path.display()));
        fs::write(&path, "${a}\n").unwrap();
        let read = said(&["a=b=c", "_é="]).unwrap();
        assert_eq!(read.names, [("a".to_owned(), "b=c".to_owned()), ("_é".to_owned(), String::new())]);
        assert_eq!((read.text.as_str(), read.code.lines().count()), ("${a}\n", 1));
        for wrong in ["a", "=b", "a b=c", "class=x", "1=2", "a)=2", "*a=2"] {
            assert_eq!(said(&[wrong]).unwrap_err(), format!("--set {wrong}: this is no NAME=TEXT"));
        }
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("latin.py", b"a = 1\nb = '\xe9'\n");
        write("large.py", &vec![b'#'; LONGEST as usize + 1]);
        write("largest.py", &vec![b'#'; LONGEST as usize]);
        fs::create_dir(folder.path().join("lib")).unwrap();
        let refused = |name: &str| {
            let path = folder.path().join(name);
            let why = read_at_once(&path, Vec::new()).unwrap_err();
            why.strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
        };
        assert_eq!(refused("none.py"), "there is no such file");
        assert_eq!(refused("lib"), "this is a folder, not a script");
        assert_eq!(refused("latin.py"), "line 2 is not UTF-8, so this is no script that can be sent");
        assert_eq!(refused("large.py"), "a script may have up to 4 MiB");
        assert!(read_at_once(&folder.path().join("largest.py"), Vec::new()).is_ok());
        assert_eq!(
            read_at_once(Path::new("/dev/null"), Vec::new()).unwrap_err(),
            "/dev/null: this is no regular file"
        );
        assert!(read(Path::new("/dev/null"), Vec::new()).is_ok(), "a command line may name anything");
    }
}
