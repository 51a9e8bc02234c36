//! Statistics of the cells of a column, over all rows, so that a single cell can be a
//! counterexample.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::words::words;
use crate::mapping::cell::{
    CellKind, DateTimeFormats, LIST_SEPARATOR, Numbers, is_scientific, with_ascii_digits,
};
use crate::mapping::languages::languages;
use crate::mapping::model::Words;
use crate::mapping::text::{domains, email_in};
use crate::value::{email_address, object_id, url};

/// The most different cells that are kept.
pub(super) const MAX_VALUES: usize = 400;
/// After so many cells without a number, or without a date, a column has none worth looking for.
const ENOUGH: u64 = 2_000;
/// The most hashes of cells that are kept, to compare columns of files.
const MAX_HASHES: usize = 200_000;

/// The signs of numbers: decimal and thousands.
pub(super) const SIGNS: [(char, char); 5] =
    [('.', ','), (',', '.'), (',', ' '), ('.', '\''), ('.', ' ')];

/// Dates as people write them; those with a `{}` have the month's name.
const DATES: [&str; 24] = [
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d. %b %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d de %b de %Y",
    "%b %d %Y",
    "%Y.%m.%d",
    "%d-%m-%y",
    "%m-%d-%y",
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y年%m月%d日",
    "%Y년 %m월 %d일",
    "%Y. %m. %d.",
];
const TIMES: [&str; 13] = [
    " %H:%M:%S",
    " %H:%M",
    ", %H:%M:%S",
    ", %H:%M",
    " %I:%M %p",
    ", %I:%M %p",
    " %I:%M:%S %p",
    "T%H:%M",
    " à %H:%M",
    " %Hh%M",
    " à %Hh%M",
    " %H.%M",
    " %H.%M.%S",
];
/// All digits of a date and a time without a sign between them.
const COMPACT: &str = "%Y%m%d%H%M%S";

/// A way to write dates or times that may fit a column.
pub(super) struct Candidate {
    pub(super) format: String,
    pub(super) has_time: bool,
    pub(super) language: Option<&'static str>,
    moments: DateTimeFormats,
}

/// Whether the day or the month comes first, if only the order differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

impl Candidate {
    /// The order of a format that also exists in the other order.
    pub(super) fn order(&self) -> Option<Order> {
        let begins = |texts: [&str; 2]| texts.iter().any(|text| self.format.starts_with(text));
        if begins(["%d/%m", "%d-%m"]) {
            Some(Order::DayFirst)
        } else if begins(["%m/%d", "%m-%d"]) {
            Some(Order::MonthFirst)
        } else {
            None
        }
    }

    fn reads(&self, cell: &str) -> bool {
        if self.has_time {
            has_time(cell) && self.moments.date_time(cell).is_ok()
        } else {
            !has_time(cell) && self.moments.date(cell).is_ok()
        }
    }
}

/// Whether a cell has a time of day, as `17:45`, `17h45` or, at its end, `17.45`.
fn has_time(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let mut around = bytes.windows(3);
    cell.contains(':')
        || cell.starts_with("/Date(")
        || is_compact(cell)
        || ends_in_dotted_time(cell)
        || around
            .any(|three| three[1] == b'h' && three[0].is_ascii_digit() && three[2].is_ascii_digit())
}

fn is_compact(cell: &str) -> bool {
    cell.len() == 14 && cell.bytes().all(|byte| byte.is_ascii_digit())
}

fn ends_in_dotted_time(cell: &str) -> bool {
    let Some((date, time)) = cell.rsplit_once(' ') else {
        return false;
    };
    let mut parts = time.split('.');
    let mut is_number = |widths: std::ops::RangeInclusive<usize>| {
        parts.next().map(|part| {
            widths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    date.contains(|one: char| one.is_ascii_digit())
        && is_number(1..=2) == Some(true)
        && is_number(2..=2) == Some(true)
        && is_number(2..=2).unwrap_or(true)
        && parts.next().is_none()
}

static CANDIDATES: LazyLock<Vec<Candidate>> = LazyLock::new(|| {
    let mut candidates = Vec::new();
    let utc = || Some(jiff::tz::TimeZone::UTC);
    let mut add = |format: String, has_time: bool, language: Option<&'static str>| {
        let list: Words = format.as_str().into();
        let none = Words::default();
        let moments = if has_time {
            DateTimeFormats::new(&none, &list, utc(), language)
        } else {
            DateTimeFormats::new(&list, &none, utc(), language)
        };
        if let Ok(moments) = moments {
            candidates.push(Candidate {
                format,
                has_time,
                language,
                moments,
            });
        }
    };
    for date in DATES {
        let named = date.contains("%b");
        let of_months: Vec<Option<&'static str>> = if named {
            // English first, whose names every language reads.
            let others = languages().of_months().filter(|language| *language != "en");
            std::iter::once(None).chain(others.map(Some)).collect()
        } else {
            vec![None]
        };
        for language in of_months {
            add(date.to_owned(), false, language);
            for time in TIMES {
                add(format!("{date}{time}"), true, language);
            }
        }
    }
    add(COMPACT.to_owned(), true, None);
    candidates
});

/// All ways to write dates.
pub(super) fn candidates() -> &'static [Candidate] {
    &CANDIDATES
}

static NUMBERS: LazyLock<Vec<Numbers>> = LazyLock::new(|| {
    let currencies: Vec<String> = words().list("currencies").to_vec();
    let currency = Words::from(currencies);
    let all = SIGNS
        .iter()
        .map(|(decimal, thousands)| Numbers::new(*decimal, Some(*thousands), &currency));
    all.filter_map(Result::ok).collect()
});

/// ISO 8601 alone: without a zone, and in UTC where a time has none.
static ISO: LazyLock<[DateTimeFormats; 2]> = LazyLock::new(|| {
    [
        DateTimeFormats::iso(None),
        DateTimeFormats::iso(Some(jiff::tz::TimeZone::UTC)),
    ]
});

/// Signs and words of currencies in capital letters, with the number of their characters; the longest
/// first.
static CURRENCIES: LazyLock<Vec<(String, usize)>> = LazyLock::new(|| {
    let all = words().list("currencies").iter();
    all.map(|one| (one.to_uppercase(), one.chars().count()))
        .collect()
});

/// The statistics of one column.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// Cells with something in them that does not only say that there is nothing.
    pub(super) filled: u64,
    /// Cells that only say that there is nothing, such as `n/a`.
    pub(super) placeholders: BTreeMap<String, u64>,
    /// Different cells with their numbers; at most [`MAX_VALUES`].
    pub(super) values: BTreeMap<String, u64>,
    pub(super) has_more_values: bool,
    hashes: HashSet<u64, FixedState>,
    pub(super) has_duplicates: bool,
    pub(super) booleans: u64,
    pub(super) emails: u64,
    pub(super) with_email: u64,
    pub(super) urls: u64,
    pub(super) domains: u64,
    pub(super) ids: u64,
    pub(super) digits: u64,
    pub(super) has_digit: u64,
    pub(super) leading_zeros: u64,
    pub(super) too_long: u64,
    pub(super) percents: u64,
    pub(super) with_currency: u64,
    /// Signs and words of currencies, as they are written, with their numbers.
    pub(super) currencies: BTreeMap<String, u64>,
    pub(super) scientific: u64,
    /// Cells as `="001"` and `'001`, by which spreadsheets keep them texts.
    pub(super) excel_texts: u64,
    pub(super) apostrophes: u64,
    pub(super) lists: BTreeMap<char, u64>,
    pub(super) json_lists: u64,
    /// Cells that each of [`SIGNS`] reads as numbers, and those for which the signs matter.
    pub(super) numbers: [u64; SIGNS.len()],
    pub(super) marked_numbers: [u64; SIGNS.len()],
    pub(super) iso_dates: u64,
    pub(super) iso_times: u64,
    pub(super) iso_zoned: u64,
    pub(super) epochs: u64,
    /// Counts of milliseconds, microseconds and nanoseconds.
    pub(super) epoch_parts: [u64; 3],
    pub(super) serials: u64,
    pub(super) dates: BTreeMap<usize, u64>,
    /// Which candidates can fit cells of a form.
    forms: HashMap<String, Vec<usize>>,
    /// Characters that ids don't have.
    pub(super) odd: BTreeSet<char>,
    pub(super) first: Option<char>,
    pub(super) same_first: bool,
    pub(super) lengths: BTreeSet<usize>,
}

impl Profile {
    /// Counts one cell, trimmed.
    pub(super) fn add(&mut self, cell: &str, kind: CellKind) {
        if cell.is_empty() {
            return;
        }
        let lower = cell.to_lowercase();
        if words().list("empty").contains(&lower) {
            *self.placeholders.entry(cell.to_owned()).or_default() += 1;
            return;
        }
        self.filled += 1;
        if self.hashes.len() < MAX_HASHES {
            self.has_duplicates |= !self.hashes.insert(hash(cell));
        }
        if let Some(count) = self.values.get_mut(cell) {
            *count += 1;
        } else if self.values.len() < MAX_VALUES {
            self.values.insert(cell.to_owned(), 1);
        } else {
            self.has_more_values = true;
        }
        if kind == CellKind::List {
            self.json_lists += u64::from(cell.contains(LIST_SEPARATOR));
        }
        let is_word = |list: &str| words().list(list).contains(&lower);
        self.booleans += u64::from(is_word("yes") || is_word("no"));
        self.text(cell);
        let plain = with_ascii_digits(cell);
        let cell = plain.as_deref().unwrap_or(cell);
        self.number(cell);
        self.date(cell);
    }

    fn text(&mut self, cell: &str) {
        self.emails += u64::from(email_address::check(cell).is_ok());
        if cell.contains('@') {
            self.with_email += u64::from(email_in(cell).is_some());
            for separator in [';', ','] {
                let count = cell
                    .split(separator)
                    .filter(|part| part.contains('@'))
                    .count();
                if count > 1 {
                    *self.lists.entry(separator).or_default() += 1;
                }
            }
        } else {
            for separator in [';', ',', '|'] {
                if cell.contains(separator) {
                    *self.lists.entry(separator).or_default() += 1;
                }
            }
        }
        self.excel_texts += u64::from(cell.starts_with("=\"") && cell.ends_with('"'));
        self.apostrophes += u64::from(cell.starts_with('\''));
        self.urls += u64::from(url::check(cell).is_ok());
        if cell.contains('.') {
            self.domains += u64::from(domains(cell).odd.is_none());
        }
        self.ids += u64::from(object_id::check(cell).is_ok());
        if is_scientific(cell) {
            self.scientific += 1;
        } else {
            self.odd.extend(
                cell.chars()
                    .filter(|one| !one.is_ascii_alphanumeric() && *one != '-'),
            );
        }
        let first = cell.chars().next();
        self.same_first = self.first.is_none() || (self.same_first && self.first == first);
        self.first = first;
        let length = cell.chars().count();
        if self.lengths.len() < 8 {
            self.lengths.insert(length);
        }
    }

    fn number(&mut self, cell: &str) {
        if !cell.contains(|one: char| one.is_ascii_digit()) {
            return;
        }
        self.has_digit += 1;
        let all_digits = cell.bytes().all(|byte| byte.is_ascii_digit());
        self.digits += u64::from(all_digits);
        if all_digits {
            self.leading_zeros += u64::from(cell.len() > 1 && cell.starts_with('0'));
            self.too_long += u64::from(cell.len() > 15);
            match cell.parse::<u64>() {
                Ok(20_000..=80_000) => self.serials += 1,
                Ok(500_000_000..=4_000_000_000) => self.epochs += 1,
                Ok(number) => {
                    for (count, power) in self.epoch_parts.iter_mut().zip([3, 6, 9]) {
                        let seconds = number / 10_u64.pow(power);
                        *count += u64::from((500_000_000..=4_000_000_000).contains(&seconds));
                    }
                }
                _ => {}
            }
            for count in &mut self.numbers {
                *count += 1;
            }
            return;
        }
        if cell.len() > 40 {
            return;
        }
        let whole = cell.split(['.', ',']).next().unwrap_or_default();
        let is_plain = cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
        if is_plain && matches!(whole.parse::<u64>(), Ok(20_000..=80_000)) {
            self.serials += 1;
        }
        // `01.02` is not a number with two decimals.
        let digits = cell.as_bytes();
        let is_padded = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
        self.leading_zeros += u64::from(is_plain && is_padded);
        // Seconds with a fraction.
        if cell
            .split_once('.')
            .is_some_and(|(_, fraction)| is_plain && !fraction.contains(['.', ',']))
            && matches!(whole.parse::<u64>(), Ok(500_000_000..=4_000_000_000))
        {
            self.epochs += 1;
        }
        // Most numbers and dates have no other signs.
        let is_bare = |byte: u8| byte.is_ascii_digit() || b".,-+/: ".contains(&byte);
        let upper = if cell.bytes().all(is_bare) {
            String::new()
        } else {
            cell.to_uppercase()
        };
        for (currency, length) in CURRENCIES.iter().filter(|_| !upper.is_empty()) {
            if let Some(at) = upper.find(currency.as_str()) {
                // As it is written, for the mapping; the longest is the first in the list.
                let written: String = upper[at..].chars().take(*length).collect();
                *self.currencies.entry(written).or_default() += 1;
                self.with_currency += 1;
                break;
            }
        }
        let bare = cell.strip_suffix('%').map(str::trim_end);
        self.percents += u64::from(bare.is_some());
        let cell = bare.unwrap_or(cell);
        if self.filled > ENOUGH && self.numbers.iter().all(|count| *count == 0) {
            return;
        }
        for (index, numbers) in NUMBERS.iter().enumerate() {
            if numbers.read(cell).is_ok() {
                self.numbers[index] += 1;
                self.marked_numbers[index] += 1;
            }
        }
    }

    fn date(&mut self, cell: &str) {
        if cell.len() > 80 || !cell.contains(|one: char| one.is_ascii_digit()) {
            return;
        }
        let is_other = self.iso_dates + self.iso_times == 0 && self.dates.is_empty();
        if self.filled > ENOUGH && is_other {
            return;
        }
        // Of all candidates the one without a format.
        let [iso, in_utc] = &*ISO;
        if !has_time(cell) {
            if iso.date(cell).is_ok() {
                self.iso_dates += 1;
                return;
            }
        } else if in_utc.date_time(cell).is_ok() {
            self.iso_times += 1;
            self.iso_zoned += u64::from(iso.date_time(cell).is_ok());
            return;
        }
        if cell.len() > 48 {
            return;
        }
        let form = form(cell);
        let fitting = match self.forms.get(&form) {
            Some(fitting) => fitting.clone(),
            None if self.forms.len() > 200 => return,
            None => {
                let example = example(cell);
                let all = candidates().iter().enumerate();
                let fitting: Vec<usize> = all
                    .filter(|(_, one)| one.reads(&example))
                    .map(|(index, _)| index)
                    .collect();
                self.forms.insert(form, fitting.clone());
                fitting
            }
        };
        for index in fitting {
            if candidates()
                .get(index)
                .is_some_and(|candidate| candidate.reads(cell))
            {
                *self.dates.entry(index).or_default() += 1;
            }
        }
    }

    /// How many of the cells are cells of the other column too, and of how many different ones.
    pub(super) fn overlap(&self, other: &Self) -> (usize, usize) {
        let common = self
            .hashes
            .iter()
            .filter(|hash| other.hashes.contains(hash))
            .count();
        (common, self.hashes.len())
    }

    /// How many different cells there are, as far as they are counted.
    pub(super) fn distinct(&self) -> usize {
        self.hashes.len()
    }

    /// The cell that most rows have.
    pub(super) fn commonest(&self) -> Option<&str> {
        let most = self.values.iter().max_by_key(|(_, count)| **count);
        most.map(|(cell, _)| cell.as_str())
    }

    /// Whether at least three of four cells are of a kind.
    pub(super) fn mostly(&self, count: u64) -> bool {
        count > 0 && count * 4 >= self.filled * 3
    }

    /// Whether all cells are of a kind.
    pub(super) fn all(&self, count: u64) -> bool {
        count > 0 && count == self.filled
    }
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

/// The cell with 9 for each digit, and its letters as they are: months differ by them.
fn form(cell: &str) -> String {
    let digits = cell
        .chars()
        .map(|one| if one.is_ascii_digit() { '9' } else { one });
    digits.collect::<String>().to_lowercase()
}

/// A cell of the same form whose day, month, hour and minute fit in any order.
fn example(cell: &str) -> String {
    let mut example = String::new();
    let mut digits = 0;
    for character in cell.chars().chain([' ']) {
        if character.is_ascii_digit() {
            digits += 1;
            continue;
        }
        example.push_str(match digits {
            0 => "",
            1 => "1",
            2 => "01",
            4 => "2001",
            8 => "20010101",
            14 => "20010101010101",
            _ => "999999",
        });
        digits = 0;
        example.push(character);
    }
    example.trim_end().to_owned()
}
