//! `gong-crm check`: what a person and a program see of its findings.

use crate::invocation::{Invocation, assert_transcript};

/// A line of each kind of trouble, between two good ones.
const DEALS: &str = concat!(
    r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s"}"#,
    "\n// exported from the old CRM\n",
    r#"{"objectId":"A/9","modifiedDate":"2026-03-01 09:30:00","status":"Won","name":"Größe 日本 \"x\"","amount":"7.000,50"}"#,
    "\n",
    r#"{"objectId":"d-2","modifiedDate":"2026-03-01T09:30:00.123Z","accountId":"a","ownerId":"u","closeDate":"30.9.2026","stage":"s","lastModified":"x"}"#,
    "\n",
    r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s"}"#,
    "\n",
);

fn check(arguments: &[&str]) -> Invocation {
    Invocation::new(&[&["check"], arguments].concat()).file("deals.ldjson", DEALS)
}

#[test]
fn findings_are_formatted_like_those_of_a_compiler() {
    assert_transcript!("check_text", check(&["deals.ldjson"]));
}

#[test]
fn findings_are_objects_for_a_program() {
    assert_transcript!("check_json", check(&["deals.ldjson", "-o", "json"]));
    assert_transcript!("check_github", check(&["deals.ldjson", "-o", "github"]));
    assert_transcript!("check_capped", check(&["deals.ldjson", "--max", "2"]));
}

#[test]
fn a_sarif_log_is_one_json_document() {
    let output = check(&["deals.ldjson", "-o", "sarif"]).output();
    assert_eq!(output.status.code(), Some(3));
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 5, "{results:?}");
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
    }
}

#[test]
fn severity_flags_decide_the_exit_code() {
    let exit = |arguments: &[&str], contents: &str| {
        let run = Invocation::new(&[&["check", "contacts.ldjson"], arguments].concat());
        run.file("contacts.ldjson", contents).output().status.code()
    };
    // A contact without account is a warning.
    let line = "{\"objectId\":\"c-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
    assert_eq!(exit(&[], line), Some(0));
    assert_eq!(exit(&["--strict"], line), Some(3));
    assert_eq!(exit(&["--deny", "not-visible"], line), Some(3));
    assert_eq!(exit(&["--strict", "--allow", "not-visible"], line), Some(0));
    assert_eq!(exit(&["--allow", "no-such-rule"], line), Some(2));
}

#[test]
fn fix_writes_unambiguous_fixes_to_a_new_file() {
    let line = r#"{"objectId":"c-1","modifiedDate":"2026-03-01 09:30:00.5Z","accountId":"a-1"}"#;
    let fix = Invocation::new(&["check", "--fix", "fixed", "contacts.ldjson"])
        .file("contacts.ldjson", &format!("// contacts\n{line}\n"));
    assert_transcript!("check_fix", fix);
}

#[test]
fn fix_never_overwrites_the_files_themselves() {
    let line = "// contacts\n";
    for (paths, folder) in [
        ("contacts.ldjson", "."),
        ("exports", "exports"),
        ("exports", "./exports/../exports/"),
    ] {
        let fix = Invocation::new(&["check", paths, "--fix", folder])
            .file("contacts.ldjson", line)
            .folder("exports");
        let inside = fix.path("exports/leads.ldjson");
        std::fs::write(&inside, line).unwrap();
        let (output, folder) = fix.kept();
        let reported = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{reported}");
        assert!(reported.contains("would overwrite"), "{reported}");
        for file in [inside, folder.path().join("contacts.ldjson")] {
            assert_eq!(std::fs::read_to_string(file).unwrap(), line);
        }
    }
}

#[test]
fn a_schema_is_read_as_pull_writes_it() {
    let deal = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"a","ownerId":"u","closeDate":"2026-09-30","stage":"s","region":7}"#;
    let yaml = "DEAL:\n- uniqueName: region\n  label: Region\n  type: STRING\n";
    let list = "- uniqueName: region\n  label: Region\n  type: STRING\n";
    let tabs = "{\n\t\"DEAL\": [{\"uniqueName\": \"region\", \"label\": \"Region\", \"type\": \"STRING\"}]\n}\n";
    for (schema, more) in [
        (yaml, &[][..]),
        (list, &["--type", "DEAL"]),
        (tabs, &[]),
        (
            "\u{feff}DEAL: [{uniqueName: region, label: Region, type: STRING}]",
            &[],
        ),
    ] {
        let words = ["check", "deals.ldjson", "-o", "json", "--schema", "schema"];
        let check = Invocation::new(&[&words[..], more].concat())
            .file("deals.ldjson", deal)
            .file("schema", schema);
        let found = String::from_utf8(check.output().stdout).unwrap();
        assert!(
            found.contains("\"rule\":\"custom-type\""),
            "{schema}: {found}"
        );
    }
    // What begins with a brace is JSON and nothing else, so that a deep one is parsed once.
    let braces = Invocation::new(&["check", "deals.ldjson", "--schema", "schema"])
        .file("deals.ldjson", deal)
        .file(
            "schema",
            "{DEAL: [{uniqueName: region, label: Region, type: STRING}]}",
        )
        .output();
    let message = String::from_utf8_lossy(&braces.stderr).into_owned();
    assert_eq!(braces.status.code(), Some(2), "{message}");
    assert!(message.contains("key must be a string"), "{message}");
    let push = Invocation::new(&["--sim", "push", "deals.ldjson", "--schema", "schema.yaml"])
        .file("deals.ldjson", deal)
        .file("schema.yaml", yaml);
    assert_eq!(push.output().status.code(), Some(3));
}

#[test]
fn explain_prints_the_page_of_a_rule() {
    assert_transcript!(
        "check_explain",
        Invocation::new(&["check", "--explain", "object-id-charset"])
    );
}

#[test]
fn example_crm_has_no_findings() {
    let schema = "examples/acme/entity-schema.json";
    let check = ["check", "--strict", "--schema", schema, "examples/acme"];
    assert_transcript!("check_acme", Invocation::new(&check).in_workspace());
}
