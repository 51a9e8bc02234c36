//! What reports of pushes say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
use gong_crm::push::{Options, Report, Verdict};

/// The ids that a report names as not in Gong as they were given.
pub(super) fn named(report: &Report) -> BTreeMap<String, String> {
    let errors = report.files.iter().flat_map(|file| &file.errors);
    errors
        .filter_map(|error| Some((error.object_id.clone()?, error.description.clone())))
        .collect()
}

pub(super) fn is_copy_noticed(report: &Report) -> bool {
    let mut reasons = report
        .files
        .iter()
        .filter_map(|file| file.reason.as_deref());
    reasons.any(|reason| reason.contains("another copy of this ledger"))
}

pub(super) fn summary(report: &Report) -> String {
    let counts = report.files.iter().map(|file| {
        format!(
            "{} {}/{}={}a{}r{}h{}s{}?{}",
            file.object_type,
            file.status,
            file.records,
            file.unchanged,
            file.accepted,
            file.rejected,
            file.held_back,
            file.superseded,
            file.uncertain
        )
    });
    let cause = report
        .cause
        .as_ref()
        .map(|cause| format!("{:?}", cause.kind()));
    let counts: Vec<String> = counts.collect();
    let named: Vec<String> = named(report).into_keys().take(20).collect();
    format!(
        "{} {} {} named {}",
        report.verdict,
        counts.join(", "),
        cause.unwrap_or_default(),
        named.join(" ")
    )
}

/// What several quiet pushes came to.
pub(super) struct Merged {
    pub(super) verdict: Verdict,
    pub(super) named: BTreeMap<String, String>,
}

pub(super) fn merge(before: Option<Merged>, report: &Report) -> Merged {
    let mut named = named(report);
    let mut verdict = report.verdict;
    if let Some(before) = before {
        named.extend(before.named);
        let is_settled = |verdict| matches!(verdict, Verdict::Done | Verdict::Partial);
        if is_settled(verdict) && before.verdict != Verdict::Done {
            verdict = before.verdict;
        }
    }
    Merged { verdict, named }
}

/// One push per type, so that a type that fails does not hide another.
pub(super) fn typed(options: Options, paths: &[PathBuf]) -> (Options, Vec<(ObjectType, PathBuf)>) {
    let of = |path: &Path| {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let stem = stem.strip_prefix("quiet-").unwrap();
        let types = ObjectType::ALL.into_iter();
        let mut types = types.filter(|object_type| object_type.file_stem() == stem);
        types.next().unwrap()
    };
    let paths = paths.iter().map(|path| (of(path), path.clone()));
    (options, paths.collect())
}
