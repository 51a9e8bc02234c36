//! A server that takes uploads and throws them away, as fast as it can.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// As much as a fast server reads at a time.
const PIECE: usize = 256 * 1024;

/// Serves one connection after another, and prints its port first.
pub(crate) fn run(scheme: &str, folder: &Path) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    benches::figures::say(&listener.local_addr()?.port().to_string());
    let tls = if scheme == "https" {
        Some(Arc::new(configuration(folder)?))
    } else {
        None
    };
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        // A client that hangs up early is its own bench's problem.
        drop(match &tls {
            None => serve(&mut stream),
            Some(tls) => {
                let connection = ServerConnection::new(Arc::clone(tls))?;
                serve(&mut StreamOwned::new(connection, stream))
            }
        });
    }
    Ok(())
}

fn configuration(folder: &Path) -> Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem"))
        .map_err(|error| anyhow::anyhow!("the certificate: {error}"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))
        .map_err(|error| anyhow::anyhow!("the key: {error}"))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .context("the certificate does not fit the key")
}

/// Takes one request and says that it was stored.
fn serve(stream: &mut (impl Read + Write)) -> Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut filled = 0;
    let end = loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        if let Some(at) = memchr::memmem::find(&buffer[..filled], b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
    };
    let length: usize = header("content-length:")
        .context("a request without length")?
        .parse()?;
    if header("expect:").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        stream.flush()?;
    }
    let mut left = length - (filled - end);
    while left > 0 {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        left -= read.min(left);
    }
    let body = r#"{"requestId":"bench","clientRequestId":"bench-1"}"#;
    let answer = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: \
         close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes())?;
    stream.flush()?;
    Ok(())
}
