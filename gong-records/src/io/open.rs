//! Opening a file that may be compressed.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// Whether the name says that the file is compressed: it ends in `.gz`, in any case.
pub fn is_compressed(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

/// Opens a file for reading, and decompresses it if its name ends in `.gz`.
///
/// # Errors
///
/// The system's error when the file cannot be opened. As [`unpack`] if its name ends in `.gz`.
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    Ok(if is_compressed(path) {
        Box::new(unpack(file)?)
    } else {
        Box::new(file)
    })
}

/// The minimum size to which every compressed file may unpack.
pub const MAX_UNPACKED_BYTES: u64 = 64_000_000;

/// The maximum ratio of unpacked to compressed size of larger files. Records reach about 20, and a
/// file that is made to fill a disk 1,000.
pub const MAX_UNPACKED_RATIO: u64 = 200;

/// Reads a compressed file, up to [`MAX_UNPACKED_BYTES`] or [`MAX_UNPACKED_RATIO`] times its size,
/// whichever is more.
///
/// # Errors
///
/// The system's error when the file cannot be read, or [`io::ErrorKind::InvalidData`] when it is not
/// compressed. Beyond the limit, reading fails.
pub fn unpack(file: File) -> io::Result<impl Read + Send> {
    let packed = file.metadata()?.len();
    let mut file = BufReader::with_capacity(256 * 1024, file);
    let begin = file.fill_buf()?;
    if !begin.is_empty() && !begin.starts_with(b"\x1f\x8b") {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its name ends in .gz, and it is not compressed: rename it",
        ));
    }
    let limit = packed
        .saturating_mul(MAX_UNPACKED_RATIO)
        .max(MAX_UNPACKED_BYTES);
    Ok(Unpacked {
        from: MultiGzDecoder::new(file),
        left: limit,
        limit,
    })
}

struct Unpacked<R> {
    from: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                let limit = self.limit;
                return Err(io::Error::other(format!(
                    "it unpacks to more than {limit} bytes, over {MAX_UNPACKED_RATIO} times its size; if \
                     that is right, unpack it first"
                )));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn plain_file_that_is_named_as_a_compressed_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.csv.gz");
        fs::write(&path, "Id,Name\n1,A\n").unwrap();
        let error = open(&path).err().unwrap();
        assert!(
            error.to_string().contains("it is not compressed"),
            "{error}"
        );
    }

    #[test]
    fn file_that_unpacks_beyond_measure_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.ldjson.gz");
        let file = File::create(&path).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::new(6));
        let blank = vec![b'\n'; 1_000_000];
        for _ in 0..100 {
            encoder.write_all(&blank).unwrap();
        }
        encoder.finish().unwrap();
        let read = io::copy(&mut open(&path).unwrap(), &mut io::sink());
        let error = read.unwrap_err().to_string();
        assert!(
            error.contains("unpacks to more than 64000000 bytes"),
            "{error}"
        );
    }

    #[test]
    fn name_says_whether_a_file_is_compressed() {
        let packed = |text: &str| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        // Several members, as `cat` makes of several files.
        let members = [packed("a\n"), packed("b\n")].concat();
        for (name, content) in [("a.ldjson", b"a\nb\n".to_vec()), ("a.ldjson.GZ", members)] {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            let mut text = String::new();
            open(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "a\nb\n", "{name}");
        }
    }
}
