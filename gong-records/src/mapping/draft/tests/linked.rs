//! How the files of a folder refer to each other: by addresses, and by the names of accounts.

use std::path::Path;

use super::folders::Exports;
use super::{has, line};

#[test]
fn addresses_of_owners_come_from_the_column_beside_them_or_are_a_question() {
    let exports = Exports::new(&[(
        "opportunities.csv",
        b"Opportunity ID,Opportunity Owner,Opportunity Owner: Email,Stage\n\
          1,Ann,ann@x.example,Won\n2,Bo,bo@x.example,Lost\n",
    )]);
    let deals = exports.mapping("opportunities.toml");
    assert_eq!(
        line(deals, "ownerId"),
        "ownerId = { expr = \"email_in(row['Opportunity Owner: Email'])\" }"
    );
    assert!(has(deals, "[BUSINESS_USER]"), "{deals}");
    let exports = Exports::new(&[(
        "opportunities.csv",
        b"Opportunity ID,Opportunity Owner,Stage\n1,Ann,Won\n2,Bo,Lost\n",
    )]);
    let users = Path::new("mappings/users.csv");
    let users = exports.1.files.iter().find(|file| file.path == users);
    assert_eq!(users.map(|file| file.questions), Some(1));
    assert_eq!(exports.1.questions, 1);
}

#[test]
fn accounts_are_looked_up_as_their_own_mapping_reads_them() {
    let exports = Exports::new(&[
        (
            "bedrijven.csv",
            b"Export van 15-01-2026\nID;Naam;Laatst gewijzigd op\n7;Caf\xe9 Zuid;15-01-2026 09:30\n",
        ),
        (
            "deals.csv",
            b"Deal ID;Titel;Klant;Status\n1;A;Caf\xe9 Zuid;Gewonnen\n",
        ),
    ]);
    let errors = exports.errors();
    assert!(
        errors.iter().all(|error| error.contains("not UTF-8")),
        "{errors:#?}"
    );
}

#[test]
fn ids_that_lead_to_no_record_are_a_question() {
    let accounts =
        |first: &str| format!("Account ID,Account Name\n{first}1001,One\n{first}1002,Two\n");
    let deals = "Deal ID,Deal Name,Account ID\nD1,A,1001\nD2,B,1002\n";
    for (first, is_question) in [("A-", true), ("", false), ("00", true)] {
        let exports = Exports::new(&[
            ("accounts.csv", accounts(first).as_bytes()),
            ("deals.csv", deals.as_bytes()),
        ]);
        let mapping = exports.mapping("deals.toml");
        let question = "None of the ids in the column \\\"Account ID\\\", such as \\\"1001\\\", is an id in accounts.csv";
        assert_eq!(has(mapping, question), is_question, "{mapping}");
    }
    // What is cleaned in both files is the same.
    let exports = Exports::new(&[
        (
            "accounts.csv",
            b"Account ID,Account Name\n1001,One\n1002,Two\n",
        ),
        (
            "deals.csv",
            b"Deal ID,Deal Name,Account ID\nD1,A,1001.0\nD2,B,1002.0\n",
        ),
    ]);
    let mapping = exports.mapping("deals.toml");
    assert!(!has(mapping, "None of the ids"), "{mapping}");
}
