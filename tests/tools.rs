//! The built-in tools on real hosts: over ssh, in containers, on every Python and on Debian's python3-minimal.
//!
//! What needs root of its own runs in containers that end with the test.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Fleet, fleet};

/// Every mutator of `FileSystem`, asked for under check, run, and run again; whether each said that something changes.
const FILES: &str = r"
import os
home = '/tmp/hailer-tools-%d' % os.getpid()
def thrice(act, **more):
    before = FileSystem.glob(home, '**/*')
    said = [bool(act(check=True, **more))]
    assert FileSystem.glob(home, '**/*') == before
    return said + [bool(act(**more)), bool(act(**more))]
file = home + '/file'
said = [
    thrice(FileSystem.directory, path=home),
    thrice(FileSystem.write, path=file, content=u'one\n\xe9\n'),
    thrice(FileSystem.write, path=file, content=u'one\n\xe9\n', mode=0o600),
    thrice(FileSystem.line_in_file, path=file, line='two'),
    thrice(FileSystem.line_in_file, path=file, line='ONE', regexp='^one$'),
    thrice(FileSystem.symlink, path=home + '/link', target='file'),
    thrice(FileSystem.directory, path=home + '/a/b/c', mode=0o700),
    thrice(FileSystem.absent, path=home + '/a', recursive=True),
]
content, about = FileSystem.read_str(file), FileSystem.stat(file)
said.append(thrice(FileSystem.absent, path=home, recursive=True))
said, content, about.mode, FileSystem.stat(home).exists
";

/// Every host that has a Python, and can write.
fn targets(fleet: &Fleet) -> Vec<&str> {
    let apart = ["readonly", "stranger-host"];
    let hosts = fleet.hosts.iter().filter(|host| host.python.is_some());
    hosts.map(|host| host.target.as_str()).filter(|target| !apart.contains(target)).collect()
}

#[test]
fn a_second_run_changes_nothing_on_any_python() {
    let Some(fleet) = fleet() else { return };
    let targets = targets(&fleet);
    assert!(targets.contains(&"minimal") && targets.contains(&"docker:hailer-c1"));
    let ran = fleet.run(&targets, &["--yes", "--connect-timeout", "30s"], FILES);
    let changes = vec![json!([true, true, false]); 9];
    let expected = json!({"$type": "tuple", "$value": [changes, "ONE\né\ntwo\n", 0o600, false]});
    for target in targets {
        assert_eq!(ran.cell(target)["value"], expected, "{target}: {}", ran.cell(target));
    }
}

#[test]
fn results_are_typed_and_the_same_on_every_python() {
    let Some(fleet) = fleet() else { return };
    let targets = targets(&fleet);
    let program = "Exec.shell('echo out; echo err >&2; exit 3', check=False)";
    let facts = "import os\nf = Facts.gather()\n\
        facts = [f.python.version, f.system.hostname == os.uname()[1], f.memory.total > f.memory.used > 0, \
        [m.mount for m in f.storage if m.mount == '/'], [i.name for i in f.network.interfaces if i.name == 'lo'], f.cpu.count > 0]";
    let code = format!("{facts}\n[{program}, facts]");
    let ran = fleet.run(&targets, &["--yes", "--connect-timeout", "30s"], &code);
    let fields = json!({
        "args": {"$type": "tuple", "$value": ["echo out; echo err >&2; exit 3"]},
        "rc": 3, "stdout": "out\n", "stderr": "err\n",
    });
    let completed = json!({"$type": "hailer.child.CompletedProcess", "$fields": fields});
    for host in fleet.hosts.iter().filter(|host| targets.contains(&host.target.as_str())) {
        let expected = json!([completed, [host.python, true, true, ["/"], ["lo"], true]]);
        assert_eq!(ran.cell(&host.target)["value"], expected, "{}: {}", host.target, ran.cell(&host.target));
    }
    let mut command = fleet.hailer();
    command.args(["run", "--table", "-t", "minimal", "-t", "docker:hailer-c1", program]);
    let output = command.output().expect("hailer");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = table.lines().map(words).collect();
    assert_eq!(lines[0], ["host", "state", "time", "args", "rc", "stdout", "stderr"], "{table}");
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[1..].iter().all(|line| line.contains(&r"'out\n'".to_owned())), "{table}");
}

#[test]
fn refusals_name_what_stands_in_the_way() {
    let Some(fleet) = fleet() else { return };
    let refused = |target: &str, code: &str, kind: &str, words: &str| {
        let ran = fleet.run(&[target], &[], code);
        let error = &ran.cell(target)["error"];
        assert_eq!(error["type"], kind, "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(words)), "{error}");
        assert!(!error["traceback"].as_str().unwrap().contains("hailer/"), "{error}");
    };
    refused("readonly", "FileSystem.write('/etc/x', 'x')", "OSError", "Read-only file system");
    refused("nosudo", "Hostname.set('other')", "PermissionError", "needs root");
    refused("nosudo", "FileSystem.write('/etc/x', 'x')", "PermissionError", "Permission denied");
    refused(
        "docker:hailer-c1",
        "Sysctl.present('net.ipv4.ip_default_ttl', 63)",
        "OSError",
        "in a container its engine",
    );
    refused("docker:hailer-c1", "Hostname.set('other')", "PermissionError", "set by its engine");
    refused("docker:hailer-c1", "FileSystem.write('/etc/hostname', 'x')", "OSError", "in_place=True");
}

/// A container of its own, in which root may do what the test needs; it ends with the test.
struct Alone(String);

impl Alone {
    fn start(image: &str) -> Self {
        let name = format!("hailer-tools-{image}-{}", std::process::id());
        let mut command = Command::new("docker");
        command.args(["run", "--detach", "--rm", "--pull", "never", "--network", "none", "--name", &name]);
        command.args([
            "--cap-add",
            "SYS_ADMIN",
            "--cap-add",
            "NET_ADMIN",
            "--security-opt",
            "systempaths=unconfined",
        ]);
        let output = command.args([&image_of(image), "sleep", "600"]).output().expect("docker");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(name)
    }

    fn target(&self) -> String {
        format!("docker:{}", self.0)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.0]).output();
    }
}

/// The image that a container of the fleet runs.
fn image_of(container: &str) -> String {
    let mut command = Command::new("docker");
    command.args(["inspect", "--format", "{{.Config.Image}}"]).arg(format!("hailer-{container}"));
    let output = command.output().expect("docker");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Names and settings: what each said under check, when run, and when run again, and what holds then.
const ROOT: &str = r#"
def thrice(act, *args, **more):
    return [bool(act(*args, **dict(more, check=True))), bool(act(*args, **more)), bool(act(*args, **more))]
ttl = "net.ipv4.ip_default_ttl"
said = [
    thrice(Hostname.set, "new-name.example"),
    thrice(Hostname.hosts_entry, "192.0.2.7", "seven", "seven.example"),
    thrice(Sysctl.present, ttl, 65),
    thrice(Sysctl.present, "net.ipv4.conf.all.log_martians", True, name="50-own.conf"),
    thrice(Sysctl.present, "net.ipv4.conf.no-such/1.mtu", 9),
]
converged = [[one.changed for one in Sysctl.converge({ttl: 66, "net.ipv4.ip_forward": 1})] for _ in range(2)]
held = [Hostname.get(), FileSystem.read_str("/etc/hostname"), FileSystem.tail("/etc/hosts", 1), Sysctl.get(ttl),
        FileSystem.read_str("/etc/sysctl.d/99-hailer.conf")]
said += [thrice(Sysctl.absent, ttl), thrice(Sysctl.absent, "net.ipv4.conf.all.log_martians", name="50-own.conf")]
said, converged, held, Sysctl.get(ttl), FileSystem.glob("/etc/sysctl.d", "50-own*")
"#;

#[test]
fn names_and_settings_of_a_host_of_ones_own() {
    let Some(fleet) = fleet() else { return };
    for image in ["c1", "minimal"] {
        let alone = Alone::start(image);
        let target = alone.target();
        let ran = fleet.run(&[&target], &[], ROOT);
        let settings =
            "net.ipv4.ip_default_ttl = 66\nnet.ipv4.conf.no-such/1.mtu = 9\nnet.ipv4.ip_forward = 1\n";
        let held = json!([
            "new-name.example",
            "new-name.example\n",
            ["192.0.2.7 seven seven.example"],
            "66",
            settings
        ]);
        let changes = vec![json!([true, true, false]); 7];
        let converged = json!([[true, true], [false, false]]);
        let expected = json!({"$type": "tuple", "$value": [changes, converged, held, "66", []]});
        assert_eq!(ran.cell(&target)["value"], expected, "{}", ran.cell(&target));
        assert!(ran.stderr.contains("the kernel has no net.ipv4.conf.no-such/1.mtu now"), "{}", ran.stderr);
    }
}

#[test]
fn programs_that_run_for_too_long_end_with_all_that_they_started() {
    let Some(fleet) = fleet() else { return };
    for (target, container) in [("minimal", "hailer-minimal"), ("docker:hailer-c10", "hailer-c10")] {
        let word = format!("{}{}", 7_000_000, std::process::id());
        let code = format!("Exec.shell('sleep {word} & sleep {word}', timeout=0.5)");
        let ran = fleet.run(&[target], &[], &code);
        assert_eq!(ran.cell(target)["error"]["type"], "hailer.child.TimeoutExpired", "{}", ran.cell(target));
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let look = ["exec", container, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"];
            let output = Command::new("docker").args(look).output().expect("docker");
            let processes = String::from_utf8_lossy(&output.stdout).into_owned();
            if !processes.contains(&word) {
                break;
            }
            assert!(Instant::now() < end, "{processes}");
        }
    }
}

#[test]
fn a_followed_file_streams_over_ssh_and_from_containers() {
    let Some(fleet) = fleet() else { return };
    let code = "import os\npath = '/tmp/hailer-follow-%d' % os.getpid()\nFileSystem.write(path, 'one\\n')\n\
        def some():\n    lines = FileSystem.follow(path, lines=1, poll=0.02)\n    yield next(lines)\n    \
        FileSystem.absent(path)\n    FileSystem.write(path, 'two\\n')\n    yield next(lines)\n    \
        lines.close()\n    FileSystem.absent(path)\nsome()";
    let targets = ["h1", "minimal", "docker:hailer-py27", "docker:hailer-py313"];
    let targets: Vec<&str> = targets.into_iter().filter(|target| fleet.has(target)).collect();
    let ran = fleet.run(&targets, &[], code);
    for target in targets {
        let items: Vec<&Value> =
            ran.lines.iter().filter(|line| line["target"] == target).map(|line| &line["item"]).collect();
        assert_eq!(items[..2], [&json!("one"), &json!("two")], "{target}: {}", ran.cell(target));
    }
}
