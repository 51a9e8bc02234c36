//! The input and the findings of the check of a block.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::check::context::{CheckContext, FieldSet};
use crate::check::duplicates::emails::EmailKey;
use crate::check::duplicates::versions::Version;
use crate::check::finding::Finding;
use crate::check::order::OrderPart;
use crate::check::severities::SeverityTable;
use crate::rule::Rule;

/// What the check of a block must know about the lines before it.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct BlockStart {
    /// Whether it is the beginning of the file.
    pub(in crate::check) is_first: bool,
    /// Whether there was no record before.
    pub(in crate::check) is_before_records: bool,
    /// While a record is spread over lines: how far its first line is indented.
    pub(in crate::check) spread: Option<usize>,
    /// Standard fields that no record has had so far. That they are missing is only counted.
    pub(in crate::check) open: FieldSet,
    /// How many findings are still wanted; more are only counted.
    pub(in crate::check) wanted: u64,
    /// Whether the order of dates still matters.
    pub(in crate::check) watches_order: bool,
}

/// How often each rule is broken.
pub(in crate::check) type Counts = [u64; Rule::ALL.len()];

/// A finding, and the field that is missing if it is about one.
#[derive(Debug)]
pub(in crate::check) struct BlockFinding {
    pub(in crate::check) finding: Finding,
    pub(in crate::check) missing: Option<usize>,
    /// The field whose reference leads to no record of the files.
    pub(in crate::check) unresolved: Option<usize>,
}

/// The id of a line.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct LineId {
    pub(in crate::check) hash: u64,
    pub(in crate::check) line: u32,
    pub(in crate::check) is_deleted: bool,
}

/// A standard field that records lack.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::check) struct MissingCount {
    /// How many records lack it.
    pub(in crate::check) records: u64,
    /// The first line that lacks it.
    pub(in crate::check) first_line: u64,
}

/// References of a standard field to records that no file has.
#[derive(Debug, Default)]
pub(in crate::check) struct UnresolvedCount {
    pub(in crate::check) records: u64,
    /// The first line with one.
    pub(in crate::check) first_line: u64,
    /// The ids of the first of them.
    pub(in crate::check) ids: Vec<String>,
}

/// A name that breaks a rule.
#[derive(Debug)]
pub(in crate::check) struct NameCount {
    pub(in crate::check) records: u64,
    pub(in crate::check) first: Finding,
}

/// What must be kept of a line if the stream cannot be read twice.
#[derive(Debug)]
pub(in crate::check) struct KeptKey {
    pub(in crate::check) key: Box<str>,
    pub(in crate::check) version: Version,
    pub(in crate::check) line: u64,
}

/// The results of the check of a block.
#[derive(Debug)]
pub(in crate::check) struct BlockReport {
    pub(in crate::check) lines: u64,
    pub(in crate::check) records: u64,
    /// Findings about values, and lines; those with messages are in `findings` too.
    pub(in crate::check) counts: Counts,
    pub(in crate::check) findings: Vec<BlockFinding>,
    pub(in crate::check) ids: Vec<LineId>,
    /// The ids with their text, if they must be kept.
    pub(in crate::check) kept_ids: Vec<KeptKey>,
    /// Email addresses of users.
    pub(in crate::check) emails: Vec<EmailKey>,
    /// By the index of the field.
    pub(in crate::check) missing: Vec<MissingCount>,
    /// Standard fields that some record lacks, and those that some record has.
    pub(in crate::check) absent: FieldSet,
    pub(in crate::check) present: FieldSet,
    /// Standard fields of which a reference leads to a record of the files.
    pub(in crate::check) resolved: FieldSet,
    /// Of the other references, by the index of the field.
    pub(in crate::check) unresolved: BTreeMap<usize, UnresolvedCount>,
    /// The fields that were assumed to be open.
    pub(in crate::check) open: FieldSet,
    pub(in crate::check) names: Vec<NameCount>,
    pub(in crate::check) order: OrderPart,
    pub(in crate::check) spread: Option<usize>,
    pub(in crate::check) stops_file: bool,
}

/// Facts of a run that all blocks share.
#[derive(Debug, Clone)]
pub(in crate::check) struct BlockSettings<'a> {
    pub(in crate::check) context: CheckContext<'a>,
    pub(in crate::check) severities: &'a SeverityTable,
    pub(in crate::check) path: Arc<Path>,
    /// Whether the ids and addresses must be kept.
    pub(in crate::check) keeps_keys: bool,
    /// Whether findings have excerpts.
    pub(in crate::check) excerpts: bool,
}

impl BlockReport {
    pub(super) fn new(fields: usize) -> Self {
        Self {
            lines: 0,
            records: 0,
            counts: [0; Rule::ALL.len()],
            findings: Vec::new(),
            ids: Vec::new(),
            kept_ids: Vec::new(),
            emails: Vec::new(),
            missing: vec![MissingCount::default(); fields],
            absent: 0,
            present: 0,
            resolved: 0,
            unresolved: BTreeMap::new(),
            open: 0,
            names: Vec::new(),
            order: OrderPart::default(),
            spread: None,
            stops_file: false,
        }
    }
}
