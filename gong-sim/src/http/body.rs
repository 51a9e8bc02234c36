//! Reads the body of a request: counted, limited, and with a timeout.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, Sleep};

/// After a rejection, this much of the body is still read, so that a client that sends everything
/// before it reads receives the response.
const READ_AFTER_REFUSAL: u64 = 256 * 1024 * 1024;

/// A body that counts its bytes and ends with an error beyond its limit.
#[derive(Debug)]
pub(crate) struct CountedBody {
    inner: BodyDataStream,
    limit: u64,
    pub(crate) received: u64,
    kept: KeptBytes,
    has_ended: bool,
    patience: Duration,
    /// Runs while the client sends nothing.
    silence: Option<Pin<Box<Sleep>>>,
    pace: Option<Pace>,
}

/// The bytes that passed, as long as there are not too many.
#[derive(Debug)]
pub(crate) struct KeptBytes {
    pieces: Vec<Bytes>,
    length: usize,
    limit: usize,
}

impl KeptBytes {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            pieces: Vec::new(),
            length: 0,
            limit,
        }
    }

    pub(crate) fn add(&mut self, piece: &Bytes) {
        self.length = self.length.saturating_add(piece.len());
        if self.length > self.limit {
            self.pieces = Vec::new();
        } else {
            self.pieces.push(piece.clone());
        }
    }

    /// All of them in one piece, without the room around them; `None` if there were too many.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let pieces = std::mem::take(&mut self.pieces);
        (self.length <= self.limit).then(|| pieces.concat().into())
    }
}

/// How slowly a fault has the body read.
#[derive(Debug)]
struct Pace {
    bytes_per_second: u64,
    wait: Pin<Box<Sleep>>,
    /// The bytes that were received and are passed on after the wait.
    held: Option<Bytes>,
}

/// Why a body could not be read completely.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is longer than {0} bytes")]
    TooLong(u64),
    #[error("no more of the body arrived")]
    Silent,
    #[error("the body broke off")]
    BrokeOff(#[source] axum::Error),
}

impl CountedBody {
    /// `patience` is how long the client may send nothing.
    ///
    /// Up to `kept` bytes are kept.
    pub(crate) fn new(body: Body, patience: Duration, kept: usize) -> Self {
        Self {
            inner: body.into_data_stream(),
            limit: u64::MAX,
            received: 0,
            kept: KeptBytes::new(kept),
            has_ended: false,
            patience,
            silence: None,
            pace: None,
        }
    }

    /// The body as far as it was read, unless that is too much.
    pub(crate) fn take_kept(&mut self) -> Option<Bytes> {
        self.kept.take()
    }

    pub(crate) fn limit_to(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// From now on no more than this many bytes are read per second.
    pub(crate) fn slow_down(&mut self, bytes_per_second: u64) {
        let wait = Box::pin(tokio::time::sleep(Duration::ZERO));
        self.pace = Some(Pace {
            bytes_per_second: bytes_per_second.max(1),
            wait,
            held: None,
        });
    }

    /// The whole body.
    pub(crate) async fn read_whole(&mut self) -> Result<Vec<u8>, BodyError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await {
            whole.extend_from_slice(&chunk?);
        }
        Ok(whole)
    }

    /// Reads the rest and drops it.
    pub(crate) async fn drain(&mut self) {
        self.pace = None;
        self.limit = self.received.saturating_add(READ_AFTER_REFUSAL);
        while let Some(Ok(_)) = self.next().await {}
    }
}

impl CountedBody {
    /// Waits for more of the body, up to the read timeout.
    fn poll_silence(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let patience = self.patience;
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if silence.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.has_ended = true;
        Poll::Ready(Some(Err(BodyError::Silent)))
    }
}

impl Stream for CountedBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        if let Some(pace) = &mut self.pace
            && pace.held.is_some()
        {
            if pace.wait.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            return Poll::Ready(pace.held.take().map(Ok));
        }
        let chunk = match self.inner.poll_next_unpin(context) {
            Poll::Pending => return self.poll_silence(context),
            Poll::Ready(None) => {
                self.has_ended = true;
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Err(error))) => {
                self.has_ended = true;
                return Poll::Ready(Some(Err(BodyError::BrokeOff(error))));
            }
            Poll::Ready(Some(Ok(chunk))) => chunk,
        };
        self.received += chunk.len() as u64;
        self.kept.add(&chunk);
        let until = Instant::now() + self.patience;
        if let Some(silence) = &mut self.silence {
            silence.as_mut().reset(until);
        }
        if self.received > self.limit {
            return Poll::Ready(Some(Err(BodyError::TooLong(self.limit))));
        }
        if let Some(pace) = &mut self.pace {
            let milliseconds = (chunk.len() as u64).saturating_mul(1_000) / pace.bytes_per_second;
            pace.wait = Box::pin(tokio::time::sleep(Duration::from_millis(milliseconds)));
            pace.held = Some(chunk);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}
