//! What an agent says of itself.

use serde::Serialize;

/// What the agent says of itself in its hello. All text comes from the far side: draw it through the renderer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AgentInfo {
    /// (major, minor, micro)
    pub python: (u8, u8, u8),
    /// `CPython`, `PyPy`
    pub implementation: String,
    /// Path of the interpreter.
    pub executable: String,
    /// Process id over there.
    pub pid: u32,
    /// Its own host name.
    pub host: String,
    /// The user it runs as, a number where there is no name.
    pub user: String,
    /// `linux`
    pub platform: String,
    /// It can inflate what is sent compressed.
    #[serde(skip)]
    pub zlib: bool,
}

impl AgentInfo {
    /// Reads a hello: lines `key=value`, in any order; keys that are not known are left out.
    pub fn parse(hello: &[u8]) -> Self {
        let text = String::from_utf8_lossy(hello);
        let mut info = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            match key {
                "python" => info.python = version(value),
                "implementation" => info.implementation = value.to_owned(),
                "executable" => info.executable = value.to_owned(),
                "pid" => info.pid = value.parse().unwrap_or_default(),
                "host" => info.host = value.to_owned(),
                "uid" if info.user.is_empty() => info.user = value.to_owned(),
                "user" if !value.is_empty() => info.user = value.to_owned(),
                "zlib" => info.zlib = value == "1",
                "platform" => info.platform = value.to_owned(),
                _ => {}
            }
        }
        info
    }

    /// Whether it has what the guard rail is made of: audit hooks.
    pub fn can_guard(&self) -> bool {
        self.implementation == "CPython" && self.python >= (3, 8, 0)
    }

    /// `3.11.2`
    pub fn version(&self) -> String {
        let (major, minor, micro) = self.python;
        format!("{major}.{minor}.{micro}")
    }
}

fn version(text: &str) -> (u8, u8, u8) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_read_and_a_strange_one_survived() {
        let info =
            AgentInfo::parse(b"python=3.11.2\nuid=0\nuser=root\nhost=web1\npid=7\nnew=x\nnonsense\n\xff");
        assert_eq!((info.version().as_str(), info.user.as_str(), info.pid), ("3.11.2", "root", 7));
        assert_eq!(AgentInfo::parse(b"python=x.999.1").python, (0, 0, 1));
    }
}
