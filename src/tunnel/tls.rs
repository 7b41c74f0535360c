//! TLS over a socket. The server's certificate is verified in every case; there is no way to ask for less.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};

use crate::tunnel::address::Tls;
use crate::tunnel::diagnose;
use crate::tunnel::failure::{Failure, Stage};

/// Makes a connection private, once the server has shown a certificate for its name.
///
/// # Errors
/// A file of ours cannot be used, the server's certificate does not verify, or it refuses us.
pub async fn wrap(stream: TcpStream, tls: &Tls, host: &str) -> Result<Prompt, Failure> {
    let name = tls.name.as_deref().unwrap_or(host);
    let server = ServerName::try_from(name.to_owned()).map_err(|_| {
        Failure::start(format!("{name} cannot stand in a certificate; give its name with name="))
    })?;
    let asked = tls.clone();
    // Files are read, the system's authorities among them.
    let config = tokio::task::spawn_blocking(move || config(&asked)).await;
    let config = config.unwrap_or_else(|error| Err(Failure::start(error.to_string())))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(server, stream).await;
    connected.map(|stream| Prompt { stream, behind: false }).map_err(|error| refused(name, &error))
}

fn config(tls: &Tls) -> Result<ClientConfig, Failure> {
    let roots = match &tls.ca {
        Some(file) => authorities(file)?,
        None => system_authorities()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::start(error.to_string()))?
        .with_root_certificates(roots);
    let Some((cert, key)) = &tls.identity else { return Ok(config.with_no_client_auth()) };
    let private = PrivateKeyDer::from_pem_file(in_home(key)).map_err(|error| {
        let why = format!("{} gives no private key (one with a passphrase cannot be used)", key.display());
        with_reason(why, error)
    })?;
    config.with_client_auth_cert(certificates(cert)?, private).map_err(|error| {
        let why = format!("{} and {} do not make an identity", cert.display(), key.display());
        with_reason(why, error)
    })
}

fn authorities(file: &Path) -> Result<Arc<RootCertStore>, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| {
            with_reason(format!("{} holds a certificate of no authority", file.display()), error)
        })?;
    }
    Ok(Arc::new(roots))
}

/// Those of this machine, read once: they are many.
fn system_authorities() -> Result<Arc<RootCertStore>, Failure> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = SYSTEM.get() {
        return Ok(roots.clone());
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Those that are there and of no use are left out, as everywhere.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let said = found.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let why = "this machine has no list of authorities to trust; name a file of them with ca=".to_owned();
        return Err(Failure { said, ..Failure::start(why) });
    }
    Ok(SYSTEM.get_or_init(|| Arc::new(roots)).clone())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(in_home(file)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(Failure::start(format!("{} holds no certificate in PEM form", file.display()))),
        Err(error) => Err(with_reason(format!("{} gives no certificate", file.display()), error)),
    }
}

/// The path, with a `~` before it replaced by this user's home.
pub(super) fn in_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), directories::BaseDirs::new()) {
        (Ok(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => path.to_owned(),
    }
}

fn with_reason(why: String, reason: impl Display) -> Failure {
    Failure { said: reason.to_string(), ..Failure::start(why) }
}

/// What an end of the handshake means.
fn refused(name: &str, error: &std::io::Error) -> Failure {
    let said = error.to_string();
    let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (stage, why) = match reason {
        Some(rustls::Error::InvalidCertificate(reason)) => (
            Stage::HostKey,
            format!("the certificate does not verify: {}; nothing was sent", bad(reason, name)),
        ),
        Some(rustls::Error::InvalidMessage(_)) => {
            (Stage::Connect, "what answers there is not TLS".to_owned())
        }
        _ => {
            let hung_up = "the host hung up before the connection was private";
            diagnose::known(&said).unwrap_or((Stage::Connect, hung_up.to_owned()))
        }
    };
    Failure { stage, why, said }
}

/// What is wrong with a certificate, and what to do about it.
fn bad(reason: &CertificateError, name: &str) -> String {
    use CertificateError as E;
    match reason {
        // A bad signature is that of an authority of the same name.
        E::UnknownIssuer | E::BadSignature => {
            "no authority that is trusted signed it; name its authority with ca=FILE".to_owned()
        }
        E::Expired | E::ExpiredContext { .. } => "it has expired".to_owned(),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "it is not valid yet; are the clocks right?".to_owned()
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!("it is not for {name}; if another name is right, give it with name=")
        }
        E::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

/// A TLS stream that sends at once what was written to it, as plain sockets do: what the socket did not take is sent
/// on while its reader waits.
#[derive(Debug)]
pub struct Prompt {
    stream: TlsStream<TcpStream>,
    /// Something written may not yet be on its way.
    behind: bool,
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.behind && Pin::new(&mut self.stream).poll_flush(cx).is_ready() {
            // An error shows in reading too, and there with the peer's reason.
            self.behind = false;
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.behind = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
