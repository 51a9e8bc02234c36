//! Opening a file that may be compressed.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// How a gzip stream begins (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a file for reading, and decompresses it if it begins as gzip does, whatever its name is.
///
/// # Errors
///
/// The system's error when the file cannot be opened or its first bytes cannot be read.
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    decompressed(File::open(path)?)
}

/// Decompresses a stream if it begins as gzip does. It is read from its beginning once, so it may be
/// a pipe.
///
/// # Errors
///
/// The stream's error when its first bytes cannot be read.
pub fn decompressed(mut stream: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::with_capacity(GZIP.len());
    stream
        .by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut start)?;
    let is_compressed = start == GZIP;
    let stream = Cursor::new(start).chain(stream);
    Ok(if is_compressed {
        Box::new(MultiGzDecoder::new(BufReader::new(stream)))
    } else {
        Box::new(stream)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        let mut text = String::new();
        decompressed(Cursor::new(bytes))
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn content_says_whether_a_stream_is_compressed() {
        let packed = |text: &str| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(text(packed("{}\n")), "{}\n");
        // Several members, as `cat` makes of several files.
        assert_eq!(text([packed("a\n"), packed("b\n")].concat()), "a\nb\n");
        for plain in ["", "{", "{}\n"] {
            assert_eq!(text(plain.into()), plain);
        }
    }
}
