//! A complete export that is damaged deletes nothing, whatever the damage.

use crate::sync::Place;

fn export(rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    format!("Id;Name;Mod\n{}\n", rows.join("\n"))
}

fn row(number: u32) -> String {
    format!("A{number};Firma {number};2026-01-15T09:30:00Z")
}

#[test]
fn damaged_export_deletes_nothing() {
    let place = Place::new();
    let config = "ledger = 'ledger.sqlite'\n[sync]\nmax-deletions = '100%'\n\
        [sources.ACCOUNT]\nfiles = 'accounts.csv'\nmap = 'm.toml'\ncomplete = true\n";
    std::fs::write(place.path("gong-crm.toml"), config).unwrap();
    let mapping = "[ACCOUNT]\ndelimiter = ';'\n[ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = 'Mod'\n";
    std::fs::write(place.path("m.toml"), mapping).unwrap();
    let whole = export((1..=60).map(row));
    let write = |text: &str| std::fs::write(place.path("accounts.csv"), text).unwrap();
    write(&whole);
    let (code, report) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report}");
    let up_to = |last: u32| export((1..=last).map(row));
    for (damage, text) in [
        ("open quote", whole.replace(";Firma 50;", ";\"Firma 50;")),
        (
            "text after a quote",
            whole
                .replace(";Firma 10;", ";\"Firma 10;")
                .replace(";Firma 14;", ";Firma\" 14;"),
        ),
        ("last row cut off", up_to(39) + "A40;Firma 40\n"),
        (
            "error at the end",
            up_to(50) + "ERROR: connection lost after 50 rows\n",
        ),
        ("error in a full row", up_to(50) + "ERROR: timeout;;\n"),
        (
            "page at the end",
            up_to(50) + "<html>504 Gateway Timeout</html>\n",
        ),
        ("ids with spaces", whole.replace("A1", "A 1")),
        (
            "ids as a spreadsheet has them",
            whole.replace("A5", "1,23E+15"),
        ),
    ] {
        write(&text);
        let (code, report) = place.json(&["sync", "--account-delay", "0"]);
        assert_eq!(
            report["plan"]["types"][0]["deleted"], 0,
            "{damage}: {report}"
        );
        assert!(matches!(code, Some(3 | 6)), "{damage}: {code:?} {report}");
        for number in 1..=60 {
            let id = format!("A{number}");
            assert!(
                place.simulator.object("ACCOUNT", &id).is_some(),
                "{damage}: {id}"
            );
        }
    }
    write(&up_to(59));
    let (code, report) = place.json(&["sync", "--account-delay", "0"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(place.simulator.object("ACCOUNT", "A60").is_none());
}
