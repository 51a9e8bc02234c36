//! Which column is which field, reference or other thing, by its name.

use std::collections::{BTreeMap, BTreeSet};

use super::table::Table;
use super::words::{plain, plain_words, words};
use crate::record::{LineFormat, ObjectType};

/// What Dynamics writes before the names of columns that an import must not change.
const LOCKED: &str = "(do not modify) ";

/// The columns of a table by what they are.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Gong's fields, the best column first.
    pub(super) fields: BTreeMap<&'static str, Vec<usize>>,
    /// Fields that refer to other records.
    pub(super) references: BTreeMap<&'static str, Reference>,
    /// Columns that say something of a field, such as the currency.
    pub(super) others: BTreeMap<&'static str, usize>,
}

/// The columns that may say to which record another one belongs.
#[derive(Debug, Default)]
pub(super) struct Reference {
    /// By their names, they hold ids.
    pub(super) ids: Vec<usize>,
    /// Names or ids.
    pub(super) names: Vec<usize>,
}

/// What is known of a header's name.
struct Header {
    /// Whole, plain.
    plain: String,
    /// Without a prefix such as `Deal - `, plain.
    bare: String,
    is_locked: bool,
    /// The record that a path such as `org_id.value` leads to is named, and its id meant.
    is_id_path: bool,
}

impl Header {
    fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        let is_locked = lower.starts_with(LOCKED);
        let name = if is_locked {
            name[LOCKED.len()..].to_owned()
        } else {
            name.to_owned()
        };
        let path = name.strip_suffix(".value").unwrap_or(&name);
        let is_id_path = path.to_lowercase().ends_with(".id");
        let path = if is_id_path {
            &path[..path.len() - 3]
        } else {
            path
        };
        // Of a list in a record, such as `emails[primary]`, one item is meant.
        let path = path
            .split_once('[')
            .map_or(path, |(list, _)| list.strip_suffix('s').unwrap_or(list));
        let (_, bare) = prefix(path);
        Self {
            plain: plain(path),
            bare: plain(bare),
            is_locked,
            is_id_path,
        }
    }

    /// How well it fits a list of names: the place in the list.
    fn rank(&self, names: &[String]) -> Option<usize> {
        let place = |name: &str| names.iter().position(|known| known == name);
        let both = [place(&self.plain), place(&self.bare)];
        both.into_iter().flatten().min()
    }

    /// Whether it is a noun of the type with one of the affixes, as `Kundennummer`.
    fn is_noun_with(&self, object_type: ObjectType, affixes: &[String]) -> bool {
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

    fn is_noun(&self, object_type: ObjectType) -> bool {
        let nouns = words().nouns(object_type);
        nouns.contains(&self.plain) || nouns.contains(&self.bare)
    }
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

impl Roles {
    /// Gives each column to what its name fits best.
    pub(super) fn of(table: &Table, object_type: ObjectType) -> Self {
        let format = object_type.line_format();
        let mut roles = Self::default();
        let headers: Vec<Header> = table
            .columns
            .iter()
            .map(|column| Header::new(&column.name))
            .collect();
        let mut ranked: BTreeMap<&'static str, Vec<(usize, usize)>> = BTreeMap::new();
        let names = count_names(table);
        for (index, header) in headers.iter().enumerate() {
            let is_single = names.get(table.columns[index].name.as_str()) == Some(&1);
            if !is_single || table.columns[index].name.is_empty() {
                continue;
            }
            if let Some((field, rank)) = field(format, header) {
                ranked.entry(field).or_default().push((rank, index));
            }
            if let Some((field, is_id)) = reference(format, header) {
                let reference = roles.references.entry(field).or_default();
                if is_id {
                    reference.ids.push(index);
                } else {
                    reference.names.push(index);
                }
            }
            for role in [
                "currency",
                "pipeline",
                "won-time",
                "lost-time",
                "is-won",
                "is-closed",
                "full-name",
            ] {
                if header.rank(words().role(role)).is_some() {
                    roles.others.entry(role).or_insert(index);
                }
            }
        }
        for (field, mut columns) in ranked {
            columns.sort_unstable();
            roles
                .fields
                .insert(field, columns.into_iter().map(|(_, index)| index).collect());
        }
        roles.by_form(table);
        roles
    }

    /// An id by its form, where no column is called one.
    fn by_form(&mut self, table: &Table) {
        if self.fields.contains_key("objectId") {
            return;
        }
        let taken: BTreeSet<usize> = self
            .references
            .values()
            .flat_map(|reference| reference.ids.iter().chain(&reference.names))
            .copied()
            .collect();
        let own = table.columns.iter().enumerate().find(|(index, column)| {
            let profile = &column.profile;
            !taken.contains(index)
                && !is_amount(&column.name)
                && !profile.has_duplicates
                && profile.filled == table.rows
                && profile.values.keys().all(|cell| is_id_form(cell))
        });
        if let Some((index, _)) = own {
            self.fields.insert("objectId", vec![index]);
        }
    }

    /// The best column of a field.
    pub(super) fn column(&self, field: &str) -> Option<usize> {
        self.fields
            .get(field)
            .and_then(|columns| columns.first())
            .copied()
    }
}

/// How often each name occurs.
fn count_names(table: &Table) -> BTreeMap<&str, usize> {
    let mut names = BTreeMap::new();
    for column in &table.columns {
        *names.entry(column.name.as_str()).or_default() += 1;
    }
    names
}

/// The field that a header names, and how well.
fn field(format: &'static LineFormat, header: &Header) -> Option<(&'static str, usize)> {
    let object_type = format.object_type;
    let own_ids = words().affixes("id");
    if (header.is_locked && header.is_noun(object_type))
        || header.is_noun_with(object_type, own_ids)
        || (header.is_id_path && header.is_noun(object_type))
    {
        return Some(("objectId", 0));
    }
    if header.is_id_path {
        return None;
    }
    if format.field("name").is_some() && header.is_noun_with(object_type, words().affixes("name")) {
        return Some(("name", 0));
    }
    // The technical names, as our own files and earlier documentation have them.
    if let Some(own) = format
        .fields
        .iter()
        .find(|own| plain(own.name) == header.plain && own.references.is_none())
    {
        return Some((own.name, 0));
    }
    if let Some((_, today)) = format
        .retired_names
        .iter()
        .find(|(old, _)| plain(old) == header.plain)
    {
        return format.field(today).map(|field| (field.name, 1));
    }
    let ranked = format
        .fields
        .iter()
        .filter(|field| field.references.is_none() || field.name == "stage");
    let ranked = ranked.filter_map(|field| {
        let rank = header.rank(words().field(object_type, field.name))?;
        Some((field.name, rank + 1))
    });
    let best = ranked.min_by_key(|(_, rank)| *rank);
    // The name of a record may be its noun alone: `Firma` of an account, `Vorgang` of a deal.
    best.or_else(|| {
        let is_name = format.field("name").is_some() && header.is_noun(object_type);
        is_name.then_some(("name", 50))
    })
}

/// The reference that a header names, and whether it says that it holds ids.
fn reference(format: &'static LineFormat, header: &Header) -> Option<(&'static str, bool)> {
    let references = format
        .fields
        .iter()
        .filter_map(|field| Some((field.name, field.references?)));
    for (name, target) in references {
        if name == "stage" {
            continue;
        }
        let affixes = words().affixes("id");
        let base = |end: &str| {
            let base = header
                .plain
                .strip_suffix(end)
                .or_else(|| header.bare.strip_suffix(end))?;
            words()
                .reference(name)
                .iter()
                .any(|known| known == base)
                .then_some(())
        };
        let is_known = header.rank(words().reference(name)).is_some();
        let is_id_name = header.plain.ends_with("id")
            || header.plain.ends_with("ids")
            || header.plain.ends_with("idsprimary")
            || (target == ObjectType::Account && header.is_noun_with(target, affixes));
        if is_known {
            return Some((name, header.is_id_path || is_id_name));
        }
        if affixes.iter().any(|end| base(end).is_some()) {
            return Some((name, true));
        }
        if target != format.object_type && matches!(name, "accountId" | "ownerId") {
            if header.is_noun_with(target, affixes) {
                return Some((name, true));
            }
            if header.is_noun(target) || header.is_noun_with(target, words().affixes("name")) {
                return Some((name, header.is_id_path));
            }
        }
    }
    None
}

/// Whether a column's name says that its numbers count or weigh something.
pub(super) fn is_amount(name: &str) -> bool {
    let text = format!(" {} ", plain_words(name));
    let mut amounts = words().list("amounts").iter();
    amounts.any(|amount| text.contains(&format!(" {} ", plain_words(amount))))
}

/// Whether a cell has the form of an id: a GUID, 15 or 18 letters and digits, a number after a prefix.
fn is_id_form(cell: &str) -> bool {
    let bare = cell.trim_start_matches('{').trim_end_matches('}');
    let groups: Vec<usize> = bare.split('-').map(str::len).collect();
    let is_hex = bare
        .chars()
        .all(|one| one.is_ascii_hexdigit() || one == '-');
    if is_hex && groups == [8, 4, 4, 4, 12] {
        return true;
    }
    let has = |is: fn(&char) -> bool| cell.chars().any(|one| is(&one));
    let mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let plain = cell.chars().all(|one| one.is_ascii_alphanumeric());
    if mixed && plain && matches!(cell.len(), 15 | 18) {
        return true;
    }
    let number = cell.rsplit(['_', '.']).next().unwrap_or_default();
    let is_prefixed = number.len() < cell.len() && cell.contains('_');
    is_prefixed && !number.is_empty() && number.chars().all(|one| one.is_ascii_digit())
}

/// What type a file's rows are, and how sure that is: by its name, its headers and their prefixes.
pub(super) fn object_type(table: &Table) -> Option<ObjectType> {
    let scores = ObjectType::ALL.map(|object_type| (score(table, object_type), object_type));
    let best = scores.iter().max_by_key(|(score, _)| *score)?;
    let others = scores.iter().filter(|other| other.1 != best.1);
    let second = others.map(|(score, _)| *score).max().unwrap_or_default();
    (best.0 >= 5 && best.0 > second).then_some(best.1)
}

fn score(table: &Table, object_type: ObjectType) -> usize {
    let mut score = 0;
    if of_name(&table.file_name()) == Some(object_type) {
        score += 6;
    }
    let prefixed = table
        .columns
        .iter()
        .filter(|column| prefix(&column.name).0 == Some(object_type));
    if prefixed.count() * 2 > table.columns.len() {
        score += 12;
    }
    let roles = Roles::of(table, object_type);
    let has = |field: &str| usize::from(roles.fields.contains_key(field));
    let refers = |field: &str| usize::from(roles.references.contains_key(field));
    let own_id = table.columns.iter().any(|column| {
        let header = Header::new(&column.name);
        header.is_noun_with(object_type, words().affixes("id"))
    });
    let columns = table.columns.len();
    score += match object_type {
        ObjectType::Deal => {
            3 * has("amount")
                + 3 * has("closeDate")
                + 3 * has("stage")
                + has("status")
                + 2 * usize::from(own_id)
        }
        ObjectType::Contact => {
            3 * has("firstName")
                + 2 * has("lastName")
                + has("emailAddress")
                + has("phoneNumber")
                + has("title")
                + refers("accountId")
                + 2 * usize::from(own_id)
        }
        ObjectType::Lead => {
            2 * has("firstName")
                + 2 * has("lastName")
                + has("emailAddress")
                + has("phoneNumber")
                + 3 * usize::from(own_id)
                + 3 * refers("convertedToDealId")
        }
        ObjectType::Account => {
            let contactless = 1 - has("emailAddress").min(1);
            3 * has("domains") + 2 * has("name") * contactless + 2 * usize::from(own_id)
        }
        ObjectType::BusinessUser => {
            let named = usize::from(roles.others.contains_key("full-name"));
            let small = usize::from(columns <= 8);
            (2 * has("emailAddress") + named) * small + 2 * usize::from(own_id && columns <= 8)
        }
        ObjectType::Stage => {
            let small = usize::from(columns <= 8);
            (3 * has("sortOrder") + has("name")) * small
        }
    };
    score
}

/// The type that a file's name tells: `hubspot-crm-exports-all-deals-2026-01-15.csv`, `Firmen.csv`.
pub(super) fn of_name(name: &str) -> Option<ObjectType> {
    let lower = name.to_lowercase();
    let stem = lower.split(".csv").next().unwrap_or_default();
    let stem = stem.split(".json").next().unwrap_or_default();
    let parts: Vec<String> = plain_words(stem).split(' ').map(str::to_owned).collect();
    let mut best: Option<(usize, ObjectType)> = None;
    for first in 0..parts.len() {
        for last in first..parts.len().min(first + 3) {
            let joined = parts[first..=last].concat();
            for object_type in ObjectType::ALL {
                let is_noun = words().nouns(object_type).contains(&joined)
                    || plain(object_type.file_stem()) == joined;
                if is_noun && best.is_none_or(|(length, _)| joined.len() > length) {
                    best = Some((joined.len(), object_type));
                }
            }
        }
    }
    best.map(|(_, object_type)| object_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_crms_tell_their_type() {
        for (name, expected) in [
            (
                "hubspot-crm-exports-all-deals-2026-01-15.csv",
                Some(ObjectType::Deal),
            ),
            (
                "hubspot-crm-exports-all-companies-2026-01-15.csv",
                Some(ObjectType::Account),
            ),
            ("Opportunity.csv", Some(ObjectType::Deal)),
            ("OpportunityStage.csv", None),
            ("Companies.csv", Some(ObjectType::Account)),
            ("people.csv", Some(ObjectType::Contact)),
            ("people-1234567-12.csv", Some(ObjectType::Contact)),
            ("deals-1234567-12.csv", Some(ObjectType::Deal)),
            ("organizations.csv", Some(ObjectType::Account)),
            ("Negócios.csv", Some(ObjectType::Deal)),
            ("Verkaufschancen.csv", Some(ObjectType::Deal)),
            ("Firmen.csv", Some(ObjectType::Account)),
            ("Kontakte.csv", Some(ObjectType::Contact)),
            ("Entreprises.csv", Some(ObjectType::Account)),
            ("Clienti.csv", Some(ObjectType::Account)),
            ("Verkoopkansen.csv", Some(ObjectType::Deal)),
            ("Accounts_2026_01_15.csv.gz", Some(ObjectType::Account)),
            ("crm.lead.csv", Some(ObjectType::Deal)),
            ("res.partner.csv", Some(ObjectType::Account)),
            ("deal_stages.csv", Some(ObjectType::Stage)),
            ("business_users.csv", Some(ObjectType::BusinessUser)),
            ("users.csv", Some(ObjectType::BusinessUser)),
            ("Leads.csv", Some(ObjectType::Lead)),
            ("export.csv", None),
            ("report1736934000000.csv", None),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_known_by_their_form() {
        for (cell, expected) in [
            ("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", true),
            ("0065g00000ABCde", true),
            ("zcrm_4876876000000333001", true),
            ("__export__.res_partner_9", true),
            ("125000", false),
            ("1999-01-02", false),
            ("Borealis", false),
        ] {
            assert_eq!(is_id_form(cell), expected, "{cell}");
        }
    }

    #[test]
    fn headers_are_understood_in_every_language() {
        let cases: &[(ObjectType, &str, &str)] = &[
            (ObjectType::Deal, "Deal - ID", "objectId"),
            (ObjectType::Deal, "Record ID", "objectId"),
            (ObjectType::Deal, "Opportunity ID", "objectId"),
            (ObjectType::Deal, "Vorgangsnummer", "objectId"),
            (ObjectType::Deal, "Angebotsnummer", "objectId"),
            (ObjectType::Deal, "ID do negócio", "objectId"),
            (ObjectType::Deal, "ID de l'affaire", "objectId"),
            (ObjectType::Deal, "(Do Not Modify) Opportunity", "objectId"),
            (ObjectType::Deal, "Deal - Title", "name"),
            (ObjectType::Deal, "Opportunity Name", "name"),
            (ObjectType::Deal, "Vorgang", "name"),
            (ObjectType::Deal, "Nome do negócio", "name"),
            (ObjectType::Deal, "Nom de l'affaire", "name"),
            (ObjectType::Deal, "Auftragswert netto", "amount"),
            (ObjectType::Deal, "Montant", "amount"),
            (ObjectType::Deal, "Valor do negócio", "amount"),
            (ObjectType::Deal, "Importo", "amount"),
            (ObjectType::Deal, "Bedrag", "amount"),
            (ObjectType::Deal, "Geplanter Abschluss", "closeDate"),
            (ObjectType::Deal, "Date de clôture", "closeDate"),
            (ObjectType::Deal, "Fecha de cierre", "closeDate"),
            (ObjectType::Deal, "Data de fechamento", "closeDate"),
            (ObjectType::Deal, "Data di chiusura", "closeDate"),
            (ObjectType::Deal, "Verwachte sluitingsdatum", "closeDate"),
            (ObjectType::Deal, "Phase", "stage"),
            (ObjectType::Deal, "Étape", "stage"),
            (ObjectType::Deal, "Etapa do negócio", "stage"),
            (ObjectType::Deal, "Deal - Update time", "modifiedDate"),
            (ObjectType::Deal, "Letzte Änderung", "modifiedDate"),
            (ObjectType::Deal, "Modifié le", "modifiedDate"),
            (ObjectType::Deal, "Última modificación", "modifiedDate"),
            (ObjectType::Deal, "Ultima modifica", "modifiedDate"),
            (ObjectType::Deal, "Laatst gewijzigd op", "modifiedDate"),
            (ObjectType::Deal, "LAST_MODIFIED_DATE", "modifiedDate"),
            (ObjectType::Deal, "Create Date", "createdDate"),
            (ObjectType::Account, "Kundennummer", "objectId"),
            (ObjectType::Account, "Firma", "name"),
            (ObjectType::Account, "Internet", "domains"),
            (ObjectType::Account, "Raison sociale", "name"),
            (ObjectType::Account, "Razão social", "name"),
            (ObjectType::Contact, "Kontakt-Nr.", "objectId"),
            (ObjectType::Contact, "Vorname", "firstName"),
            (ObjectType::Contact, "Prénom", "firstName"),
            (ObjectType::Contact, "Sobrenome", "lastName"),
            (ObjectType::Contact, "Achternaam", "lastName"),
            (ObjectType::Contact, "Correo electrónico", "emailAddress"),
            (ObjectType::Contact, "Position", "title"),
            (ObjectType::Contact, "Mansione", "title"),
            (ObjectType::Stage, "Reihenfolge", "sortOrder"),
        ];
        for (object_type, header, expected) in cases {
            let found = field(object_type.line_format(), &Header::new(header));
            assert_eq!(
                found.map(|(field, _)| field),
                Some(*expected),
                "{object_type} {header}"
            );
        }
        for (object_type, header) in [
            (ObjectType::Contact, "Titel"),
            (ObjectType::Contact, "Anrede"),
            (ObjectType::Deal, "Annual Revenue"),
            (ObjectType::Deal, "Wahrscheinlichkeit"),
            (ObjectType::Account, "PLZ"),
        ] {
            let found = field(object_type.line_format(), &Header::new(header));
            assert!(found.is_none(), "{header}: {found:?}");
        }
        for (object_type, header, expected, is_id) in [
            (ObjectType::Deal, "Deal - Organization", "accountId", false),
            (ObjectType::Deal, "Account Name.id", "accountId", true),
            (ObjectType::Deal, "Kundennummer", "accountId", true),
            (ObjectType::Deal, "Kunde", "accountId", false),
            (ObjectType::Deal, "org_id.value", "accountId", true),
            (
                ObjectType::Deal,
                "Associated Company IDs (Primary)",
                "accountId",
                true,
            ),
            (ObjectType::Deal, "Entreprise", "accountId", false),
            (ObjectType::Deal, "Deal Owner.id", "ownerId", true),
            (ObjectType::Deal, "Deal - Owner", "ownerId", false),
            (ObjectType::Deal, "Betreuer", "ownerId", false),
            (ObjectType::Deal, "Responsável", "ownerId", false),
            (ObjectType::Deal, "Propriétaire", "ownerId", false),
            (ObjectType::Contact, "Firmen-ID", "accountId", true),
            (
                ObjectType::Lead,
                "ConvertedOpportunityId",
                "convertedToDealId",
                true,
            ),
        ] {
            let found = reference(object_type.line_format(), &Header::new(header));
            assert_eq!(found, Some((expected, is_id)), "{object_type} {header}");
        }
    }
}
