//! How many files this process may hold open, and so how many links there is room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many files as we want to be allowed to hold open.
const WANTED: u64 = 65_536;
/// Files that are not for links: the terminal, logs, timers, sockets of Docker engines, children that are being started.
const APART: u64 = 48;
/// What a link takes at most while it is opened: both ends of three pipes for a moment, a terminal, its process.
const FOR_A_LINK: u64 = 8;

/// Raises the limit as far as the system lets us. The usual 1,024 are too few for some hundred links.
///
/// How many links of this machine's own there is room for then; None: as many as one likes.
pub fn raise() -> Option<usize> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(WANTED).min(WANTED);
    if limit.current.is_some_and(|now| now < most) {
        // Where it is refused, there is room for fewer links.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit });
    }
    getrlimit(Resource::Nofile).current.map(links)
}

fn links(files: u64) -> usize {
    usize::try_from(files.saturating_sub(APART) / FOR_A_LINK).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_one_link_at_least() {
        assert_eq!((links(0), links(64), links(1024)), (1, 2, 122));
    }
}
