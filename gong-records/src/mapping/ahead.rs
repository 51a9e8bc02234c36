//! The rows of a file, converted by one thread while another reads ahead and writes the lines.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::ConvertError;
use super::row::Row;
use super::source::Source;

/// How many rows are handed over at once: enough that the handing over costs nothing.
const BATCH_ROWS: usize = 512;

/// After how many bytes a batch is handed over with fewer rows, which bounds the memory.
const BATCH_BYTES: usize = 256 * 1024;

/// One is read or written, one is converted and one waits.
const BATCHES: usize = 3;

/// The memory of a longer row is not used again, so that it does not stay for good.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// Appends the lines of a row.
pub(super) type OnRow<'a> = dyn FnMut(&Row, &mut Vec<u8>) + 'a;

/// Rows, and the lines that become of them; the memory of earlier ones is used again.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    count: usize,
    /// How the file ended, if it did after these rows.
    end: Option<io::Result<()>>,
    lines: Vec<u8>,
}

impl Batch {
    fn fill(&mut self, source: &mut Source<'_>) {
        (self.count, self.end) = (0, None);
        let mut bytes = 0;
        while self.count < BATCH_ROWS && bytes < BATCH_BYTES {
            match source.next() {
                Ok(true) => {}
                Ok(false) => {
                    self.end = Some(Ok(()));
                    return;
                }
                Err(error) => {
                    self.end = Some(Err(error));
                    return;
                }
            }
            if self.count == self.rows.len() {
                self.rows.push(Row::default());
            }
            let row = &mut self.rows[self.count];
            if row.bytes() > MAX_KEPT_BYTES {
                *row = Row::default();
            }
            source.give(row);
            bytes += row.bytes();
            self.count += 1;
        }
    }

    /// Converts each row; afterwards `last` is the last of them.
    fn convert(&mut self, last: &mut Row, on_row: &mut OnRow<'_>) {
        let rows = &mut self.rows[..self.count];
        for row in &*rows {
            on_row(row, &mut self.lines);
        }
        if let Some(row) = rows.last_mut() {
            std::mem::swap(last, row);
        }
    }

    fn write(&mut self, out: &mut (dyn Write + Send)) -> Result<(), ConvertError> {
        out.write_all(&self.lines).map_err(ConvertError::Write)?;
        self.lines.clear();
        Ok(())
    }
}

/// Converts every row of the source and writes the lines, in order, on two threads if the file is
/// longer than one batch; afterwards the source's row is the last one.
pub(super) fn each_row(
    source: &mut Source<'_>,
    out: &mut (dyn Write + Send),
    threads: usize,
    on_row: &mut OnRow<'_>,
) -> Result<(), ConvertError> {
    let mut last = Row::default();
    let mut batch = Batch::default();
    batch.fill(source);
    batch.convert(&mut last, on_row);
    if batch.end.is_none() && threads > 1 {
        thread::scope(|scope| {
            let (sender, batches) = channel::<Batch>();
            let (return_batch, returned) = channel::<Batch>();
            drop(return_batch.send(std::mem::take(&mut batch)));
            for _ in 1..BATCHES {
                drop(return_batch.send(Batch::default()));
            }
            let source = &mut *source;
            let thread = scope.spawn(move || read_and_write(source, out, &returned, &sender));
            let read = convert(&batches, &return_batch, &mut last, on_row);
            // Without batches the thread ends.
            drop((return_batch, batches));
            let written = thread.join();
            written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            read
        })?;
    } else {
        batch.write(out)?;
        while batch.end.is_none() {
            batch.fill(source);
            batch.convert(&mut last, on_row);
            batch.write(out)?;
        }
        batch.end.unwrap_or(Ok(())).map_err(ConvertError::Read)?;
    }
    source.take_back(last);
    Ok(())
}

/// Writes the lines of every batch that comes back, and fills it again until the end of the file.
fn read_and_write(
    source: &mut Source<'_>,
    out: &mut (dyn Write + Send),
    returned: &Receiver<Batch>,
    sender: &Sender<Batch>,
) -> Result<(), ConvertError> {
    let mut is_ended = false;
    for mut batch in returned {
        batch.write(out)?;
        if !is_ended {
            batch.fill(source);
            is_ended = batch.end.is_some();
            if sender.send(batch).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Converts every batch that comes, until the last one.
fn convert(
    batches: &Receiver<Batch>,
    return_batch: &Sender<Batch>,
    last: &mut Row,
    on_row: &mut OnRow<'_>,
) -> Result<(), ConvertError> {
    for mut batch in batches {
        batch.convert(last, on_row);
        let end = batch.end.take();
        drop(return_batch.send(batch));
        if let Some(end) = end {
            return end.map_err(ConvertError::Read);
        }
    }
    // The other thread has ended, because of an error of its own.
    Ok(())
}
