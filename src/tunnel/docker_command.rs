//! Containers by their command: where the engine's socket is another machine's, and podman's, which may have none.

use crate::tunnel::docker::LABEL;

/// The words that run `start` in a running container: its name, its id, or `project/service` of a composed one.
pub fn exec(engine: &str, container: &str, start: &[String]) -> Vec<String> {
    let mut argv = match container.split_once('/') {
        None => [engine, "exec", "--interactive", container].map(str::to_owned).to_vec(),
        // Looked up where the engine is; of several the first by name is taken, as over the socket.
        Some((project, service)) => {
            let label = |what: &str, value: &str| format!("--filter label=com.docker.compose.{what}={value}");
            let list = format!(
                "{engine} ps --format '{{{{.Names}}}}' {} {}",
                label("project", project),
                label("service", service)
            );
            let none = format!("no container of service {service} of project {project} runs");
            let script = format!(
                "c=$({list} | sort | head -n 1); [ -n \"$c\" ] || {{ echo \"{none}\" >&2; exit 1; }}; \
                 exec {engine} exec --interactive \"$c\" \"$@\""
            );
            vec!["sh".to_owned(), "-c".to_owned(), script, "hailer".to_owned()]
        }
    };
    argv.extend_from_slice(start);
    argv
}

/// The words that run `start` in a container made for it, which the engine removes at its end unless it is to stay.
pub fn run(image: &str, name: Option<&str>, rm: bool, start: &[String]) -> Vec<String> {
    let mut argv = ["docker", "run", "--interactive"].map(str::to_owned).to_vec();
    argv.push(format!("--label={LABEL}=1"));
    argv.extend(rm.then(|| "--rm".to_owned()));
    argv.extend(name.map(|name| format!("--name={name}")));
    let [program, arguments @ ..] = start else { return argv };
    argv.extend([format!("--entrypoint={program}"), image.to_owned()]);
    argv.extend_from_slice(arguments);
    argv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Vec<String> {
        ["python3", "-c", "x"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_running_container_is_named_and_a_composed_one_looked_up() {
        assert_eq!(exec("podman", "app", &start()).join(" "), "podman exec --interactive app python3 -c x");
        let argv = exec("docker", "shop/web", &start());
        assert!(argv[2].contains("label=com.docker.compose.service=web"), "{argv:?}");
        assert_eq!(argv[3..], ["hailer", "python3", "-c", "x"].map(str::to_owned));
    }

    #[test]
    fn a_throwaway_one_starts_the_interpreter_and_nothing_else() {
        let argv = run("python:3.12", Some("w1"), true, &start()).join(" ");
        assert!(argv.ends_with("--rm --name=w1 --entrypoint=python3 python:3.12 -c x"), "{argv}");
        assert!(!run("python:3.12", None, false, &start()).contains(&"--rm".to_owned()));
    }
}
