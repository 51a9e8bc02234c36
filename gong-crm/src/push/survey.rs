//! What does one look at files of one type tell of how they have to be sent?

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::lines::{Facts, each_line, hash};
use super::split::Version;
use gong_records::ObjectType;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) bytes: u64,
    /// Lines that are not blank.
    pub(super) records: u64,
    pub(super) has_blank_lines: bool,
    /// How many records are deletions.
    pub(super) deletions: u64,
    /// The SHA-256 of the whole file.
    pub(super) hash: [u8; 32],
    /// The ids of all records.
    ids: Vec<u64>,
    /// The addresses of users, and whether they are deleted.
    emails: Vec<(u64, bool)>,
}

impl Survey {
    /// Reads the file once.
    pub(super) fn of(path: &Path, object_type: ObjectType) -> io::Result<Self> {
        let has_emails = object_type == ObjectType::BusinessUser;
        let mut survey = Self::default();
        let mut hasher = Sha256::new();
        each_line(path, |line| {
            hasher.update(line.bytes);
            survey.bytes = line.end();
            if line.is_blank() {
                survey.has_blank_lines = true;
                return Ok(());
            }
            survey.records += 1;
            let facts = Facts::of(line.bytes);
            let is_deleted = facts.is_deleted();
            survey.deletions += u64::from(is_deleted);
            survey.ids.extend(facts.object_id().map(|id| hash(&id)));
            if has_emails {
                let email = facts.email_address().map(|email| hash(&email));
                survey.emails.extend(email.map(|email| (email, is_deleted)));
            }
            Ok(())
        })?;
        survey.hash = hasher.finalize().into();
        Ok(survey)
    }

    /// Whether the file can go as it is, in one upload of at most so many bytes, if none of its
    /// records are contested.
    pub(super) fn is_sendable_whole(&self, most_bytes: u64, left_out: &BTreeSet<u64>) -> bool {
        !self.has_blank_lines
            && (self.deletions == 0 || self.deletions == self.records)
            && self.bytes <= most_bytes
            && left_out.is_empty()
    }
}

/// What is seen more than once in files of one type.
#[derive(Debug)]
pub(super) struct Contested {
    ids: HashSet<u64>,
    emails: HashSet<u64>,
}

impl Contested {
    /// Takes the ids and addresses out of the surveys; none if nothing seems to be repeated.
    pub(super) fn in_all(surveys: Vec<&mut Survey>) -> Option<Self> {
        let (mut ids, mut emails) = (Vec::new(), Vec::new());
        for survey in surveys {
            // Nothing is moved where there is one file.
            if ids.is_empty() {
                ids = std::mem::take(&mut survey.ids);
            } else {
                ids.append(&mut survey.ids);
            }
            emails.append(&mut survey.emails);
        }
        let contested = Self {
            ids: repeated(ids),
            emails: contested(emails),
        };
        let is_any = !contested.ids.is_empty() || !contested.emails.is_empty();
        is_any.then_some(contested)
    }

    /// Reads a file again, for its contested records.
    pub(super) fn versions(&self, file: usize, path: &Path) -> io::Result<Vec<Version>> {
        let mut versions = Vec::new();
        each_line(path, |line| {
            let facts = Facts::of(line.bytes);
            let Some(object) = facts.object_id().map(|id| hash(&id)) else {
                return Ok(());
            };
            let address = facts.email_address().map(|email| hash(&email));
            let address = address.filter(|address| self.emails.contains(address));
            if self.ids.contains(&object) || address.is_some() {
                versions.push(Version {
                    file,
                    line: line.number,
                    object,
                    address,
                    modified_at: facts.modified_at(),
                    is_deleted: facts.is_deleted(),
                });
            }
            Ok(())
        })?;
        Ok(versions)
    }
}

fn repeated(mut hashes: Vec<u64>) -> HashSet<u64> {
    hashes.sort_unstable();
    let pairs = hashes.windows(2).filter(|pair| pair[0] == pair[1]);
    pairs.map(|pair| pair[0]).collect()
}

/// The addresses that a deleted user has and another record too.
fn contested(mut emails: Vec<(u64, bool)>) -> HashSet<u64> {
    emails.sort_unstable();
    emails
        .chunk_by(|one, other| one.0 == other.0)
        .filter(|same| same.len() > 1 && same.iter().any(|(_, is_deleted)| *is_deleted))
        .map(|same| same[0].0)
        .collect()
}
