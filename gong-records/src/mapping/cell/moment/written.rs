//! The formats of dates and date-times that a mapping names.

use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::by_format;
use super::fixed::FixedFormat;
use crate::mapping::model::MappingError;

/// How many of the parts of a second since 1970 make one.
pub(super) const MILLISECONDS: i64 = 1_000;
pub(super) const MICROSECONDS: i64 = 1_000_000;
pub(super) const NANOSECONDS: i64 = 1_000_000_000;

/// One way to write a date or a date-time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// A strptime format; with `%m` instead of the month's name.
    Format {
        format: String,
        has_name: bool,
        source: String,
        /// The same, if all its numbers have a fixed width.
        fixed: Option<FixedFormat>,
    },
    /// Seconds since 1970.
    Epoch,
    /// So many of them make a second since 1970: 1,000 milliseconds.
    EpochParts(i64),
    /// Days since 1899-12-30, as spreadsheets count.
    Excel,
}

impl Written {
    pub(super) fn new(format: &str) -> Result<Self, MappingError> {
        match format {
            "epoch" => return Ok(Self::Epoch),
            "epoch-ms" => return Ok(Self::EpochParts(MILLISECONDS)),
            "epoch-us" => return Ok(Self::EpochParts(MICROSECONDS)),
            "epoch-ns" => return Ok(Self::EpochParts(NANOSECONDS)),
            "excel" => return Ok(Self::Excel),
            _ => {}
        }
        if !format.contains('%') {
            let meant = of_letters(format);
            let advice = match meant {
                Some(meant) => format!("write it as {meant:?}"),
                None => "write it like \"%d.%m.%Y\"".to_owned(),
            };
            return Err(MappingError::new(format!(
                "{format:?} is not a format of dates; {advice}"
            )));
        }
        let has_name = ["%b", "%B", "%h"].iter().any(|name| format.contains(name));
        let mut numeric = format.to_owned();
        for name in ["%b", "%B", "%h"] {
            numeric = numeric.replace(name, "%m");
        }
        // A format that can't print a moment can't read one.
        let moment = Date::constant(2025, 12, 31).at(21, 43, 5, 0);
        let moment = TimeZone::UTC.to_zoned(moment).map_err(|error| {
            MappingError::new(format!("{format:?} is not a format of dates: {error}"))
        })?;
        let printed = strtime::format(&numeric, &moment).map_err(|error| {
            MappingError::new(format!("{format:?} is not a format of dates: {error}"))
        })?;
        let read = by_format(&numeric, &printed);
        if read.is_none_or(|read| read.date != moment.date()) {
            return Err(MappingError::new(format!(
                "{format:?} can't give a date: a format names day, month and year, such as \
                 \"%d.%m.%Y\""
            )));
        }
        let fixed = FixedFormat::new(format);
        Ok(Self::Format {
            fixed,
            format: numeric,
            has_name,
            source: format.to_owned(),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Format { source, .. } => source,
            Self::Epoch => "epoch",
            Self::EpochParts(NANOSECONDS) => "epoch-ns",
            Self::EpochParts(MICROSECONDS) => "epoch-us",
            Self::EpochParts(_) => "epoch-ms",
            Self::Excel => "excel",
        }
    }
}

/// The equivalent of a format in the notation of Java and spreadsheets: `dd.MM.yyyy`.
pub(super) fn of_letters(format: &str) -> Option<String> {
    let mut meant = String::new();
    let mut rest = format;
    let tokens = [
        ("yyyy", "%Y"),
        ("YYYY", "%Y"),
        ("yy", "%y"),
        ("YY", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("M", "%m"),
        ("dd", "%d"),
        ("DD", "%d"),
        ("d", "%d"),
        ("D", "%d"),
        ("TT", "%d"),
        ("JJJJ", "%Y"),
        ("HH", "%H"),
        ("H", "%H"),
        ("hh", "%I"),
        ("h", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("a", "%p"),
    ];
    let mut has_any = false;
    while !rest.is_empty() {
        if let Some((token, letters)) = tokens.iter().find(|(token, _)| rest.starts_with(token)) {
            meant.push_str(letters);
            has_any = true;
            rest = &rest[token.len()..];
            continue;
        }
        let mut characters = rest.chars();
        let next = characters.next().filter(|next| !next.is_alphanumeric())?;
        meant.push(next);
        rest = characters.as_str();
    }
    has_any.then_some(meant)
}
