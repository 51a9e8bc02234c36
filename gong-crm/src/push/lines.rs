//! The lines of a file, one at a time.

use std::io;
use std::path::Path;

use gong_records::io::lines::{Line, Lines};

/// Reads a file line by line.
pub(super) fn each_line<E: From<io::Error>>(
    path: &Path,
    mut visit: impl FnMut(Line<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next_line()? {
        visit(line)?;
    }
    Ok(())
}
