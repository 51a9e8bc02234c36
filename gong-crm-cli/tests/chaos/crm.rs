//! The records of a push, how they reach the command, and what Gong must have in the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// A small random number generator: a seed is enough to repeat a run.
#[derive(Debug)]
pub(crate) struct SeededRng(u64);

impl SeededRng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
}

/// How the records reach the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Files in a folder.
    Folder,
    /// The same, compressed.
    Packed,
    /// Standard input, with all versions of each record (`--history`).
    Input,
    /// Files with lines that the check holds back.
    SkipInvalid,
    /// A file with more bad lines than Gong lists, all of which must be found.
    FindAll,
}

impl Source {
    pub(crate) const ALL: [Self; 5] = [
        Self::Folder,
        Self::Packed,
        Self::Input,
        Self::SkipInvalid,
        Self::FindAll,
    ];

    /// The arguments of the push.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Folder | Self::Packed => &["crm"],
            Self::Input => &["-", "--type", "ACCOUNT", "--history"],
            Self::SkipInvalid => &["crm", "--skip-invalid"],
            Self::FindAll => &["crm", "--no-check", "--find-all-errors"],
        }
    }

    /// The exit code of an undisturbed push.
    pub(crate) fn exit(self) -> i32 {
        match self {
            Self::Folder | Self::Packed | Self::Input => 0,
            Self::SkipInvalid | Self::FindAll => 5,
        }
    }
}

/// The files of a CRM, and what Gong must have of them.
#[derive(Debug, Default)]
pub(crate) struct Crm {
    files: BTreeMap<String, String>,
    /// The name of each object by type and id; `None` for those that are deleted or bad.
    pub(crate) expected: BTreeMap<(&'static str, String), Option<String>>,
    /// How many lines are not accepted.
    pub(crate) bad: usize,
}

impl Crm {
    /// Some records, the same for the same seed. A later version has the same objects.
    pub(crate) fn new(rng: &mut SeededRng, source: Source, version: u64) -> Self {
        let mut crm = Self::default();
        let types: &[(&str, &str)] = match source {
            Source::Input | Source::FindAll => &[("ACCOUNT", "accounts")],
            _ => &[
                ("ACCOUNT", "accounts"),
                ("CONTACT", "contacts"),
                ("DEAL", "deals"),
            ],
        };
        for (object_type, stem) in types {
            let files = if source == Source::Input {
                1
            } else {
                1 + rng.below(2)
            };
            for file in 0..files {
                let mut text = String::new();
                for number in 0..2 + rng.below(4) {
                    let id = format!("{stem}-{file}-{number}");
                    // The first of each file has two versions.
                    let fate = if number == 0 { 0 } else { rng.below(5) };
                    crm.add(&mut text, object_type, &id, version, fate);
                }
                if files > 1 {
                    // Which of the files has the newer version changes with the version of the CRM.
                    let is_newer = file == version % 2;
                    crm.add_shared(&mut text, object_type, stem, version, is_newer);
                }
                if source == Source::SkipInvalid {
                    let at = text.find('\n').unwrap() + 1;
                    text.insert_str(at, "{\"objectId\":\"bad/one\",\"name\":\"B\"}\n\n");
                    crm.bad += 1;
                }
                if source == Source::FindAll {
                    for number in 0..21 + rng.below(25) {
                        let id = format!("bad-{file}-{number}");
                        writeln!(text, "{{\"objectId\":\"{id}\",\"name\":\"{version}\"}}").unwrap();
                        crm.expected.insert((object_type, id), None);
                        crm.bad += 1;
                    }
                }
                crm.files.insert(format!("{stem}-{file}.ldjson"), text);
            }
        }
        crm
    }

    /// One of two versions of an object that is in two files.
    fn add_shared(
        &mut self,
        text: &mut String,
        object_type: &'static str,
        stem: &str,
        version: u64,
        is_newer: bool,
    ) {
        let id = format!("{stem}-shared");
        let newer = format!("v{version}");
        let (name, hour) = if is_newer { (&*newer, 9) } else { ("old", 8) };
        writeln!(text, "{}", record(object_type, &id, version, hour, name)).unwrap();
        self.expected.insert((object_type, id), Some(newer));
    }

    fn add(
        &mut self,
        text: &mut String,
        object_type: &'static str,
        id: &str,
        version: u64,
        fate: u64,
    ) {
        let mut write = |name: &str, hour: u64| {
            writeln!(text, "{}", record(object_type, id, version, hour, name)).unwrap();
        };
        let name = format!("v{version}");
        write(&name, 9);
        let kept = match fate {
            // The newer version is first.
            0 => {
                write("old", 8);
                Some(name)
            }
            1 => {
                writeln!(
                    text,
                    "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-01-{:02}T10:00:00Z\",\"isDeleted\":true}}",
                    version + 1
                )
                .unwrap();
                None
            }
            _ => Some(name),
        };
        self.expected.insert((object_type, id.to_owned()), kept);
    }

    /// Replaces the files in the directory; returns the standard input.
    pub(crate) fn write(&self, folder: &Path, source: Source) -> Vec<u8> {
        drop(std::fs::remove_dir_all(folder));
        std::fs::create_dir(folder).unwrap();
        for (name, text) in &self.files {
            match source {
                Source::Input => return text.clone().into_bytes(),
                Source::Packed => {
                    let file = std::fs::File::create(folder.join(format!("{name}.gz"))).unwrap();
                    let mut packed =
                        flate2::write::GzEncoder::new(file, flate2::Compression::fast());
                    packed.write_all(text.as_bytes()).unwrap();
                    packed.finish().unwrap();
                }
                _ => std::fs::write(folder.join(name), text).unwrap(),
            }
        }
        Vec::new()
    }
}

/// A valid line.
fn record(object_type: &str, id: &str, version: u64, hour: u64, name: &str) -> String {
    let at = format!("2026-01-{:02}T{hour:02}:00:00Z", version + 1);
    let of_type = match object_type {
        "CONTACT" => format!(",\"emailAddress\":\"{id}@acme.example\""),
        _ => String::new(),
    };
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{at}\",\"name\":\"{name}\"{of_type}}}")
}
