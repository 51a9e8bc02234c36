//! What spreadsheets do to the cells of files that they open and save.

use super::CellError;
use crate::rule::Rule;

pub(in crate::mapping) fn mangled_id() -> CellError {
    CellError::of(
        Rule::MangledId,
        "a spreadsheet has turned this id into a rounded number; its digits are lost",
        "export again and don't open the file in a spreadsheet, or import the column as text",
    )
}

/// What a spreadsheet has done to a phone number.
pub(in crate::mapping) fn mangled_number(cell: &str) -> Option<CellError> {
    let (message, hint) = if is_scientific(cell) {
        (
            "a spreadsheet has rounded this phone number; its digits are lost",
            "export again and don't open the file in a spreadsheet, or import the column as text",
        )
    } else if cell.starts_with('\'') {
        (
            "it begins with an apostrophe, by which spreadsheets mark a text",
            "remove it with strip = \"'\" in the mapping",
        )
    } else {
        return None;
    };
    Some(CellError::of(Rule::MangledNumber, message, hint))
}

/// What spreadsheets write in place of a value that they can't calculate or show.
const SPREADSHEET_ERRORS: [&str; 24] = [
    "#REF!",
    "#VALUE!",
    "#NAME?",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#N/A",
    "#SPILL!",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#NV",
    "#NOM?",
    "#VALEUR!",
    "#NOMBRE!",
    "#¡REF!",
    "#¡VALOR!",
    "#¿NOMBRE?",
    "#VALOR!",
    "#VERW!",
    "#WAARDE!",
    "#RIF!",
    "#VALORE!",
    "#NOME?",
];

/// Whether a cell is an error of a spreadsheet: the value was lost before the export.
pub(in crate::mapping) fn spreadsheet_error(cell: &str) -> Option<CellError> {
    if cell.as_bytes().first() != Some(&b'#') {
        return None;
    }
    let is_too_narrow = cell.len() > 3 && cell.bytes().all(|byte| byte == b'#');
    let upper = cell.to_uppercase();
    (is_too_narrow || SPREADSHEET_ERRORS.contains(&upper.as_str())).then(|| {
        CellError::new(
            "it is an error of a spreadsheet, and no value",
            "export again and don't open the file in a spreadsheet; if it means no value, add it to empty in the \
             mapping",
        )
    })
}

/// `1.23E+15`, as spreadsheets write long numbers.
pub(in crate::mapping) fn is_scientific(cell: &str) -> bool {
    let Some((digits, exponent)) = cell.split_once(['E', 'e']) else {
        return false;
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    let is_number = match plain.split_once(['.', ',']) {
        Some((whole, fraction)) => whole.len() == 1 && all_digits(whole) && all_digits(fraction),
        None => plain.len() == 1 && all_digits(plain),
    };
    is_number && exponent.strip_prefix('+').is_some_and(all_digits)
}

/// By how many zeros after the 15th digit a long number looks rounded by a spreadsheet; nothing for
/// other ids.
pub(in crate::mapping) fn rounded_digits(id: &str) -> Option<usize> {
    let is_number = id.len() > 15 && id.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| {
        let rest = &id[15..];
        if rest.bytes().all(|byte| byte == b'0') {
            rest.len()
        } else {
            0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_a_spreadsheet_rounded_are_recognized() {
        for (cell, expected) in [
            ("1.23E+15", true),
            ("1,23E+15", true),
            ("1E+20", true),
            ("1.23E15", false),
            ("12E+5", false),
            ("E+5", false),
            ("0065g00000ABCde", false),
        ] {
            assert_eq!(is_scientific(cell), expected, "{cell}");
        }
        assert_eq!(rounded_digits("1582917533873850000"), Some(4));
        assert_eq!(rounded_digits("1582917533873851234"), Some(0));
        assert_eq!(rounded_digits("123456789012345"), None);
    }
}
