//! Opening a file that may be compressed.

use std::fs::File;
use std::io::{self, BufReader, Read};
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
/// The system's error when the file cannot be opened. That it is not compressed shows when it is
/// read.
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    Ok(if is_compressed(path) {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(file)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

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
