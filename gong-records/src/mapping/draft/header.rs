//! The name of a column, as far as it tells what the column is.

use super::words::{plain, plain_words, words};
use crate::record::ObjectType;

/// What Dynamics writes before the names of columns that an import must not change.
const LOCKED: &str = "(do not modify) ";

/// What Dynamics' API writes after the name of a field, for the text that people see.
const FORMATTED: &str = "@odata.community.display.v1.formattedvalue";

/// What is added to the place of a name that fits only without a part of the header.
pub(super) const WEAKER: usize = 100;

/// Words that link the parts of a header, as in `Propriétaire de la transaction`.
const LINKS: [&str; 17] = [
    "de", "do", "da", "du", "des", "del", "della", "dell", "di", "van", "of", "the", "la", "le",
    "el", "het", "en",
];

/// What is known of a header's name.
#[derive(Debug)]
pub(super) struct Header {
    /// Whole, plain.
    pub(super) plain: String,
    /// Without a prefix such as `Deal - `, plain.
    pub(super) bare: String,
    /// Without words that only say of which record it is, plain; and which type that is.
    weak: Vec<(Option<ObjectType>, String)>,
    /// The currency in it, as of `Amount (EUR)`.
    pub(super) currency: Option<&'static str>,
    pub(super) is_locked: bool,
    /// The record that a path such as `org_id.value` leads to is named, and its id meant.
    pub(super) is_id_path: bool,
    /// It is the text that people see in place of an id or a code.
    pub(super) is_formatted: bool,
    /// What the items of the list are that it leads into, such as `contacts[0].name`.
    pub(super) list_of: Option<ObjectType>,
}

impl Header {
    pub(super) fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        let is_locked = lower.starts_with(LOCKED);
        let is_formatted = lower.ends_with(FORMATTED);
        let mut path = name;
        if is_locked {
            path = &path[LOCKED.len()..];
        } else if is_formatted {
            path = &path[..path.len() - FORMATTED.len()];
        }
        // Of a record that a list holds.
        path = path.strip_prefix("item.").unwrap_or(path);
        let of_dynamics = path
            .strip_prefix('_')
            .and_then(|rest| rest.strip_suffix("_value"));
        path = of_dynamics.unwrap_or(path);
        let path = path.strip_suffix(".value").unwrap_or(path);
        let is_named_id = path.to_lowercase().ends_with(".id");
        let path = if is_named_id {
            &path[..path.len() - 3]
        } else {
            path
        };
        // Of a list in a record, such as `emails[primary]`, one item is meant.
        let (path, list_of, is_label) = match path.split_once('[') {
            Some((list, rest)) => {
                let key = rest.rsplit_once("].").map(|(_, key)| plain_words(key));
                let labels = words().list("labels");
                let is_label = key.is_some_and(|key| labels.contains(&key));
                let singular = list.strip_suffix('s').unwrap_or(list);
                (singular, noun(&plain(list)), is_label)
            }
            None => (path, None, false),
        };
        let (_, bare) = prefix(path);
        let (without_currency, currency) = currency_of(bare);
        let mut weak = without_subject(bare);
        let (without_bracket, _) = bare.rsplit_once(" (").unwrap_or((bare, ""));
        for part in [without_currency, without_bracket] {
            if part != bare {
                weak.push((None, plain(part)));
                weak.extend(without_subject(part));
            }
        }
        if let Some(rest) = without_use(bare) {
            weak.push((None, rest));
        }
        if is_label {
            // It says what kind of item an item of a list is, such as `phones[0].category`.
            weak.clear();
        }
        let named = |name: &str| if is_label { String::new() } else { plain(name) };
        Self {
            plain: named(path),
            bare: named(bare),
            weak,
            currency,
            is_locked,
            is_id_path: is_named_id || (of_dynamics.is_some() && !is_formatted),
            is_formatted,
            list_of,
        }
    }

    /// How well it fits a list of names of a type's columns: the place in the list.
    pub(super) fn rank(&self, object_type: ObjectType, names: &[String]) -> Option<usize> {
        let place = |name: &str| names.iter().position(|known| known == name);
        let both = [place(&self.plain), place(&self.bare)];
        let strong = both.into_iter().flatten().min();
        strong.or_else(|| {
            let own = self
                .weak
                .iter()
                .filter(|(of, _)| of.is_none_or(|of| of == object_type));
            let best = own.filter_map(|(_, name)| place(name)).min();
            best.map(|place| place + WEAKER)
        })
    }

    /// Whether it is the currency of a deal's amount, as `Moeda de Valor` and `Amount Currency`.
    pub(super) fn is_currency(&self, object_type: ObjectType) -> bool {
        let currencies = words().role("currency");
        let amounts = words().field(object_type, "amount");
        let is = |name: &str| {
            currencies.iter().any(|currency| {
                let rest = name.strip_suffix(currency.as_str()).or_else(|| {
                    let rest = name.strip_prefix(currency.as_str())?;
                    let mut links = LINKS.iter().filter_map(|link| rest.strip_prefix(link));
                    links
                        .find(|rest| amounts.iter().any(|known| known == rest))
                        .or(Some(rest))
                });
                rest.is_some_and(|rest| amounts.iter().any(|known| known == rest))
            })
        };
        self.rank(object_type, currencies).is_some() || is(&self.plain) || is(&self.bare)
    }

    /// Whether it is a noun of the type with one of the affixes, as `Kundennummer`.
    pub(super) fn is_noun_with(&self, object_type: ObjectType, affixes: &[String]) -> bool {
        let is = |name: &str| {
            let mut nouns = words().nouns(object_type).iter();
            nouns.any(|noun| {
                let after = name.strip_prefix(noun.as_str());
                // As between the parts of `Auftragsnummer`, and in `ID do negócio`.
                let after = after.map(|rest| {
                    rest.strip_prefix('s')
                        .filter(|rest| affixes.iter().any(|one| one == rest))
                        .unwrap_or(rest)
                });
                let before = name.strip_suffix(noun.as_str());
                let before = before.map(|rest| {
                    let link = [
                        "de", "do", "da", "du", "del", "della", "dell", "van", "of", "des", "di",
                        "dela", "del", "l",
                    ];
                    let mut links = link.iter().filter_map(|link| rest.strip_suffix(link));
                    links
                        .find(|rest| affixes.iter().any(|one| one == rest))
                        .unwrap_or(rest)
                });
                [after, before]
                    .into_iter()
                    .flatten()
                    .any(|rest| affixes.iter().any(|affix| affix == rest))
            })
        };
        is(&self.plain) || is(&self.bare)
    }

    pub(super) fn is_noun(&self, object_type: ObjectType) -> bool {
        let nouns = words().nouns(object_type);
        nouns.contains(&self.plain) || nouns.contains(&self.bare)
    }
}

/// The type that a noun means.
pub(super) fn noun(name: &str) -> Option<ObjectType> {
    let mut types = ObjectType::ALL.into_iter();
    types.find(|known| words().nouns(*known).iter().any(|noun| noun == name))
}

/// Whether a name says that it is of the person at home, and not at work.
pub(super) fn is_private(name: &str) -> bool {
    plain_words(name)
        .split(' ')
        .any(|word| is_in("private", word))
}

fn is_in(list: &str, word: &str) -> bool {
    words().list(list).iter().any(|one| plain(one) == word)
}

/// The name without words for work and home and without a number: `E-Mail geschäftlich 1`.
fn without_use(name: &str) -> Option<String> {
    let text = plain_words(name);
    let is_use = |word: &&str| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        is_number || is_in("work", word) || is_in("private", word)
    };
    let rest: String = text.split(' ').filter(|word| !is_use(word)).collect();
    (!rest.is_empty() && rest != text.replace(' ', "")).then_some(rest)
}

/// The name without the currency at its end: `Amount (EUR)`, `Betrag in EUR`.
/// What stands in brackets at the end of a name: `k€` of `Amount (k€)`.
pub(super) fn in_brackets(name: &str) -> Option<&str> {
    let inner = name.trim_end().strip_suffix([')', ']'])?;
    let (before, inside) = inner.rsplit_once(['(', '['])?;
    (!before.trim().is_empty()).then(|| inside.trim())
}

fn currency_of(name: &str) -> (&str, Option<&'static str>) {
    let trimmed = name.trim_end_matches([')', ']']);
    let Some((before, last)) = trimmed.rsplit_once([' ', '(', '[']) else {
        return (name, None);
    };
    let Some(code) = words().currency(last) else {
        return (name, None);
    };
    let before = before.trim_end_matches([' ', '(', '[', ',']);
    (before.strip_suffix(" in").unwrap_or(before), Some(code))
}

/// The name without words that say of which record it is: `Propriétaire de la transaction`,
/// `Sales owner`, `Negócio criado em`.
fn without_subject(name: &str) -> Vec<(Option<ObjectType>, String)> {
    let text = plain_words(name);
    let tokens: Vec<&str> = text.split(' ').collect();
    let subjects = words().list("subjects");
    // Nothing if the words are not a subject; the type, if they name one.
    let subject = |tokens: &[&str]| -> Option<Option<ObjectType>> {
        let joined = tokens.concat();
        if subjects.iter().any(|known| plain(known) == joined) {
            return Some(None);
        }
        let elided = ["l", "d", "dell", "dall"]
            .iter()
            .filter_map(|link| joined.strip_prefix(link));
        let names = std::iter::once(joined.as_str()).chain(elided);
        // A genitive, as in `Domain-Name des Unternehmens`.
        let mut names = names.chain(joined.strip_suffix('s'));
        names.find_map(noun).map(Some)
    };
    let mut found = Vec::new();
    for at in 1..tokens.len() {
        let is_link = LINKS.contains(&tokens[at]);
        let begin = if is_link { at + 1 } else { at };
        let is_elided = ["l", "dell", "d"]
            .iter()
            .any(|link| tokens[at].starts_with(link));
        if begin >= tokens.len() {
            continue;
        }
        // Without a word between, a noun alone: `Valore trattativa`.
        let of = subject(&tokens[begin..]);
        if let Some(of) = of.filter(|of| is_link || is_elided || of.is_some()) {
            let mut end = at;
            while end > 1 && LINKS.contains(&tokens[end - 1]) {
                end -= 1;
            }
            found.push((of, tokens[..end].concat()));
        }
    }
    // `Fecha estimada de cierre` is `Fecha de cierre`.
    let planned = words().list("planned");
    let is_planned = |token: &&&str| planned.iter().any(|word| plain_words(word) == **token);
    if tokens.iter().any(|token| is_planned(&token)) {
        let rest = tokens.iter().filter(|token| !is_planned(token));
        found.push((None, rest.copied().collect()));
    }
    for end in 1..tokens.len().min(3) {
        if let Some(of) = subject(&tokens[..end]) {
            found.push((of, tokens[end..].concat()));
        }
    }
    found
}

/// The type that a header's prefix names, and the rest: `Deal - Title`.
pub(super) fn prefix(name: &str) -> (Option<ObjectType>, &str) {
    for separator in [" - ", " : ", ": "] {
        if let Some((before, after)) = name.split_once(separator) {
            let before = plain(before);
            let mut types = ObjectType::ALL.into_iter();
            if let Some(found) = types.find(|known| words().nouns(*known).contains(&before)) {
                return (Some(found), after);
            }
        }
    }
    (None, name)
}
