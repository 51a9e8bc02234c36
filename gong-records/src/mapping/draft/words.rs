//! The names of `words.toml`, as drafts use them: compared without case, spaces, signs and accents.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::mapping::languages::WORDS;
use crate::mapping::text::slug;
use crate::record::ObjectType;

#[derive(Debug, Deserialize)]
struct File {
    nouns: BTreeMap<ObjectType, Vec<String>>,
    affixes: BTreeMap<String, Vec<String>>,
    fields: BTreeMap<String, Vec<String>>,
    #[serde(rename = "fields-of")]
    fields_of: BTreeMap<ObjectType, BTreeMap<String, Vec<String>>>,
    references: BTreeMap<String, Vec<String>>,
    roles: BTreeMap<String, Vec<String>>,
    status: BTreeMap<String, Vec<String>>,
    words: BTreeMap<String, Vec<String>>,
    currencies: BTreeMap<String, Vec<String>>,
}

/// The names, plain.
#[derive(Debug, Default)]
pub(super) struct Words {
    nouns: Vec<(ObjectType, Vec<String>)>,
    affixes: BTreeMap<String, Vec<String>>,
    fields: BTreeMap<String, Vec<String>>,
    fields_of: BTreeMap<(ObjectType, String), Vec<String>>,
    references: BTreeMap<String, Vec<String>>,
    roles: BTreeMap<String, Vec<String>>,
    /// With spaces between words, the longest first.
    status: Vec<(String, &'static str)>,
    lists: BTreeMap<String, Vec<String>>,
    /// Codes with their signs and words, in upper case.
    currencies: Vec<(String, Vec<String>)>,
}

static NAMES: LazyLock<Words> = LazyLock::new(|| {
    // A test reads the file and reports what is wrong with it.
    toml::from_str::<File>(WORDS)
        .map(Words::new)
        .unwrap_or_default()
});

pub(super) fn words() -> &'static Words {
    &NAMES
}

/// A name without what people vary: case, spaces, signs, accents.
pub(super) fn plain(name: &str) -> String {
    slug(name).replace('-', "")
}

/// The words of a text, plain.
pub(super) fn plain_words(text: &str) -> String {
    slug(text).replace('-', " ")
}

impl Words {
    fn new(file: File) -> Self {
        let all = |names: Vec<String>| names.iter().map(|name| plain(name)).collect::<Vec<_>>();
        let map = |map: BTreeMap<String, Vec<String>>| {
            map.into_iter()
                .map(|(key, names)| (key, all(names)))
                .collect()
        };
        let mut fields_of = BTreeMap::new();
        for (object_type, fields) in file.fields_of {
            for (field, names) in fields {
                fields_of.insert((object_type, field), all(names));
            }
        }
        let mut status = Vec::new();
        for (meaning, list) in file.status {
            let meaning = match meaning.as_str() {
                "WON" => "WON",
                "LOST" => "LOST",
                _ => "OPEN",
            };
            status.extend(list.iter().map(|word| (stems(word), meaning)));
        }
        status.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self {
            nouns: file
                .nouns
                .into_iter()
                .map(|(known, names)| (known, all(names)))
                .collect(),
            affixes: map(file.affixes),
            fields: map(file.fields),
            fields_of,
            references: map(file.references),
            roles: map(file.roles),
            status,
            currencies: file
                .currencies
                .into_iter()
                .map(|(code, signs)| (code, signs.iter().map(|sign| sign.to_uppercase()).collect()))
                .collect(),
            lists: file
                .words
                .into_iter()
                .map(|(key, list)| {
                    (
                        key,
                        list.into_iter().map(|word| word.to_lowercase()).collect(),
                    )
                })
                .collect(),
        }
    }

    /// The names of a column for a field of a type, best first.
    pub(super) fn field(&self, object_type: ObjectType, field: &str) -> &[String] {
        self.fields_of
            .get(&(object_type, field.to_owned()))
            .or_else(|| self.fields.get(field).filter(|_| field != "name"))
            .map_or(&[], Vec::as_slice)
    }

    /// The names of a column that refers to another record, by name or id.
    pub(super) fn reference(&self, field: &str) -> &[String] {
        self.references.get(field).map_or(&[], Vec::as_slice)
    }

    /// The names of a column that is not a field.
    pub(super) fn role(&self, role: &str) -> &[String] {
        self.roles.get(role).map_or(&[], Vec::as_slice)
    }

    /// The words next to a noun in the name of an id, or of a name.
    pub(super) fn affixes(&self, kind: &str) -> &[String] {
        self.affixes.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The names of a type.
    pub(super) fn nouns(&self, object_type: ObjectType) -> &[String] {
        let of_type = self.nouns.iter().find(|(known, _)| *known == object_type);
        of_type.map_or(&[], |(_, nouns)| nouns.as_slice())
    }

    /// A list of words in lower case, such as those for true.
    pub(super) fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// The code of the currency that a sign or a word means.
    pub(super) fn currency(&self, sign: &str) -> Option<&str> {
        let sign = sign.to_uppercase();
        let mut currencies = self.currencies.iter();
        let found = currencies.find(|(_, signs)| signs.contains(&sign));
        found.map(|(code, _)| code.as_str())
    }

    /// What a word in a deal's status or stage means; nothing if that is not known.
    pub(super) fn status(&self, cell: &str) -> Option<&'static str> {
        let words = stems(cell);
        let text = format!(" {words} ");
        // In words without spaces, as Japanese: none are known; but HubSpot writes "closedwon".
        let fits = |word: &str| text.contains(&format!(" {word} ")) || is_squeezed(word, &words);
        let (word, meaning) = self.status.iter().find(|(word, _)| fits(word))?;
        // An open stage is only one that is called so: "New contract signed" is not "new".
        if *meaning == "OPEN" {
            let open = self.status.iter().filter(|(_, meaning)| *meaning == "OPEN");
            let rest = open.fold(text.clone(), |rest, (word, _)| {
                rest.replace(&format!(" {word} "), " ")
            });
            let is_number = |word: &str| word.chars().all(|one| one.is_ascii_digit());
            let mut rest = rest.split_whitespace();
            let is_open = rest.all(|word| is_number(word) || is_filler(word));
            return (is_open || is_squeezed(word, &words)).then_some("OPEN");
        }
        if is_squeezed(word, &words) {
            return Some(meaning);
        }
        // "Almost won" is not won, nor is "Nurture - lost contact" lost.
        let rest = text.replacen(&format!(" {word} "), "  ", 1);
        // "Won / Lost" is neither.
        let other = self.status.iter().find(|(known, of)| {
            *of != "OPEN"
                && of != meaning
                && text.contains(&format!(" {known} "))
                && !word.contains(known.as_str())
        });
        if other.is_some() {
            return None;
        }
        let is_doubted = |doubt: &String| rest.contains(&format!(" {} ", stems(doubt)));
        let is_by_others = *meaning == "WON" && self.list("rivals").iter().any(is_doubted);
        if cell.contains('?') || is_by_others || self.list("doubtful").iter().any(is_doubted) {
            return None;
        }
        let begin = text.find(&format!(" {word} ")).unwrap_or_default();
        let before = text[..begin].trim();
        let ends_before = |negation: &String| {
            let negation = stems(negation);
            before == negation || before.ends_with(&format!(" {negation}"))
        };
        if self.list("negations").iter().any(ends_before) {
            return None;
        }
        let is_subject = |word: &str| {
            let is_noun = self
                .nouns(ObjectType::Deal)
                .iter()
                .any(|noun| stems(noun) == word);
            is_noun || is_filler(word) || word.chars().all(|one| one.is_ascii_digit())
        };
        let is_first = before.split_whitespace().all(is_subject);
        (is_first || words.ends_with(word.as_str())).then_some(meaning)
    }
}

/// The words of a text without the endings that number and gender change: `Gagnées` is `gagne`, and
/// `ganada` is `ganad` as `ganado` is.
fn stems(text: &str) -> String {
    let text = plain_words(text);
    let stem = |word: &str| {
        let mut word = word.to_owned();
        while word.len() > 5 && word.ends_with(['a', 'e', 'i', 'o', 's']) {
            word.pop();
        }
        word
    };
    text.split(' ').map(stem).collect::<Vec<_>>().join(" ")
}

/// Whether the words are written as one.
fn is_squeezed(word: &str, text: &str) -> bool {
    word.contains(' ') && !text.contains(' ') && word.replace(' ', "") == text
}

/// Words that don't change what a status means.
fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 15] = [
        "deal", "sales", "pipeline", "stage", "status", "b2b", "kund", "to", "de", "ventes",
        "ventas", "vendas", "vendite", "vertrieb", "verkoop",
    ];
    FILLERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_read_and_names_known_fields() {
        let file = toml::from_str::<File>(WORDS).unwrap();
        let known = |name: &str| {
            let mut types = ObjectType::ALL.iter();
            types.any(|known| known.line_format().field(name).is_some())
        };
        for name in file.fields.keys().chain(file.references.keys()) {
            assert!(known(name), "{name}");
        }
        for (object_type, fields) in &file.fields_of {
            for name in fields.keys() {
                assert!(
                    object_type.line_format().field(name).is_some(),
                    "{object_type} {name}"
                );
            }
        }
        for list in [
            "yes",
            "no",
            "empty",
            "footers",
            "texts",
            "amounts",
            "currencies",
            "doubtful",
            "activities",
            "negations",
            "subjects",
            "planned",
            "changes",
            "labels",
            "dates",
            "companies",
            "people",
            "contacts-of",
        ] {
            assert!(!words().list(list).is_empty(), "{list}");
        }
    }

    #[test]
    fn won_and_lost_are_known_in_every_language() {
        for (cell, expected) in [
            ("Won", Some("WON")),
            ("Deal won", Some("WON")),
            ("Won - Onboarding", Some("WON")),
            ("Contract signed", Some("WON")),
            ("Closed Won (Sales Pipeline)", Some("WON")),
            ("closedwon", Some("WON")),
            ("closedlost", Some("LOST")),
            ("Gagnées", Some("WON")),
            ("Ganadas", Some("WON")),
            ("Perdues", Some("LOST")),
            ("Vendida", Some("WON")),
            ("Signée", Some("WON")),
            ("Sold", Some("WON")),
            ("Annulée", Some("LOST")),
            ("Rifiutata", Some("LOST")),
            ("Geweigerd", Some("LOST")),
            ("Lost - not interested", Some("LOST")),
            ("Not lost", None),
            ("nicht verloren", None),
            ("Re-open lost", None),
            ("Follow up lost deal", None),
            ("Will be won", None),
            ("Not yet won", None),
            ("Won't decide", None),
            ("Wonderful", None),
            ("Not won", Some("LOST")),
            ("Closed-Lost to Competition", Some("LOST")),
            ("gewonnen", Some("WON")),
            ("nicht gewonnen", Some("LOST")),
            ("Gagnée", Some("WON")),
            ("Perdu", Some("LOST")),
            ("Fermé gagné", Some("WON")),
            ("Ganado", Some("WON")),
            ("Perdido", Some("LOST")),
            ("Ganho", Some("WON")),
            ("Não ganho", Some("LOST")),
            ("Vinto", Some("WON")),
            ("Chiuso perso", Some("LOST")),
            ("Niet gewonnen", Some("LOST")),
            ("in Bearbeitung", Some("OPEN")),
            ("3 Angebot erstellt", Some("OPEN")),
            ("Em andamento", Some("OPEN")),
            ("Negotiation/Review", Some("OPEN")),
            ("Propuesta/Presupuesto", Some("OPEN")),
            ("2. Angebot, Verhandlung", Some("OPEN")),
            ("Open contract", None),
            ("Almost won", None),
            ("Win-back", None),
            ("Not won yet", None),
            ("Nurture - lost contact", None),
            ("Won?", None),
            ("Verbally won", None),
            ("Fast gewonnen", None),
            ("Presque gagné", None),
            ("Negócio perdido por preço", Some("LOST")),
            ("4 - Won", Some("WON")),
            ("zurückgestellt", None),
            ("New contract terms accepted", None),
            ("Parked", None),
            ("Won / Lost", None),
            ("Ganado/Perdido", None),
            ("Won by competitor", None),
            ("Partially won", None),
            ("Gewonnen durch Mitbewerber", None),
            ("Perdu de vue", None),
            ("Lost & Found Ltd", None),
            ("Lost to competitor", Some("LOST")),
            ("Annulliert", Some("LOST")),
        ] {
            assert_eq!(words().status(cell), expected, "{cell}");
        }
    }
}
