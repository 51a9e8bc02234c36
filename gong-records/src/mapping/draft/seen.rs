//! What the cells of a column look like.

use super::{Column, Sample};
use crate::mapping::cell::{Moments, Numbers};
use crate::mapping::model::Words;
use crate::value::{email_address, url};

/// How dates may be written beside ISO 8601; the two with strokes in the order that the rest of the
/// file suggests.
const DATES: [&str; 6] = [
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d",
];
/// What may follow a date.
const TIMES: [&str; 5] = [" %H:%M:%S", " %H:%M", ", %H:%M:%S", ", %H:%M", " %I:%M %p"];
/// What stands beside amounts.
const CURRENCIES: [&str; 7] = ["€", "$", "£", "EUR", "USD", "GBP", "CHF"];
/// What people write into a cell that should be empty, in lower case.
const PLACEHOLDERS: [&str; 10] = [
    "-", "--", "n/a", "n.a.", "k.a.", "k. a.", "#n/a", "#nv", "null", "none",
];
/// Words for true and false.
pub(super) const YES: [&str; 6] = ["ja", "wahr", "x", "true", "yes", "1"];
pub(super) const NO: [&str; 5] = ["nein", "falsch", "false", "no", "0"];
/// Words in the names of columns whose digits are no numbers to count with.
const NAMES_OF_TEXTS: [&str; 12] = [
    "id",
    "nr",
    "nummer",
    "plz",
    "postleitzahl",
    "zip",
    "code",
    "key",
    "phone",
    "telefon",
    "fax",
    "number",
];

/// What the cells of a column look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Boolean,
    Number,
    Currency,
    Percent,
    /// By this format, or by ISO 8601.
    Date(Option<String>),
    DateTime {
        format: Option<String>,
        has_zone: bool,
    },
    EmailAddress,
    Url,
    Text,
}

impl Seen {
    /// The type of a custom field.
    pub(super) fn field_type(&self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Number => "NUMBER",
            Self::Currency => "CURRENCY",
            Self::Percent => "PERCENT",
            Self::Date(_) => "DATE",
            Self::DateTime { .. } => "DATETIME",
            Self::EmailAddress => "EMAILADDRESS",
            Self::Url => "URL",
            Self::Nothing | Self::Text => "STRING",
        }
    }
}

/// How the whole file writes things.
#[derive(Debug)]
pub(super) struct Habits {
    numbers: Numbers,
    pub(super) decimal: char,
    pub(super) thousands: char,
    /// Whether day comes before month where strokes leave it open.
    pub(super) is_day_first: bool,
}

impl Habits {
    pub(super) fn of(sample: &Sample) -> Self {
        // Where a comma is the decimal sign, spreadsheets put semicolons between cells.
        let likely_comma = sample.delimiter == b';';
        let candidates = if likely_comma {
            [(',', '.'), (',', ' '), ('.', ','), ('.', '\'')]
        } else {
            [('.', ','), ('.', '\''), (',', '.'), (',', ' ')]
        };
        let cells = || {
            let all = sample.columns.iter().flat_map(|column| &column.cells);
            all.filter(|cell| is_like_number(cell))
        };
        let currency: Words = CURRENCIES.into();
        let mut best: Option<(usize, Self)> = None;
        for (decimal, thousands) in candidates {
            let Ok(numbers) = Numbers::new(decimal, Some(thousands), &currency) else {
                continue;
            };
            let read = cells().filter(|cell| numbers.percent(cell).is_ok()).count();
            if best.as_ref().is_none_or(|(most, _)| read > *most) {
                let is_day_first = likely_comma || decimal == ',';
                best = Some((
                    read,
                    Self {
                        numbers,
                        decimal,
                        thousands,
                        is_day_first,
                    },
                ));
            }
        }
        match best {
            Some((_, habits)) => habits,
            None => Self {
                numbers: Numbers::default(),
                decimal: '.',
                thousands: ',',
                is_day_first: false,
            },
        }
    }

    /// What the cells of the column look like. Of dates and numbers, some may be wrong.
    pub(super) fn see(&self, column: &Column) -> Seen {
        let cells: Vec<&str> = column.cells.iter().map(String::as_str).collect();
        let cells: Vec<&str> = cells
            .into_iter()
            .filter(|cell| !is_placeholder(cell))
            .collect();
        let cells = &cells[..];
        let all = |fits: &dyn Fn(&str) -> bool| cells.iter().all(|cell| fits(cell));
        if cells.is_empty() {
            return Seen::Nothing;
        }
        let is_word = |cell: &str| {
            let word = cell.to_lowercase();
            let is_digit = word == "1" || word == "0";
            !is_digit && (YES.contains(&word.as_str()) || NO.contains(&word.as_str()))
        };
        if all(&is_word) {
            return Seen::Boolean;
        }
        if let Some(seen) = self.moment(cells) {
            return seen;
        }
        if all(&|cell| url::check(cell).is_ok()) {
            return Seen::Url;
        }
        if all(&|cell| email_address::check(cell).is_ok()) {
            return Seen::EmailAddress;
        }
        if is_text_by_name(&column.name) || cells.iter().any(|cell| is_code(cell)) {
            return Seen::Text;
        }
        if all(&|cell| cell.ends_with('%') && self.numbers.percent(cell).is_ok()) {
            return Seen::Percent;
        }
        let is_digit = |cell: &&str| cell.contains(|one: char| one.is_ascii_digit());
        let letters = |cell: &&str| cell.chars().filter(|one| one.is_alphabetic()).count();
        if mostly(cells, &|cell| self.numbers.read(cell).is_ok())
            && cells
                .iter()
                .all(|cell| is_digit(cell) && letters(cell) <= 3)
        {
            let has_sign = |cell: &&str| currencies_in(cell).next().is_some();
            return if cells.iter().any(has_sign) {
                Seen::Currency
            } else {
                Seen::Number
            };
        }
        Seen::Text
    }

    fn moment(&self, cells: &[&str]) -> Option<Seen> {
        // Digits alone may be anything; every date has something between them.
        if !cells
            .iter()
            .all(|cell| cell.starts_with(|first: char| first.is_ascii_digit()))
        {
            return None;
        }
        let mut dates = DATES;
        if !self.is_day_first {
            dates.swap(2, 3);
        }
        let fits = |moments: &Moments, has_time: bool| {
            mostly(cells, &|cell| {
                (cell.contains(':') == has_time)
                    && if has_time {
                        moments.date_time(cell).is_ok()
                    } else {
                        moments.date(cell).is_ok()
                    }
            })
        };
        let none = || Words::default();
        let utc = || Some(jiff::tz::TimeZone::UTC);
        if fits(&Moments::new(&none(), &none(), None), false) {
            return Some(Seen::Date(None));
        }
        if fits(&Moments::new(&none(), &none(), utc()), true) {
            let has_zone = fits(&Moments::new(&none(), &none(), None), true);
            return Some(Seen::DateTime {
                format: None,
                has_zone,
            });
        }
        for date in dates {
            if fits(&Moments::new(&[date].into(), &none(), None), false) {
                return Some(Seen::Date(Some(date.to_owned())));
            }
        }
        for date in dates {
            for time in TIMES {
                let format = format!("{date}{time}");
                if fits(
                    &Moments::new(&none(), &[format.as_str()].into(), utc()),
                    true,
                ) {
                    return Some(Seen::DateTime {
                        format: Some(format),
                        has_zone: false,
                    });
                }
            }
        }
        None
    }
}

/// Whether a cell says that there is nothing to say.
pub(super) fn is_placeholder(cell: &str) -> bool {
    PLACEHOLDERS.contains(&cell.to_lowercase().as_str())
}

/// Whether at least three of four cells fit, so that the wrong ones are told of as such.
fn mostly(cells: &[&str], fits: &dyn Fn(&str) -> bool) -> bool {
    let fitting = cells.iter().filter(|cell| fits(cell)).count();
    fitting > 0 && fitting * 4 >= cells.len() * 3
}

/// The signs of currencies that stand in a cell.
pub(super) fn currencies_in(cell: &str) -> impl Iterator<Item = &'static str> {
    let cell = cell.to_uppercase();
    CURRENCIES
        .into_iter()
        .filter(move |sign| cell.contains(sign))
}

fn is_like_number(cell: &str) -> bool {
    cell.contains(|character: char| character.is_ascii_digit())
        && cell.contains(['.', ',', '\'', '’', ' ', '\u{a0}', '\u{202f}'])
}

/// Digits that begin with a zero, or are too many to be a number.
fn is_code(cell: &str) -> bool {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    digits && ((cell.len() > 1 && cell.starts_with('0')) || cell.len() > 15)
}

fn is_text_by_name(header: &str) -> bool {
    header
        .split(|character: char| !character.is_alphanumeric())
        .map(str::to_lowercase)
        .any(|word| {
            NAMES_OF_TEXTS
                .iter()
                .any(|name| word == *name || (name.len() > 5 && word.ends_with(name)))
        })
}
