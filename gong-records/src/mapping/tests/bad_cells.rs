//! Cells that can't be converted, and what is omitted because of them.

use super::*;

const TOML: &str = "[DEAL]\ndelimiter = ';'\nencoding = 'utf-8'\n[DEAL.fields]\nobjectId = 'id'\n\
    modifiedDate = { constant = 'now' }\namount = 'sum'\nstatus = 'state'\nclose = { from = 'x', type = 'BOOLEAN' }\n";

fn problems(csv: &[u8]) -> Vec<String> {
    convert_with(csv, TOML, ObjectType::Deal, &options())
        .unwrap()
        .problems
}

#[test]
fn every_problem_names_row_and_column() {
    for (row, problem) in [
        (
            &b"d;1.5x;;"[..],
            "line 2, column \"sum\": it is not a number written like 1234.50 (the row is left out)",
        ),
        (
            b"d;;Gewonnen;",
            "line 2, column \"state\": \"Gewonnen\" is not one of WON, LOST, OPEN (the row is left out)",
        ),
        (
            b"d;;;maybe",
            "line 2, column \"x\": \"maybe\" is neither a word for true (true, yes, 1) nor for false (false, no, 0) (the row is left out)",
        ),
        (
            b";1;;",
            "line 2, column \"id\": it is empty, and every record needs an id (the row is left out)",
        ),
        (
            b"d\xe4;;;",
            "line 2, column \"id\": it has bytes that are not text in this encoding (the row is left out)",
        ),
        (
            b"d;1",
            "line 2: it has 2 cells, and the header names 4 columns (the row is left out)",
        ),
        (
            b"d;1;;;5",
            "line 2: it has 5 cells, and the header names 4 columns (the row is left out)",
        ),
        (
            b"c;1;;;\nd;1;;",
            "line 2: it has 5 cells, and the header names 4 columns (the row is left out)",
        ),
        (
            b"b;1;;;\nc;1;;;\nd;1",
            "line 4: it has 2 cells, and other rows have 5 (the row is left out)",
        ),
        (
            b"\"d;1;;\n\n",
            "line 2: a double quote opens in this row and never closes, so that the rest of the file is in one cell (the row is left out)",
        ),
    ] {
        let csv = [b"id;sum;state;x\n", row].concat();
        assert_eq!(
            problems(&csv),
            [problem],
            "{}",
            String::from_utf8_lossy(row)
        );
    }
}

#[test]
fn unused_keys_are_not_a_problem() {
    let csv = "id;sum;state;x;;\n;;;\n\n d-1 ; 5 ; won ; YES ;;\n";
    let outcome = convert_with(csv.as_bytes(), TOML, ObjectType::Deal, &options()).unwrap();
    assert_eq!(outcome.problems, [""; 0]);
    assert_eq!(outcome.converted.rows, 1);
    assert_eq!(
        outcome.lines,
        [
            r#"{"objectId":"d-1","modifiedDate":"2026-03-01T08:30:00Z","status":"WON","amount":5,"close":true}"#
        ]
    );
}

#[test]
fn a_row_can_be_kept_without_the_field_but_not_without_its_id() {
    let mut options = options();
    options.keep_rows = true;
    let csv = "id;sum;state;x\nd-1;many;WON;\n;1;;\n";
    let outcome = convert_with(csv.as_bytes(), TOML, ObjectType::Deal, &options).unwrap();
    assert_eq!(
        outcome.lines,
        [r#"{"objectId":"d-1","modifiedDate":"2026-03-01T08:30:00Z","status":"WON"}"#]
    );
    assert_eq!(outcome.problems.len(), 2);
    assert!(outcome.problems[0].ends_with("(the field is left out)"));
    assert!(outcome.problems[1].ends_with("(the row is left out)"));
}

#[test]
fn json_of_a_problem_has_no_cell() {
    let mapping = Mapping::from_toml(TOML).unwrap();
    let csv = "id;sum;state;x\nd-1;secret;;\n";
    let mut problems = Vec::new();
    convert_reader(
        csv.as_bytes(),
        &mapping,
        ObjectType::Deal,
        &options(),
        io::sink(),
        &mut |problem| {
            assert_eq!(problem.excerpt.as_deref(), Some("secret"));
            problems.push(serde_json::to_string(&problem).unwrap());
        },
    )
    .unwrap();
    assert_eq!(
        problems,
        [
            r#"{"line":2,"row":2,"column":2,"columnName":"sum","field":"amount","rule":"cell","message":"it is not a number written like 1234.50","hint":"correct the cell, or set decimal, thousands and currency in the mapping","omitted":"row"}"#
        ]
    );
}
