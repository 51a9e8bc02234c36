//! Parquet in folders and object stores: what Spark, Snowflake, `BigQuery`, Redshift and `DuckDB` leave.
//!
//! Row groups are read one after another, so that memory does not grow with the number of rows or of
//! part files.

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gong_crm::source::{Read, ReadFuture, RowFormat, Sink, Source, SourceError, Take};
use jiff::Timestamp;
use object_store::ObjectStore;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::columns;
use crate::open_error::OpenError;
use crate::options::SourceOptions;
use crate::secret::SecretUrl;

mod batch;
mod listed;
mod location;
mod manifest;
mod marks;
mod newest;
mod part;
mod parts;
mod physical;
mod reader;
mod schema;

use location::Location;
use part::Part;
use parts::Parts;
use reader::PartReader;
use schema::Schema;

/// How many rows are written at once.
const BATCH_ROWS: usize = 4_096;

/// How many files are opened ahead of the one that is read.
const OPENED_AHEAD: usize = 8;

/// Parquet files in a folder, S3, Google Cloud Storage, Azure or over HTTP.
///
/// Credentials come from the environment, under the names that the tools of each store use:
/// `AWS_…`, `GOOGLE_…`, `AZURE_…`.
///
/// ```
/// use std::path::Path;
///
/// use gong_crm::source::{Source as _, Take};
/// use gong_sources::SecretUrl;
/// use gong_sources::parquet::ParquetSource;
///
/// let url = SecretUrl::resolve("s3://crm-exports/leads/", Path::new(""))?;
/// let source = ParquetSource::new(&url, Path::new(""))?.take(Take::Parts);
/// assert_eq!(source.name(), "s3://crm-exports/leads/");
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ParquetSource {
    location: Location,
    take: Take,
    options: SourceOptions,
}

impl ParquetSource {
    /// The files beneath a URL or a folder, or the one file that it names.
    ///
    /// # Errors
    ///
    /// [`OpenError::Url`] when the URL cannot be understood.
    pub fn new(url: &SecretUrl, folder: &Path) -> Result<Self, OpenError> {
        Ok(Self {
            location: Location::parse(url, folder)?,
            take: Take::One,
            options: SourceOptions::default(),
        })
    }

    /// Which files count where several are there.
    #[must_use]
    pub fn take(mut self, take: Take) -> Self {
        self.take = take;
        self
    }

    /// Whether it is complete, and how rows become records.
    #[must_use]
    pub fn options(mut self, options: SourceOptions) -> Self {
        self.options = options;
        self
    }

    async fn run(&self, sink: &mut Sink) -> Result<Read, SourceError> {
        let store = self.location.connect()?;
        let found = Parts::find(&store, &self.location, self.take).await?;
        let mut rows = sink.rows(RowFormat::Json)?;
        let mut schema: Option<Schema> = None;
        {
            let parts = found.files.clone();
            let to = Arc::clone(&store);
            let opening = stream::iter(parts).map(move |part| open(Arc::clone(&to), part));
            let mut opened = std::pin::pin!(opening.buffered(OPENED_AHEAD));
            while let Some((part, of_file, builder)) = opened.try_next().await? {
                let of_part = Schema::of(&of_file, &part.partitions, &part.shown)
                    .map_err(|reason| part.failed(reason))?;
                match &mut schema {
                    None => schema = Some(of_part),
                    Some(schema) => schema
                        .merge(&of_part)
                        .map_err(|reason| part.failed(reason))?,
                }
                let batches = builder.with_batch_size(BATCH_ROWS).build();
                let mut batches = batches.map_err(|error| part.unreadable(&error))?;
                let mut number = 0_usize;
                while let Some(batch) = batches
                    .try_next()
                    .await
                    .map_err(|error| part.unreadable(&error))?
                {
                    batch::write(&batch, &of_file, &part.partitions, number, &mut rows)
                        .map_err(|reason| part.failed(reason))?;
                    number += batch.num_rows();
                    tokio::task::yield_now().await;
                }
            }
        }
        self.fail_if_changed(&store, &found).await?;
        let known = schema.map(Schema::columns).unwrap_or_default();
        let converter = columns::converter(&self.options, sink.object_type(), &known)?;
        sink.add_rows(rows, Some(&converter)).await?;
        let modified = found.files.iter().map(|part| part.modified).min();
        let mut read = self.options.read(modified.unwrap_or_else(Timestamp::now));
        read.stamp = Some(found.stamp());
        read.parts = found.files.len();
        read.marker = found.marker;
        Ok(read)
    }

    /// Fails if other part files are there than before they were read.
    async fn fail_if_changed(
        &self,
        store: &Arc<dyn ObjectStore>,
        found: &Parts,
    ) -> Result<(), SourceError> {
        let now = match self.take {
            Take::Parts => Parts::find(store, &self.location, self.take).await?,
            // An export that begins meanwhile is another one.
            Take::Latest => match Parts::find(store, &self.location, self.take).await {
                Ok(now) if now.folder == found.folder && found.files.len() > 1 => now,
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        if now.stamp() == found.stamp() {
            return Ok(());
        }
        Err(SourceError::NotReady(
            "the part files changed while they were read".to_owned(),
        ))
    }
}

/// A part whose footer was read, and the columns in it.
type Opened = (
    Part,
    Arc<arrow_schema::Schema>,
    ParquetRecordBatchStreamBuilder<PartReader>,
);

/// Reads a file's footer.
async fn open(store: Arc<dyn ObjectStore>, part: Part) -> Result<Opened, SourceError> {
    let mut reader = PartReader::new(store, &part);
    let found = ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await;
    let (found, of_file) = found
        .and_then(physical::describe)
        .map_err(|error| part.unreadable(&error))?;
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, found);
    Ok((part, of_file, builder))
}

impl Source for ParquetSource {
    fn name(&self) -> String {
        self.location.shown().to_owned()
    }

    fn definition(&self) -> String {
        let (target, take) = (self.location.target(), self.take);
        format!("parquet {target} {take:?}\n{}", self.options.definition())
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(self.run(sink))
    }
}

#[cfg(test)]
mod tests;
