//! Protected targets: hosts and containers on which nothing is to run by accident. Patterns from the configuration: names,
//! node sets, and globs of them. Pure.
//!
//! A target is protected when any hop on its way is: `web1/docker:app/sudo` where `web1` is.

use std::collections::HashSet;

use crate::inventory::nodeset;
use crate::tunnel::address::{Address, Hop, Inside, Way};

/// The patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protected {
    names: HashSet<String>,
    globs: Vec<Vec<char>>,
}

impl Protected {
    /// Reads patterns: `db1`, `web-prod[1-20]`, `*.prod.example.com`, `docker:shop-*`. Case does not matter.
    ///
    /// # Errors
    /// A sentence about the pattern that is none. It must not be passed over: what it was meant for would not be protected.
    pub fn read(patterns: &[String]) -> Result<Self, String> {
        let mut read = Self::default();
        for pattern in patterns {
            let wrong = |why: &str| format!("protected: {pattern:?} {why}");
            if pattern.starts_with(['@', '%']) {
                return Err(wrong(
                    "is a group or a tag, and none are known here; write names, node sets or globs: web-prod[1-20], *.prod",
                ));
            }
            let names =
                nodeset::expand(pattern).map_err(|error| wrong(&format!("is no pattern: {error}")))?;
            for name in names.into_iter().map(|name| name.to_lowercase()) {
                if name.contains(['*', '?']) {
                    read.globs.push(name.chars().collect());
                } else {
                    read.names.insert(name);
                }
            }
        }
        Ok(read)
    }

    /// Whether nothing is protected.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.globs.is_empty()
    }

    /// Whether the target of this name is protected; `alias_of` is the host that an alias stands for, where that is known.
    pub fn covers(&self, name: &str, alias_of: Option<&str>) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut called = vec![name.to_owned()];
        called.extend(alias_of.map(str::to_owned));
        if let Ok(address) = name.parse::<Address>() {
            called.extend(address.hops.iter().flat_map(names_of));
        }
        called.iter().any(|name| self.matches(&name.to_lowercase()))
    }

    fn matches(&self, name: &str) -> bool {
        let chars: Vec<char> = name.chars().collect();
        self.names.contains(name) || self.globs.iter().any(|glob| is_like(glob, &chars))
    }
}

/// All that people may call a hop.
fn names_of(hop: &Hop) -> Vec<String> {
    let mut names = match &hop.way {
        Way::Local { name } => Vec::from_iter(name.clone()),
        Way::Ssh { host, .. } | Way::Tcp { host, .. } => vec![host.clone()],
        Way::Docker { container } | Way::Podman { container } => vec![container.clone()],
        Way::DockerRun { image, name, .. } => {
            let mut names = vec![image.clone()];
            names.extend(name.clone());
            names
        }
        Way::Kube(pod) => {
            let place = pod.namespace.iter().map(|namespace| format!("{namespace}/{}", pod.pod));
            place.chain([pod.pod.clone()]).collect()
        }
        Way::Nsenter(Inside::Container { name, .. }) => vec![name.clone()],
        Way::Nsenter(Inside::Pid(_)) | Way::Become { .. } => Vec::new(),
        // `cmd:"ssh db1 python3"` leads to db1 too.
        Way::Command { words } => {
            words.iter().map(|word| word.rsplit('@').next().unwrap_or_default().to_owned()).collect()
        }
        Way::Unix { path } => vec![path.clone()],
    };
    names.push(Hop::to(hop.way.clone()).to_string());
    names
}

/// Whether a name is like a glob, in which `*` stands for any text and `?` for any character. Linear in both but for the
/// stars: after a mismatch only the last star is tried again.
fn is_like(glob: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    while here < name.len() {
        match glob.get(at) {
            Some('*') => {
                again = Some((at, here));
                at += 1;
            }
            Some(char) if *char == '?' || *char == name[here] => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((star, from)) = again else { return false };
                again = Some((star, from + 1));
                at = star + 1;
                here = from + 1;
            }
        }
    }
    glob[at..].iter().all(|char| *char == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(patterns: &[&str]) -> Protected {
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Protected::read(&patterns).expect("patterns")
    }

    #[test]
    fn names_node_sets_and_globs_cover_hosts_however_they_are_reached() {
        let some = protected(&["db1", "web-prod[1-3]", "*.prod.example.com,cache-?", "docker:shop-*"]);
        for name in [
            "db1",
            "DB1",
            "ops@db1:2222",
            "ssh:db1?python=/opt/python",
            "db1/sudo",
            "bastion/db1/docker:app",
            "web-prod3",
            "a.b.prod.example.com",
            "root@x.PROD.example.com",
            "cache-7",
            "docker:shop-web",
            "bastion/docker:shop-1/sudo",
            "cmd:\"ssh -T ops@db1 python3\"",
            "tcp:db1:7000",
        ] {
            assert!(some.covers(name, None), "{name}");
        }
        for name in
            ["db11", "web-prod4", "web", "prod.example.com", "cache-77", "docker:shop", "local", "sudo"]
        {
            assert!(!some.covers(name, None), "{name}");
        }
        assert!(some.covers("alias", Some("db1")), "an alias of it is it");
        assert!(!Protected::default().covers("db1", None));
    }

    #[test]
    fn containers_pods_and_this_machine_have_names_too() {
        let some = protected(&["shop/web", "payments/api-*", "local", "nginx"]);
        for name in ["docker:\"shop/web\"", "kube:\"payments/api-1\"", "local", "docker-run:nginx?name=x"] {
            assert!(some.covers(name, None), "{name}");
        }
        assert!(!some.covers("local:other", None));
    }

    #[test]
    fn what_is_no_pattern_is_refused_and_never_passed_over() {
        for wrong in ["@prod", "%tier=1", "", "web[1-", "a,,b"] {
            let refused = Protected::read(&[wrong.to_owned()]).unwrap_err();
            assert!(refused.starts_with(&format!("protected: {wrong:?} is ")), "{refused}");
        }
    }

    #[test]
    fn globs_are_matched_in_time_that_does_not_explode() {
        let some = protected(&["*a*a*a*a*a*a*a*a*b"]);
        assert!(!some.covers(&"a".repeat(2_000), None));
        assert!(some.covers(&("a".repeat(2_000) + "b"), None));
        assert!(protected(&["*"]).covers("anything", None));
    }
}
