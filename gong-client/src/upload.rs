//! Uploading one file: streamed from disk with its length, with a timeout for stalls.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use gong_api_gen::types;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use ring::digest::{Context, SHA256};
use tokio::sync::{mpsc, watch};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::operation::{Operation, UPLOAD_PART};
use crate::response;
use gong_records::ObjectType;
use gong_records::ids::{ClientRequestId, IntegrationId};
use gong_records::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES};

/// Chunks in which a file is read and sent. The usual 4 KiB made uploads 15 times slower.
const CHUNK_BYTES: usize = 256 * 1024;

/// One file to upload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Upload {
    /// Where the upload belongs.
    pub integration_id: IntegrationId,
    /// The type of the file's records.
    pub object_type: ObjectType,
    /// The id of the upload, which Gong accepts once.
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
    /// Sends one file. When this returns, Gong has stored the file and not processed it yet.
    ///
    /// The file is streamed from disk, so memory does not grow with its size. `on_progress` receives
    /// the number of bytes sent so far.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] if the file can't be read or changes while it is sent,
    /// [`ErrorKind::InvalidRequest`] if it is empty or larger than [`MAX_BODY_BYTES`],
    /// [`ErrorKind::Conflict`] if the id was accepted before; any [`ErrorKind`] of a call. If
    /// [`Error::is_outcome_unknown`] is true, Gong may have stored the file: then check the status
    /// of the same id.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_client::Upload;
    /// use gong_records::ObjectType;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("stages.ldjson");
    /// std::fs::write(&path, "{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n")?;
    /// let upload = Upload::new(integration_id, ObjectType::Stage, "stages-1".parse()?, path);
    /// client.upload(&upload, |_| {}).await?;
    /// // Gong accepts an id once.
    /// let again = client.upload(&upload, |_| {}).await.unwrap_err();
    /// assert_eq!(again.kind(), gong_client::ErrorKind::Conflict);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn upload(
        &self,
        upload: &Upload,
        on_progress: impl FnMut(u64) + Send,
    ) -> Result<(), Error> {
        let length = sendable_length(&upload.path).await?;
        let content = Content {
            path: upload.path.clone(),
            ranges: std::iter::once(0..length).collect(),
            hash: None,
        };
        self.send(upload, &content, on_progress).await
    }

    /// Sends parts of a file as one upload.
    ///
    /// # Errors
    ///
    /// As [`Client::upload`]; [`ErrorKind::File`] also when the bytes are not those that were hashed.
    pub async fn send(
        &self,
        upload: &Upload,
        content: &Content,
        mut on_progress: impl FnMut(u64) + Send,
    ) -> Result<(), Error> {
        // On the heap, because a push of thousands of files holds as many of these futures.
        match Box::pin(self.send_once(upload, content, &mut on_progress)).await {
            // Gong has rejected it by its token: it was not accepted.
            Err(error) if self.has_new_token(&error) => {
                Box::pin(self.send_once(upload, content, &mut on_progress)).await
            }
            sent => sent,
        }
    }

    async fn send_once(
        &self,
        upload: &Upload,
        content: &Content,
        on_progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<(), Error> {
        self.rate
            .spend(&*self.clock, &*self.counter)
            .await
            .map_err(|error| error.with_client_request_id(&upload.client_request_id))?;
        let length = content.length();
        let (sent, mut watched) = watch::channel(0_u64);
        let fault = Arc::new(OnceLock::new());
        let stream = counted(content.read(Arc::clone(&fault)), sent);
        // A constant name: the real one may be private, and Gong does not use it.
        let file_name = format!("{}.ldjson", upload.object_type.file_stem());
        let part = Part::stream_with_length(Body::wrap_stream(stream), length)
            .file_name(file_name)
            .mime_str("application/octet-stream")
            .map_err(|error| response::transport(Operation::UploadCrmData, error))?;
        let form = Form::new().part(UPLOAD_PART, part);
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
                self.timeouts.write_stall
            } else {
                self.timeouts.response
            };
            tokio::select! {
                // The response first: it may arrive before the last chunk is sent.
                biased;
                answer = &mut call => break answer,
                changed = watched.changed(), if left > 0 => {
                    on_progress(*watched.borrow());
                    if changed.is_err() {
                        // The body was dropped: Gong or the connection does not read any more.
                        break within(self.timeouts.response, &mut call).await
                            .map_err(|late| late.with_client_request_id(&upload.client_request_id))?;
                    }
                }
                () = tokio::time::sleep(deadline) => {
                    return Err(too_late(left, deadline)
                        .with_client_request_id(&upload.client_request_id));
                }
            }
        };
        let read = Box::pin(response::read(
            Operation::UploadCrmData,
            &exchange,
            answered,
        ));
        let outcome = within(self.timeouts.response, read)
            .await
            .flatten()
            .map(drop)
            .map_err(|error| error.with_client_request_id(&upload.client_request_id));
        match (outcome, fault.get()) {
            // The last chunk was not sent, so Gong cannot have accepted the upload.
            (Err(error), Some(reason)) if error.status().is_none_or(|status| status >= 300) => {
                Err(Error::new(ErrorKind::File, reason.clone()))
            }
            (outcome, _) => outcome,
        }
    }
}

/// The result of a call, if it arrives in time.
async fn within<F: Future + Unpin>(deadline: Duration, call: F) -> Result<F::Output, Error> {
    tokio::time::timeout(deadline, call)
        .await
        .map_err(|_| response::timed_out(Operation::UploadCrmData, deadline))
}

/// The error for an upload that stalls, or for a response that does not arrive.
fn too_late(left: u64, deadline: Duration) -> Error {
    if left == 0 {
        return response::timed_out(Operation::UploadCrmData, deadline);
    }
    // Gong may have received everything; it stores only a complete file.
    Error::new(
        ErrorKind::Timeout,
        format!(
            "{}: no data could be sent for {} s; {left} bytes of the file are left",
            Operation::UploadCrmData,
            deadline.as_secs_f64()
        ),
    )
    .with_outcome_unknown()
}

/// The file's length, if Gong would accept it.
async fn sendable_length(path: &Path) -> Result<u64, Error> {
    let unreadable = |error: io::Error| {
        Error::new(ErrorKind::File, format!("{} can't be read", path.display())).with_source(error)
    };
    let metadata = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if metadata.is_dir() {
        let message = format!("{} is a folder, not a file", path.display());
        return Err(Error::new(ErrorKind::File, message));
    }
    // So that an unreadable file is reported before a connection is established.
    tokio::fs::File::open(path).await.map_err(unreadable)?;
    let length = metadata.len();
    let refuse = |why: String| {
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("{} {why}", path.display()),
        ))
    };
    if length == 0 {
        return refuse("is empty; there is nothing to upload".to_owned());
    }
    if length > MAX_BODY_BYTES - FRAMING_BYTES {
        return refuse(format!(
            "has {length} bytes; Gong accepts {MAX_BODY_BYTES} per upload, framing included: split it"
        ));
    }
    Ok(length)
}

/// The bytes of one upload: ranges of a file, and their hash at the time of planning.
#[derive(Debug, Clone)]
pub struct Content {
    /// The file.
    pub path: PathBuf,
    /// The byte ranges of the file, in order.
    pub ranges: Vec<Range<u64>>,
    /// The SHA-256 of the ranges, which is compared before the last bytes are sent.
    pub hash: Option<[u8; 32]>,
}

impl Content {
    /// How many bytes they are.
    pub fn length(&self) -> u64 {
        self.ranges
            .iter()
            .map(|range| range.end - range.start)
            .sum()
    }

    /// Reads the bytes and returns their SHA-256.
    ///
    /// # Errors
    ///
    /// The system's error when the file cannot be read.
    pub fn hashed(&self) -> io::Result<[u8; 32]> {
        let mut hasher = Context::new(&SHA256);
        self.visit(&mut |chunk, _| {
            hasher.update(&chunk);
            Ok(())
        })?;
        let mut hash = [0; 32];
        hash.copy_from_slice(hasher.finish().as_ref());
        Ok(hash)
    }

    /// Reads the bytes on a blocking thread; `fault` receives the reason if it stops early.
    fn read(&self, fault: Arc<OnceLock<String>>) -> mpsc::Receiver<io::Result<Bytes>> {
        let (chunks, received) = mpsc::channel(2);
        let content = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut hasher = Context::new(&SHA256);
            let outcome = content.visit(&mut |chunk, is_last| {
                if let Some(hash) = &content.hash {
                    hasher.update(&chunk);
                    // Before the last chunk: without it, Gong cannot accept the upload.
                    if is_last && hasher.clone().finish().as_ref() != hash {
                        return Err(io::Error::other(
                            "the content has changed since it was planned",
                        ));
                    }
                }
                // It fails only if the receiver was dropped.
                chunks
                    .blocking_send(Ok(Bytes::from(chunk)))
                    .map_err(|_| io::ErrorKind::BrokenPipe.into())
            });
            let Err(error) = outcome else { return };
            if error.kind() == io::ErrorKind::BrokenPipe {
                return;
            }
            let path = content.path.display();
            let changed = matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::Other
            );
            let reason = if changed {
                format!(
                    "{path} changed while it was sent, and Gong has not accepted it: push it again"
                )
            } else {
                format!("{path} cannot be read to its end: {error}")
            };
            drop(fault.set(reason));
            drop(chunks.blocking_send(Err(error)));
        });
        received
    }

    /// Visits the bytes in large chunks, each with whether it is the last.
    fn visit(&self, each: &mut dyn FnMut(Vec<u8>, bool) -> io::Result<()>) -> io::Result<()> {
        let mut file = BufReader::with_capacity(CHUNK_BYTES, File::open(&self.path)?);
        let mut left = self.length();
        let mut at = 0;
        let mut chunk = Vec::with_capacity(chunk_bytes(left));
        for range in &self.ranges {
            if range.start != at {
                file.seek_relative(range.start.cast_signed() - at.cast_signed())?;
            }
            at = range.end;
            let mut of_range = range.end - range.start;
            while of_range > 0 {
                let old = chunk.len();
                let wanted = chunk_bytes(of_range).min(CHUNK_BYTES - old);
                chunk.resize(old + wanted, 0);
                file.read_exact(&mut chunk[old..])?;
                of_range -= wanted as u64;
                left -= wanted as u64;
                if chunk.len() == CHUNK_BYTES || left == 0 {
                    each(std::mem::take(&mut chunk), left == 0)?;
                    chunk.reserve_exact(chunk_bytes(left));
                }
            }
        }
        Ok(())
    }
}

/// How many of the remaining bytes go into one chunk.
fn chunk_bytes(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES)
}

/// The chunks, each counted as it is sent.
fn counted(
    mut chunks: mpsc::Receiver<io::Result<Bytes>>,
    sent: watch::Sender<u64>,
) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures_util::stream::poll_fn(move |context| {
        let chunk = chunks.poll_recv(context);
        if let Poll::Ready(Some(Ok(chunk))) = &chunk {
            sent.send_modify(|total| *total += chunk.len() as u64);
        }
        chunk
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
