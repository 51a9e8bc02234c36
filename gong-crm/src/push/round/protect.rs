//! Reasons against the deletion of a vanished record: records that refer to it, and records whose
//! id differs only in spelling.

use std::collections::{BTreeMap, HashMap};
use std::io;

use unicode_normalization::UnicodeNormalization as _;

use crate::ObjectType;
use crate::compare::Reader;
use crate::push::PushError;
use crate::push::input::{OpenFile, unreadable};
use crate::push::lines::each_line;

/// What speaks against the deletion of records.
pub(crate) type Protections = HashMap<(ObjectType, String), Protection>;

/// What in the read speaks against the deletion of one record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Protection {
    /// How many records refer to it, by type.
    pub(crate) referrers: BTreeMap<ObjectType, u64>,
    /// A record with the same id in another spelling, or in another type.
    pub(crate) twin: Option<(ObjectType, String)>,
    /// A record of the type whose id differs in case alone.
    pub(crate) recased: Option<String>,
    /// Whether the input itself marks the record as deleted, and has not lost it.
    pub(crate) is_marked: bool,
}

impl Protection {
    /// Why the record is held back, if it is.
    pub(crate) fn reason(&self, deletes_referenced: bool) -> Option<String> {
        if let Some((object_type, id)) = &self.twin {
            return Some(format!(
                "gone from the source, and {object_type} {id} may be the same record"
            ));
        }
        if deletes_referenced || self.referrers.is_empty() {
            return None;
        }
        let counts: Vec<String> = self
            .referrers
            .iter()
            .map(|(object_type, count)| format!("{count} {object_type}"))
            .collect();
        let counts = counts.join(" and ");
        Some(match self.referrers.values().sum::<u64>() {
            1 => format!("gone from the source; {counts} record refers to it"),
            _ => format!("gone from the source; {counts} records refer to it"),
        })
    }
}

/// Reads all files once more, to find records that refer to the candidates or resemble them.
/// `ids_have_case` means that Gong's ids are known to be case-sensitive.
pub(crate) fn protect(
    files: &[OpenFile],
    candidates: &BTreeMap<ObjectType, Vec<String>>,
    ids_have_case: bool,
    mut readers: BTreeMap<ObjectType, Reader<'_>>,
) -> Result<Protections, PushError> {
    let mut found = Protections::new();
    let mut by_folded: HashMap<String, Vec<(ObjectType, &str)>> = HashMap::new();
    let mut wanted: HashMap<ObjectType, std::collections::HashSet<&str>> = HashMap::new();
    for (object_type, ids) in candidates {
        for id in ids {
            by_folded
                .entry(folded_id(id))
                .or_default()
                .push((*object_type, id));
            wanted.entry(*object_type).or_default().insert(id);
        }
    }
    for open in files {
        let object_type = open.file.object_type;
        let Some(reader) = readers.get_mut(&object_type) else {
            continue;
        };
        let read = each_line(&open.lines, |line| {
            if line.is_blank() {
                return Ok::<(), io::Error>(());
            }
            let Ok(facts) = reader.read(line.bytes) else {
                return Ok(());
            };
            if facts.is_deleted {
                return Ok(());
            }
            let object_id = facts.object_id.into_owned();
            let folded = folded_id(&object_id);
            for (of_type, id) in by_folded.get(&folded).into_iter().flatten() {
                if *of_type == object_type && **id == object_id {
                    // An older version of a record that is marked as deleted.
                    continue;
                }
                let is_other_case = *of_type == object_type && id.eq_ignore_ascii_case(&object_id);
                if is_other_case {
                    let key = (*of_type, (*id).to_owned());
                    found.entry(key).or_default().recased = Some(object_id.clone());
                    if ids_have_case {
                        continue;
                    }
                }
                // Many CRMs number the records of each type from 1.
                let is_number = folded.bytes().all(|byte| byte.is_ascii_digit());
                if *of_type == object_type || !is_number {
                    let key = (*of_type, (*id).to_owned());
                    found.entry(key).or_default().twin = Some((object_type, object_id.clone()));
                }
            }
            for reference in reader.references(line.bytes).unwrap_or_default() {
                let ids = wanted.get(&reference.object_type);
                if ids.is_some_and(|ids| ids.contains(&*reference.object_id)) {
                    let key = (reference.object_type, reference.object_id.into_owned());
                    let referrers = &mut found.entry(key).or_default().referrers;
                    *referrers.entry(object_type).or_default() += 1;
                }
            }
            Ok(())
        });
        read.map_err(|error| unreadable(&open.file.path, error))?;
    }
    Ok(found)
}

/// An id without what CRMs and exports change in it: white space around it, compatibility forms,
/// case, zeros in front of a number, and the three check characters of Salesforce's 18-character ids.
pub(crate) fn folded_id(id: &str) -> String {
    let id = id.trim();
    if id.len() == 18 && id.is_ascii() && salesforce_suffix(&id[..15]).as_deref() == Some(&id[15..])
    {
        return id[..15].to_lowercase();
    }
    // Spreadsheets take away the zeros in front of a number.
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return id.trim_start_matches('0').to_owned();
    }
    if id.is_ascii() {
        return id.to_ascii_lowercase();
    }
    id.nfkc().collect::<String>().trim().to_lowercase()
}

/// The three characters that Salesforce appends to an id of 15, which say which letters are capital.
pub(crate) fn salesforce_suffix(id: &str) -> Option<String> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    if id.len() != 15 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let suffix = id.as_bytes().chunks(5).map(|chunk| {
        let capitals = chunk
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .fold(0_usize, |bits, (place, _)| bits | 1 << place);
        char::from(LETTERS[capitals])
    });
    Some(suffix.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_id_fold_to_the_same() {
        for (one, other) in [
            (" acc-1 ", "ACC-1"),
            ("ﬁrm", "FIRM"),
            ("001Q000001GqZ2xIAF", "001Q000001GqZ2x"),
            ("Ａ１", "a1"),
            ("000017", "17"),
        ] {
            assert_eq!(folded_id(one), folded_id(other), "{one} {other}");
        }
        for (one, other) in [
            ("acc-1", "acc-11"),
            ("170", "17"),
            ("A017", "A17"),
            ("001Q000001GqZ2xAAA", "001Q000001GqZ2x"),
        ] {
            assert_ne!(folded_id(one), folded_id(other), "{one} {other}");
        }
    }
}
