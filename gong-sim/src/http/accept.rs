//! Accepts and serves connections, and resets them on demand.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::HeaderMap;
use http::header::ACCEPT;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::connection::{Connection, Cuttable};
use super::{guard, pipeline};
use crate::shared::SharedRef;

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
            let is_admin = is_admin(request.uri().path()) || is_browser_at_root(&request);
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

/// Gong has nothing at `/`. Somebody who opens it in a browser looks for the pages.
fn is_browser_at_root<B>(request: &Request<B>) -> bool {
    request.uri().path() == "/" && accepts_html(request.headers())
}

/// Whether the client is a browser that shows a page.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn is_admin(path: &str) -> bool {
    path == "/_sim" || path.starts_with("/_sim/")
}
