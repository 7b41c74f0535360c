//! Sockets: a Python that reads lines, behind a real relay, with TLS and without; and every way of not starting.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "support/sockets.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use hailer::tunnel::address::Tls;
use hailer::tunnel::tls;
use serde_json::{Value, json};
use support::{Authority, Relay, free_port, relays};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// What a run on one target said.
struct Ran {
    /// Its outcome.
    cell: Value,
    /// Standard error.
    stderr: String,
}

fn run(target: &str, code: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_hailer"))
        .args(["--no-config", "run", "--json", "--connect-timeout", "20s", "-t", target, code])
        .output()
        .expect("hailer");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let cell = lines.into_iter().find(|line| line.get("state").is_some());
    Ran { cell: cell.unwrap_or_else(|| panic!("no outcome: {stderr}")), stderr }
}

/// A failure's stage, why, and the far side's words.
fn refused(target: &str) -> (String, String, String) {
    let cell = run(target, "1").cell;
    let word = |name: &str| cell[name].as_str().unwrap_or_else(|| panic!("{target}: {cell}")).to_owned();
    (word("stage"), word("why"), word("said"))
}

#[track_caller]
fn assert_refused(target: &str, stage: &str, why: &str, said: &str) {
    let (found, reason, words) = refused(target);
    assert!(
        found == stage && reason.contains(why) && words.contains(said),
        "{target}: {found}: {reason} ({words})"
    );
}

/// Every Python at hand: the system's, and pyenv's.
fn pythons() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("python3")];
    let versions = env::home_dir().map(|home| home.join(".pyenv/versions"));
    for entry in versions.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten() {
        found.push(entry.path().join("bin/python"));
    }
    found
}

const CODE: &str = "import os, subprocess, sys\n\
    sys.stderr.write('to stderr\\nno end')\n\
    print('printed')\n\
    os.write(1, b'stray'); os.write(2, b'stray')\n\
    subprocess.call(['sh', '-c', 'echo stray; echo stray >&2'])\n\
    [sys.version_info[0], 'x' * 300000]";

#[track_caller]
fn assert_answers(target: &str) {
    let Ran { cell, stderr } = run(target, CODE);
    assert_eq!(cell["state"], "value", "{target}: {cell}\n{stderr}");
    assert_eq!(cell["value"][1].as_str().map(str::len), Some(300_000));
    for line in ["printed", "to stderr", "no end"] {
        assert!(stderr.lines().any(|told| told.ends_with(&format!("│ {line}"))), "{line}: {stderr}");
    }
    assert!(!stderr.contains(">>>") && !stderr.contains("stray"), "{stderr}");
}

#[test]
fn every_python_that_reads_lines_becomes_an_agent_whatever_its_standard_error_is() {
    if !relays() {
        return;
    }
    for python in pythons() {
        for (options, stderr) in [("-i", ""), ("-iu", ",stderr"), ("-ESi", ",pipes")] {
            let relay = Relay::tcp("TCP-LISTEN", "", &format!("EXEC:{} {options}{stderr}", python.display()));
            assert_answers(&format!("tcp:127.0.0.1:{}", relay.port));
        }
    }
}

#[test]
fn calls_one_after_the_other_and_what_raises_are_told_over_a_socket() {
    if !relays() {
        return;
    }
    let relay = Relay::tcp("TCP-LISTEN", "", "EXEC:python3 -qui,stderr");
    let target = format!("tcp:localhost:{}", relay.port);
    let cell = run(&target, "def f():\n    return [][1]\nf()").cell;
    assert_eq!(cell["error"]["type"], "IndexError", "{cell}");
    let cell = run(&target, "'\\xe9' * 5000000").cell;
    assert_eq!(cell["value"].as_str().map(|text| text.chars().count()), Some(5_000_000));
}

#[test]
fn a_socket_of_this_machine_is_opened_by_its_path() {
    if !relays() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("python.sock");
    let target = format!("unix:\"{}\"", path.display());
    assert_refused(&target, "connect", "there is no socket", "No such file");
    let relay = Relay::unix(&path, "EXEC:python3 -qui");
    assert_answers(&target);
    drop(relay);
    let stale = dir.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    assert_refused(&format!("unix:\"{}\"", stale.display()), "connect", "nothing listens at", "refused");
}

#[test]
fn a_path_that_may_not_be_opened_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("python.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hailer"));
    if rustix::process::getuid().is_root() {
        // Root may open anything; nobody may not.
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups", env!("CARGO_BIN_EXE_hailer")]);
    }
    command.args(["--no-config", "run", "-t", &format!("unix:\"{}\"", path.display()), "1"]);
    let stderr = String::from_utf8(command.output().expect("hailer").stderr).unwrap();
    if stderr.contains("failed to execute") {
        println!("SKIPPED: nobody may start the program here");
        return;
    }
    assert!(stderr.contains("start: ") && stderr.contains("may not be opened by this user"), "{stderr}");
}

/// A server that says these words to whoever comes, and hangs up.
fn says(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(words);
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    port
}

#[test]
fn every_way_of_not_starting_says_how_far_it_came() {
    let at = |port: u16| format!("tcp:127.0.0.1:{port}");
    assert_refused(&at(free_port()), "connect", "nothing listens there", "Connection refused");
    assert_refused("tcp:no-such-host.invalid:7000", "resolve", "the name has no address", "");
    assert_refused(&at(says(b"")), "connect", "before an interpreter answered", "");
    assert_refused(&at(says(b"SSH-2.0-none\r\n")), "connect", "before an interpreter answered", "SSH-2.0");
    let tls = |port| format!("{}?tls=true", at(port));
    assert_refused(&tls(says(b"SSH-2.0-none\r\n")), "connect", "not TLS", "");
    assert_refused(&tls(free_port()), "connect", "nothing listens there", "Connection refused");
}

#[test]
fn who_never_answers_is_waited_for_no_longer_than_was_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // takes connections, and says nothing
    for (more, why) in [("", "no interpreter answered"), ("?tls=true", "did not answer with TLS in time")] {
        let target = format!("tcp:127.0.0.1:{}{more}", listener.local_addr().unwrap().port());
        let output = Command::new(env!("CARGO_BIN_EXE_hailer"))
            .args(["--no-config", "run", "--connect-timeout", "1s", "-t", &target, "1"])
            .output()
            .expect("hailer");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(why), "{stderr}");
    }
}

/// `tcp:127.0.0.1:PORT?…` with these options.
fn private(port: u16, options: &[(&str, &Path)]) -> String {
    let options: Vec<_> = options.iter().map(|(name, path)| format!("{name}={}", path.display())).collect();
    format!("tcp:127.0.0.1:{port}?{}", options.join("&"))
}

/// A Python behind TLS that shows this certificate, and trusts clients of this authority alone.
fn tls_server(authority: &Authority, name: &str, verify: bool) -> Relay {
    let file = |name: &str| authority.file(name).display().to_string();
    let options = format!(
        ",cert={},key={},cafile={},verify={}",
        file(&format!("{name}.pem")),
        file(&format!("{name}.key")),
        file("ca.pem"),
        u8::from(verify)
    );
    Relay::tcp("OPENSSL-LISTEN", &options, "EXEC:python3 -qui")
}

#[test]
fn a_server_s_certificate_is_always_verified() {
    if !relays() {
        return;
    }
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    authority.sign("server", "IP:127.0.0.1,DNS:localhost,DNS:py.example");
    authority.sign("elsewhere", "DNS:elsewhere.example");
    authority.sign_until("old", "IP:127.0.0.1", "20200101000000Z", "20200102000000Z");
    let ca = authority.file("ca.pem");
    let right = tls_server(&authority, "server", false);
    assert_answers(&private(right.port, &[("ca", &ca)]));
    assert_answers(&private(right.port, &[("ca", &ca), ("name", Path::new("py.example"))]));
    assert_answers(&format!("tcp:localhost:{}?ca={}", right.port, ca.display()));

    let unknown = "no authority that is trusted";
    assert_refused(
        &private(right.port, &[("ca", &other.file("ca.pem"))]),
        "host-key",
        unknown,
        "UnknownIssuer",
    );
    let wrong = private(right.port, &[("ca", &ca), ("name", Path::new("not.example"))]);
    assert_refused(&wrong, "host-key", "it is not for not.example", "py.example");
    let elsewhere = tls_server(&authority, "elsewhere", false);
    assert_refused(
        &private(elsewhere.port, &[("ca", &ca)]),
        "host-key",
        "it is not for 127.0.0.1",
        "elsewhere",
    );
    let old = tls_server(&authority, "old", false);
    assert_refused(&private(old.port, &[("ca", &ca)]), "host-key", "it has expired", "expired");
}

#[test]
fn a_client_s_certificate_is_shown_where_it_is_given_and_asked_for_where_it_is_missing() {
    if !relays() {
        return;
    }
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    authority.sign("server", "IP:127.0.0.1");
    authority.sign("client", "DNS:client.example");
    other.sign("client", "DNS:client.example");
    let ca = authority.file("ca.pem");
    let server = tls_server(&authority, "server", true);
    let with = |cert: &Path, key: &Path| private(server.port, &[("ca", &ca), ("cert", cert), ("key", key)]);
    assert_answers(&with(&authority.file("client.pem"), &authority.file("client.key")));

    let missing = private(server.port, &[("ca", &ca)]);
    assert_refused(&missing, "login", "wants a certificate of ours", "CertificateRequired");
    let foreign = with(&other.file("client.pem"), &other.file("client.key"));
    assert_refused(&foreign, "login", "does not know who signed our certificate", "UnknownCA");

    let mixed = with(&authority.file("client.pem"), &other.file("client.key"));
    assert_refused(&mixed, "start", "do not make an identity", "");
    assert_refused(&with(&ca, &ca), "start", "gives no private key", "");
    let absent = authority.file("absent.pem");
    assert_refused(
        &private(server.port, &[("ca", &absent)]),
        "start",
        "gives no certificate",
        "No such file",
    );
    fs::write(&absent, "no PEM").unwrap();
    assert_refused(&private(server.port, &[("ca", &absent)]), "start", "holds no certificate", "");
}

/// A server that shows this certificate, and counts what it is sent once `read` says so.
async fn counting(
    certificate: &Path,
    key: &Path,
    read: oneshot::Receiver<()>,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        read.await.unwrap();
        let mut buffer = [0; 16384];
        while let Ok(more @ 1..) = stream.read(&mut buffer).await {
            counted.fetch_add(more, Ordering::Relaxed);
        }
    });
    (address, count)
}

#[tokio::test]
async fn what_tls_took_in_is_sent_on_while_only_the_reader_waits() {
    let authority = Authority::new("authority");
    authority.sign("server", "IP:127.0.0.1");
    let (go, read) = oneshot::channel();
    let (address, count) = counting(&authority.file("server.pem"), &authority.file("server.key"), read).await;
    let tls = Tls { ca: Some(authority.file("ca.pem")), ..Tls::default() };
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(tls::wrap(socket, &tls, "127.0.0.1").await.unwrap());
    let mut sent = 0;
    // Until nothing more is taken in: the socket is full, and TLS holds what it had no room for.
    while let Ok(more) = timeout(Duration::from_millis(200), writer.write(&[0; 16384])).await {
        sent += more.unwrap();
    }
    go.send(()).unwrap();
    let _ = timeout(Duration::from_millis(500), reader.read(&mut [0; 1])).await;
    assert_eq!(count.load(Ordering::Relaxed), sent);
}

#[test]
fn without_an_authority_of_our_own_the_system_s_are_trusted() {
    if !relays() {
        return;
    }
    let authority = Authority::new("authority");
    authority.sign("server", "IP:127.0.0.1");
    let server = tls_server(&authority, "server", false);
    let run = |bundle: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_hailer"))
            .args(["--no-config", "run", "--json", "-t"])
            .arg(format!("tcp:127.0.0.1:{}?tls=true", server.port))
            .arg("6 * 7")
            .env("SSL_CERT_FILE", bundle)
            .env("SSL_CERT_DIR", "/nonexistent")
            .output()
            .expect("hailer");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str::<Value>(text.lines().next().expect("a line")).expect("JSON")
    };
    assert_eq!(run(&authority.file("ca.pem"))["value"], json!(42));
    assert_eq!(run(&Authority::new("authority").file("ca.pem"))["stage"], "host-key", "its namesake");
    let none = run(Path::new("/nonexistent"));
    assert_eq!(
        (&none["stage"], none["why"].as_str().unwrap().contains("ca=")),
        (&json!("start"), true),
        "{none}"
    );
}
