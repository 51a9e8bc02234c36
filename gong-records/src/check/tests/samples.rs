//! Each rule's own examples.

use std::fs;

use crate::check::{Example, Finding, Options, Sample, check_paths};
use crate::rule::Rule;
use crate::schema::EntitySchema;

/// The findings in the example's file; those beside it must be good.
fn findings(rule: Rule, example: &Example) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.ldjson", example.object_type.file_stem());
    fs::write(folder.path().join(&name), example.content).unwrap();
    for (object_type, lines) in example.beside {
        let beside = format!("{}.ldjson", object_type.file_stem());
        fs::write(folder.path().join(beside), lines).unwrap();
    }
    let mut options = Options {
        entity_schema: example
            .entity_schema
            .map(|schema| EntitySchema::from_json(schema).unwrap()),
        ..Options::default()
    };
    if rule != Rule::MissingType {
        options.severities.allow.insert(Rule::MissingType);
    }
    let mut findings = Vec::new();
    check_paths(&[folder.path()], &options, &mut |finding| {
        assert!(finding.path.ends_with(&name), "{finding:?}");
        findings.push(finding);
    })
    .unwrap();
    findings
}

#[test]
fn each_bad_example_breaks_its_rule_and_no_other() {
    for rule in Rule::ALL {
        if let Sample::File(example) = &rule.explain().bad {
            let mut rules: Vec<Rule> = findings(*rule, example)
                .iter()
                .map(|finding| finding.rule)
                .collect();
            // Two conflicting lines are two findings.
            rules.dedup();
            assert_eq!(rules, [*rule], "{rule}");
        }
    }
}

#[test]
fn each_good_example_is_good() {
    for rule in Rule::ALL {
        if let Sample::File(example) = &rule.explain().good {
            assert_eq!(findings(*rule, example), [], "{rule}");
        }
    }
}

#[test]
fn the_reference_is_what_the_rules_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/check-rules.md");
    let page = crate::check::rules_page();
    if std::env::var_os("WRITE_CHECK_RULES").is_some() {
        fs::write(path, &page).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/check-rules.md is out of date; run `cargo xtask docs`"
    );
}
