//! Exports of a company: in any order, and now and then late, cut, missing, doubled or in parts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fastrand::Rng;
use gong_crm::ObjectType::{self, Account, BusinessUser, Stage};
use gong_crm::source::{FilesSource, Take};
use gong_crm::sync::{Deletions, SyncOptions};
use jiff::Timestamp;
use serde_json::Value;

use super::company::Company;
use crate::support::{file_name, set_time};

/// The problem with an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// The export of the day before is still there.
    Late,
    /// It breaks off.
    Cut,
    /// It is not there.
    Missing,
    /// Records are in it twice, or with a version of yesterday.
    Doubled,
    /// It has no record.
    Empty,
    /// A part file is missing.
    PartMissing,
}

impl Mishap {
    pub(super) fn random(rng: &mut Rng) -> Self {
        [
            Self::Late,
            Self::Cut,
            Self::Missing,
            Self::Doubled,
            Self::Empty,
            Self::PartMissing,
        ][rng.usize(..6)]
    }
}

/// How one company's types are exported and synced.
pub(super) struct Exports {
    directory: PathBuf,
    /// The types that are exported in parts.
    in_parts: Vec<ObjectType>,
    pub(super) deletions: Vec<(ObjectType, Deletions)>,
}

impl Exports {
    pub(super) fn new(company: &Company, directory: &Path, rng: &mut Rng) -> Self {
        let directory = directory.join(company.scope);
        std::fs::create_dir_all(&directory).unwrap();
        let parts = company.types.iter().filter(|_| rng.u8(..4) == 0);
        let in_parts = parts.copied().collect();
        let deletions = company.types.iter().map(|of| {
            let deletions = match rng.u8(..10) {
                0 => Deletions::Never,
                1 | 2 => Deletions::Ask,
                _ => Deletions::WithinLimits,
            };
            (*of, deletions)
        });
        let deletions = deletions.collect();
        Self {
            directory,
            in_parts,
            deletions,
        }
    }

    fn path(&self, object_type: ObjectType, part: usize) -> PathBuf {
        let name = file_name(object_type);
        self.directory.join(format!("{part}-{name}"))
    }

    fn parts(&self, object_type: ObjectType) -> usize {
        if self.in_parts.contains(&object_type) {
            3
        } else {
            1
        }
    }

    /// Writes the exports of a company. Gives what went wrong with which.
    pub(super) fn write(
        &self,
        company: &Company,
        rng: &mut Rng,
        now: Timestamp,
        may_fail: impl Fn(ObjectType, Mishap) -> bool,
    ) -> Vec<(ObjectType, Mishap)> {
        let mut mishaps = Vec::new();
        for object_type in &company.types {
            let mishap = Mishap::random(rng);
            let happens = rng.u8(..8) == 0;
            let mishap = (happens && may_fail(*object_type, mishap)).then_some(mishap);
            self.write_type(company, *object_type, mishap, rng, now);
            mishaps.extend(mishap.map(|mishap| (*object_type, mishap)));
        }
        mishaps
    }

    fn write_type(
        &self,
        company: &Company,
        object_type: ObjectType,
        mishap: Option<Mishap>,
        rng: &mut Rng,
        now: Timestamp,
    ) {
        if mishap == Some(Mishap::Late) {
            return;
        }
        let mut records: Vec<&Value> = company.records[&object_type].values().collect();
        rng.shuffle(&mut records);
        match mishap {
            Some(Mishap::Doubled) => {
                records.extend(records.first().copied());
                let earlier = company.earlier.iter();
                let earlier = earlier.filter(|((of, _), _)| *of == object_type);
                records.extend(earlier.map(|(_, record)| record));
            }
            Some(Mishap::Empty) => records.clear(),
            _ => {}
        }
        let parts = self.parts(object_type);
        for part in 0..parts {
            let path = self.path(object_type, part);
            let of_part = records.iter().skip(part).step_by(parts);
            let mut text = of_part.fold(String::new(), |mut text, record| {
                writeln!(text, "{record}").unwrap();
                text
            });
            let is_last = part + 1 == parts;
            match mishap {
                Some(Mishap::Cut) if is_last => text.truncate(middle_of_a_line(&text)),
                Some(Mishap::Missing) => {
                    drop(std::fs::remove_file(&path));
                    continue;
                }
                Some(Mishap::PartMissing) if is_last => {
                    drop(std::fs::remove_file(&path));
                    continue;
                }
                _ => {}
            }
            std::fs::write(&path, text).unwrap();
            set_time(&path, now.into());
        }
    }

    pub(super) fn options(&self, company: &Company) -> SyncOptions {
        let mut options = SyncOptions::new(company.scope).simulator();
        for (object_type, deletions) in &self.deletions {
            let (take, name) = match self.parts(*object_type) {
                1 => (Take::One, self.path(*object_type, 0)),
                _ => {
                    let name = format!("*-{}", file_name(*object_type));
                    (Take::Parts, self.directory.join(name))
                }
            };
            let source = Arc::new(FilesSource::new(name).take(take).complete(true));
            options = options.source_with(*object_type, source, *deletions);
        }
        options.held_deletions = Some(self.held_list());
        options
    }

    pub(super) fn held_list(&self) -> PathBuf {
        self.directory.join("held.ldjson")
    }

    /// A list of what a person would confirm: what is really gone.
    pub(super) fn confirmed(&self, company: &Company) -> Option<PathBuf> {
        let text = std::fs::read_to_string(self.held_list()).ok()?;
        let is_gone = |line: &&str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let object_type: ObjectType = line["objectType"].as_str().unwrap().parse().unwrap();
            let reason = line["reason"].as_str().unwrap();
            let is_there = company.has(object_type, line["objectId"].as_str().unwrap());
            !is_there && !reason.contains("may be the same record")
        };
        let confirmed: Vec<&str> = text.lines().filter(is_gone).collect();
        let path = self.directory.join("confirmed.ldjson");
        std::fs::write(&path, confirmed.join("\n")).unwrap();
        (!confirmed.is_empty()).then_some(path)
    }
}

/// Where a text can be cut so that its last line is not a record.
fn middle_of_a_line(text: &str) -> usize {
    let half = text.len() / 2;
    let start = text[..half].rfind('\n').map_or(0, |place| place + 1);
    let length = text[start..].find('\n').unwrap_or_default();
    start + length / 2
}

/// Whether an export may fail where Gong drops records whose parents it does not have.
pub(super) fn is_parent(object_type: ObjectType) -> bool {
    matches!(object_type, Account | BusinessUser | Stage)
}
