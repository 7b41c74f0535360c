//! How ssh asks: the system's ssh with real servers, our program as its helper, and this test in place of a person.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use hailer::tunnel::address::Options;
use hailer::tunnel::askpass::{self, Server};
use hailer::tunnel::diagnose::{self, Seen};
use hailer::tunnel::pipes::{Ending, Pipes};
use hailer::tunnel::prompt::{Asked, Helper, Wants, domain, kind};
use hailer::tunnel::secret::Secret;
use hailer::tunnel::{Defaults, Failure, Stage, Start, ssh};
use support::{Fleet, fleet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

const PASSWORD: &str = "open sesame";
const PASSPHRASE: &str = "let me in";
const LINK: u32 = 7;

/// Who answers.
struct Person {
    server: Server,
    helper: Helper,
    questions: UnboundedReceiver<Asked>,
}

impl Person {
    fn new() -> Self {
        let (sender, questions) = unbounded_channel();
        let server = askpass::listen(sender, None).expect("a socket");
        // The server names the program that it is in, which is this test.
        let helper =
            Helper { program: env!("CARGO_BIN_EXE_hailer").into(), socket: server.helper.socket.clone() };
        Self { server, helper, questions }
    }

    /// The next question.
    async fn asked(&mut self) -> Asked {
        let next = timeout(Duration::from_mins(1), self.questions.recv()).await;
        next.expect("a question in time").expect("a question")
    }

    /// Whether nothing more was asked.
    fn is_done(&mut self) -> bool {
        self.questions.try_recv().is_err()
    }

    /// Our program as ssh runs it when it asks.
    fn helper(&self, question: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.helper.program);
        command.arg(question).envs(askpass::environment(&self.helper, LINK));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// ssh to a host of the fleet, where Python writes 42.
    fn ssh(&self, fleet: &Fleet, host: &str, more: &[&str]) -> Pipes {
        let defaults = Defaults::default();
        let limit = Duration::from_mins(1);
        let start = Start { defaults: &defaults, stage0: "print(6*7)", limit, asker: None };
        let config = fleet.ssh_config().display().to_string();
        let more: Vec<String> = ["-F", &config].iter().chain(more).map(ToString::to_string).collect();
        let to = ssh::To { user: None, host, port: None };
        let argv = ssh::argv(&to, &Options::default(), &more, None, start, ssh::Asks::Helper);
        Pipes::spawn(&argv, &askpass::environment(&self.helper, LINK)).expect("ssh")
    }
}

/// All that came, and how it ended.
async fn ended(mut pipes: Pipes) -> (String, Seen) {
    let mut stdout = String::new();
    let reading = timeout(Duration::from_mins(1), pipes.stdout.read_to_string(&mut stdout)).await;
    reading.expect("an end in time").expect("text");
    let (stderr, ending) = pipes.last_words(100_000).await;
    assert_ne!(ending, Ending::Unknown);
    (
        stdout,
        Seen { code: ending.code(), stderr: String::from_utf8(stderr).expect("text"), ..Seen::default() },
    )
}

async fn failed(pipes: Pipes) -> Failure {
    let (stdout, seen) = ended(pipes).await;
    assert_eq!(stdout, "", "{}", seen.stderr);
    diagnose::ended(&seen)
}

/// The processes whose words or environment hold a text.
fn holding(text: &str) -> Vec<String> {
    let has = |file: &Path| {
        fs::read(file).is_ok_and(|bytes| bytes.windows(text.len()).any(|at| at == text.as_bytes()))
    };
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(|entry| Some(entry.ok()?.path()));
    let files = processes.flat_map(|process| ["cmdline", "environ"].map(|name| process.join(name)));
    files.filter(|file| has(file)).map(|file| file.display().to_string()).collect()
}

/// Answers once wrongly and once rightly, and looks for both answers among the processes while ssh waits.
async fn second_answer_opens(host: &str, question: &str, of: &str, right: &str) {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    let pipes = person.ssh(&fleet, host, &[]);
    let wrong = format!("wrong-{}", std::process::id());
    for answer in [wrong.as_str(), right] {
        let asked = person.asked().await;
        assert_eq!((asked.link, asked.text.as_str(), asked.notice), (LINK, question, false));
        assert_eq!((kind(&asked.text), domain(&asked.text).as_deref()), (Wants::Secret, Some(of)));
        // The grep finds what is there: the helper's words are the question, its environment names the socket.
        let socket = person.helper.socket.display().to_string();
        let helped = holding(&socket);
        assert!(helped.len() >= 2 && !holding(question).is_empty(), "ssh and its helper run: {helped:?}");
        assert_eq!(holding(&wrong), [""; 0]);
        assert_eq!(holding(right), [""; 0]);
        asked.reply.send(Secret::from(answer)).expect("somebody waits");
    }
    let (stdout, seen) = ended(pipes).await;
    assert_eq!(stdout, "42\n", "{}", seen.stderr);
    assert!(person.is_done());
}

#[tokio::test]
async fn a_password_opens_a_host_and_is_in_no_process_s_words() {
    second_answer_opens("pw", "asks@pw's password: ", "ssh password of asks", PASSWORD).await;
}

#[tokio::test]
async fn a_host_that_asks_by_itself_is_answered() {
    second_answer_opens("kbd", "(asks@kbd) Password: ", "ssh password of asks", PASSWORD).await;
}

#[tokio::test]
async fn a_passphrase_opens_a_key() {
    let Some(fleet) = fleet() else { return };
    let key = fleet.file("keys/locked").display().to_string();
    let question = format!("Enter passphrase for key '{key}': ");
    second_answer_opens("keypass", &question, &format!("passphrase of {key}"), PASSPHRASE).await;
}

#[tokio::test]
async fn where_nobody_answers_nothing_is_sent_in_place_of_an_answer() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    for (host, question) in [("pw", "asks@pw's password:"), ("kbd", "(asks@kbd) Password:")] {
        let pipes = person.ssh(&fleet, host, &["-v"]);
        drop(person.asked().await.reply);
        let (_, seen) = ended(pipes).await;
        let failure = diagnose::ended(&seen);
        assert_eq!(failure.stage, Stage::Login, "{failure}");
        assert!(failure.said.ends_with(&format!("hailer: nobody answered: {question}")), "{failure}");
        assert!(
            !seen.stderr.contains("try again") && person.is_done(),
            "ssh sent an empty answer: {}",
            seen.stderr
        );
    }
    let pipes = person.ssh(&fleet, "keypass", &[]);
    drop(person.asked().await.reply);
    let failure = failed(pipes).await;
    assert_eq!(failure.stage, Stage::Login, "{failure}");
    assert!(failure.said.contains("Permission denied"), "the other ways in were tried: {failure}");
}

#[tokio::test]
async fn an_unknown_key_is_learnt_by_ssh_when_somebody_says_yes() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    let folder = tempfile::tempdir().expect("a folder");
    let known = folder.path().join("known_hosts");
    let option = format!("-oUserKnownHostsFile={}", known.display());
    let pipes = person.ssh(&fleet, "learn-host", &[&option]);
    let asked = person.asked().await;
    assert_eq!((kind(&asked.text), domain(&asked.text)), (Wants::HostKey, None));
    assert!(asked.text.contains(&fingerprint(&fleet)), "{}", asked.text);
    assert!(!known.exists());
    asked.reply.send(Secret::from("yes")).expect("somebody waits");
    assert_eq!(ended(pipes).await.0, "42\n");
    let learnt = fs::read_to_string(&known).expect("a file of known hosts");
    assert!(learnt.starts_with("learn-host ssh-ed25519 "), "{learnt}");
    let pipes = person.ssh(&fleet, "learn-host", &[&option]);
    assert_eq!(ended(pipes).await.0, "42\n");
    assert!(person.is_done(), "it asked again");
}

#[tokio::test]
async fn an_unknown_key_that_nobody_accepts_ends_the_way_in_with_its_fingerprint() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    let pipes = person.ssh(&fleet, "stranger-host", &["-v"]);
    drop(person.asked().await.reply);
    let (stdout, seen) = ended(pipes).await;
    let failure = diagnose::ended(&seen);
    assert_eq!((failure.stage, stdout.as_str()), (Stage::HostKey, ""), "{failure}");
    assert!(failure.why.contains(&format!("its ED25519 key is {}:", fingerprint(&fleet))), "{failure}");
    assert!(failure.why.contains("nothing was sent"), "{failure}");
    // ssh's own account of it: it saw the key, and never went on to logging in.
    assert!(seen.stderr.contains("debug1: Server host key: "), "{}", seen.stderr);
    assert!(!seen.stderr.contains("SSH2_MSG_NEWKEYS"), "{}", seen.stderr);
    assert!(person.is_done());
}

#[tokio::test]
async fn a_changed_key_is_never_asked_about_and_named_with_its_place() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    let failure = failed(person.ssh(&fleet, "changed-host", &["-oStrictHostKeyChecking=ask"])).await;
    assert_eq!(failure.stage, Stage::HostKey, "{failure}");
    let place = format!("{}:1", fleet.file("known_hosts_changed").display());
    for part in ["CHANGED", &fingerprint(&fleet), &place, "nothing was sent", "ssh-keygen -f"] {
        assert!(failure.why.contains(part), "{part}: {failure}");
    }
    assert!(person.is_done());
}

#[tokio::test]
async fn a_host_on_the_way_asks_like_any_other() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    for (jump, words, stage) in [
        ("pw", "asks@pw's password: ", Stage::Login),
        ("stranger-host", "The authenticity of host 'stranger-host", Stage::HostKey),
    ] {
        let pipes = person.ssh(&fleet, "h1", &["-J", jump]);
        let asked = person.asked().await;
        assert!(asked.link == LINK && asked.text.starts_with(words), "{}", asked.text);
        drop(asked.reply);
        let failure = failed(pipes).await;
        assert_eq!(failure.stage, stage, "{failure}");
        assert!(person.is_done());
    }
}

/// The fingerprint of all hosts' key, from its file.
fn fingerprint(fleet: &Fleet) -> String {
    let told = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(fleet.file("keys/host_key.pub"))
        .output()
        .expect("ssh-keygen");
    let told = String::from_utf8(told.stdout).expect("text");
    told.split(' ').nth(1).expect("a fingerprint").to_owned()
}

#[tokio::test]
async fn a_question_is_over_when_ssh_is() {
    let Some(fleet) = fleet() else { return };
    let mut person = Person::new();
    let pipes = person.ssh(&fleet, "pw", &[]);
    let mut asked = person.asked().await;
    assert!(!asked.reply.is_closed());
    drop(pipes);
    timeout(Duration::from_secs(20), asked.reply.closed()).await.expect("nobody waits any more");
}

#[tokio::test]
async fn a_touch_is_told_until_ssh_ends_its_helper() {
    let mut person = Person::new();
    let mut helper = person.helper("Confirm user presence for key ED25519-SK SHA256:x");
    let mut helper = helper.env("SSH_ASKPASS_PROMPT", "none").spawn().expect("the helper");
    let mut asked = person.asked().await;
    assert!(asked.notice && domain(&asked.text).is_none());
    assert!(helper.try_wait().expect("a state").is_none());
    helper.kill().await.expect("an end");
    timeout(Duration::from_secs(20), asked.reply.closed()).await.expect("nobody waits any more");
}

#[tokio::test]
async fn the_helper_prints_the_answer_and_nothing_else() {
    let mut person = Person::new();
    for (answer, code, printed) in
        [(Some("π and ' \""), 0, "π and ' \"\n"), (Some(""), 0, "\n"), (None, 1, "")]
    {
        let helper = person.helper("Enter passphrase for key '/k': ").spawn().expect("the helper");
        let asked = person.asked().await;
        match answer {
            Some(answer) => asked.reply.send(Secret::from(answer)).expect("somebody waits"),
            None => drop(asked.reply),
        }
        let output = helper.wait_with_output().await.expect("an end");
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()),
            (Some(code), printed)
        );
        assert_eq!(output.stderr, b"");
    }
    // Questions of any length arrive, cut to their end; where the socket is gone, there is no answer.
    let long = format!("{}Password: ", "x".repeat(100_000));
    let helper = person.helper(&long).spawn().expect("the helper");
    let asked = person.asked().await;
    assert!(asked.text.len() <= 16 * 1024 && asked.text.ends_with("xPassword: "));
    asked.reply.send(Secret::from("a")).expect("somebody waits");
    assert_eq!(helper.wait_with_output().await.expect("an end").stdout, b"a\n");
    let mut late = person.helper("Enter passphrase for key '/k': ");
    drop(person);
    let output = late.output().await.expect("an end");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}

#[tokio::test]
async fn the_socket_is_this_user_s_alone_and_goes_with_its_server() {
    let mut person = Person::new();
    let socket = person.helper.socket.clone();
    let folder = socket.parent().expect("a folder").to_owned();
    let mode = |path: &Path| fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&socket)), (0o700, 0o600));
    if rustix::process::geteuid().is_root() {
        assert_eq!(stranger(&socket), "PermissionError");
        // Even where both were opened to everybody, the stranger is known by his number, and our own client turns away.
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("a mode");
        fs::set_permissions(&socket, Permissions::from_mode(0o666)).expect("a mode");
        let waiting = tokio::task::spawn_blocking({
            let socket = socket.clone();
            move || stranger(&socket)
        });
        assert_eq!(waiting.await.expect("an end"), "hung up");
        let mut helper = person.helper("Enter passphrase for key '/k': ");
        assert_eq!(helper.output().await.expect("an end").status.code(), Some(1));
        assert!(person.is_done());
    } else {
        eprintln!("SKIPPED: only root can be a stranger");
    }
    drop(person.server);
    assert!(!folder.exists());
}

/// What becomes of another user who asks at the socket.
fn stranger(socket: &Path) -> String {
    let code = "import socket, sys\n\
        s = socket.socket(socket.AF_UNIX)\n\
        s.settimeout(5)\n\
        try:\n    \
            s.connect(sys.argv[1])\n    \
            try: s.sendall(b'1\\0\\0Password: \\0')\n    \
            except BrokenPipeError: pass\n    \
            try: print('hung up' if not s.recv(9) else 'answered')\n    \
            except ConnectionResetError: print('hung up')\n\
        except Exception as error: print(type(error).__name__)";
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c", code]).arg(socket);
    // A Python in root's own home is not the stranger's.
    let output = command.env("PATH", "/usr/bin:/bin").current_dir("/").output().expect("setpriv");
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn clients_that_do_not_keep_to_the_words_are_hung_up_on() {
    let mut person = Person::new();
    let too_long = [b"7\0\0".as_slice(), &vec![b'x'; 20_000], b"\0"].concat();
    for words in [b"7\0\0no end".as_slice(), b"seven\0\0Password: \0", b"", &too_long] {
        let mut client = UnixStream::connect(&person.helper.socket).await.expect("a connection");
        let _ = client.write_all(words).await;
        let _ = client.shutdown().await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(30), client.read_to_end(&mut answer)).await.expect("an end");
        assert_eq!(answer, b"");
        assert!(person.is_done());
    }
}

#[tokio::test]
async fn only_so_many_wait_and_the_others_are_sent_away() {
    let mut person = Person::new();
    let mut clients = Vec::new();
    for _ in 0..1100 {
        let Ok(mut client) = UnixStream::connect(&person.helper.socket).await else { break };
        let _ = client.write_all(b"7\0\0Password: \0").await;
        clients.push(client);
    }
    if clients.len() < 1100 {
        eprintln!("SKIPPED: this user may not open as many files");
        return;
    }
    let mut waiting = Vec::new();
    while waiting.len() < 1024 {
        waiting.push(person.asked().await);
    }
    sleep(Duration::from_millis(500)).await;
    assert!(person.is_done(), "more than 1024 wait");
    assert_eq!(waiting.iter().filter(|asked| asked.reply.is_closed()).count(), 0);
    // When they go, there is room again.
    drop(clients);
    for asked in &mut waiting {
        timeout(Duration::from_secs(20), asked.reply.closed()).await.expect("nobody waits any more");
    }
    let helper = person.helper("Enter passphrase for key '/k': ").spawn().expect("the helper");
    person.asked().await.reply.send(Secret::from("a")).expect("somebody waits");
    assert_eq!(helper.wait_with_output().await.expect("an end").stdout, b"a\n");
}
