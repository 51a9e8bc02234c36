//! Plain tables: columns aligned, numbers to the right, legible without color.

use std::fmt::Write as _;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The lines of a table.
pub(crate) fn lines(columns: &[(&str, Align)], rows: &[Vec<String>]) -> Vec<String> {
    let width = |index: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(index))
            .map(|cell| cell.chars().count());
        let title = columns[index].0.chars().count();
        cells.max().unwrap_or_default().max(title)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &[String]| {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(&widths).zip(columns) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            match align {
                Align::Left => drop(write!(line, "{cell:<width$}")),
                Align::Right => drop(write!(line, "{cell:>width$}")),
            }
        }
        line.trim_end().to_owned()
    };
    let titles: Vec<String> = columns
        .iter()
        .map(|(title, _)| (*title).to_owned())
        .collect();
    std::iter::once(line(&titles))
        .chain(rows.iter().map(|row| line(row)))
        .collect()
}

/// A number with separators: 12,480.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: 1 error, 12,480 errors.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_under_each_other() {
        let rows = vec![
            vec!["a".to_owned(), count(8)],
            vec!["longer".to_owned(), count(1_234_567)],
        ];
        let lines = lines(&[("name", Align::Left), ("n", Align::Right)], &rows);
        assert_eq!(
            lines,
            [
                "name            n",
                "a               8",
                "longer  1,234,567"
            ]
        );
    }
}
