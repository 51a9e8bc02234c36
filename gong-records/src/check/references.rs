//! Types that records refer to and no file has.

use super::finding::Finding;
use super::options::Options;
use super::summary::Summary;
use crate::object_type::ObjectType;
use crate::rule::Rule;

/// The types without which deals are of little use. They change rarely, so they are forgotten
/// easily: accounts come with the deals.
const NEEDED_BY_DEALS: [ObjectType; 2] = [ObjectType::Stage, ObjectType::BusinessUser];

/// Reports deals without stages or users in the run, once for all files.
pub(super) fn missing_types(
    summary: &mut Summary,
    options: &Options,
    on_finding: &mut dyn FnMut(Finding),
) {
    let rule = Rule::MissingType;
    let Some(severity) = options.severities.of(rule) else {
        return;
    };
    let is_missing = |object_type: &ObjectType| {
        let mut files = summary.files.iter();
        !options.known_types.contains(object_type)
            && !files.any(|file| file.object_type == *object_type)
    };
    let missing: Vec<&str> = NEEDED_BY_DEALS
        .iter()
        .filter(|object_type| is_missing(object_type))
        .map(|object_type| object_type.as_str())
        .collect();
    let deals = |file: &&mut super::summary::FileSummary| {
        file.object_type == ObjectType::Deal && file.records > 0
    };
    let Some(first) = summary.files.iter_mut().find(deals) else {
        return;
    };
    if missing.is_empty() {
        return;
    }
    first.add(rule, severity, 1);
    let path = std::sync::Arc::clone(&first.path);
    let missing = missing.join(" and no ");
    on_finding(Finding {
        path,
        object_type: ObjectType::Deal,
        line: 0,
        column: 0,
        rule,
        severity,
        field: None,
        object_id: None,
        count: 1,
        record: None,
        is_repeat: false,
        first_line: None,
        message: format!("no {missing} is in the input, and deals need them"),
        hint: Some("push them once, before the deals or together with them".to_owned()),
        row: None,
        excerpt: None,
    });
}
