//! Many hosts behind one sshd that hangs up on who comes while it is busy: all are reached.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

/// An sshd of our own on a port of this machine, for the user who runs the test.
struct Sshd {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Sshd {
    /// None where it has no parts to be made of, which is said; with CI set that is a failure.
    fn start(max_startups: &str) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            assert!(std::env::var_os("CI").is_none(), "no {SSHD}: install openssh-server");
            eprintln!("SKIPPED: no {SSHD}: install openssh-server");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["host", "client"] {
            let key =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at(name)]).status();
            assert!(key.expect("ssh-keygen").success());
        }
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let (host, keys) = (at("host"), at("client.pub"));
        // SHLVL: or a bash at the far end would read the ~/.bashrc of whoever runs the test, which may take its time.
        let settings = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {host}\nAuthorizedKeysFile {keys}\nPidFile none\nStrictModes no\n\
             UsePAM no\nUseDNS no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n\
             MaxStartups {max_startups}\nLogLevel VERBOSE\nSetEnv SHLVL=1\n"
        );
        fs::write(at("sshd_config"), settings).expect("sshd_config");
        let known = fs::read_to_string(at("host.pub")).expect("the host's key");
        fs::write(at("known_hosts"), format!("* {known}")).expect("known_hosts");
        let (known, client) = (at("known_hosts"), at("client"));
        let settings = format!(
            "Host far*\n  ProxyJump crowd-bastion\nHost crowd* far*\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {client}\n  IdentitiesOnly yes\n\
             UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n\
             KexAlgorithms curve25519-sha256\n  LogLevel ERROR\n"
        );
        fs::write(at("ssh_config"), settings).expect("ssh_config");
        let _ = fs::create_dir("/run/sshd"); // where sshd of root wants to lock itself in; it says so if it cannot
        let process = Command::new(SSHD)
            .args(["-D", "-f", &at("sshd_config"), "-E", &at("sshd.log")])
            .stdin(Stdio::null())
            .spawn()
            .expect("sshd");
        let sshd = Self { folder, port, process };
        let begun = Instant::now();
        while sshd.connect().is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "sshd did not start: {}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(sshd)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("sshd.log")).unwrap_or_default()
    }

    /// The connections that it hung up on.
    fn dropped(&self) -> usize {
        self.log().lines().filter(|line| line.starts_with("drop connection")).count()
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.port))
    }

    fn run(&self, targets: &str) -> Vec<Value> {
        run(&["-F", &self.folder.path().join("ssh_config").display().to_string()], targets)
    }
}

/// `hailer run --json` on these targets, with these words for ssh: its lines, the summary last.
fn run(ssh: &[&str], targets: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_hailer"))
        .arg("--no-config")
        .args(ssh.iter().map(|word| format!("--ssh-option={word}")))
        .args(["run", "--json", "--yes", "-t", targets, "1 + 1"])
        .output()
        .expect("hailer");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// All of these answer, though sshd hung up more than `least` times.
fn all_answer(targets: &str, count: u32, least: usize) {
    let Some(sshd) = Sshd::start("10:30:100") else { return };
    // With so many that never log in, it may hang up on each that does not come alone.
    let _strangers: Vec<_> = (0..9).map(|_| sshd.connect().expect("a connection")).collect();
    let begun = Instant::now();
    let lines = sshd.run(targets);
    let (seconds, dropped) = (begun.elapsed().as_secs_f64(), sshd.dropped());
    eprintln!("{count} hosts in {seconds:.1} s; sshd hung up {dropped} times");
    let wrong: Vec<_> = lines.iter().filter(|line| line["state"] != "value").collect();
    assert_eq!(lines.last().expect("a summary")["summary"], json!({ "value": count }), "{wrong:#?}");
    assert!(dropped > least, "sshd took nearly all at once: nothing was tried");
}

#[test]
fn two_hundred_hosts_behind_one_busy_sshd_all_answer() {
    all_answer("crowd[001-200]", 200, 20);
}

#[test]
fn hosts_behind_a_busy_host_to_jump_through_all_answer() {
    all_answer("far[01-30]", 30, 5);
}

#[test]
fn a_host_that_only_hangs_up_is_unreachable_in_the_end_and_holds_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let (sender, calls) = std::sync::mpsc::channel();
    std::thread::spawn(move || listener.incoming().for_each(|call| drop((call, sender.send(())))));
    let begun = Instant::now();
    let lines = run(&["-F", "/dev/null"], &format!("ssh:127.0.0.1:{port},local"));
    let cell = |target: &str| lines.iter().find(|line| line["target"] == target).expect("a cell");
    assert_eq!(cell("local")["state"], "value");
    let shut = lines.iter().find(|line| line["state"] == "unreachable").expect("a cell");
    assert_eq!(shut["stage"], "busy", "{shut}");
    let tries = calls.try_iter().count();
    assert!((6..12).contains(&tries), "{tries} tries");
    assert!(cell("local")["seconds"].as_f64().expect("seconds") < 15.0, "it waited for the other");
    assert!((4..60).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}
