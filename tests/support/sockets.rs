//! What the tests of sockets share: a relay (socat), and certificates of an authority of their own (openssl).
#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// A relay that runs until it is dropped.
pub struct Relay {
    process: Child,
    /// Where it listens, if that is a port of this machine.
    pub port: u16,
}

impl Relay {
    /// Listens at a free port: `kind` (`TCP-LISTEN`, `OPENSSL-LISTEN`) with these options, before `to`.
    pub fn tcp(kind: &str, options: &str, to: &str) -> Self {
        let port = free_port();
        let from = format!("{kind}:{port},bind=127.0.0.1,reuseaddr,fork{options}");
        let relay = Self { process: socat(&from, to), port };
        until("the relay listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        relay
    }

    /// Listens at a path.
    pub fn unix(path: &Path, to: &str) -> Self {
        let process = socat(&format!("UNIX-LISTEN:{},fork", path.display()), to);
        until("the relay listens", || UnixStream::connect(path).is_ok());
        Self { process, port: 0 }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether there is a relay to test with; says SKIPPED if not. With CI set that is a failure.
pub fn relays() -> bool {
    let there = Command::new("socat").arg("-V").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "no socat: apt-get install socat");
    if !there {
        println!("SKIPPED: no socat on this machine");
    }
    there
}

fn socat(from: &str, to: &str) -> Child {
    // What it says of refused clients is no news here; and what it started may outlive a test by a moment.
    let mut command = Command::new("socat");
    command.args([from, to]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("socat")
}

/// A port where nobody listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port()
}

fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..200 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("{what} within 5 s");
}

/// An authority, and what it signed.
pub struct Authority(TempDir);

impl Authority {
    /// A new one of this name.
    pub fn new(name: &str) -> Self {
        let authority = Self(tempfile::tempdir().expect("a folder"));
        let subject = format!("/CN=hailer test {name}");
        let subject = ["-subj", &subject, "-keyout", "ca.key", "-out", "ca.pem"];
        authority.openssl(&[&["req", "-x509", "-days", "30"], &NEW_KEY[..], &subject].concat());
        authority
    }

    /// The path of one of its files: `ca.pem`, `NAME.pem`, `NAME.key`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Signs a certificate for these names (`DNS:x`, `IP:x`), into `NAME.pem` and `NAME.key`.
    pub fn sign(&self, name: &str, names: &str) {
        self.sign_until(name, names, "20200101000000Z", "20991231000000Z");
    }

    /// The same, for the time between these two.
    pub fn sign_until(&self, name: &str, names: &str, from: &str, until: &str) {
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let subject = format!("/CN=hailer test {name}");
        self.openssl(
            &[&["req", "-subj", &subject, "-keyout", &key, "-out", &request], &NEW_KEY[..]].concat(),
        );
        let text = format!(
            "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=p\ndefault_md=sha256\n\
             unique_subject=no\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName={names}\n\
             basicConstraints=CA:false\n"
        );
        fs::write(self.file("ca.conf"), text).expect("a file");
        fs::write(self.file("index"), "").expect("a file");
        let (cert, by) = (format!("{name}.pem"), ["-cert", "ca.pem", "-keyfile", "ca.key", "-rand_serial"]);
        let what = ["-in", &request, "-out", &cert, "-startdate", from, "-enddate", until];
        self.openssl(&[&["ca", "-batch", "-notext", "-config", "ca.conf"], &by[..], &what].concat());
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output();
        let output = output.expect("openssl");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

const NEW_KEY: [&str; 5] = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
