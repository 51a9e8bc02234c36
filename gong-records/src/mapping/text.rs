//! Cleaning a text to an id or a domain.

use std::borrow::Cow;

use crate::value::{is_public_mail_host, is_shared_host};

/// A cell without spaces around it, and without the invisible characters that web pages leave there.
pub(super) fn trimmed(cell: &str) -> &str {
    let cell = cell.trim();
    let (first, last) = (cell.as_bytes().first(), cell.as_bytes().last());
    // Nearly always.
    if first.is_none_or(u8::is_ascii) && last.is_none_or(u8::is_ascii) {
        return cell;
    }
    cell.trim_matches(|one: char| {
        one.is_whitespace() || matches!(one, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    })
}

/// Removes each of the texts once from the beginning and once from the end.
pub(super) fn strip<'a>(text: &'a str, unwanted: &[String]) -> &'a str {
    let mut rest = text;
    for unwanted in unwanted {
        rest = rest.strip_prefix(unwanted.as_str()).unwrap_or(rest);
        rest = rest.strip_suffix(unwanted.as_str()).unwrap_or(rest);
    }
    rest.trim()
}

/// Replaces each of the texts, the longest first.
pub(super) fn replace<'a>(text: &'a str, pairs: &[(String, String)]) -> Cow<'a, str> {
    let mut replaced = Cow::Borrowed(text);
    for (from, to) in pairs {
        if replaced.contains(from.as_str()) {
            replaced = Cow::Owned(replaced.replace(from.as_str(), to));
        }
    }
    replaced
}

/// ASCII letters and digits in lower case, with one hyphen for everything between them: `Closed – Won`
/// is `closed-won`, `Dirk Müller` is `dirk-mueller`, `Жанна` is `zhanna`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut gap = false;
    for character in text.chars() {
        let plain: Cow<'_, str> = match character {
            'ä' | 'Ä' => "ae".into(),
            'ö' | 'Ö' => "oe".into(),
            'ü' | 'Ü' => "ue".into(),
            // They occur within words: D'Arcy.
            '\'' | '’' => continue,
            other if other.is_ascii() => other.to_string().into(),
            other if other.is_alphanumeric() => {
                deunicode::deunicode_char(other).unwrap_or("-").into()
            }
            // A combining mark, as in a decomposed é, changes the letter before it.
            '\u{300}'..='\u{36f}' => continue,
            _ => "-".into(),
        };
        for letter in plain.chars() {
            if letter.is_ascii_alphanumeric() {
                if gap && !slug.is_empty() {
                    slug.push('-');
                }
                gap = false;
                slug.push(letter.to_ascii_lowercase());
            } else if letter != '\'' {
                // Romanization writes soft signs as apostrophes.
                gap = true;
            }
        }
    }
    slug
}

/// The content of the text, as far as an internet domain is visible in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Domain {
    /// A company's bare domain, in lower case, without `www.`.
    Company(String),
    /// A domain at which anybody can have an address or a page.
    Shared(String),
    /// Nothing that is a domain.
    Other,
}

/// The domain of a link, an address or a domain.
pub(super) fn domain(text: &str) -> Domain {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|one| one.is_alphanumeric() || one == '-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_domain = host.contains('.')
        && host.split('.').all(is_label)
        && !last.chars().all(|one| one.is_ascii_digit());
    if !is_domain {
        return Domain::Other;
    }
    if is_public_mail_host(host) || is_shared_host(host) {
        Domain::Shared(host.to_owned())
    } else {
        Domain::Company(host.to_owned())
    }
}

/// The domains in a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Domains {
    /// Those of companies, each once.
    pub(super) found: Vec<String>,
    /// The first item in which no domain can be seen.
    pub(super) odd: Option<String>,
}

/// The company domains of a list of links, addresses and domains.
pub(super) fn domains(text: &str) -> Domains {
    let mut domains = Domains::default();
    for part in text.split(|one: char| one == '\u{1f}' || one.is_whitespace()) {
        let mut is_in_path = false;
        for item in part.split([',', ';', '|']).filter(|item| !item.is_empty()) {
            match domain(item) {
                Domain::Company(host) if !domains.found.contains(&host) => domains.found.push(host),
                Domain::Company(_) | Domain::Shared(_) => {}
                // What follows a comma in a link's path.
                Domain::Other if is_in_path => continue,
                Domain::Other => {
                    domains.odd.get_or_insert_with(|| item.to_owned());
                }
            }
            let after_scheme = item.split_once("://").map_or(item, |(_, rest)| rest);
            is_in_path = after_scheme.contains(['/', '?']);
        }
    }
    domains
}

/// The first email address in a text such as `Ada Lovelace (ada@acme.example)`.
pub(super) fn email_in(text: &str) -> Option<String> {
    let is_edge = |one: char| one.is_whitespace() || "()<>[],;\"".contains(one);
    let words = text
        .split(is_edge)
        .map(|word| word.trim_start_matches("mailto:"));
    let mut addresses = words.filter(|word| {
        word.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@')
        })
    });
    addresses
        .next()
        .map(|address| address.trim_end_matches('.').to_lowercase())
}

/// The number at the beginning of a text such as `1-Qualify` or `01 - Lead`.
pub(super) fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text
        .find(|one: char| !one.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The first of a person's names, as far as the words tell: all but the last, or what follows the
/// comma in `Lovelace, Ada`.
pub(super) fn first_name(name: &str) -> String {
    match without_suffix(name).split_once(',') {
        Some((_, first)) => first.trim().to_owned(),
        None => split_name(name).0.to_owned(),
    }
}

/// The last of a person's names: the last word with the particles before it, as in `Anneke van den
/// Berg`, or what precedes the comma in `Lovelace, Ada`.
pub(super) fn last_name(name: &str) -> String {
    match without_suffix(name).split_once(',') {
        Some((last, _)) => last.trim().to_owned(),
        None => split_name(name).1.to_owned(),
    }
}

/// Words that begin a last name, in lower case as people write them.
const PARTICLES: [&str; 28] = [
    "af", "al", "auf", "av", "da", "dal", "das", "de", "degli", "dei", "del", "della", "den",
    "der", "di", "do", "dos", "du", "el", "la", "le", "ten", "ter", "van", "vom", "von", "y", "zu",
];

/// Words after a name that are not of it.
const SUFFIXES: [&str; 7] = ["ii", "iii", "iv", "jr", "md", "phd", "sr"];

/// The name without a suffix such as `Jr.`, with or without a comma before it.
fn without_suffix(name: &str) -> &str {
    let name = name.trim();
    let Some((before, last)) = name.rsplit_once(char::is_whitespace) else {
        return name;
    };
    let word = last.replace('.', "").to_lowercase();
    if SUFFIXES.contains(&word.as_str()) {
        before.trim().trim_end_matches(',')
    } else {
        name
    }
}

/// First and last name, as far as the words tell.
fn split_name(name: &str) -> (&str, &str) {
    let name = without_suffix(name);
    let Some((mut first, _)) = name.rsplit_once(char::is_whitespace) else {
        return ("", name);
    };
    while let Some((before, word)) = first.trim_end().rsplit_once(char::is_whitespace) {
        if !PARTICLES.contains(&word) {
            break;
        }
        first = before;
    }
    (first.trim(), name[first.len()..].trim())
}

/// The most characters of a cell that are shown.
const SHOWN: usize = 40;

/// The beginning of a cell on one line.
pub(super) fn excerpt(cell: &str) -> String {
    let mut shown: String = cell
        .chars()
        .take(SHOWN)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if cell.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_ids_in_any_script() {
        for (text, expected) in [
            ("Closed Won", "closed-won"),
            ("Closed – Won", "closed-won"),
            ("  5 Abschluss / Ende ", "5-abschluss-ende"),
            ("Érica Souza", "erica-souza"),
            ("E\u{301}rica", "erica"),
            ("Dirk Müller", "dirk-mueller"),
            ("Zażółć", "zazolc"),
            ("Straße", "strasse"),
            ("D'Arcy", "darcy"),
            ("Анна Ковальская", "anna-kovalskaia"),
            ("Negócio ganho!", "negocio-ganho"),
            ("–", ""),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
        assert!(!slug("山田").is_empty() && slug("山田") != slug("佐藤"));
    }

    #[test]
    fn domains_are_bare_and_without_public_mail() {
        for (text, expected) in [
            ("https://www.a.example/de/", vec!["a.example"]),
            ("www.B.example", vec!["b.example"]),
            ("c.example; c.dk", vec!["c.example", "c.dk"]),
            ("info@d.example", vec!["d.example"]),
            ("gmail.com", vec![]),
            ("https://www.linkedin.com/company/x", vec![]),
            ("de-de.facebook.com/acme", vec![]),
            ("https://f.example/x,y;z", vec!["f.example"]),
            (
                "https://f.example/x,g.example",
                vec!["f.example", "g.example"],
            ),
            ("http://e.example:8080?x=1", vec!["e.example"]),
            ("müller.example", vec!["müller.example"]),
        ] {
            assert_eq!(
                domains(text),
                Domains {
                    found: expected.into_iter().map(str::to_owned).collect(),
                    odd: None
                },
                "{text}"
            );
        }
        for text in ["unbekannt", "10.0.0.1", "a..b", "-"] {
            let odd = Some(text.to_owned());
            assert_eq!(domains(text), Domains { found: vec![], odd }, "{text}");
        }
    }

    #[test]
    fn addresses_are_found_in_texts() {
        for (text, expected) in [
            (
                "Anna Kowalska (Anna@acme.example)",
                Some("anna@acme.example"),
            ),
            ("<a@x.example>, b@x.example", Some("a@x.example")),
            ("Write to a@x.example.", Some("a@x.example")),
            ("Anna @ home", None),
        ] {
            assert_eq!(email_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_from_the_beginning_of_a_text() {
        for (text, expected) in [
            ("1-Qualify", Some(1)),
            ("01 - Lead", Some(1)),
            ("3_New", Some(3)),
            (" 10: Won", Some(10)),
            ("On hold", None),
            ("", None),
        ] {
            assert_eq!(leading_number(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_split_at_the_last_space_or_the_comma() {
        for (name, first, last) in [
            ("Ada Lovelace", "Ada", "Lovelace"),
            ("Lovelace, Ada", "Ada", "Lovelace"),
            ("Jean Luc Picard", "Jean Luc", "Picard"),
            ("Prince", "", "Prince"),
            ("Anneke van den Berg", "Anneke", "van den Berg"),
            ("Jane Smith Jr.", "Jane", "Smith"),
            ("Jane Smith, PhD", "Jane", "Smith"),
            ("Di Caprio", "Di", "Caprio"),
        ] {
            assert_eq!(
                (first_name(name).as_str(), last_name(name).as_str()),
                (first, last)
            );
        }
    }
}
