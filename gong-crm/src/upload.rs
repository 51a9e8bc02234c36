//! Sending one entity file: streamed from disk, its length known, watched for stalls.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use gong_api_gen::types;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use tokio::sync::watch;
use tokio_util::io::ReaderStream;

use crate::answer;
use crate::client::Client;
use crate::entity::ObjectType;
use crate::error::{Error, ErrorKind};
use crate::files::{FRAMING_BYTES, MAX_BODY_BYTES};
use crate::id::{ClientRequestId, IntegrationId};
use crate::operation::Operation;

/// Pieces in which a file is read and sent. The usual 4 KiB made uploads 15 times slower.
const PIECE_BYTES: usize = 256 * 1024;

/// One file to upload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Upload {
    /// Where the upload belongs.
    pub integration_id: IntegrationId,
    /// What the file's records are.
    pub object_type: ObjectType,
    /// The id under which Gong keeps the upload; taken once.
    pub client_request_id: ClientRequestId,
    /// The LDJSON file.
    pub path: PathBuf,
}

impl Upload {
    /// An upload of this file.
    pub fn new(
        integration_id: IntegrationId,
        object_type: ObjectType,
        client_request_id: ClientRequestId,
        path: impl Into<PathBuf>,
    ) -> Self {
        Self {
            integration_id,
            object_type,
            client_request_id,
            path: path.into(),
        }
    }
}

impl Client {
    /// Sends one file; Gong has stored it when this returns, and has yet to process it.
    ///
    /// The file streams from disk, so memory does not grow with its size. `on_progress` is told how
    /// many bytes have left so far.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] when the file can't be read, [`ErrorKind::InvalidRequest`] when it is
    /// empty or larger than [`MAX_BODY_BYTES`], [`ErrorKind::Conflict`] when the id was accepted
    /// before; any [`ErrorKind`] of a call. [`Error::is_outcome_unknown`] tells whether Gong may
    /// have stored the file all the same: then ask for the status of the same id.
    pub async fn upload(
        &self,
        upload: &Upload,
        mut on_progress: impl FnMut(u64) + Send,
    ) -> Result<(), Error> {
        let (body, length) = open(&upload.path).await?;
        let (sent, mut watched) = watch::channel(0_u64);
        let stream = counted(body, sent);
        // A constant name: the source's may be private, and Gong makes nothing of it.
        let file_name = format!("{}.ldjson", upload.object_type.file_stem());
        let part = Part::stream_with_length(Body::wrap_stream(stream), length)
            .file_name(file_name)
            .mime_str("application/octet-stream")
            .map_err(|error| answer::transport(Operation::UploadCrmData, error))?;
        let form = Form::new().part("dataFile", part);
        let call = self.raw().upload_crm_data(
            upload.client_request_id.as_str(),
            upload.integration_id.get(),
            raw_object_type(upload.object_type)?,
            form,
        );
        let exchange = gong_api_gen::Exchange::default();
        let mut call = pin!(exchange.observe(call));
        let answered = loop {
            let left = length - *watched.borrow_and_update();
            let deadline = if left > 0 {
                self.timeouts.stall
            } else {
                self.timeouts.answer
            };
            tokio::select! {
                // The answer first: it may come before the last piece has left.
                biased;
                answer = &mut call => break answer,
                changed = watched.changed(), if left > 0 => {
                    on_progress(*watched.borrow());
                    if changed.is_err() {
                        // The body is dropped: Gong, or the connection, wants no more of it.
                        break within(self.timeouts.answer, &mut call).await
                            .map_err(|late| late.with_client_request_id(&upload.client_request_id))?;
                    }
                }
                () = tokio::time::sleep(deadline) => {
                    return Err(too_late(left, deadline)
                        .with_client_request_id(&upload.client_request_id));
                }
            }
        };
        answer::read(Operation::UploadCrmData, &exchange, answered)
            .await
            .map(drop)
            .map_err(|error| error.with_client_request_id(&upload.client_request_id))
    }
}

/// The end of a call, if it comes in time.
async fn within<F: Future + Unpin>(deadline: Duration, call: F) -> Result<F::Output, Error> {
    tokio::time::timeout(deadline, call)
        .await
        .map_err(|_| answer::timed_out(Operation::UploadCrmData, deadline))
}

/// The error for an upload that stands still, or for an answer that does not come.
fn too_late(left: u64, deadline: Duration) -> Error {
    if left == 0 {
        return answer::timed_out(Operation::UploadCrmData, deadline);
    }
    // Gong may have seen all that left; only the whole file would have been stored.
    Error::new(
        ErrorKind::Timeout,
        format!(
            "{}: nothing could be sent for {} s, with {left} bytes of the file still to go",
            Operation::UploadCrmData,
            deadline.as_secs_f64()
        ),
    )
    .with_outcome_unknown()
}

/// Opens the file and makes sure that Gong would take its size.
async fn open(path: &Path) -> Result<(tokio::fs::File, u64), Error> {
    let unreadable = |error: std::io::Error| {
        Error::new(ErrorKind::File, format!("{} can't be read", path.display())).with_source(error)
    };
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        let message = format!("{} is a folder, not a file", path.display());
        return Err(Error::new(ErrorKind::File, message));
    }
    let length = metadata.len();
    let refuse = |why: String| {
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("{} {why}", path.display()),
        ))
    };
    if length == 0 {
        return refuse("is empty; Gong has nothing to take from it".to_owned());
    }
    if length > MAX_BODY_BYTES - FRAMING_BYTES {
        return refuse(format!(
            "has {length} bytes; Gong takes {MAX_BODY_BYTES} an upload, framing included: split it"
        ));
    }
    Ok((file, length))
}

/// The file's bytes, each piece counted as it leaves.
fn counted(
    file: tokio::fs::File,
    sent: watch::Sender<u64>,
) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> + Send + 'static {
    use futures_util::StreamExt as _;
    let sent = Arc::new(sent);
    ReaderStream::with_capacity(file, PIECE_BYTES).map(move |piece| {
        if let Ok(piece) = &piece {
            sent.send_modify(|total| *total += piece.len() as u64);
        }
        piece
    })
}

fn raw_object_type(object_type: ObjectType) -> Result<types::ObjectType, Error> {
    object_type.as_str().parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("{object_type} is not an object type"),
        )
    })
}
