//! The notation of dates, numbers and words in a file: one decision for all of its columns.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::{Candidate, Order, Profile, SIGNS, candidates};
use super::roles::is_amount;
use super::table::Table;
use super::words::{plain, plain_words, words};

/// The kind of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Boolean,
    Number,
    Currency,
    Percent,
    /// By this candidate, or ISO 8601.
    Date(Option<usize>),
    DateTime {
        format: Option<usize>,
        has_zone: bool,
    },
    EmailAddress,
    Url,
    List,
    Text,
}

impl Content {
    /// The type of a custom field.
    pub(super) fn field_type(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Number => "NUMBER",
            Self::Currency => "CURRENCY",
            Self::Percent => "PERCENT",
            Self::Date(_) => "DATE",
            Self::DateTime { .. } => "DATETIME",
            Self::EmailAddress => "EMAILADDRESS",
            Self::Url => "URL",
            Self::List => "STRINGARRAY",
            Self::Nothing | Self::Text => "STRING",
        }
    }
}

/// How the whole file writes things.
#[derive(Debug)]
pub(super) struct Settings {
    /// Nothing where the cells fit both orders.
    order: Option<Order>,
    /// Whether there are dates that fit both orders.
    pub(super) has_ambiguous_dates: Option<String>,
    pub(super) language: Option<&'static str>,
    /// The languages that fit equally well.
    pub(super) languages: Vec<&'static str>,
    /// A number that fits both decimal signs, where none decides.
    pub(super) has_ambiguous_numbers: Option<String>,
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
    /// The place of the signs among [`SIGNS`].
    signs: usize,
}

impl Settings {
    pub(super) fn of(table: &Table) -> Self {
        let mut settings = Self {
            order: None,
            has_ambiguous_dates: None,
            has_ambiguous_numbers: None,
            language: None,
            languages: Vec::new(),
            decimal: '.',
            thousands: None,
            signs: 0,
        };
        settings.decide_signs(table);
        settings.decide_order(table);
        settings.decide_language(table);
        settings
    }

    fn decide_signs(&mut self, table: &Table) {
        if table.is_json {
            return;
        }
        let mut fits = [0; SIGNS.len()];
        let mut is_marked = false;
        let mut example = None;
        for column in &table.columns {
            let profile = &column.profile;
            let best = profile.numbers.iter().max().copied().unwrap_or_default();
            // Dates such as 01.02 and phone numbers don't decide.
            if !profile.mostly(best) || profile.dates.values().any(|count| profile.mostly(*count)) {
                continue;
            }
            for (sum, count) in fits.iter_mut().zip(profile.marked_numbers) {
                *sum += count;
                is_marked |= count > 0;
            }
            let mut cells = profile.values.keys();
            example = example.or_else(|| cells.find(|cell| cell.contains(['.', ','])).cloned());
        }
        if !is_marked {
            return;
        }
        let best = fits.iter().max().copied().unwrap_or_default();
        // Where a comma is the decimal sign, spreadsheets put semicolons between cells.
        let preferred = if table.delimiter == b';' {
            [1, 2, 0, 3, 4]
        } else {
            [0, 1, 3, 2, 4]
        };
        let index = preferred
            .into_iter()
            .find(|index| fits[*index] == best)
            .unwrap_or_default();
        (self.decimal, self.thousands) = (SIGNS[index].0, Some(SIGNS[index].1));
        // 1.234 is a bit more than one, or more than a thousand.
        if fits[0] == best && fits[1] == best {
            self.has_ambiguous_numbers = example;
        }
        self.signs = index;
    }

    fn decide_order(&mut self, table: &Table) {
        let mut fits = BTreeMap::<Order, u64>::new();
        let mut example = None;
        let mut has_noon = false;
        for column in &table.columns {
            let profile = &column.profile;
            let ordered = profile.dates.iter().filter_map(|(index, count)| {
                let candidate = candidates().get(*index)?;
                has_noon |= candidate.format.contains("%p");
                Some((candidate.order()?, *count))
            });
            let mut best = BTreeMap::<Order, u64>::new();
            for (order, count) in ordered {
                let entry = best.entry(order).or_default();
                *entry = (*entry).max(count);
            }
            if best.values().any(|count| profile.mostly(*count)) {
                example = example.or_else(|| profile.values.keys().next().cloned());
                for (order, count) in best {
                    *fits.entry(order).or_default() += count;
                }
            }
        }
        let of = |order| fits.get(&order).copied().unwrap_or_default();
        let (day, month) = (of(Order::DayFirst), of(Order::MonthFirst));
        self.order = match day.cmp(&month) {
            std::cmp::Ordering::Greater => Some(Order::DayFirst),
            std::cmp::Ordering::Less => Some(Order::MonthFirst),
            std::cmp::Ordering::Equal if day == 0 => None,
            std::cmp::Ordering::Equal if has_noon => Some(Order::MonthFirst),
            std::cmp::Ordering::Equal if self.decimal == ',' => Some(Order::DayFirst),
            std::cmp::Ordering::Equal => {
                self.has_ambiguous_dates = example;
                None
            }
        };
    }

    fn decide_language(&mut self, table: &Table) {
        let mut fits = BTreeMap::<&'static str, u64>::new();
        for column in &table.columns {
            let profile = &column.profile;
            let english = profile.dates.iter().filter(|(index, _)| {
                candidates()
                    .get(**index)
                    .is_some_and(|one| one.language.is_none() && one.order().is_none())
            });
            let english = english.map(|(_, count)| *count).max().unwrap_or_default();
            for (index, count) in &profile.dates {
                if let Some(language) = candidates().get(*index).and_then(|one| one.language)
                    && *count > english
                {
                    let entry = fits.entry(language).or_default();
                    *entry = (*entry).max(*count);
                }
            }
        }
        let most = fits.values().max().copied().unwrap_or_default();
        let mut best: Vec<&'static str> = fits
            .into_iter()
            .filter(|(_, count)| *count == most)
            .map(|(language, _)| language)
            .collect();
        // "5 mai 2026" is French, German and Portuguese: what the headers are written in decides.
        if best.len() > 1 {
            let words: BTreeSet<String> = table
                .columns
                .iter()
                .flat_map(|column| {
                    let name = plain_words(&column.name);
                    name.split(' ').map(str::to_owned).collect::<Vec<_>>()
                })
                .collect();
            let count = |language: &str| {
                let known = words_of_language(language).iter();
                known.filter(|word| words.contains(*word)).count()
            };
            let most = best.iter().map(|language| count(language)).max();
            best.retain(|language| Some(count(language)) == most);
        }
        self.language = best.first().copied();
        self.languages = best;
    }

    /// Whether the candidate is one of the file's order and language.
    fn takes(&self, candidate: &Candidate) -> bool {
        candidate
            .order()
            .is_none_or(|order| self.order.is_none() || self.order == Some(order))
            && (candidate.language.is_none() || candidate.language == self.language)
    }

    /// The signs of a column that has others than the file.
    pub(super) fn other_signs(&self, profile: &Profile) -> Option<(char, char)> {
        let most = profile.numbers.iter().max()?;
        if profile.numbers[self.signs] == *most {
            return None;
        }
        let index = profile.numbers.iter().position(|count| count == most)?;
        Some(SIGNS[index])
    }

    /// What the cells of the column are. Of dates and numbers, some may be wrong.
    pub(super) fn content(&self, name: &str, profile: &Profile) -> Content {
        if profile.filled == 0 {
            return Content::Nothing;
        }
        if profile.json_lists > 0 {
            return Content::List;
        }
        if profile.all(profile.booleans)
            && profile.digits < profile.filled
            && says_yes_or_no(name, profile)
        {
            return Content::Boolean;
        }
        if let Some(content) = self.date(name, profile) {
            return content;
        }
        if profile.mostly(profile.urls) {
            return Content::Url;
        }
        if profile.mostly(profile.emails) {
            return Content::EmailAddress;
        }
        // An amount may have a word such as VAT beside it, and be a whole number of any length.
        let is_amount = is_amount(name);
        if (is_text_by_name(name) && !is_amount)
            || profile.leading_zeros > 0
            || profile.too_long > 0
        {
            return Content::Text;
        }
        // Digits that always have the same length are codes, such as postcodes.
        let one_length = !is_amount
            && profile.lengths.len() == 1
            && profile.lengths.iter().all(|length| *length > 3);
        if profile.all(profile.digits) && one_length && profile.distinct() > 1 {
            return Content::Text;
        }
        let numbers = profile.numbers[self.signs];
        if profile.all(profile.has_digit) && profile.mostly(numbers) {
            return if profile.all(profile.percents) {
                Content::Percent
            } else if profile.with_currency > 0 {
                Content::Currency
            } else {
                Content::Number
            };
        }
        Content::Text
    }

    fn date(&self, name: &str, profile: &Profile) -> Option<Content> {
        if profile.mostly(profile.iso_dates) {
            return Some(Content::Date(None));
        }
        if profile.mostly(profile.iso_times) {
            let has_zone = profile.iso_zoned == profile.iso_times;
            return Some(Content::DateTime {
                format: None,
                has_zone,
            });
        }
        let fitting = profile.dates.iter().filter(|(index, _)| {
            candidates()
                .get(**index)
                .is_some_and(|candidate| self.takes(candidate))
        });
        // Of equal ones the first, which is English or the commoner one.
        let (index, count) =
            fitting.max_by_key(|(index, count)| (**count, std::cmp::Reverse(**index)))?;
        if !profile.mostly(*count) {
            return None;
        }
        let candidate = candidates().get(*index)?;
        // Digits alone are a date only in a column that is called one: 20260105 may be a number.
        if profile.mostly(profile.digits) && !(profile.all(*count) && is_date_by_name(name)) {
            return None;
        }
        Some(if candidate.has_time {
            Content::DateTime {
                format: Some(*index),
                has_zone: false,
            }
        } else {
            Content::Date(Some(*index))
        })
    }

    /// The formats of the columns' dates, and of their date-times.
    pub(super) fn formats(&self, contents: &[Content]) -> [BTreeSet<String>; 2] {
        let mut formats = [BTreeSet::new(), BTreeSet::new()];
        for content in contents {
            let (place, index) = match content {
                Content::Date(Some(index)) => (0, *index),
                Content::DateTime {
                    format: Some(index),
                    ..
                } => (1, *index),
                _ => continue,
            };
            let candidate = candidates().get(index);
            // If day and month are ambiguous, only with an answer.
            let known = candidate.filter(|one| one.order().is_none() || self.order.is_some());
            formats[place].extend(known.map(|one| one.format.clone()));
        }
        formats
    }
}

/// For each of `dates` and `date-times` the formats with the day first and with the month first,
/// where the cells fit both.
pub(super) fn both_orders(contents: &[Content]) -> [BTreeSet<[String; 2]>; 2] {
    let mut formats = [BTreeSet::new(), BTreeSet::new()];
    for content in contents {
        let (place, index) = match content {
            Content::Date(Some(index)) => (0, *index),
            Content::DateTime {
                format: Some(index),
                ..
            } => (1, *index),
            _ => continue,
        };
        let Some(candidate) = candidates().get(index) else {
            continue;
        };
        let format = candidate.format.as_str();
        let other = format
            .replace("%d", "%_")
            .replace("%m", "%d")
            .replace("%_", "%m");
        match candidate.order() {
            Some(Order::DayFirst) => formats[place].insert([format.to_owned(), other]),
            Some(Order::MonthFirst) => formats[place].insert([other, format.to_owned()]),
            None => continue,
        };
    }
    formats
}

/// Whether words for yes and no are meant as such: NO is a country, and X may be a name.
fn says_yes_or_no(name: &str, profile: &Profile) -> bool {
    let name = format!(" {} ", plain_words(name));
    let mut places = words().list("places").iter();
    if places.any(|place| name.contains(&format!(" {} ", plain_words(place)))) {
        return false;
    }
    let is_any = |list: &str| {
        let mut cells = profile.values.keys();
        cells.any(|cell| words().list(list).contains(&cell.to_lowercase()))
    };
    (is_any("yes") && is_any("no")) || profile.values.keys().all(|cell| cell.chars().count() > 2)
}

/// Words by which headers tell their language.
fn words_of_language(language: &str) -> &'static [String] {
    words().list(&format!("in-{language}"))
}

/// Whether a column's name says that it holds dates.
pub(super) fn is_date_by_name(name: &str) -> bool {
    let joined = plain(name);
    if words()
        .list("changes")
        .iter()
        .any(|part| joined.contains(part.as_str()))
    {
        return true;
    }
    let name = plain_words(name);
    let is_date = |word: &str| {
        let mut dates = words().list("dates").iter();
        dates.any(|date| word == date || (date.len() > 3 && word.ends_with(date)))
    };
    name.split(' ').any(is_date)
}

/// Whether a column's name says that its digits are not a number to count with.
pub(super) fn is_text_by_name(name: &str) -> bool {
    let name = plain_words(name);
    let mut texts = words().list("texts").iter();
    texts.any(|text| {
        let text = plain_words(text);
        let mut words = name.split(' ');
        words.any(|word| word == text || (text.len() > 5 && word.ends_with(&text)))
    })
}
