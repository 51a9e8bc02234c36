//! Exports of another locale than that of the mapping.

use super::needs::{Folder, Outcome};
use crate::ObjectType;
use crate::rule::Rule;

const NOW: &str = "modifiedDate = { constant = 'now' }";

fn deals(settings: &str, field: &str, cells: &[&str]) -> Outcome {
    let mapping = format!(
        "[DEAL]\ndelimiter = ';'\n{settings}\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}\n{field}\n"
    );
    let rows = cells.iter().enumerate();
    let rows: Vec<String> = rows
        .map(|(place, cell)| format!("{place};{cell}"))
        .collect();
    let csv = format!("Id;A\n{}\n", rows.join("\n"));
    let folder = Folder::new(&[("m.toml", &mapping), ("deals.csv", &csv)]);
    folder.convert("deals.csv", ObjectType::Deal)
}

/// What is said of the column as a whole.
fn notation(settings: &str, field: &str, cells: &[&str]) -> Option<String> {
    let (_, problems) = deals(settings, field, cells);
    let mut of_column = problems
        .into_iter()
        .filter(|problem| problem.0 == Rule::Notation);
    of_column.next().map(|problem| problem.1)
}

#[test]
fn dates_whose_day_and_month_have_changed_places_are_an_error_of_the_column() {
    let field = "closeDate = 'A'";
    for (settings, cells) in [
        (
            "dates = '%d/%m/%Y'",
            &["01/02/2026", "01/13/2026", "12/31/2026"][..],
        ),
        ("dates = '%m/%d/%Y'", &["01/02/2026", "13/01/2026", "n/a"]),
        ("dates = '%d.%m.%Y'", &["2026-01-31", "01.13.2026"]),
    ] {
        let message = notation(settings, field, cells).unwrap();
        assert!(
            message.contains("day and month have changed places"),
            "{message}"
        );
    }
    let created = "createdDate = 'A'";
    let settings = "date-times = '%d/%m/%Y %H:%M'\nzone = 'UTC'";
    let message = notation(settings, created, &["01/02/2026 09:30", "01/13/2026 09:30"]).unwrap();
    assert!(
        message.contains("1 cell is written as %m/%d/%Y %H:%M, the first in line 3"),
        "{message}"
    );
    for cells in [
        &["01/02/2026", "13/02/2026"][..],
        // One of them is a slip, and others are clear.
        &["13/02/2026", "02/13/2026"],
        &["01/02/2026", "32/13/2026"],
        &["01/02/2026", "03/04/2026"],
    ] {
        assert_eq!(
            notation("dates = '%d/%m/%Y'", field, cells),
            None,
            "{cells:?}"
        );
    }
}

#[test]
fn numbers_whose_signs_have_changed_places_are_an_error_of_the_column() {
    let german = "decimal = ','\nthousands = '.'";
    let field = "amount = 'A'";
    let message = notation(german, field, &["1,250", "15,000.50", "12"]).unwrap();
    assert!(
        message.contains("written like 1,234.50, the first in line 3"),
        "{message}"
    );
    assert!(notation("", field, &["1.250,00", "7"]).is_some());
    for cells in [
        &["1.250", "15.000,50", "12"][..],
        &["1.250,50", "1,250.50"],
        &["12", "7"],
        &["12,5", "abc"],
    ] {
        assert_eq!(notation(german, field, cells), None, "{cells:?}");
    }
}

#[test]
fn amounts_with_three_decimals_in_each_cell_are_a_question() {
    let german = "decimal = ','\nthousands = '.'";
    let message = notation(german, "amount = 'A'", &["1,250", "15,000", "250,000", "7"]).unwrap();
    assert!(
        message.contains("three digits follow each ',' in 3 cells, the first in line 2"),
        "{message}"
    );
    for (field, cells) in [
        // The answer.
        (
            "amount = { from = 'A', decimal = ',' }",
            &["1,250", "15,000"][..],
        ),
        ("amount = 'A'", &["1,250", "0,125"]),
        ("amount = 'A'", &["1,250", "1234,567"]),
        ("amount = 'A'", &["8,000", "3,14159"]),
        // Decimals without zeros at their end.
        ("amount = 'A'", &["1,255", "15,5"]),
        ("amount = 'A'", &["1,250"]),
        // Weights and rates have three decimals.
        (
            "weight = { from = 'A', type = 'NUMBER' }",
            &["1,250", "15,000"],
        ),
    ] {
        assert_eq!(notation(german, field, cells), None, "{field} {cells:?}");
    }
}

#[test]
fn two_ways_to_write_an_amount_are_a_question_that_names_both() {
    let german = "decimal = ','\nthousands = '.'";
    for cells in [
        &["1000", "3000,50", "8,000"][..],
        &["8,000 €", "3000,50"],
        &["8,000", "5.000", "1000"],
        &["3000,5", "8,000"],
        &["12,25", "1,255"],
    ] {
        let settings = format!("{german}\ncurrency = '€'");
        let message = notation(&settings, "amount = 'A'", cells).unwrap();
        let of_line = |cell: &str| {
            let place = cells.iter().position(|known| *known == cell).unwrap();
            format!("\"{cell}\" in line {}", place + 2)
        };
        let three = cells
            .iter()
            .find(|cell| cell.contains(",000") || cell.contains(",255"));
        let other = cells
            .iter()
            .find(|cell| cell.contains(['.', ',']) && Some(cell) != three.as_ref());
        assert!(message.contains(&of_line(three.unwrap())), "{message}");
        assert!(message.contains(&of_line(other.unwrap())), "{message}");
    }
    // One cell beside whole numbers.
    assert!(notation(german, "amount = 'A'", &["1000", "8,000", "250"]).is_some());
    assert!(notation("", "amount = 'A'", &["1250.50", "8.000"]).is_some());
    let answered = "amount = { from = 'A', decimal = ',' }";
    assert_eq!(notation(german, answered, &["3000,50", "8,000"]), None);
}

#[test]
fn cells_of_a_column_in_another_notation_are_not_reported_besides() {
    let rules = |cells: &[&str]| -> Vec<Rule> {
        let (_, problems) = deals("dates = '%d/%m/%Y'", "closeDate = 'A'", cells);
        problems.into_iter().map(|problem| problem.0).collect()
    };
    assert_eq!(
        rules(&["01/13/2026", "01/14/2026", "never"]),
        [Rule::Cell, Rule::Notation]
    );
    // A slip in a column that is in the notation of the mapping.
    assert_eq!(rules(&["01/13/2026", "31/12/2026"]), [Rule::Cell]);
}
