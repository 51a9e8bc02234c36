//! Where do the records go that Gong refused, so that they can be mended and pushed again?

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::lines::each_line;
use super::plan::PlannedFile;
use super::source::Source;

pub(super) use gong_records::io::discover::REJECTS_INFIX as INFIX;

/// Where the refused records of a file are written.
///
/// `accounts.ldjson` makes `accounts.rejects.ldjson`, the records as they were, and
/// `accounts.rejects.txt`, which says of each why. `accounts.csv` makes `accounts.rejects.csv`, its
/// rows under their header. A push of the folder leaves them out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejects {
    /// Nowhere.
    #[default]
    None,
    /// Beside the file; for the standard input, in the current folder.
    Beside,
    /// In this folder, which is made if it is not there.
    Folder(PathBuf),
}

/// The reasons why lines of a file were refused.
pub(super) type Reasons = BTreeMap<u64, Vec<String>>;

impl Rejects {
    /// Writes both files; gives the path of the records.
    pub(super) fn write(&self, source: &Source, reasons: &Reasons) -> io::Result<Option<PathBuf>> {
        let file = &*source.file;
        let folder = match self {
            Self::None => return Ok(None),
            Self::Beside if file.is_standard_input() => PathBuf::from("."),
            Self::Beside => file
                .path
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default(),
            Self::Folder(folder) => {
                fs::create_dir_all(folder)?;
                folder.clone()
            }
        };
        if reasons.is_empty() {
            return Ok(None);
        }
        let stem = stem(file);
        if let Some(csv) = source.readable().csv() {
            let written = super::csv::write_rejects(csv, &file.path, &folder, &stem, reasons);
            return written.map(Some);
        }
        let readable = source.path();
        let path = folder.join(format!("{stem}{INFIX}ldjson"));
        // A file that pushes its own rejects again must not read what it writes.
        let mut records = tempfile::NamedTempFile::new_in(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &folder
        })?;
        let mut texts = BufWriter::new(File::create(folder.join(format!("{stem}{INFIX}txt")))?);
        let mut out = BufWriter::new(records.as_file_mut());
        let mut rejected = 0_u64;
        each_line(readable, |line| {
            let Some(reasons) = reasons.get(&line.number) else {
                return Ok(());
            };
            rejected += 1;
            out.write_all(line.bytes)?;
            if !line.bytes.ends_with(b"\n") {
                out.write_all(b"\n")?;
            }
            for reason in reasons {
                let (path, line) = (file.path.display(), source.named_line(line.number));
                writeln!(texts, "{rejected}\t{path}:{line}\t{reason}")?;
            }
            Ok(())
        })?;
        out.flush()?;
        texts.flush()?;
        drop(out);
        // A temporary file is its owner's alone; what stands beside it is not.
        drop(
            fs::metadata(readable)
                .and_then(|data| records.as_file().set_permissions(data.permissions())),
        );
        records.persist(&path)?;
        Ok(Some(path))
    }
}

fn stem(file: &PlannedFile) -> String {
    let name = file
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if file.is_standard_input() || name.is_empty() {
        return file.object_type.file_stem().to_owned();
    }
    let name = if file.is_compressed() {
        &name[..name.len() - ".gz".len()]
    } else {
        name
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.strip_suffix(INFIX.trim_end_matches('.'))
        .unwrap_or(stem)
        .to_owned()
}
