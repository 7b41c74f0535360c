//! Requests to an engine, wherever it is: each on a connection of its own.

use std::error::Error as _;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::tunnel::address::Options;
use crate::tunnel::diagnose;
use crate::tunnel::docker_engine::context::Endpoint;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::interpreter::quoted;
use crate::tunnel::pipes::{Pipes, Process};
use crate::tunnel::{socket, spawn, ssh};

/// How long an answer of the engine may take, in seconds.
const TIMEOUT: u64 = 30;
/// How long one connection may take to come about: less than the engine's answer may, so that the reason is told.
const LIMIT: Duration = Duration::from_secs(TIMEOUT / 2);
/// How much of ssh's standard error is kept, in bytes, and how long it has to say it.
const STDERR: u64 = 16 * 1024;
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A client of this engine. No word is exchanged yet.
pub(super) fn client(endpoint: Endpoint) -> Result<Docker, Error> {
    let endpoint = Arc::new(endpoint);
    let answer = move |request| {
        let endpoint = endpoint.clone();
        async move {
            answer(&endpoint, request).await.map_err(|failure| {
                let why = format!("the docker engine {endpoint} cannot be reached: {}", failure.why);
                io::Error::other(Failure { why, ..failure }).into()
            })
        }
    };
    // The name stands for the engine, wherever it is.
    Docker::connect_with_custom_transport(answer, Some("http://docker"), TIMEOUT, API_DEFAULT_VERSION)
}

async fn answer(endpoint: &Endpoint, mut request: BollardRequest) -> Result<Response<Incoming>, Failure> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map(Into::into).unwrap_or_default();
    request.headers_mut().insert(HOST, HeaderValue::from_static("docker"));

    let mut pipes = connect(endpoint).await?;
    let mut stderr = mem::replace(&mut pipes.stderr, Box::new(tokio::io::empty()));
    match exchange(Stream::from(pipes), request).await {
        Ok(response) => {
            // Read to its end, so that nobody waits for its reader.
            tokio::spawn(async move { tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await });
            Ok(response)
        }
        Err(error) => {
            let mut words = Vec::new();
            let _ = timeout(LAST_WORDS, stderr.take(STDERR).read_to_end(&mut words)).await;
            Err(hung_up(&String::from_utf8_lossy(&words), &error))
        }
    }
}

/// Two pipes to the engine.
async fn connect(endpoint: &Endpoint) -> Result<Pipes, Failure> {
    match endpoint {
        Endpoint::Unix(path) => socket::unix(path).await,
        Endpoint::Tcp { host, port, tls } => socket::tcp(host, *port, tls.as_ref(), LIMIT).await,
        Endpoint::Ssh { user, host, port, socket } => {
            let to = ssh::To { user: user.as_deref(), host, port: *port };
            let mut words = vec!["docker".to_owned()];
            words.extend(socket.iter().map(|path| format!("--host=unix://{path}")));
            words.extend(["system", "dial-stdio"].map(str::to_owned));
            let asks = ssh::Asks::Nobody;
            spawn(&ssh::running(&to, &Options::default(), &[], LIMIT, asks, quoted(&words)), &[])
        }
    }
}

async fn exchange(stream: Stream, request: BollardRequest) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer, or with the pipes that an upgrade makes of it.
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await
}

/// The engine, or what leads to it, ended without an answer.
fn hung_up(stderr: &str, error: &hyper::Error) -> Failure {
    let said = match stderr.trim() {
        "" => error.source().map_or_else(|| error.to_string(), ToString::to_string),
        words => words.to_owned(),
    };
    let (stage, why) = diagnose::known(&said).unwrap_or((Stage::Connect, "there was no answer".to_owned()));
    Failure { said, ..Failure::at(stage, why) }
}

/// Pipes as one stream. What is behind them ends when it is dropped.
struct Stream {
    /// None once it is closed: a process sees the end of its input only when this is dropped.
    stdin: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    _process: Process,
}

impl From<Pipes> for Stream {
    fn from(pipes: Pipes) -> Self {
        Self { stdin: Some(pipes.stdin), stdout: pipes.stdout, _process: pipes.process }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stdin.as_mut().map_or(Poll::Ready(Ok(())), |stdin| Pin::new(stdin).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(stdin) = &mut self.stdin {
            ready!(Pin::new(stdin).poll_shutdown(cx))?;
            self.stdin = None;
        }
        Poll::Ready(Ok(()))
    }
}
