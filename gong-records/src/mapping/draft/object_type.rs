//! What the rows of a file are: by its name, its headers and their prefixes.

use super::header::{Header, noun, prefix};
use super::roles::Roles;
use super::table::Table;
use super::words::{plain, plain_words, words};
use crate::record::ObjectType;

/// What type a file's rows are, and how sure that is: by its name, its headers and their prefixes.
pub(super) fn object_type(table: &Table) -> Option<ObjectType> {
    let found = by_score(table);
    // What holds people or deals is a company, whatever it is called.
    let holds = |of| {
        table
            .lists
            .iter()
            .any(|list| noun(&plain(list)) == Some(of))
    };
    if matches!(found, Some(ObjectType::Lead) | None)
        && (holds(ObjectType::Deal) || holds(ObjectType::Contact))
    {
        return Some(ObjectType::Account);
    }
    if found == Some(ObjectType::Lead) && is_of_companies(table) {
        return Some(ObjectType::Account);
    }
    if found == Some(ObjectType::Lead) && is_of_deals(table) {
        return Some(ObjectType::Deal);
    }
    found
}

/// Whether what a CRM calls leads are deals, as in Kommo and Nutshell: they have an amount or a close
/// date, go through a pipeline or are won and lost, and have no person's name.
fn is_of_deals(table: &Table) -> bool {
    let (lead, deal) = (
        Roles::of(table, ObjectType::Lead),
        Roles::of(table, ObjectType::Deal),
    );
    let mut of_people = ["firstName", "lastName", "emailAddress", "phoneNumber"].into_iter();
    let has_person = of_people.any(|field| lead.fields.contains_key(field));
    let has_end = deal.fields.contains_key("amount") || deal.fields.contains_key("closeDate");
    let ends = ["stage", "status"]
        .iter()
        .filter_map(|field| deal.column(field));
    let mut cells = ends
        .filter_map(|index| table.columns.get(index))
        .flat_map(|column| column.profile.values.keys());
    let has_outcome = cells.any(|cell| matches!(words().status(cell), Some("WON" | "LOST")));
    !has_person && has_end && (has_outcome || deal.others.contains_key("pipeline"))
}

/// Whether a file's name says that it has leads.
pub(super) fn is_called_lead(name: &str) -> bool {
    of_name(name) == Some(ObjectType::Lead)
}

/// Whether what a CRM calls leads are companies, as in Close: they have contacts, or a website and no
/// person's name.
fn is_of_companies(table: &Table) -> bool {
    let has_contact = table.columns.iter().any(|column| {
        let name = plain(&column.name);
        let mut prefixes = words().list("contacts-of").iter();
        prefixes.any(|prefix| name.starts_with(&plain(prefix)))
    });
    let (lead, account) = (
        Roles::of(table, ObjectType::Lead),
        Roles::of(table, ObjectType::Account),
    );
    let mut of_people = ["firstName", "lastName", "emailAddress", "title"].into_iter();
    let has_person = of_people.any(|field| lead.fields.contains_key(field));
    let has_site = account.fields.contains_key("domains") || account.fields.contains_key("url");
    account.fields.contains_key("name") && (has_contact || (has_site && !has_person))
}

fn by_score(table: &Table) -> Option<ObjectType> {
    let scores = ObjectType::ALL.map(|object_type| (score(table, object_type), object_type));
    let best = scores.iter().max_by_key(|(score, _)| *score)?;
    let others = scores.iter().filter(|other| other.1 != best.1);
    let second = others.map(|(score, _)| *score).max().unwrap_or_default();
    (best.0 >= 5 && best.0 > second).then_some(best.1)
}

fn score(table: &Table, object_type: ObjectType) -> usize {
    let mut score = 0;
    if of_name(&table.file_name()) == Some(object_type) {
        // Of what these are called, nothing else is.
        let is_clear = matches!(object_type, ObjectType::BusinessUser | ObjectType::Stage);
        score += if is_clear { 12 } else { 6 };
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
    // `OpportunityStage` is two words.
    let mut spaced = String::new();
    let mut is_after_small = false;
    for one in name.chars() {
        if one.is_uppercase() && is_after_small {
            spaced.push(' ');
        }
        is_after_small = one.is_lowercase();
        spaced.push(one);
    }
    let lower = spaced.to_lowercase();
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
            ("OpportunityStage.csv", Some(ObjectType::Stage)),
            ("ContactSearchResults.csv", Some(ObjectType::Contact)),
            ("workspaceMembers.json", Some(ObjectType::BusinessUser)),
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
}
