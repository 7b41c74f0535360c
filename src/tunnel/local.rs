//! A Python on this machine.

use std::env;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::interpreter::{self, CANDIDATES};
use crate::tunnel::pipes::Pipes;

/// Starts it. It is looked for here, without a shell in between.
///
/// # Errors
/// There is none, or it cannot be started.
pub fn open(python: Option<&str>, stage0: &str) -> Result<Pipes, Failure> {
    let found = match python {
        Some(python) => Some(python.to_owned()),
        None => CANDIDATES.iter().find_map(|name| find(name)),
    };
    let python = found.ok_or_else(|| Failure {
        stage: Stage::Interpreter,
        why: "no Python was found on this machine; name one with python=".to_owned(),
        said: format!("tried {}", CANDIDATES.join(" ")),
    })?;
    super::spawn(&interpreter::start(&python, stage0), &[])
        .map_err(|failure| Failure { stage: Stage::Interpreter, ..failure })
}

/// Where a program of this name is, as a shell would find it.
fn find(name: &str) -> Option<String> {
    let executable = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return executable(Path::new(name)).then(|| name.to_owned());
    }
    let path = env::var_os("PATH")?;
    let found: PathBuf = env::split_paths(&path).map(|dir| dir.join(name)).find(|path| executable(path))?;
    found.into_os_string().into_string().ok()
}
