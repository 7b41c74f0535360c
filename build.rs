//! Makes the agent ready to be sent: minified with its line numbers kept, the core compressed as well.
//!
//! A core over [`LARGEST`] compressed bytes fails the build: its size is a promise.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

/// The most that the core may take on the wire, in bytes.
const LARGEST: usize = 8 * 1024;
/// The agent's own modules, which it asks for when it needs them, by the last part of their names.
const MODULES: &[&str] = &[
    "aio",
    "deliver",
    "errors",
    "facts",
    "failure",
    "feed",
    "files",
    "group",
    "guard",
    "imports",
    "inert",
    "inert_py2",
    "land",
    "part",
    "queue",
    "reach",
    "receive",
    "relay",
    "script",
    "setops",
    "ship",
    "source",
    "tools/apt",
    "tools/apt_repository",
    "tools/atomic",
    "tools/child",
    "tools/commands",
    "tools/diff",
    "tools/filesystem",
    "tools/follow",
    "tools/host",
    "tools/hostname",
    "tools/keys",
    "tools/lines",
    "tools/logger",
    "tools/logs",
    "tools/packages",
    "tools/pacman",
    "tools/pacman_repository",
    "tools/plan",
    "tools/removal",
    "tools/service",
    "tools/sysctl",
    "tools/template",
    "tools/tool",
    "tools/user",
    "tools/where",
    "transfer",
    "tunnel",
    "values",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=agent");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let core = minified(&fs::read_to_string("agent/core.py")?)?;
    let zlib = compressed(core.as_bytes())?;
    if zlib.len() > LARGEST {
        return Err(format!(
            "the agent's core takes {} bytes on the wire; {LARGEST} are allowed",
            zlib.len()
        )
        .into());
    }
    write(out, ["core.py", "core.zlib", "stage0_raw.py", "stage0.py"], &core)?;
    // The names of both stand side by side in one module; tests/nsenter.rs sees to it that they differ.
    let entering = format!("{}\n{core}", minified(&fs::read_to_string("agent/enter.py")?)?);
    let names = ["enter_core.py", "enter_core.zlib", "stage0_enter_raw.py", "stage0_enter.py"];
    write(out, names, &entering)?;
    let mut table = String::new();
    for path in MODULES {
        let module = minified(&fs::read_to_string(format!("agent/hailer/{path}.py"))?)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        fs::write(out.join(format!("{name}.py")), module)?;
        writeln!(table, "    (\"{name}\", include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.py\"))),")?;
    }
    fs::write(out.join("modules.rs"), format!("const MODULES: &[(&str, &str)] = &[\n{table}];\n"))?;
    Ok(())
}

/// Writes a core as it is and compressed, and stage 0 for each.
fn write(out: &Path, names: [&str; 4], core: &str) -> Result<(), Box<dyn Error>> {
    let zlib = compressed(core.as_bytes())?;
    fs::write(out.join(names[0]), core)?;
    fs::write(out.join(names[1]), &zlib)?;
    fs::write(out.join(names[2]), stage0(core.len(), false)?)?;
    fs::write(out.join(names[3]), stage0(zlib.len(), true)?)?;
    Ok(())
}

/// Stage 0 for a core of this many bytes, compressed or as it is.
fn stage0(length: usize, zlib: bool) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string("agent/stage0.py")?;
    let line = text
        .lines()
        .find(|line| line.starts_with("import"))
        .ok_or("agent/stage0.py holds no line of code")?;
    let mut line = line.replace("NUMBER", &length.to_string());
    if !zlib {
        let (head, rest) = line.split_once("@try:").ok_or("stage 0 has no place where it inflates")?;
        let (_, tail) = rest.split_once("os._exit(5)").ok_or("stage 0 has no place where it inflates")?;
        line = format!("{head}{tail}");
    }
    // What a login shell would not take as it is, inside one pair of single quotes.
    match line.find(['\'', '\\', '!', '$', '`', '\n']) {
        Some(at) => {
            Err(format!("stage 0 holds {:?} at {at}, which some shell would not pass on", &line[at..=at])
                .into())
        }
        None => Ok(line),
    }
}

/// The source without comments, docstrings and needless blanks. Every line keeps its number.
fn minified(source: &str) -> Result<String, Box<dyn Error>> {
    let parsed = parse_module(source)?;
    let mut out = String::with_capacity(source.len());
    let (mut depth, mut at, mut fresh, mut gap) = (0_usize, 0_usize, true, false);
    let tokens: Vec<_> = parsed.tokens().iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let (start, end) = (token.start().to_usize(), token.end().to_usize());
        gap |= start > at;
        at = end;
        match token.kind() {
            TokenKind::Indent => depth += 1,
            TokenKind::Dedent => depth -= 1,
            TokenKind::Comment | TokenKind::EndOfFile => {}
            TokenKind::Newline | TokenKind::NonLogicalNewline => {
                out.push('\n');
                fresh = token.kind() == TokenKind::Newline || fresh;
                gap = false;
            }
            kind => {
                let text = &source[start..end];
                if fresh {
                    out.extend(std::iter::repeat_n(' ', depth));
                } else if gap && out.ends_with(wordy) && text.starts_with(wordy) {
                    out.push(' ');
                }
                let alone =
                    fresh && tokens.get(index + 1).is_some_and(|next| next.kind() == TokenKind::Newline);
                if kind == TokenKind::String && alone {
                    out.push('0');
                    out.extend(text.chars().filter(|c| *c == '\n'));
                } else {
                    out.push_str(text);
                }
                (fresh, gap) = (false, false);
            }
        }
    }
    Ok(out)
}

fn wordy(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '"' || c == '\''
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
