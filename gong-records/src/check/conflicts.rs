//! Versions of a record in several files that have the same date and different content.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::CheckError;
use super::block::{BlockSettings, finding};
use super::blocks::{Block, Blocks};
use super::context::CheckContext;
use super::duplicates::confirm::KeyKind;
use super::duplicates::versions::Version;
use super::duplicates::without_ends;
use super::finding::{Finding, RawFinding};
use super::ids::{FileCollision, IdIndex, Ids, file_collisions};
use super::input::{Input, Lines, reopen};
use super::names::NameCache;
use super::options::Options;
use super::severities::SeverityTable;
use super::summary::FileSummary;
use crate::io::hash::hash;
use crate::rule::{Rule, Severity};

/// Files of one type, and what their check left.
pub(super) struct ConflictSearch<'a> {
    pub(super) files: &'a [Input],
    pub(super) ids: &'a [Ids],
    pub(super) options: &'a Options,
}

/// A version of a record that several files may have.
struct Candidate {
    collision: FileCollision,
    /// A second hash of the id, which distinguishes ids with equal hashes.
    id: u64,
    version: Version,
}

/// Reports records of which two files have conflicting versions. Files that can be read only once
/// are not compared.
pub(super) fn conflicts(
    search: &ConflictSearch<'_>,
    summaries: &mut [FileSummary],
    on_finding: &mut dyn FnMut(Finding),
) -> Result<(), CheckError> {
    let rule = Rule::ConflictingVersions;
    let Some(severity) = search.options.severities.of(rule) else {
        return Ok(());
    };
    if search.files.len() < 2 {
        return Ok(());
    }
    let collisions = file_collisions(search.ids);
    let mut candidates = candidates(search, &collisions)?;
    let conflicting = conflicting(&mut candidates);
    report(search, &conflicting, severity, &mut |file, finding| {
        summaries[file as usize].add(rule, severity, 1);
        on_finding(finding);
    })
}

/// Reads the lines of the collisions again.
fn candidates(
    search: &ConflictSearch<'_>,
    collisions: &[FileCollision],
) -> Result<Vec<Candidate>, CheckError> {
    let mut candidates = Vec::with_capacity(collisions.len());
    let mut names: Option<NameCache> = None;
    for of_file in collisions.chunk_by(|one, other| one.file == other.file) {
        let mut rest = of_file.iter();
        let lines = of_file.iter().map(|collision| collision.line);
        read(search, of_file[0].file, lines, &mut |_, text, context| {
            let Some(collision) = rest.next() else {
                return;
            };
            let names = names.get_or_insert_with(|| NameCache::new(context.format));
            if let Some(key) = KeyKind::ObjectId.in_line(text, context, names) {
                candidates.push(Candidate {
                    collision: *collision,
                    // Not the hash by which they collided.
                    id: hash(format!("#{}", key.text).as_bytes()),
                    version: key.version,
                });
            }
        })?;
    }
    Ok(candidates)
}

/// The lines that conflict, each with another one that it conflicts with.
fn conflicting(candidates: &mut [Candidate]) -> HashMap<(u32, u32), FileCollision> {
    let key = |candidate: &Candidate| {
        let Candidate {
            collision,
            id,
            version,
        } = candidate;
        (collision.group, *id, version.moment)
    };
    candidates.sort_unstable_by_key(|candidate| (key(candidate), candidate.collision));
    let mut conflicting = HashMap::new();
    for same in candidates.chunk_by(|one, other| key(one) == key(other)) {
        for candidate in same {
            // Within a file, its own check has found it.
            let other = same.iter().find(|other| {
                other.collision.file != candidate.collision.file
                    && other.version.content != candidate.version.content
                    && other.version.content != 0
                    && candidate.version.content != 0
            });
            if let Some(other) = other {
                let place = (candidate.collision.file, candidate.collision.line);
                conflicting.insert(place, other.collision);
            }
        }
    }
    conflicting
}

/// Reads conflicting lines once more, to report where they are.
fn report(
    search: &ConflictSearch<'_>,
    conflicting: &HashMap<(u32, u32), FileCollision>,
    severity: Severity,
    on_finding: &mut dyn FnMut(u32, Finding),
) -> Result<(), CheckError> {
    let mut places: Vec<(u32, u32)> = conflicting.keys().copied().collect();
    places.sort_unstable();
    let severities = SeverityTable::new(&search.options.severities);
    let severity_of = |rule| severities.of(rule);
    let mut names: Option<NameCache> = None;
    for of_file in places.chunk_by(|one, other| one.0 == other.0) {
        let file = of_file[0].0;
        let input = &search.files[file as usize];
        let path: Arc<Path> = input.path.as_path().into();
        let mut locator = match &input.lines {
            Lines::Converted(lines) => Some(lines.locator(Arc::clone(&path), &severity_of)),
            Lines::Itself | Lines::In(_) | Lines::Unconverted => None,
        };
        let lines = of_file.iter().map(|(_, line)| *line);
        read(search, file, lines, &mut |line, text, context| {
            let Some(other) = conflicting.get(&(file, line)) else {
                return;
            };
            let names = names.get_or_insert_with(|| NameCache::new(context.format));
            let Some(key) = KeyKind::ObjectId.in_line(text, context, names) else {
                return;
            };
            let name = search.files[other.file as usize].path.display();
            let message = format!(
                "another version has the same modifiedDate: line {} of {name}",
                other.line
            );
            let problem =
                RawFinding::of_field(Rule::ConflictingVersions, key.range, "objectId", &message)
                    .with_hint("keep the current version, or give it a later modifiedDate");
            let settings = BlockSettings {
                context: *context,
                severities: &severities,
                path: Arc::clone(&path),
                keeps_keys: false,
                excerpts: !search.options.without_excerpts,
            };
            let id = Some(&*key.text);
            let found = finding(&settings, problem, severity, text, line.into(), id);
            match &mut locator {
                Some(locator) => locator.finding(found, &mut |found| on_finding(file, found)),
                None => on_finding(file, found),
            }
        })?;
    }
    Ok(())
}

/// Reads the given lines of a file, in order; none of a file that can be read only once.
fn read(
    search: &ConflictSearch<'_>,
    file: u32,
    lines: impl Iterator<Item = u32>,
    on_line: &mut dyn FnMut(u32, &str, &CheckContext<'_>),
) -> Result<(), CheckError> {
    let input = &search.files[file as usize];
    let unreadable = |source: io::Error| CheckError::Read {
        path: input.path.clone(),
        source,
    };
    let Some(reader) = reopen(input) else {
        return Ok(());
    };
    let known_ids = IdIndex::default();
    let schema = search.options.entity_schema.as_ref();
    let context = CheckContext::new(input.object_type, schema, &known_ids);
    let mut blocks = Blocks::new(reader.map_err(unreadable)?);
    let mut lines = lines.peekable();
    let mut line = 0_u32;
    while lines.peek().is_some() {
        match blocks.next().map_err(unreadable)? {
            Block::Lines { bytes, length, .. } => {
                let mut start = 0;
                for end in memchr::memchr_iter(b'\n', &bytes[..length]) {
                    line = line.saturating_add(1);
                    if lines.next_if_eq(&line).is_some() {
                        let text = String::from_utf8_lossy(&bytes[start..end]);
                        on_line(line, without_ends(&text), &context);
                    }
                    start = end + 1;
                }
            }
            Block::LongLine { .. } => {
                line = line.saturating_add(1);
                // Its id was not read.
                lines.next_if_eq(&line);
            }
            Block::End => break,
        }
    }
    Ok(())
}
