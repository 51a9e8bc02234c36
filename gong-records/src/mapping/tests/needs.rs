//! Features that exports of CRMs need: lookups, clean ids, footers, currencies, nested JSON.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::ObjectType;
use crate::check::{self, Finding, check_paths};
use crate::mapping::{Conversion, Mapping, Options, convert_file};
use crate::rule::Rule;

mod rows;

/// The lines, and the problems with their rules.
pub(super) type Outcome = (Vec<String>, Vec<(Rule, String)>);

/// A folder with a mapping, and what a conversion of one of its files gives.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn convert(&self, name: &str, object_type: ObjectType) -> Outcome {
        self.try_convert(name, object_type).unwrap()
    }

    pub(super) fn try_convert(
        &self,
        name: &str,
        object_type: ObjectType,
    ) -> Result<Outcome, String> {
        let mapping = Mapping::open(self.path("m.toml")).map_err(|error| error.to_string())?;
        let options = Options::new("2026-03-01T08:30:00Z".parse().unwrap());
        let target = self.path("out.ldjson");
        let mut problems = Vec::new();
        convert_file(
            &self.path(name),
            &mapping,
            object_type,
            &options,
            &target,
            &mut |problem| {
                problems.push((problem.rule, problem.message));
            },
        )
        .map_err(|error| error.to_string())?;
        let lines = fs::read_to_string(&target).unwrap();
        let lines = lines.replace("\"modifiedDate\":\"2026-03-01T08:30:00Z\",", "");
        let lines = lines.replace(",\"modifiedDate\":\"2026-03-01T08:30:00Z\"", "");
        Ok((lines.lines().map(str::to_owned).collect(), problems))
    }

    /// What the check finds with the mapping.
    pub(super) fn check(&self, name: &str) -> Vec<Finding> {
        check(&self.path(name), &self.path("m.toml"))
    }
}

fn check(path: &Path, mapping: &Path) -> Vec<Finding> {
    let mapping = Mapping::open(mapping).unwrap();
    let options = check::Options {
        converter: Some(Arc::new(Conversion::new(mapping))),
        ..check::Options::default()
    };
    let mut found = Vec::new();
    check_paths(&[path], &options, &mut |finding| found.push(finding)).unwrap();
    found
}

fn rules(problems: &[(Rule, String)]) -> Vec<Rule> {
    problems.iter().map(|(rule, _)| *rule).collect()
}

const NOW: &str = "modifiedDate = { constant = 'now' }\n";

#[test]
fn names_are_looked_up_in_another_file() {
    let mapping = format!(
        "[DEAL.fields]\nobjectId = 'Id'\n{NOW}\
         ownerId = {{ from = 'Owner', lookup = {{ in = 'users.csv', key = 'Name', value = 'Email' }} }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        // Other signs than the deals have, and one user twice with the same address.
        (
            "users.csv",
            "Email;Name\na@x.example;Ann\nb@x.example;Bob\na@x.example;Ann\nc@x.example;Cy\nd@x.example;Cy\n;Eve\n",
        ),
        ("deals.csv", "Id,Owner\n1,Ann\n2,Zoe\n3,Cy\n4,Eve\n5,\n"),
    ]);
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(
        lines,
        [
            r#"{"objectId":"1","ownerId":"a@x.example"}"#,
            r#"{"objectId":"5"}"#
        ]
    );
    assert_eq!(rules(&problems), [Rule::Lookup; 3]);
    let messages: Vec<&str> = problems
        .iter()
        .map(|(_, message)| message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "users.csv has no row where Name is \"Zoe\"",
            "users.csv has 2 different values of Email where Name is \"Cy\": c@x.example, d@x.example",
            "users.csv has no Email where Name is \"Eve\"",
        ]
    );
}

#[test]
fn names_are_looked_up_among_the_records_of_another_type() {
    let mapping = format!(
        "[ACCOUNT]\nfiles = 'Firmen*.csv'\ndelimiter = ';'\n[ACCOUNT.fields]\n\
         objectId = {{ from = 'Nr', replace = {{ '/' = '-' }} }}\nname = 'Firma'\n{NOW}\
         [DEAL.fields]\nobjectId = 'Id'\n{NOW}\
         accountId = {{ from = 'Account', lookup = {{ in = 'ACCOUNT', key = 'name', value = 'objectId' }} }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("Firmen-2026.csv", "Nr;Firma\nK/1;Acme\nK/2;Borealis\n"),
        ("deals.csv", "Id,Account\n1,Borealis\n"),
    ]);
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(lines, [r#"{"objectId":"1","accountId":"K-2"}"#]);
    assert!(problems.is_empty());
}

#[test]
fn mistakes_of_lookups_are_located_in_the_mapping() {
    let with = |lookup: &str| {
        let mapping = format!(
            "[DEAL.fields]\nobjectId = 'Id'\n{NOW}ownerId = {{ from = 'Owner', lookup = {{ {lookup} }} }}\n"
        );
        let folder = Folder::new(&[
            ("m.toml", &mapping),
            ("users.csv", "Name,Email\nAnn,a@x.example\n"),
            ("deals.csv", "Id,Owner\n1,Ann\n"),
        ]);
        folder
            .try_convert("deals.csv", ObjectType::Deal)
            .unwrap_err()
    };
    for (lookup, expected) in [
        (
            "in = 'users.csv', key = 'Nam', value = 'Email'",
            "did you mean \"Name\"?",
        ),
        (
            "in = 'nobody.csv', key = 'Name', value = 'Email'",
            "nobody.csv",
        ),
        ("in = 'users.csv', key = 'Name'", "a lookup needs value"),
        (
            "in = 'ACCOUNT', key = 'name', value = 'objectId'",
            "no table [ACCOUNT]",
        ),
        (
            "in = 'DEAL', key = 'ownerId', value = 'objectId'",
            "files = ",
        ),
        (
            "in = 'users.csv', kee = 'Name', value = 'Email'",
            "did you mean `key`?",
        ),
    ] {
        let message = with(lookup);
        assert!(
            message.contains(expected) && message.contains("line 4"),
            "{lookup}: {message}"
        );
    }
}

#[test]
fn lookups_that_lead_in_a_circle_end() {
    let mapping = format!(
        "[ACCOUNT]\nfiles = 'a.csv'\n[ACCOUNT.fields]\nobjectId = {{ from = 'Id', lookup = {{ in = 'CONTACT', key = 'objectId', value = 'objectId' }} }}\n{NOW}\
         [CONTACT]\nfiles = 'a.csv'\n[CONTACT.fields]\nobjectId = {{ from = 'Id', lookup = {{ in = 'ACCOUNT', key = 'objectId', value = 'objectId' }} }}\n{NOW}"
    );
    let folder = Folder::new(&[("m.toml", &mapping), ("a.csv", "Id\n1\n")]);
    let message = folder
        .try_convert("a.csv", ObjectType::Account)
        .unwrap_err();
    assert!(message.contains("circular"), "{message}");
}

#[test]
fn ids_that_become_one_are_an_error_in_records_and_references() {
    let mapping = format!(
        "[STAGE]\ndistinct = true\n[STAGE.fields]\nobjectId = {{ from = 'Stage', slug = true }}\nname = 'Stage'\n\
         [DEAL.fields]\nobjectId = 'Id'\n{NOW}stage = {{ from = 'Stage', slug = true }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,Stage\n1,Closed Won\n2,Closed – Won\n3,Closed Won\n4,Новая\n5,–\n",
        ),
    ]);
    for object_type in [ObjectType::Stage, ObjectType::Deal] {
        let (lines, problems) = folder.convert("deals.csv", object_type);
        assert_eq!(
            rules(&problems),
            [Rule::IdCollision, Rule::Cell],
            "{object_type}"
        );
        assert!(
            problems[0].1.contains("\"closed-won\""),
            "{}",
            problems[0].1
        );
        assert!(lines.last().unwrap().contains("novaia"), "{lines:?}");
    }
}

#[test]
fn ids_that_a_spreadsheet_rounded_are_findings_of_their_own() {
    let mapping = format!("[ACCOUNT.fields]\nobjectId = 'Id'\n{NOW}");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("accounts.csv", "Id\n1.23E+15\n1.24E+15\n1.23E+15\n"),
        (
            "accounts2.csv",
            "Id\n1582917533873850000\n1582917533873860000\n7\n",
        ),
        (
            "accounts3.csv",
            "Id\n1582917533873850000\n1582917533873861234\n",
        ),
    ]);
    let found = |name: &str| {
        let found = folder.check(name);
        found
            .iter()
            .filter(|finding| finding.rule != Rule::MissingField)
            .map(|finding| (finding.rule, finding.line))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("accounts.csv"),
        [
            (Rule::MangledId, 2),
            (Rule::MangledId, 3),
            (Rule::MangledId, 4)
        ]
    );
    assert_eq!(found("accounts2.csv"), [(Rule::MangledId, 0)]);
    assert_eq!(found("accounts3.csv"), []);
}

#[test]
fn open_questions_are_reported_once_each() {
    let mapping = format!(
        "[DEAL]\ntodo = 'Is EUR the currency?'\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}\
         ownerId = {{ constant = 'u-1' }}\naccountId = {{ constant = 'a-1' }}\nstage = {{ constant = 's-1' }}\n\
         closeDate = {{ todo = 'Which column holds the close date?' }}\n\
         status = {{ from = 'State', values = {{ won = 'WON', parked = '?' }} }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,State\n1,won\n2,parked\n3,Parked\n4,parked\n",
        ),
    ]);
    let found = folder.check("deals.csv");
    let questions: Vec<(u64, &str)> = found
        .iter()
        .filter(|finding| finding.rule == Rule::OpenQuestion)
        .map(|finding| (finding.line, finding.message.as_str()))
        .collect();
    assert_eq!(
        questions,
        [
            (
                3,
                "status: the mapping leaves open what \"parked\" means (column \"State\")"
            ),
            (
                4,
                "status: the mapping leaves open what \"Parked\" means (column \"State\")"
            ),
            (0, "Is EUR the currency?"),
            (0, "closeDate: Which column holds the close date?"),
        ]
    );
}

#[test]
fn other_currencies_and_leading_zeros_are_found() {
    let mapping = format!(
        "[DEAL.fields]\nobjectId = 'Id'\n{NOW}\
         amount = {{ from = 'Sum', only-currency = {{ in = 'Currency', is = 'EUR' }} }}\n\
         postcode = {{ from = 'Zip', type = 'NUMBER' }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,Sum,Currency,Zip\n1,5,EUR,02134\n2,6,USD,1\n3,,USD,0\n4,7,eur,0.5\n",
        ),
    ]);
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(
        lines,
        [
            r#"{"objectId":"1","amount":5,"postcode":2134}"#,
            r#"{"objectId":"3","postcode":0}"#,
            r#"{"objectId":"4","amount":7,"postcode":0.5}"#,
        ]
    );
    assert_eq!(rules(&problems), [Rule::LeadingZero, Rule::OtherCurrency]);
}

#[test]
fn phone_numbers_that_a_spreadsheet_changed_are_found() {
    let mapping = format!(
        "[CONTACT.fields]\nobjectId = 'Id'\n{NOW}phoneNumber = 'Phone'\n\
         fax = {{ from = 'Fax', type = 'PHONENUMBER' }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "contacts.csv",
            "Id,Phone,Fax\n1,4.93E+11,030\n2,'+49 30 1,\"4,93E+11\"\n3,+49 30 12,1e3\n",
        ),
    ]);
    let (lines, problems) = folder.convert("contacts.csv", ObjectType::Contact);
    assert_eq!(lines.len(), 3, "a warning holds nothing back");
    assert_eq!(rules(&problems), [Rule::MangledNumber; 3]);
}

#[test]
fn a_quote_that_swallows_rows_is_an_error() {
    let mapping = format!("[ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\n{NOW}");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("accounts.csv", "Id,Name\n1,\"A\n2,B\n3,\"C\"\n4,D\n"),
    ]);
    let found = folder.check("accounts.csv");
    let rows: Vec<(Rule, u64)> = found
        .iter()
        .map(|finding| (finding.rule, finding.line))
        .collect();
    assert_eq!(rows, [(Rule::Row, 2)]);
    assert!(found[0].message.contains("line 4"), "{}", found[0].message);
}

#[test]
fn json_lines_arrays_and_nested_values_are_read() {
    let mapping = format!(
        "[CONTACT]\nformat = 'json'\nwhere = \"not deleted | default(false)\"\n[CONTACT.fields]\nobjectId = 'id'\n{NOW}\
         accountId = 'org_id.value'\nemailAddress = 'emails[primary].value'\n\
         firstName = {{ expr = \"first_name(name)\" }}\nphoneNumber = {{ expr = \"phones[0].value | default('')\" }}\n\
         score = {{ from = 'score', type = 'NUMBER' }}\n"
    );
    let record = |id: &str, more: &str| {
        format!(
            r#"{{"id":{id},"org_id":{{"name":"x","value":12}},"name":"Ada Lovelace","phones":[{{"value":"+1"}}],"score":1.5,"emails":[{{"value":"a@x.example","primary":false}},{{"value":"b@x.example","primary":true}}]{more}}}"#
        )
    };
    let (one, two) = (record("7", ""), record("8.0", r#","deleted":true"#));
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("contacts.json", &format!("[{one},{two}]")),
        ("contacts.jsonl", &format!("{one}\n{two}\n")),
    ]);
    for name in ["contacts.json", "contacts.jsonl"] {
        let (lines, problems) = folder.convert(name, ObjectType::Contact);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            lines,
            [
                r#"{"objectId":"7","accountId":"12","emailAddress":"b@x.example","firstName":"Ada","phoneNumber":"+1","score":1.5}"#
            ]
        );
    }
}

#[test]
fn json_values_of_other_shapes_are_findings_with_a_way_out() {
    let mapping = format!(
        "[CONTACT.fields]\nobjectId = 'id'\n{NOW}accountId = 'org_id'\nemailAddress = 'emails.value'\n\
         title = 'titel'\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "contacts.json",
            r#"[{"id":1,"org_id":{"value":12},"emails":[{"value":"a@x.example"},{"value":"b@x.example"}]},3]"#,
        ),
    ]);
    let (_, problems) = folder.convert("contacts.json", ObjectType::Contact);
    let messages: Vec<&str> = problems
        .iter()
        .map(|(_, message)| message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "it is an object with the keys value",
            "it is a list of 2 values, and the field is a single value",
            "it is not an object",
            "none of the records has a value at \"titel\"",
        ]
    );
}

#[test]
fn expression_mistakes_name_position_and_similar_name() {
    let with = |settings: &str, field: &str| {
        let mapping = format!("[DEAL]\n{settings}\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}{field}\n");
        let folder = Folder::new(&[
            ("m.toml", &mapping),
            ("deals.csv", "Id,Owner Name,Stage\n1,Ann,New\n"),
        ]);
        folder
            .try_convert("deals.csv", ObjectType::Deal)
            .unwrap_err()
    };
    for (settings, field, expected, line) in [
        (
            "",
            "stage = { expr = 'Stag' }",
            "character 1 of the expression: there is no column or function \"Stag\"; did you mean \"Stage\"?",
            6,
        ),
        (
            "",
            "stage = { expr = \"row['Owner Nam']\" }",
            "character 6 of the expression: the file has no column \"Owner Nam\"; did you mean \"Owner Name\"?",
            6,
        ),
        (
            "",
            "stage = { expr = 'slugg(Stage)' }",
            "did you mean \"slug\"?",
            6,
        ),
        (
            "",
            "stage = { expr = 'Stage | slugg' }",
            "did you mean slug?",
            6,
        ),
        (
            "",
            "stage = { expr = 'Stage ==' }",
            "character 7 of the expression: syntax error",
            6,
        ),
        (
            "where = 'Stage = 1'",
            "",
            "where: character 7 of the expression",
            2,
        ),
        (
            "",
            "stage = { expr = 'Stage', from = 'Stage' }",
            "from and expr cannot be used together",
            6,
        ),
    ] {
        let message = with(settings, field);
        assert!(message.contains(expected), "{settings}{field}\n{message}");
        assert!(
            message.contains(&format!("m.toml: line {line}, column ")),
            "{message}"
        );
    }
}

#[test]
fn mistakes_in_every_row_are_mapping_mistakes() {
    let with = |settings: &str, field: &str| {
        let mapping =
            format!("[CONTACT]\n{settings}\n[CONTACT.fields]\nobjectId = 'Id'\n{NOW}{field}\n");
        let folder = Folder::new(&[
            ("m.toml", &mapping),
            ("contacts.csv", "Id,Mail\n1,a@x.example;b@x.example\n"),
        ]);
        folder
            .try_convert("contacts.csv", ObjectType::Contact)
            .unwrap_err()
    };
    for (settings, field, expected) in [
        (
            "",
            "emailAddress = { from = 'Mail', split = ';' }",
            "split needs take",
        ),
        ("dates = 'dd.MM.yyyy'", "", "write it as \"%d.%m.%Y\""),
        (
            "language = 'xx'\ndates = '%d %b %Y'",
            "",
            "months of language \"xx\" are not known",
        ),
        ("format = 'xml'", "", "there is no format \"xml\""),
        (
            "",
            "title = { from = 'Mail', scale = 0.01 }",
            "scale is for numbers",
        ),
        (
            "deleted = 'Mail'",
            "isDeleted = 'Mail'",
            "remove one of them",
        ),
        (
            "",
            "title = { from = 'Mail', otherwise = 'x' }",
            "otherwise needs values",
        ),
    ] {
        let message = with(settings, field);
        assert!(message.contains(expected), "{settings}{field}\n{message}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_asked_about() {
    let mapping = format!("[ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\n{NOW}");
    let folder = Folder::new(&[("m.toml", &mapping)]);
    let (text, _, _) =
        encoding_rs::WINDOWS_1250.encode("Id,Name\n1,Łódź Wiślanka Zażółć gęślą jaźń\n");
    fs::write(folder.path("accounts.csv"), text).unwrap();
    let message = folder
        .try_convert("accounts.csv", ObjectType::Account)
        .unwrap_err();
    assert!(
        message.contains("encoding = \"windows-1250\"") && message.contains("Łódź"),
        "{message}"
    );
    let wide: Vec<u8> = "Id,Name\n1,Müller\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(folder.path("accounts.csv"), wide).unwrap();
    let (lines, _) = folder.convert("accounts.csv", ObjectType::Account);
    assert_eq!(lines, [r#"{"objectId":"1","name":"Müller"}"#]);
}

#[test]
fn findings_have_their_rows_with_where_distinct_and_each() {
    let mapping = format!(
        "[STAGE]\ndistinct = true\nwhere = \"Stage != 'skip'\"\n[STAGE.fields]\n\
         objectId = 'Stage'\nname = 'Name'\nisActive = {{ constant = 'true' }}\nsortOrder = {{ constant = '1' }}\n\
         [CONTACT]\neach = 'Ids'\n[CONTACT.fields]\nobjectId = 'item'\n{NOW}accountId = {{ constant = 'a-1' }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("stages.csv", "Stage,Name\na,A\nskip,S\na,A\nb/c,B\n"),
        ("contacts.csv", "Ids\n1;2\n3;4/5;6\n"),
    ]);
    let places = |name: &str| {
        let found = folder.check(name);
        found
            .iter()
            .map(|finding| (finding.rule, finding.line, finding.column))
            .collect::<Vec<_>>()
    };
    assert_eq!(places("stages.csv"), [(Rule::ObjectIdCharset, 5, 1)]);
    assert_eq!(places("contacts.csv"), [(Rule::ObjectIdCharset, 3, 2)]);
}

#[test]
fn domains_that_gong_cannot_match_are_found() {
    let mapping =
        |domains: &str| format!("[ACCOUNT.fields]\nobjectId = 'Id'\n{NOW}domains = {domains}\n");
    let accounts = "Id,Web\n1,https://www.a.example/de/\n2,www.b.example\n3,c.example; c.dk\n\
        4,info@d.example\n5,gmail.com\n6,e.example\n";
    let as_it_is = Folder::new(&[("m.toml", &mapping("'Web'")), ("accounts.csv", accounts)]);
    let (lines, problems) = as_it_is.convert("accounts.csv", ObjectType::Account);
    assert_eq!(
        (lines.len(), rules(&problems)),
        (6, vec![Rule::DomainFormat; 5])
    );
    let cleaned = mapping("{ from = 'Web', domain = true }");
    let cleaned = Folder::new(&[("m.toml", &cleaned), ("accounts.csv", accounts)]);
    let (lines, problems) = cleaned.convert("accounts.csv", ObjectType::Account);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(lines[2].contains(r#"["c.example","c.dk"]"#), "{lines:?}");
    assert!(!lines[4].contains("gmail"), "{lines:?}");
}
