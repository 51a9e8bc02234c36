//! What does one look at a file tell of how it has to be sent?

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::lines::{Facts, each_line, hash};
use super::split::Version;
use crate::entity::ObjectType;

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
    /// Records that must not share an upload with another.
    pub(super) contested: Vec<Version>,
}

impl Survey {
    /// Reads the file, twice if an id seems to be repeated.
    pub(super) fn of(path: &Path, object_type: ObjectType) -> io::Result<Self> {
        let has_emails = object_type == ObjectType::BusinessUser;
        let mut survey = Self::default();
        let mut hasher = Sha256::new();
        let mut ids: Vec<u64> = Vec::new();
        let mut emails: Vec<(u64, bool)> = Vec::new();
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
            ids.extend(facts.object_id().map(|id| hash(&id)));
            if has_emails {
                emails.extend(
                    facts
                        .email_address()
                        .map(|email| (hash(&email), is_deleted)),
                );
            }
            Ok(())
        })?;
        survey.hash = hasher.finalize().into();
        let ids = repeated(ids);
        let emails = contested(emails);
        if !ids.is_empty() || !emails.is_empty() {
            survey.contested = versions(path, &ids, &emails)?;
        }
        Ok(survey)
    }

    /// Whether the file can go as it is, in one upload of at most so many bytes.
    pub(super) fn is_sendable_whole(&self, most_bytes: u64, left_out: &BTreeSet<u64>) -> bool {
        !self.has_blank_lines
            && self.contested.is_empty()
            && (self.deletions == 0 || self.deletions == self.records)
            && self.bytes <= most_bytes
            && left_out.is_empty()
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

fn versions(path: &Path, ids: &HashSet<u64>, emails: &HashSet<u64>) -> io::Result<Vec<Version>> {
    let mut versions = Vec::new();
    each_line(path, |line| {
        let facts = Facts::of(line.bytes);
        let Some(object_id) = facts.object_id() else {
            return Ok(());
        };
        let email_address = facts
            .email_address()
            .filter(|email| emails.contains(&hash(email)));
        if ids.contains(&hash(&object_id)) || email_address.is_some() {
            versions.push(Version {
                line: line.number,
                object_id,
                email_address,
                modified_at: facts.modified_at(),
                is_deleted: facts.is_deleted(),
            });
        }
        Ok(())
    })?;
    Ok(versions)
}
