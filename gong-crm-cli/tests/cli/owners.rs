//! `check --users`: whose deals people do not see, in every format.

use crate::invocation::Invocation;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const USERS: &str = "ada@acme.example\n";

fn user(id: &str, address: &str) -> String {
    format!(
        "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"{address}\"}}\n"
    )
}

fn deal(id: &str, owner: &str) -> String {
    format!(
        "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"accountId\":\"a\",\"stage\":\"s\",\
         \"closeDate\":\"2026-09-30\"{owner}}}\n"
    )
}

/// Three deals: of a Gong user, of somebody else, of nobody.
fn check(words: &[&str]) -> Invocation {
    let users = user("u-1", "ada@acme.example") + &user("u-2", "bob@acme.example");
    let deals = deal("d-1", ",\"ownerId\":\"u-1\"")
        + &deal("d-2", ",\"ownerId\":\"u-2\"")
        + &deal("d-3", "");
    Invocation::new(&[&["check"], words, &["--users", "gong-users.txt"]].concat())
        .file("business_users.ldjson", &users)
        .file("deals.ldjson", &deals)
        .file("gong-users.txt", USERS)
}

const BOTH: [&str; 2] = ["business_users.ldjson", "deals.ldjson"];

fn stdout(words: &[&str]) -> String {
    text(&check(&[&BOTH[..], words].concat()).output().stdout)
}

#[test]
fn owners_are_data_on_standard_output_in_every_format() {
    let said = stdout(&[]);
    assert!(said.contains("1 of 3 deals belongs to 1 owner"), "{said}");
    assert!(said.contains("1 of 3 deals has no owner"), "{said}");
    assert!(
        said.contains("u-2: 1 deal, no Gong user has the address"),
        "{said}"
    );

    let json = stdout(&["-o", "json"]);
    let found: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rules: Vec<_> = found
        .iter()
        .filter(|found| found["field"] == "ownerId" && found["path"] == "deals.ldjson")
        .map(|found| (found["rule"].as_str().unwrap(), found["objectId"].as_str()))
        .collect();
    assert!(
        rules.contains(&("owner-not-in-gong", Some("u-2"))),
        "{json}"
    );
    assert!(rules.contains(&("owner-missing", None)), "{json}");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert!(
        found.iter().all(|one| keys(one) == keys(&found[0])),
        "{json}"
    );

    let html = stdout(&["-o", "html"]);
    assert!(
        html.contains("Owners of deals") && html.contains("u-2"),
        "{html}"
    );
    let github = stdout(&["-o", "github"]);
    assert!(
        github.contains("::warning file=deals.ldjson,title=owner-not-in-gong::u-2"),
        "{github}"
    );
    let sarif: serde_json::Value = serde_json::from_str(&stdout(&["-o", "sarif"])).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let is_owner = |result: &&serde_json::Value| result["ruleId"] == "owner-not-in-gong";
    assert_eq!(results.iter().filter(is_owner).count(), 1, "{sarif}");
}

#[test]
fn owners_without_business_users_are_not_counted() {
    let output = check(&["deals.ldjson"]).output();
    let (said, warned) = (text(&output.stdout), text(&output.stderr));
    assert!(!said.contains("not an active Gong user"), "{said}");
    assert!(said.contains("1 of 3 deals has no owner"), "{said}");
    assert!(
        warned.contains("whose deals people see is not known"),
        "{warned}"
    );
}

#[test]
fn list_of_users_is_read_before_the_check() {
    let output = check(&BOTH).file("gong-users.txt", "nobody\n").output();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "", "nothing was checked");
    let output = check(&["-", "--type", "DEAL"]).output();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("standard input"));
}
