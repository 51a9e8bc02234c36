//! Versions of a record in several files that have the same date and different content, and ids of
//! several files that differ only in case.

use std::collections::{BTreeMap, HashMap};
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
use super::file::CASE_HINT;
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
    /// A second hash of the id, which distinguishes ids with equal hashes: its first half is that of
    /// the id in lower case.
    id: u64,
    version: Version,
}

/// If they are warnings, not more groups of ids that differ only in case are looked for.
const MAX_SPELLINGS: usize = 1_000;

/// Reports records of which two files have conflicting versions, and ids that differ from one of another
/// file only in case. Files that can be read only once are not compared.
pub(super) fn conflicts(
    search: &ConflictSearch<'_>,
    summaries: &mut [FileSummary],
    on_finding: &mut dyn FnMut(Finding),
) -> Result<(), CheckError> {
    let severity_of = |rule| search.options.severities.of(rule);
    let of_versions = severity_of(Rule::ConflictingVersions);
    let of_case = severity_of(Rule::ObjectIdCase);
    if search.files.len() < 2 || of_versions.or(of_case).is_none() {
        return Ok(());
    }
    let spellings = match of_case {
        None => 0,
        // Each of them is held back.
        Some(Severity::Error) => usize::MAX,
        Some(_) => MAX_SPELLINGS,
    };
    let collisions = file_collisions(search.ids, spellings);
    let mut candidates = candidates(search, &collisions)?;
    candidates.sort_unstable_by_key(Candidate::key);
    let mut add = |rule, severity, places: &Places| {
        report(search, rule, severity, places, &mut |file, finding| {
            summaries[file as usize].add(rule, severity, 1);
            on_finding(finding);
        })
    };
    if let Some(severity) = of_versions {
        let places = conflicting(&candidates);
        add(Rule::ConflictingVersions, severity, &places)?;
    }
    if let Some(severity) = of_case {
        let mut places = respelled(&candidates);
        if severity != Severity::Error {
            places.keep_last();
        }
        add(Rule::ObjectIdCase, severity, &places)?;
    }
    Ok(())
}

/// Files and lines to report, each with another one.
#[derive(Default)]
struct Places {
    others: HashMap<(u32, u32), FileCollision>,
    /// How many there are that are not reported.
    more: usize,
}

impl Places {
    /// Keeps the last of them alone, and counts the others.
    fn keep_last(&mut self) {
        let last = self.others.keys().max().copied();
        let before = self.others.len();
        self.others.retain(|place, _| Some(*place) == last);
        // The one that it is compared with is not counted.
        self.more = before.saturating_sub(2);
    }
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
        let lines = of_file.iter().map(|collision| collision.line());
        read(search, of_file[0].file, lines, &mut |_, text, context| {
            let Some(collision) = rest.next() else {
                return;
            };
            let names = names.get_or_insert_with(|| NameCache::new(context.format));
            if let Some(key) = KeyKind::ObjectId.in_line(text, context, names) {
                candidates.push(Candidate {
                    collision: *collision,
                    // Not the hash by which they collided.
                    id: id_of(&key.text),
                    version: key.version,
                });
            }
        })?;
    }
    Ok(candidates)
}

fn id_of(id: &str) -> u64 {
    let half = |text: &str| hash(format!("#{text}").as_bytes()) >> u32::BITS;
    half(&id.to_ascii_lowercase()) << u32::BITS | half(id)
}

impl Candidate {
    fn key(&self) -> (u32, u64, Option<i64>, u32, u32) {
        let Self {
            collision,
            id,
            version,
        } = self;
        let (file, line) = (collision.file, collision.line());
        (collision.group, *id, version.moment, file, line)
    }
}

/// The lines that conflict, each with another one that it conflicts with. The candidates are in order.
fn conflicting(candidates: &[Candidate]) -> Places {
    let key = |candidate: &Candidate| {
        let (group, id, moment, ..) = candidate.key();
        (group, id, moment)
    };
    let mut conflicting = Places::default();
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
                let place = (candidate.collision.file, candidate.collision.line());
                conflicting.others.insert(place, other.collision);
            }
        }
    }
    conflicting
}

/// The first line of each id and file whose id differs only in case from one of another file, with the
/// line of that. A line that deletes an old spelling does not count. The candidates are in order.
fn respelled(candidates: &[Candidate]) -> Places {
    let key = |candidate: &Candidate| (candidate.collision.group, candidate.id >> u32::BITS);
    let mut respelled = Places::default();
    for alike in candidates.chunk_by(|one, other| key(one) == key(other)) {
        if alike.iter().all(|candidate| candidate.id == alike[0].id) {
            continue;
        }
        let mut first: BTreeMap<(u64, u32), FileCollision> = BTreeMap::new();
        for candidate in alike {
            let collision = candidate.collision;
            if !collision.is_deleted() {
                let known = first.entry((candidate.id, collision.file));
                let known = known.or_insert(collision);
                if collision.line() < known.line() {
                    *known = collision;
                }
            }
        }
        for ((id, file), collision) in &first {
            let mut others = first.iter();
            // Within a file, its own check has found it.
            let other = others.find(|((other, of), _)| other != id && of != file);
            if let Some((_, other)) = other {
                let place = (*file, collision.line());
                respelled.others.insert(place, *other);
            }
        }
    }
    respelled
}

/// Reads lines once more, to report where they are.
fn report(
    search: &ConflictSearch<'_>,
    rule: Rule,
    severity: Severity,
    reported: &Places,
    on_finding: &mut dyn FnMut(u32, Finding),
) -> Result<(), CheckError> {
    let mut places: Vec<(u32, u32)> = reported.others.keys().copied().collect();
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
            let Some(other) = reported.others.get(&(file, line)) else {
                return;
            };
            let names = names.get_or_insert_with(|| NameCache::new(context.format));
            let Some(key) = KeyKind::ObjectId.in_line(text, context, names) else {
                return;
            };
            let name = search.files[other.file as usize].path.display();
            let (message, hint) = if rule == Rule::ObjectIdCase {
                let more = match reported.more {
                    0 => String::new(),
                    more => format!("; {more} more objectIds of these files differ in case alone"),
                };
                (
                    format!(
                        "it differs only in case from that in line {} of {name}{more}",
                        other.line()
                    ),
                    CASE_HINT,
                )
            } else {
                (
                    format!(
                        "another version has the same modifiedDate: line {} of {name}",
                        other.line()
                    ),
                    "keep the current version, or give it a later modifiedDate",
                )
            };
            let problem = RawFinding::of_field(rule, key.range, "objectId", &message);
            let problem = problem.with_hint(hint);
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
