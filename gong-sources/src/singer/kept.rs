//! What is kept from one run to the next: the streams that others are looked up in, of which a tap
//! brings only what changed, and the last version of each stream.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use gong_crm::io::atomic_file::{self, Readers};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::streams::{file_stem, private_file};

/// The file that says more than the streams do.
const FACTS: &str = "+streams.json";

/// What is kept, in a directory of its own; nothing without a directory.
#[derive(Debug)]
pub(super) struct Kept {
    directory: Option<PathBuf>,
    pub(super) facts: Facts,
    /// Merged files that take the place of the kept ones, by the stems of their names.
    merged: BTreeMap<String, PathBuf>,
    /// Where merged files are until they are committed.
    work: PathBuf,
}

/// What is known of the streams of earlier runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Facts {
    /// The last version of each stream, as the tap wrote it.
    pub(super) versions: BTreeMap<String, String>,
    /// When a run began that read everything, and whose records have their verdict.
    pub(super) complete_at: Option<jiff::Timestamp>,
}

impl Kept {
    /// Opens what is kept in a directory, which is made when it is needed; `work` is for files of this
    /// run.
    pub(super) fn open(directory: Option<PathBuf>, work: &Path) -> io::Result<Self> {
        let mut facts = Facts::default();
        if let Some(directory) = &directory {
            match fs::read(directory.join(FACTS)) {
                Ok(bytes) => facts = serde_json::from_slice(&bytes).map_err(io::Error::other)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            directory,
            facts,
            merged: BTreeMap::new(),
            work: work.to_path_buf(),
        })
    }

    /// Writes a stream as it is now: what was kept, and these rows in place of those of their key.
    pub(super) fn merge(
        &mut self,
        stream: &str,
        key: &[String],
        rows: Option<&Path>,
        to: &Path,
    ) -> io::Result<()> {
        let stem = file_stem(stream);
        let mut all = Records::default();
        if let Some(before) = self.latest(&stem) {
            all.read(&before, key)?;
        }
        if let Some(rows) = rows {
            if key.is_empty() && fs::metadata(rows).is_ok_and(|file| file.len() > 0) {
                // Without a key, nobody can say which of them are older.
                all = Records::default();
            }
            all.read(rows, key)?;
        }
        let path = self.work.join(format!("{stem}+merged.json"));
        for path in [&path, &to.to_path_buf()] {
            let mut file = io::BufWriter::new(private_file(path)?);
            for line in &all.lines {
                file.write_all(line)?;
            }
            file.flush()?;
        }
        self.merged.insert(stem, path);
        Ok(())
    }

    /// The newest file of a stream, if it ever came.
    fn latest(&self, stem: &str) -> Option<PathBuf> {
        let kept = || {
            let path = self.path(stem)?;
            path.exists().then_some(path)
        };
        self.merged.get(stem).cloned().or_else(kept)
    }

    fn path(&self, stem: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(directory.join(format!("{stem}.json")))
    }

    /// Writes a stream as earlier runs, or earlier parts of this one, left it; empty if it never came.
    pub(super) fn copy(&self, stem: &str, to: &Path) -> io::Result<()> {
        let mut file = private_file(to)?;
        match self.latest(stem) {
            Some(from) => file.write_all(&fs::read(from)?),
            None => Ok(()),
        }
    }

    /// Writes down what was merged.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        let Some(directory) = self.directory.clone() else {
            return Ok(());
        };
        private_directory(&directory)?;
        for (stem, path) in &self.merged {
            if let Some(to) = self.path(stem) {
                let bytes = fs::read(path)?;
                atomic_file::write(&to, &bytes, Readers::Owner)?;
            }
        }
        let facts = serde_json::to_vec_pretty(&self.facts).map_err(io::Error::other)?;
        atomic_file::write(&directory.join(FACTS), &facts, Readers::Owner)
    }
}

/// Records in their order, each key once.
#[derive(Debug, Default)]
struct Records {
    lines: Vec<Vec<u8>>,
    places: BTreeMap<String, usize>,
}

impl Records {
    fn read(&mut self, path: &Path, key: &[String]) -> io::Result<()> {
        let mut reader = BufReader::new(fs::File::open(path)?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let taken = std::mem::take(&mut line);
            if key.is_empty() {
                self.lines.push(taken);
                continue;
            }
            let fields: BTreeMap<Cow<'_, str>, &RawValue> =
                serde_json::from_slice(&taken).map_err(io::Error::other)?;
            let values = key
                .iter()
                .map(|name| fields.get(name.as_str()).map_or("", |value| value.get()));
            let values: Vec<&str> = values.map(|value| value.trim_matches('"')).collect();
            let values = values.join("\u{1f}");
            if let Some(place) = self.places.get(&values) {
                self.lines[*place] = taken;
            } else {
                self.places.insert(values, self.lines.len());
                self.lines.push(taken);
            }
        }
        Ok(())
    }
}

/// Makes a directory for its owner alone, and refuses one that is not.
pub(super) fn private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    let metadata = fs::symlink_metadata(directory)?;
    let refused =
        |what: &str| io::Error::other(format!("{} {what}; it is not used", directory.display()));
    if !metadata.is_dir() {
        return Err(refused("is not a directory, or a link to one"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if metadata.mode() & 0o077 != 0 {
            return Err(refused("can be read or written by other users"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused("belongs to another user"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(kept: &mut Kept, folder: &Path, key: &[String], rows: &str) -> String {
        let (from, to) = (folder.join("rows.json"), folder.join("stages.json"));
        fs::write(&from, rows).unwrap();
        kept.merge("stages", key, Some(&from), &to).unwrap();
        fs::read_to_string(to).unwrap()
    }

    #[test]
    fn later_runs_know_the_records_of_earlier_ones() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("kept");
        let key = ["id".to_owned()];
        let mut kept = Kept::open(Some(directory.clone()), folder.path()).unwrap();
        merged(
            &mut kept,
            folder.path(),
            &key,
            "{\"id\":1,\"n\":1}\n{\"id\":2}\n",
        );
        kept.facts
            .versions
            .insert("stages".to_owned(), "7".to_owned());
        kept.commit().unwrap();
        // What was merged and not committed is forgotten with its run.
        merged(&mut kept, folder.path(), &key, "{\"id\":9}\n");
        let mut later = Kept::open(Some(directory.clone()), folder.path()).unwrap();
        assert_eq!(later.facts.versions["stages"], "7");
        assert_eq!(
            merged(
                &mut later,
                folder.path(),
                &key,
                "{\"id\":1,\"n\":2}\n{\"id\":3}\n"
            ),
            "{\"id\":1,\"n\":2}\n{\"id\":2}\n{\"id\":3}\n"
        );
        // A stream without a key is replaced as a whole.
        let mut later = Kept::open(Some(directory), folder.path()).unwrap();
        assert_eq!(
            merged(&mut later, folder.path(), &[], "{\"x\":1}\n"),
            "{\"x\":1}\n"
        );
    }

    #[cfg(unix)]
    #[test]
    fn directory_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("kept");
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(private_directory(&directory).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&directory, &link).unwrap();
        assert!(private_directory(&link).is_err());
    }
}
