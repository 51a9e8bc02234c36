//! Requests without a connection, for `cargo fuzz` only.

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::join;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use tokio::sync::mpsc;

use crate::Simulator;
use crate::http::{Connection, answer};

impl Simulator {
    /// The response to an upload whose body arrives in these chunks, and then is truncated or ends.
    pub async fn upload_in_pieces(
        &self,
        path_and_query: &str,
        content_type: &HeaderValue,
        pieces: Vec<Bytes>,
        breaks_off: bool,
    ) -> (u16, Vec<u8>) {
        let (sender, receiver) = mpsc::channel(1);
        // A pause after each chunk, as on a connection; otherwise all are read as one.
        let sending = async move {
            let end = breaks_off.then(|| Err(std::io::ErrorKind::ConnectionReset.into()));
            for piece in pieces.into_iter().map(Ok::<_, std::io::Error>).chain(end) {
                if sender.send(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let body = stream::unfold(receiver, async |mut receiver| {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        let mut request = Request::new(Body::from_stream(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path_and_query.parse().unwrap_or_default();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.clone());
        let connection = Connection::default();
        let (response, ()) = join(answer(&self.shared, &connection, request), sending).await;
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        (status, body.unwrap_or_default().to_vec())
    }
}
