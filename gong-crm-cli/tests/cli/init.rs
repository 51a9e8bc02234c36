//! Drafts beside what is already there.

use std::fs;
use std::process::Output;

use crate::invocation::Invocation;

/// A folder of exports in which drafts are made again and again.
struct Exports(Invocation);

impl Exports {
    fn new() -> Self {
        let exports = Self(Invocation::new(&["init", "exports"]).folder("exports"));
        exports.write(
            "exports/deals.csv",
            "Deal ID,Deal Name,Deal Stage,Deal Owner,Company,Close Date\n1,A,Won,Ann,Acme,2026-01-31\n",
        );
        exports
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path(name)).unwrap()
    }

    fn init(&self, words: &[&str]) -> Output {
        let mut init = Invocation::new(&[&["init", "exports"], words].concat());
        init.command()
            .current_dir(self.0.path("."))
            .env("XDG_STATE_HOME", self.0.path("state"));
        init.output()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn second_draft_adds_what_is_missing_and_keeps_answers() {
    let exports = Exports::new();
    assert!(exports.init(&[]).status.success());
    let answered = exports
        .read("mappings/deals.toml")
        .replace("# Draft", "# My draft");
    exports.write("mappings/deals.toml", &answered);
    exports.write(
        "mappings/users.csv",
        "Id,Name,Email\nann,Ann,ann@x.example\n",
    );
    let own = exports.read("gong-crm.toml").replace("\"5%\"", "\"7%\"");
    exports.write("gong-crm.toml", &own);

    exports.write("exports/companies.csv", "Company ID,Company Name\n7,Acme\n");
    exports.write(
        "exports/deals.csv",
        "Deal ID,Deal Name,Deal Stage,Deal Owner,Company,Close Date\n1,A,Won,Ann,Acme,2026-01-31\n\
         2,B,Won,Bob,Acme,2026-02-28\n",
    );
    let output = exports.init(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("wrote mappings/companies.toml"), "{said}");
    assert!(
        said.contains("added to gong-crm.toml, mappings/users.csv"),
        "{said}"
    );
    assert!(
        said.contains("not changed, and a draft of today differs: mappings/deals.toml"),
        "{said}"
    );
    assert_eq!(exports.read("mappings/deals.toml"), answered);
    assert_eq!(
        exports.read("mappings/users.csv"),
        "Id,Name,Email\nann,Ann,ann@x.example\nbob,Bob,\n"
    );
    let config = exports.read("gong-crm.toml");
    assert!(
        config.contains("\"7%\"") && config.matches("[sources.ACCOUNT]").count() == 1,
        "{config}"
    );
    // Nothing is left to add.
    let again = exports.init(&[]);
    assert!(!String::from_utf8_lossy(&again.stderr).contains("added"));
    assert_eq!(exports.read("gong-crm.toml"), config);
}

#[test]
fn forced_draft_keeps_the_earlier_one_and_all_addresses() {
    let exports = Exports::new();
    assert!(exports.init(&[]).status.success());
    let answered = exports
        .read("mappings/deals.toml")
        .replace("# Draft", "# My draft");
    exports.write("mappings/deals.toml", &answered);
    let users = "Id,Name,Email\nann,Ann,ann@x.example\n";
    exports.write("mappings/users.csv", users);
    let output = exports.init(&["--force"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(exports.read("mappings/deals.toml").starts_with("# Draft"));
    assert_eq!(exports.read("mappings/deals.toml.bak"), answered);
    assert_eq!(exports.read("mappings/users.csv"), users);
}

#[test]
fn earlier_exports_are_named() {
    let exports = Exports::new();
    for month in ["01", "02"] {
        exports.write(
            &format!("exports/companies-2026-{month}-01.csv"),
            "Company ID,Company Name\n7,Acme\n",
        );
    }
    let output = exports.init(&[]);
    let said = said(&output);
    assert!(
        said.contains(
            "exports/companies-2026-02-01.csv is the latest of 2 exports; not read: companies-2026-01-01.csv"
        ),
        "{said}"
    );
}

#[test]
fn second_draft_shows_the_files_that_are_in_effect() {
    let exports = Exports::new();
    assert!(exports.init(&[]).status.success());
    fs::remove_file(exports.0.path("exports/deals.csv")).unwrap();
    exports.write(
        "exports/deals-2026-02.csv",
        "Deal ID,Deal Name,Deal Stage,Deal Owner,Company,Close Date\n1,A,Won,Ann,Acme,2026-01-31\n",
    );
    let output = exports.init(&[]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("exports/deals.csv"), "{shown}");
    assert!(!shown.contains("exports/deals-"), "{shown}");
    let said = said(&output);
    assert!(
        said.contains(
            "gong-crm.toml reads exports/deals.csv for DEAL, and a draft of today reads exports/deals-*.csv"
        ),
        "{said}"
    );
}

#[test]
fn fields_without_a_column_are_named() {
    let exports = Exports::new();
    exports.write("exports/deals.csv", "Deal ID,Deal Name\n1,A\n");
    let said = said(&exports.init(&[]));
    assert!(
        said.contains(
            "mappings/deals.toml: no column for accountId: The deal does not appear in Gong at all"
        ),
        "{said}"
    );
}
