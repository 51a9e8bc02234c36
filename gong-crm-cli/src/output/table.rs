//! Plain tables: columns aligned, numbers to the right, legible without color and in a narrow window.

use textwrap::core::{Word, display_width};
use textwrap::wrap_algorithms::wrap_first_fit;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The number of spaces between two columns.
const GAP: usize = 2;

/// The lines of a table. If it is wider than the window, its texts are broken between words and
/// folders; if that is not enough, each row becomes a block of lines, so that ids are never broken.
pub(crate) fn lines(
    columns: &[(&str, Align)],
    rows: &[Vec<String>],
    window: Option<usize>,
) -> Vec<String> {
    let widths = natural(columns, rows);
    let Some(window) = window.filter(|window| total(&widths) > *window) else {
        return table(columns, rows, &widths);
    };
    match narrowed(columns, rows, widths, window) {
        Some(widths) => table(columns, rows, &widths),
        None => blocks(columns, rows, window),
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// How wide each column is when nothing is broken.
fn natural(columns: &[(&str, Align)], rows: &[Vec<String>]) -> Vec<usize> {
    widest(columns, rows, display_width)
}

fn widest(
    columns: &[(&str, Align)],
    rows: &[Vec<String>],
    measure: impl Fn(&str) -> usize,
) -> Vec<usize> {
    let of_column = |(index, (title, _)): (usize, &(&str, Align))| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let cells = cells.map(|cell| measure(cell)).max().unwrap_or_default();
        cells.max(display_width(title))
    };
    columns.iter().enumerate().map(of_column).collect()
}

/// The widths with which the table fits, if its texts can be broken that far.
fn narrowed(
    columns: &[(&str, Align)],
    rows: &[Vec<String>],
    mut widths: Vec<usize>,
    window: usize,
) -> Option<Vec<usize>> {
    let longest_piece = |cell: &str| {
        let widths = pieces(cell).map(|piece| display_width(piece.trim_end()));
        widths.max().unwrap_or_default()
    };
    let least = widest(columns, rows, longest_piece);
    while total(&widths) > window {
        let may_shrink =
            |index: &usize| columns[*index].1 == Align::Left && widths[*index] > least[*index];
        let index = (0..widths.len())
            .filter(may_shrink)
            .max_by_key(|index| widths[*index])?;
        widths[index] -= 1;
    }
    Some(widths)
}

/// Where a cell can be broken: between words, after the slashes of a path and the underscores of a
/// name, but not in a link.
fn pieces(cell: &str) -> impl Iterator<Item = &str> {
    cell.split_inclusive(' ').flat_map(|word| {
        let is_link = word.contains("://");
        word.split_inclusive(move |end| !is_link && matches!(end, '/' | '_'))
    })
}

/// A cell's text in lines of this width.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    let words: Vec<Word<'_>> = pieces(cell).map(Word::from).collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "no window is as wide as a float is exact"
    )]
    let lines = wrap_first_fit(&words, &[width as f64]);
    let text = |words: &[Word<'_>]| {
        let mut text = String::new();
        for word in words {
            text += word.word;
            text += word.whitespace;
        }
        text.trim_end().to_owned()
    };
    lines.into_iter().map(text).collect()
}

fn table(columns: &[(&str, Align)], rows: &[Vec<String>], widths: &[usize]) -> Vec<String> {
    let titles: Vec<String> = columns
        .iter()
        .map(|(title, _)| (*title).to_owned())
        .collect();
    let mut lines = Vec::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| {
                if display_width(cell) > *width {
                    wrapped(cell, *width)
                } else {
                    vec![cell.clone()]
                }
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for index in 0..height {
            let text = |lines: &Vec<String>| lines.get(index).cloned().unwrap_or_default();
            let texts: Vec<String> = cells.iter().map(text).collect();
            lines.push(line(columns, &texts, widths));
        }
    }
    lines
}

fn line(columns: &[(&str, Align)], texts: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (index, ((text, width), (_, align))) in texts.iter().zip(widths).zip(columns).enumerate() {
        if index > 0 {
            line += &" ".repeat(GAP);
        }
        let room = " ".repeat(width.saturating_sub(display_width(text)));
        match align {
            Align::Left => line += &format!("{text}{room}"),
            Align::Right => line += &format!("{room}{text}"),
        }
    }
    line.trim_end().to_owned()
}

/// Each row by itself, a line for each column that says something.
fn blocks(columns: &[(&str, Align)], rows: &[Vec<String>], window: usize) -> Vec<String> {
    let titles = columns.iter().map(|(title, _)| display_width(title));
    let width = titles.max().unwrap_or_default();
    let mut lines = Vec::new();
    for row in rows {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        for ((title, _), cell) in columns.iter().zip(row) {
            if !cell.is_empty() {
                let title = format!("{title:<width$}{}", " ".repeat(GAP));
                lines.extend(hanging(&title, cell, window));
            }
        }
    }
    lines
}

/// A text after its title, in aligned lines of the window.
pub(crate) fn hanging(title: &str, text: &str, window: usize) -> Vec<String> {
    let indent = display_width(title);
    let text = wrapped(text, window.saturating_sub(indent).max(1));
    let mut lines = Vec::new();
    for (index, text) in text.iter().enumerate() {
        if index == 0 {
            lines.push(format!("{title}{text}"));
        } else {
            lines.push(format!("{}{text}", " ".repeat(indent)));
        }
    }
    lines
}

/// A time in whole seconds, in UTC.
pub(crate) fn seconds(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
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

    const COLUMNS: [(&str, Align); 3] = [
        ("name", Align::Left),
        ("n", Align::Right),
        ("why", Align::Left),
    ];

    fn row(name: &str, number: u64, why: &str) -> Vec<String> {
        vec![name.to_owned(), count(number), why.to_owned()]
    }

    #[test]
    fn numbers_are_right_aligned() {
        let rows = [row("a", 8, ""), row("日本", 1_234_567, "")];
        assert_eq!(
            lines(&COLUMNS, &rows, Some(60)),
            ["name          n  why", "a             8", "日本  1,234,567",]
        );
    }

    #[test]
    fn a_narrow_window_breaks_texts_and_paths_but_no_word() {
        let rows = [row("exports/acme/deals.ldjson", 8, "not sent, or refused")];
        assert_eq!(
            lines(&COLUMNS, &rows, Some(34)),
            [
                "name             n  why",
                "exports/acme/    8  not sent, or",
                "deals.ldjson        refused",
            ]
        );
        let rows = [
            row("upload-5f1c0d2e4b6a798081923344-1", 8, "see https://a/b/c"),
            row("a", 9, ""),
        ];
        assert_eq!(
            lines(&COLUMNS, &rows, Some(18)),
            [
                "name  upload-5f1c0d2e4b6a798081923344-1",
                "n     8",
                "why   see",
                "      https://a/b/c",
                "",
                "name  a",
                "n     9",
            ]
        );
    }
}
