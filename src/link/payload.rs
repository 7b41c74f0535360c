//! What is sent to a far side to start the agent there, as the build script made it from `agent/`.

/// How the core travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Compressed with zlib, which nearly every Python has.
    Zlib,
    /// As it is, where zlib is missing.
    Raw,
}

/// The core, exactly as it is sent.
pub fn core(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::Zlib => include_bytes!(concat!(env!("OUT_DIR"), "/core.zlib")),
        Codec::Raw => include_bytes!(concat!(env!("OUT_DIR"), "/core.py")),
    }
}

/// The text for `python -c` that reads the core and becomes it. One line; fits into one pair of single quotes.
pub fn stage0(codec: Codec) -> &'static str {
    match codec {
        Codec::Zlib => include_str!(concat!(env!("OUT_DIR"), "/stage0.py")),
        Codec::Raw => include_str!(concat!(env!("OUT_DIR"), "/stage0_raw.py")),
    }
}

/// The core with what moves into another process's namespaces first, exactly as it is sent.
pub fn entering_core(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::Zlib => include_bytes!(concat!(env!("OUT_DIR"), "/enter_core.zlib")),
        Codec::Raw => include_bytes!(concat!(env!("OUT_DIR"), "/enter_core.py")),
    }
}

/// [`stage0`] for [`entering_core`]. `whose` is a process by its number, or a running container as `docker:NAME` or
/// `podman:NAME`. None where it is something else.
pub fn entering_stage0(codec: Codec, whose: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let (is_process, name) = match whose.split_once(':') {
        None => (whose.chars().all(|c| c.is_ascii_digit()), whose),
        Some(("docker" | "podman", name)) => (false, name),
        Some(_) => return None,
    };
    let is_name = whose.contains(':') && name.chars().all(plain);
    let text = match codec {
        Codec::Zlib => include_str!(concat!(env!("OUT_DIR"), "/stage0_enter.py")),
        Codec::Raw => include_str!(concat!(env!("OUT_DIR"), "/stage0_enter_raw.py")),
    };
    (!name.is_empty() && (is_process || is_name)).then(|| format!("target=\"{whose}\";{text}"))
}

/// The source of one of the agent's own modules, which it asks for when it needs it.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| name.strip_prefix("hailer.") == Some(*known)).map(|(_, source)| *source)
}

/// The names of the agent's own modules, as [`module`] knows them.
pub fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

// `MODULES`: name and source of each, as the build script made them.
include!(concat!(env!("OUT_DIR"), "/modules.rs"));
