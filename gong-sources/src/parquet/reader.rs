//! Reads ranges of one file, as it was when it was listed.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::part::Part;

/// How much of a file's end is read to find its footer, so that most files take one request.
const FOOTER_HINT: usize = 64 * 1_024;

/// Reads ranges of one file.
pub(super) struct PartReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
    tag: Option<String>,
}

impl PartReader {
    pub(super) fn new(store: Arc<dyn ObjectStore>, part: &Part) -> Self {
        Self {
            store,
            path: part.path.clone(),
            bytes: part.bytes,
            tag: part.tag.clone(),
        }
    }
}

impl AsyncFileReader for PartReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                // A file that was replaced meanwhile is an error, not half of each.
                if_match: self.tag.clone(),
                ..GetOptions::default()
            };
            let external = |error| ParquetError::External(Box::new(error));
            let found = self.store.get_opts(&self.path, options).await;
            let found = found.map_err(external)?;
            // Many servers of files ignore the condition.
            let is_other = match (&self.tag, &found.meta.e_tag) {
                (Some(tag), Some(now)) => tag != now,
                _ => false,
            };
            if is_other || found.meta.size != self.bytes {
                return Err(external(object_store::Error::Precondition {
                    path: self.path.to_string(),
                    source: "it was replaced while it was read".into(),
                }));
            }
            found.bytes().await.map_err(external)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            let bytes = self.bytes;
            let metadata = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_HINT))
                .load_and_finish(self, bytes)
                .await?;
            Ok(Arc::new(metadata))
        }
        .boxed()
    }
}
