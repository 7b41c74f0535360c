//! A socket at which a Python reads lines: TCP, with TLS or without, or one of this machine's own.
//!
//! Such as `socat TCP-LISTEN:7000,reuseaddr,fork EXEC:"python3 -qui"`, or `python3 -i` under inetd or a systemd socket.
//! Nobody is asked who connects there unless TLS does it, so these ways are never looked for: they are named.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::tunnel::address::Tls;
use crate::tunnel::failure::{Failure, Stage};
use crate::tunnel::pipes::{Pipes, Process};
use crate::tunnel::tls;

/// Opens a TCP socket, with TLS where it is asked for.
///
/// # Errors
/// The name has no address, none of its addresses answers, or TLS does not come about.
pub async fn tcp(host: &str, port: u16, tls: Option<&Tls>, limit: Duration) -> Result<Pipes, Failure> {
    // Sooner than the whole start is given up, so that what is told is where it stopped.
    let until = Instant::now() + limit.mul_f64(0.9);
    let stream = reach(&resolve(host, port, until).await?, until).await?;
    // Requests are small, and each is waited for. Without this they are only slower.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return Ok(pipes(stream.into_split())) };
    let Ok(private) = timeout_at(until, tls::wrap(stream, tls, host)).await else {
        let why = "something took the connection, but did not answer with TLS in time";
        return Err(Failure::at(Stage::Connect, why));
    };
    Ok(pipes(tokio::io::split(private?)))
}

/// Opens a socket of this machine.
///
/// # Errors
/// It may not be opened, it is not there, or nobody listens at it.
pub async fn unix(path: &str) -> Result<Pipes, Failure> {
    let stream = UnixStream::connect(tls::in_home(Path::new(path))).await.map_err(|error| {
        let (stage, why) = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                (Stage::Start, format!("{path} may not be opened by this user"))
            }
            io::ErrorKind::NotFound => (Stage::Connect, format!("there is no socket {path}")),
            io::ErrorKind::ConnectionRefused => (Stage::Connect, format!("nothing listens at {path}")),
            _ => (Stage::Connect, format!("{path} cannot be opened")),
        };
        Failure { stage, why, said: error.to_string() }
    })?;
    Ok(pipes(stream.into_split()))
}

async fn resolve(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, Failure> {
    let why = "the name has no address; check its spelling, and DNS";
    match timeout_at(until, lookup_host((host, port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(error)) => Err(Failure { said: error.to_string(), ..Failure::at(Stage::Resolve, why) }),
        Err(_) => Err(Failure::at(Stage::Resolve, "nobody gave an address for the name in time; check DNS")),
    }
}

/// Tries each address in turn. One that never answers takes no more than its share of the time.
async fn reach(addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Failure> {
    let mut missed: Vec<(SocketAddr, io::Error)> = Vec::new();
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX);
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => missed.push((*address, error)),
            Err(_) => missed.push((*address, io::ErrorKind::TimedOut.into())),
        }
    }
    let why = match missed.last().map(|(_, error)| error.kind()) {
        Some(io::ErrorKind::ConnectionRefused) => "nothing listens there; check the port",
        Some(io::ErrorKind::HostUnreachable) => "there is no route to the host",
        Some(io::ErrorKind::NetworkUnreachable) => "the network is unreachable",
        Some(io::ErrorKind::TimedOut) => "the host did not answer in time",
        Some(_) => "the host cannot be connected to",
        None => return Err(Failure::at(Stage::Resolve, "the name has no address")),
    };
    let said = missed.iter().map(|(address, error)| format!("{address}: {error}"));
    Err(Failure { said: said.collect::<Vec<_>>().join("\n"), ..Failure::at(Stage::Connect, why) })
}

/// A socket's two halves. It has no third: what the far interpreter says on standard error stays there.
fn pipes(
    (reader, writer): (impl AsyncRead + Send + Unpin + 'static, impl AsyncWrite + Send + Unpin + 'static),
) -> Pipes {
    Pipes {
        stdin: Box::new(writer),
        stdout: Box::new(reader),
        stderr: Box::new(tokio::io::empty()),
        process: Process::Socket,
        terminal: None,
        reads_lines: true,
    }
}
