//! One file as the source of two types: deals, and the stages that they name.

use serde_json::Value;

use crate::sync::Place;

const CONFIG: &str = "\
ledger = 'ledger.sqlite'
[sources.STAGE]
files = 'deals.csv'
map = 'crm.toml'
[sources.DEAL]
files = 'deals.csv'
map = 'crm.toml'
";

const MAPPING: &str = "\
[STAGE]
distinct = true
[STAGE.fields]
objectId = { from = 'Stage', slug = true }
name = 'Stage'
[DEAL.fields]
objectId = 'Deal ID'
modifiedDate = 'Changed'
name = 'Deal Name'
stage = { from = 'Stage', slug = true }
status = 'Status'
amount = 'Amount'
";

const DEALS: &str = "Deal ID,Deal Name,Stage,Status,Amount,Changed
1,Good,New,Open,5,2026-01-15T09:30:00Z
2,Bad,Review,Deleted,x,2026-01-15T09:30:00Z
";

fn place() -> Place {
    let place = Place::new();
    for (name, text) in [
        ("gong-crm.toml", CONFIG),
        ("crm.toml", MAPPING),
        ("deals.csv", DEALS),
    ] {
        std::fs::write(place.path(name), text).unwrap();
    }
    place
}

/// The bad deal is not in Gong, and everything else is.
fn assert_only_the_bad_deal_is_missing(place: &Place) {
    let has = |object_type, id| place.simulator.object(object_type, id).is_some();
    assert!(has("DEAL", "1"));
    assert!(!has("DEAL", "2"), "a deal with errors was sent");
    assert!(has("STAGE", "new"));
    assert!(has("STAGE", "review"), "a good stage was held back");
}

#[test]
fn invalid_row_is_held_back_in_its_own_type() {
    let place = place();
    let (code, plan) = place.json(&["plan"]);
    assert_eq!(code, Some(3), "{plan}");
    let changes = plan["changes"].as_array().unwrap();
    let held: Vec<&Value> = changes
        .iter()
        .filter(|change| change["action"] == "hold-back")
        .collect();
    assert!(!held.is_empty(), "{plan}");
    for change in held {
        assert_eq!(change["objectType"], "DEAL", "{plan}");
        assert_eq!(change["objectId"], "2", "{plan}");
    }
    let (code, report) = place.json(&["sync"]);
    assert_eq!(code, Some(5), "{report}");
    assert_only_the_bad_deal_is_missing(&place);
}

#[test]
fn rejects_of_two_types_are_two_files() {
    let place = place();
    std::fs::write(
        place.path("deals.csv"),
        DEALS
            .replace("Review", "\u{1F60A}")
            .replace(",Open,", ",Nope,"),
    )
    .unwrap();
    let (code, report) = place.json(&[
        "push",
        "--skip-invalid",
        "--map",
        "crm.toml",
        "--type",
        "STAGE",
        "deals.csv",
    ]);
    assert_eq!(code, Some(5), "{report}");
    let (code, report) = place.json(&["push", "--skip-invalid"]);
    assert_eq!(code, Some(5), "{report}");
    for file in report["files"].as_array().unwrap() {
        let Some(rejects) = file["rejects"].as_str() else {
            continue;
        };
        assert!(
            place.path(rejects).is_file(),
            "{rejects} is announced, and not there"
        );
    }
}

#[test]
fn push_that_skips_invalid_rows_sends_the_good_ones_of_both_types() {
    let place = place();
    let (code, report) = place.json(&["push", "--skip-invalid"]);
    assert_eq!(code, Some(5), "{report}");
    assert_only_the_bad_deal_is_missing(&place);
    let rejects = std::fs::read_to_string(place.path("deals.rejects.csv")).unwrap();
    assert!(rejects.contains("2,Bad,Review"), "{rejects}");
    assert!(!rejects.contains("1,Good"), "{rejects}");
}
