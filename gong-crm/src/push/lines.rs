//! The lines of a file, one after another.

use std::io;
use std::path::Path;

use gong_records::io::lines::{Line, Lines};

use crate::ObjectType;
use crate::compare::{HashKey, Reader};

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

/// The place of a line from 0: that of its record among those of an upload.
pub(super) fn place_of(line: &Line<'_>) -> usize {
    usize::try_from(line.number - 1).unwrap_or(usize::MAX)
}

/// A reader for which the generations of custom fields are no matter: it is not used to compare their
/// values.
pub(super) fn id_reader(key: [u8; 16], object_type: ObjectType) -> Reader<'static> {
    Reader::new(HashKey::from_bytes(key), object_type, &|_| 0)
}
