//! Tests of the check by what a person sees.

use crate::check::{Finding, Options, check_reader};
use crate::object_type::ObjectType;
use crate::rule::Rule;

mod agreement;
mod columns;
mod files;
mod lines;
mod samples;

/// The findings in a file with this content.
fn findings_of(object_type: ObjectType, content: &[u8], options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_reader(
        content,
        "records.ldjson",
        object_type,
        options,
        &mut |finding| {
            findings.push(finding);
        },
    )
    .unwrap();
    findings
}

/// The rules that a file of this content breaks, each with its line, column and field.
fn places(object_type: ObjectType, content: &str) -> Vec<(u64, u64, Rule, Option<String>)> {
    findings_of(object_type, content.as_bytes(), &Options::default())
        .into_iter()
        .map(|finding| (finding.line, finding.column, finding.rule, finding.field))
        .collect()
}
