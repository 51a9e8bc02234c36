//! Accepts and serves connections, and resets them on demand.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::{guard, pipeline};
use crate::shared::SharedRef;

/// Lets a request reset the connection that it came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection(Arc<AtomicBool>);

impl Connection {
    /// From now on nothing is written any more: the connection is reset instead.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Serves connections until `stop` is sent or dropped, then cuts off those that are left.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: SharedRef,
    admin: Option<Router>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stop => return,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&shared), admin.clone()));
                }
                // Out of file descriptors, or the client has gone already: others may do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: SharedRef, admin: Option<Router>) {
    // Answers are small and should not wait for more data.
    drop(stream.set_nodelay(true));
    let connection = Connection::default();
    let io = TokioIo::new(Cuttable {
        stream,
        connection: connection.clone(),
    });
    let admin = admin.map(TowerToHyperService::new);
    let service = service_fn(move |request: Request<Incoming>| {
        let (shared, connection, admin) = (Arc::clone(&shared), connection.clone(), admin.clone());
        async move {
            let is_admin = is_admin(request.uri().path());
            let response: Response<Body> = match (guard::rejection(&shared, &request), admin) {
                (Some(rejection), _) => rejection,
                (None, Some(admin)) if is_admin => admin
                    .call(request)
                    .await
                    .unwrap_or_else(|never| match never {}),
                _ => pipeline::answer(&shared, &connection, request.map(Body::new)).await,
            };
            Ok::<_, Infallible>(response)
        }
    });
    // An error here is a client that went away or a reset that was asked for; both have been seen to.
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, service)
        .await;
    drop(served);
}

fn is_admin(path: &str) -> bool {
    path == "/_sim" || path.starts_with("/_sim/")
}

/// A stream that resets the connection on demand.
struct Cuttable {
    stream: TcpStream,
    connection: Connection,
}

impl Cuttable {
    fn cut(&self) -> io::Error {
        // Without lingering, closing sends RST: the client sees a reset and no orderly end.
        drop(self.stream.set_zero_linger());
        io::ErrorKind::ConnectionReset.into()
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.connection.is_reset() {
            return Poll::Ready(Err(self.cut()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.connection.is_reset() {
            return Poll::Ready(Err(self.cut()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_reset() {
            return Poll::Ready(Err(self.cut()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_reset() {
            return Poll::Ready(Err(self.cut()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.connection.is_reset() {
            return Poll::Ready(Err(self.cut()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
