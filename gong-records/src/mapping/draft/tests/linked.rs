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
