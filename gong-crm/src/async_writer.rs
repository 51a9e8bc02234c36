//! `AsyncEntityWriter`: lines into any asynchronous writer.

use gong_records::{EntityWriter, ObjectId, Record, WriteError};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Writes records of one type as the lines of one entity file, into any [`AsyncWrite`].
///
/// It does the same as [`EntityWriter`](crate::write::EntityWriter). For files, prefer
/// [`EntityFile`](crate::EntityFile) within `tokio::task::spawn_blocking`: it writes a file
/// atomically.
///
/// ```
/// use gong_crm::write::AsyncEntityWriter;
/// use gong_crm::Stage;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut writer = AsyncEntityWriter::new(Vec::new());
/// writer.write(&Stage::builder().object_id("discovery").name("Discovery").build()?).await?;
/// let lines = writer.finish().await?;
/// assert_eq!(lines, b"{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AsyncEntityWriter<T, W> {
    /// The bytes that the asynchronous writer has not accepted yet.
    lines: EntityWriter<T, Vec<u8>>,
    sink: W,
}

impl<T: Record, W: AsyncWrite + Unpin> AsyncEntityWriter<T, W> {
    /// A writer into this sink.
    pub fn new(sink: W) -> Self {
        Self {
            lines: EntityWriter::new(Vec::new()),
            sink,
        }
    }

    /// The same writer with a maximum size per file; never more than Gong accepts.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.lines = self.lines.with_max_bytes(max_bytes);
        self
    }

    /// Writes a record and returns its line, from 1.
    ///
    /// Not safe to cancel: a dropped call may have written part of the waiting lines.
    ///
    /// # Errors
    ///
    /// As [`EntityWriter::write`](crate::write::EntityWriter::write).
    pub async fn write(&mut self, record: &T) -> Result<u64, WriteError> {
        let line = self.lines.write(record)?;
        let due = self.lines.get_mut();
        if !due.is_empty() {
            self.sink.write_all(due).await.map_err(WriteError::Sink)?;
            due.clear();
        }
        Ok(line)
    }

    /// How many records were written.
    pub fn records(&self) -> u64 {
        self.lines.records()
    }

    /// How many bytes they have, line breaks included.
    pub fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// The record of this line, from 1: for the line errors that Gong lists.
    pub fn object_id(&self, line: u64) -> Option<&str> {
        self.lines.object_id(line)
    }

    /// The line of this record, from 1.
    pub fn line(&self, object_id: &ObjectId) -> Option<u64> {
        self.lines.line(object_id)
    }

    /// Writes the remaining bytes, flushes the sink and returns it. Without this call, the end is
    /// missing.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`] when the sink fails.
    pub async fn finish(mut self) -> Result<W, WriteError> {
        let waiting = self.lines.finish()?;
        self.sink
            .write_all(&waiting)
            .await
            .map_err(WriteError::Sink)?;
        self.sink.flush().await.map_err(WriteError::Sink)?;
        Ok(self.sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gong_records::Account;

    fn account(id: &str) -> Account {
        Account::builder()
            .object_id(id)
            .modified_date("2026-03-01T09:30:00Z")
            .name("n")
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn async_sink_gets_the_same_lines() {
        let records: Vec<Account> = (0..5_000)
            .map(|number| account(&format!("a-{number}")))
            .collect();
        let mut writer = EntityWriter::new(Vec::new());
        for record in &records {
            writer.write(record).unwrap();
        }
        let expected = writer.finish().unwrap();
        let mut writer = AsyncEntityWriter::new(Vec::new());
        for record in &records {
            writer.write(record).await.unwrap();
        }
        assert_eq!(
            (writer.records(), writer.bytes()),
            (5_000, expected.len() as u64)
        );
        assert_eq!(writer.object_id(5_000), Some("a-4999"));
        assert_eq!(writer.line(records[17].object_id()), Some(18));
        assert!(writer.write(&records[17]).await.is_err());
        let found = writer.finish().await.unwrap();
        assert!(found == expected);
    }
}
