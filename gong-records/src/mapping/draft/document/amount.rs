//! The amount of a deal, in the company's currency.

use std::collections::BTreeMap;

use super::Writer;
use crate::ObjectType;
use crate::mapping::draft::header::Header;
use crate::mapping::draft::settings::Content;
use crate::mapping::draft::toml_text::{quoted, words as one_or_list};
use crate::mapping::draft::words::{plain_words, words};

impl Writer<'_> {
    pub(super) fn amount(&mut self) {
        let roles = &self.document.file.roles;
        let converted = roles.others.get("converted-amount").copied();
        if let Some(index) = converted.filter(|index| self.is_number(*index)) {
            self.used.insert(index);
            self.comment("As the CRM has converted it into the company's currency.");
            let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
            keys.extend(self.empty(&[index]));
            self.line("amount", &keys);
            return;
        }
        let named = roles.fields.get("amount").into_iter().flatten().copied();
        let columns: Vec<usize> = named.filter(|index| self.is_number(*index)).collect();
        let Some(index) = columns.first().copied() else {
            match self.unread("amount", "decimal, thousands and currency") {
                Some(question) => self.questions.push(question),
                None => self.ask_for_amount(),
            }
            return;
        };
        self.used.insert(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        keys.extend(self.empty(&[index]));
        let signs = self
            .profile(index)
            .and_then(|profile| self.settings.other_signs(profile));
        if let Some((decimal, thousands)) = signs {
            keys.push(format!("decimal = {}", quoted(&decimal.to_string())));
            keys.push(format!("thousands = {}", quoted(&thousands.to_string())));
        }
        let currency = roles.others.get("currency").copied();
        let currency = currency.filter(|index| {
            self.profile(*index)
                .is_some_and(|profile| profile.filled > 0)
        });
        match currency {
            Some(currency) => keys.extend(self.only_currency(currency)),
            None => keys.extend(self.one_sign(index)),
        }
        // Close has cents in `value`, and the amount as people read it in `value_formatted`.
        let formatted = format!("{}_formatted", self.name(index));
        let mut others = self.document.file.table.columns.iter();
        if others.any(|column| column.name == formatted) {
            self.questions.push(format!(
                "Are the numbers of {} cents? Compare {}, and add scale = 0.01 to amount if they are.",
                quoted(self.name(index)),
                quoted(&formatted)
            ));
        }
        let in_currencies: Vec<usize> = columns
            .iter()
            .copied()
            .filter(|index| Header::new(self.name(*index)).currency.is_some())
            .collect();
        if columns.len() > 1 && in_currencies.is_empty() && !is_plain(self.name(index)) {
            self.questions.push(format!(
                "Which column holds the amount of a deal, {}? Correct amount.",
                self.listed(&columns)
            ));
        }
        if in_currencies.len() > 1 && in_currencies.contains(&index) {
            self.questions.push(format!(
                "Gong shows one currency. Which column holds the company's, {}? Correct amount.",
                self.listed(&in_currencies)
            ));
        }
        self.line("amount", &keys);
    }

    /// Whether a column's cells can be read as numbers. Codes may look the same: the name says which.
    fn is_number(&self, index: usize) -> bool {
        let is_date = matches!(
            self.content(index),
            Content::Date(_) | Content::DateTime { .. }
        );
        !is_date
            && self.profile(index).is_some_and(|profile| {
                let read = profile.numbers.iter().max().copied();
                profile.mostly(read.unwrap_or_default())
            })
    }

    /// Asks for the column, where there are columns of numbers.
    fn ask_for_amount(&mut self) {
        let numbers: Vec<usize> = (0..self.contents.len())
            .filter(|index| {
                matches!(self.content(*index), Content::Number | Content::Currency)
                    && Some(*index) != self.document.file.id()
            })
            .collect();
        if numbers.is_empty() {
            self.comment("amount = \"\"  # no column found. Gong shows 0.");
        } else {
            self.questions.push(format!(
                "Which column holds the amount of a deal, {}? Write amount; without it, Gong shows 0. If it \
                 counts thousands, add scale = 1000; if cents, scale = 0.01.",
                self.listed(&numbers)
            ));
        }
    }

    /// The key for a column that holds several currencies.
    fn only_currency(&mut self, currency: usize) -> Option<String> {
        self.used.insert(currency);
        let profile = self.profile(currency)?;
        let commonest = profile.commonest()?.to_owned();
        let is_only = profile.distinct() < 2;
        let all = counted(&profile.values);
        // Where it is left out, it is the only one, as it is today.
        let has_gaps = profile.filled < self.document.file.table.rows;
        let rates = if is_only && has_gaps {
            ", rates = { \"\" = 1 }"
        } else {
            ""
        };
        let key = format!(
            "only-currency = {{ in = {}, is = {}{rates} }}",
            quoted(self.name(currency)),
            quoted(&commonest)
        );
        // Next month's first deal in another one is held back.
        if is_only {
            return Some(key);
        }
        self.questions.push(format!(
            "Gong shows one currency, and the deals have {all}. Is {commonest} the company's? Correct \
             only-currency of amount, and add rates for the others, such as rates = {{ XXX = 1.1 }}; \
             without a rate they are held back."
        ));
        Some(key)
    }

    /// The key for amounts with the signs of several currencies beside them.
    fn one_sign(&mut self, index: usize) -> Option<String> {
        let profile = self.profile(index)?;
        let mut of_code: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
        for (sign, count) in &profile.currencies {
            let code = words().currency(sign).unwrap_or(sign).to_owned();
            let entry = of_code.entry(code).or_default();
            entry.0 += count;
            entry.1.push(sign.clone());
        }
        if of_code.len() < 2 {
            return None;
        }
        let all: BTreeMap<String, u64> = of_code
            .iter()
            .map(|(code, (count, _))| (code.clone(), *count))
            .collect();
        let (commonest, (_, signs)) = of_code.into_iter().max_by_key(|(_, (count, _))| *count)?;
        self.questions.push(format!(
            "Gong shows one currency, and the amounts are in {}. Is {commonest} the company's? Correct currency of \
             amount; amounts with the sign of another are held back.",
            counted(&all)
        ));
        Some(format!("currency = {}", one_or_list(&signs)))
    }
}

/// Whether a column is called the amount, or that of a deal, and nothing more: `Forecast amount` and
/// `Expected revenue` are other amounts than the one of the contract.
fn is_plain(name: &str) -> bool {
    let header = Header::new(name);
    let amounts = words().field(ObjectType::Deal, "amount");
    // As `Deal - Value`.
    let last = name.rsplit(" - ").next().unwrap_or(name);
    let is_word = !plain_words(last).contains(' ');
    is_word || header.is_noun_with(ObjectType::Deal, amounts)
}

/// Words with their numbers: `EUR (12), USD (3)`.
fn counted(counts: &BTreeMap<String, u64>) -> String {
    let all: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{word} ({count})"))
        .collect();
    all.join(", ")
}
