//! Results as a page: one file without scripts, pictures or anything from a network, so that it can
//! be mailed, printed and opened for years.

use super::table::count;

pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod drift;
mod layout;
pub(crate) mod owners;
pub(crate) mod plan;
pub(crate) mod push;
pub(crate) mod why;

/// The most rows of a table: a browser shows some thousands at once, and a person reads fewer.
pub(crate) const MAX_ROWS: usize = 1_000;

/// The most bars of a chart.
const MAX_BARS: usize = 25;

/// A page: the result in one word, the numbers, then sections.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    version: &'static str,
    time: jiff::Zoned,
    verdict: Option<Verdict>,
    facts: Vec<Fact>,
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Verdict {
    word: String,
    meaning: String,
    tone: Tone,
}

/// The color of a verdict; the text says the same to people who don't see colors.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
}

#[derive(Debug)]
struct Fact {
    name: &'static str,
    value: String,
}

/// A heading with what is below it.
#[derive(Debug, Default)]
pub(crate) struct Section {
    heading: String,
    lines: Vec<String>,
    chart: Option<Chart>,
    table: Option<Table>,
}

/// Bars, one per row, each of parts.
#[derive(Debug)]
pub(crate) struct Chart {
    caption: String,
    legend: Vec<Legend>,
    bars: Vec<Bar>,
}

#[derive(Debug)]
struct Legend {
    name: &'static str,
    fill: Fill,
}

#[derive(Debug)]
struct Bar {
    label: String,
    described: String,
    value: String,
    parts: Vec<Part>,
}

/// The start and the end of a part, in thousandths of the chart's width.
#[derive(Debug)]
struct Part {
    fill: Fill,
    from: u64,
    width: u64,
}

/// The colors of parts, by what they mean.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fill {
    New,
    Changed,
    Gone,
    Same,
    Held,
}

/// A kind of part: its name, its color.
pub(crate) type Kind = (&'static str, Fill);

#[derive(Debug)]
pub(crate) struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    more: Option<String>,
}

#[derive(Debug)]
struct Column {
    name: &'static str,
    is_number: bool,
}

impl Page {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: env!("CARGO_PKG_VERSION"),
            time: jiff::Zoned::now(),
            verdict: None,
            facts: Vec::new(),
            sections: Vec::new(),
        }
    }

    pub(crate) fn verdict(mut self, word: impl Into<String>, meaning: &str, tone: Tone) -> Self {
        self.verdict = Some(Verdict {
            word: word.into(),
            meaning: meaning.to_owned(),
            tone,
        });
        self
    }

    pub(crate) fn fact(mut self, name: &'static str, number: u64) -> Self {
        self.facts.push(Fact {
            name,
            value: count(number),
        });
        self
    }

    /// A section, unless nothing is in it.
    pub(crate) fn section(mut self, section: Section) -> Self {
        if !section.lines.is_empty() || section.chart.is_some() || section.table.is_some() {
            self.sections.push(section);
        }
        self
    }
}

impl Section {
    pub(crate) fn new(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            ..Self::default()
        }
    }

    pub(crate) fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(lines);
        self
    }

    pub(crate) fn chart(mut self, chart: Option<Chart>) -> Self {
        self.chart = chart;
        self
    }

    pub(crate) fn table(mut self, table: Option<Table>) -> Self {
        self.table = table;
        self
    }
}

impl Chart {
    /// A bar for each row, with a part for each kind; none if there is nothing to draw.
    pub(crate) fn new(
        caption: &str,
        kinds: &[Kind],
        rows: impl IntoIterator<Item = (String, Vec<u64>)>,
    ) -> Option<Self> {
        let mut rows: Vec<(String, Vec<u64>)> = rows.into_iter().collect();
        let left = rows.len().saturating_sub(MAX_BARS);
        rows.truncate(MAX_BARS);
        let total = |numbers: &[u64]| numbers.iter().sum::<u64>();
        let longest = rows.iter().map(|(_, numbers)| total(numbers)).max()?;
        if longest == 0 {
            return None;
        }
        let bars = rows
            .into_iter()
            .map(|(label, numbers)| Bar {
                label,
                described: described(kinds, &numbers),
                value: count(total(&numbers)),
                parts: parts(kinds, &numbers, longest),
            })
            .collect();
        let mut caption = caption.to_owned();
        if left > 0 {
            caption.push_str(&format!("; {} more are not shown", count(left as u64)));
        }
        let legend = kinds
            .iter()
            .map(|(name, fill)| Legend { name, fill: *fill });
        Some(Self {
            caption,
            legend: if kinds.len() > 1 {
                legend.collect()
            } else {
                Vec::new()
            },
            bars,
        })
    }
}

fn described(kinds: &[Kind], numbers: &[u64]) -> String {
    let parts: Vec<String> = kinds
        .iter()
        .zip(numbers)
        .filter(|(_, number)| **number > 0)
        .map(|((name, _), number)| format!("{} {name}", count(*number)))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

fn parts(kinds: &[Kind], numbers: &[u64], longest: u64) -> Vec<Part> {
    let mut before = 0;
    let place = |number: u64| {
        u64::try_from(u128::from(number) * 1_000 / u128::from(longest)).unwrap_or(1_000)
    };
    kinds
        .iter()
        .zip(numbers)
        .filter_map(|((_, fill), number)| {
            let from = place(before);
            before += number;
            // Every part is visible, however small it is.
            let width = (place(before) - from).max(u64::from(*number > 0) * 3);
            (width > 0).then_some(Part {
                fill: *fill,
                from: from.min(1_000 - 3),
                width,
            })
        })
        .collect()
}

impl Table {
    /// A table of the first rows, which says how many there are beyond them.
    pub(crate) fn new(
        caption: &str,
        columns: &[(&'static str, bool)],
        rows: impl IntoIterator<Item = Vec<String>>,
        total: u64,
    ) -> Option<Self> {
        let rows: Vec<Vec<String>> = rows.into_iter().take(MAX_ROWS).collect();
        if rows.is_empty() {
            return None;
        }
        let left = total.saturating_sub(rows.len() as u64);
        Some(Self {
            caption: caption.to_owned(),
            columns: columns
                .iter()
                .map(|(name, is_number)| Column {
                    name,
                    is_number: *is_number,
                })
                .collect(),
            rows,
            more: (left > 0).then(|| {
                format!(
                    "{} more are not shown; -o json has all of them.",
                    count(left)
                )
            }),
        })
    }
}
