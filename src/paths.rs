//! Where this user's own files are. The only user of `directories`.

use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

fn dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "hailer")
}

/// The configuration that is read when none is named: `$XDG_CONFIG_HOME/hailer/config.toml` on Linux.
/// None where the user has no home.
pub fn config_file() -> Option<PathBuf> {
    dirs().map(|dirs| dirs.config_dir().join("config.toml"))
}

/// Where the user's own themes are: `themes` beside the configuration.
pub fn themes() -> Option<PathBuf> {
    dirs().map(|dirs| dirs.config_dir().join("themes"))
}

/// Where this program keeps what it learns: `$XDG_STATE_HOME/hailer` on Linux. None where the user has no home.
pub fn state() -> Option<PathBuf> {
    dirs().and_then(|dirs| dirs.state_dir().map(ToOwned::to_owned))
}

/// The user's ssh configuration. None where the user has no home.
pub fn ssh_config() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.home_dir().join(".ssh/config"))
}

/// The user's home, where there is one.
pub fn home() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
}
