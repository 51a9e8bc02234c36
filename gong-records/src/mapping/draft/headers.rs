//! Which of Gong's fields a column is, by what its header says in German or English.

use crate::mapping::nearest::plain;
use crate::record::{LineFormat, ObjectType};

/// Names under which CRMs export a field, plain: in lower case, without spaces, ä as ae.
///
/// Beside these, a field is known by its own name, by the names that Gong once had for it, and as
/// the id of a record by that record's name: see [`OBJECTS`] and [`ID_ENDINGS`].
pub(super) const SYNONYMS: [(&str, &[&str]); 18] = [
    (
        "objectId",
        &[
            "id",
            "recordid",
            "crmid",
            "externalid",
            "datensatzid",
            "externeid",
            "nummer",
            "nr",
            "number",
            "key",
            "schluessel",
        ],
    ),
    (
        "modifiedDate",
        &[
            "modified",
            "modifiedat",
            "modifiedon",
            "lastmodified",
            "lastmodifieddate",
            "lastmodifiedat",
            "lastmodifiedon",
            "updated",
            "updatedat",
            "updatedon",
            "lastupdated",
            "systemmodstamp",
            "changedat",
            "geaendert",
            "geaendertam",
            "aenderungsdatum",
            "letzteaenderung",
            "zuletztgeaendert",
            "zuletztgeaendertam",
            "aktualisiertam",
            "bearbeitetam",
            "zuletztbearbeitet",
            "zuletztbearbeitetam",
        ],
    ),
    ("isDeleted", &["deleted", "geloescht", "istgeloescht"]),
    (
        "url",
        &["link", "weblink", "recordurl", "crmurl", "crmlink"],
    ),
    (
        "emailAddress",
        &[
            "email",
            "mail",
            "emailadresse",
            "mailadresse",
            "mailaddress",
        ],
    ),
    ("domains", &["domain", "emaildomain", "domaene", "domaenen"]),
    ("firstName", &["givenname", "vorname"]),
    (
        "lastName",
        &["surname", "familyname", "nachname", "familienname"],
    ),
    (
        "title",
        &[
            "jobtitle",
            "position",
            "funktion",
            "titel",
            "berufsbezeichnung",
        ],
    ),
    (
        "phoneNumber",
        &[
            "phone",
            "mobile",
            "mobilephone",
            "telephone",
            "tel",
            "telefon",
            "telefonnummer",
            "rufnummer",
            "mobil",
            "handy",
        ],
    ),
    (
        "name",
        &["bezeichnung", "betreff", "subject", "titel", "title"],
    ),
    (
        "createdDate",
        &[
            "created",
            "createdat",
            "createdon",
            "erstellt",
            "erstelltam",
            "erstelldatum",
            "erstellungsdatum",
            "angelegt",
            "angelegtam",
            "anlagedatum",
        ],
    ),
    (
        "closeDate",
        &[
            "closedate",
            "closingdate",
            "closedon",
            "expectedclosedate",
            "expectedclose",
            "abschluss",
            "abschlussam",
            "abschlussdatum",
            "geplanterabschluss",
            "erwarteterabschluss",
            "voraussichtlicherabschluss",
        ],
    ),
    ("status", &["dealstatus", "outcome", "ergebnis"]),
    (
        "stage",
        &[
            "stagename",
            "dealstage",
            "salesstage",
            "phase",
            "stufe",
            "verkaufsphase",
            "vertriebsphase",
        ],
    ),
    (
        "amount",
        &[
            "value",
            "dealvalue",
            "volume",
            "betrag",
            "wert",
            "summe",
            "volumen",
            "auftragswert",
            "auftragsvolumen",
            "umsatz",
        ],
    ),
    ("isActive", &["active", "aktiv", "istaktiv"]),
    (
        "sortOrder",
        &["order", "position", "reihenfolge", "sortierung", "rang"],
    ),
];

/// What the records of each type are called.
const OBJECTS: [(ObjectType, &[&str]); 6] = [
    (
        ObjectType::Stage,
        &["stage", "phase", "stufe", "verkaufsphase"],
    ),
    (
        ObjectType::BusinessUser,
        &[
            "businessuser",
            "user",
            "owner",
            "salesrep",
            "accountowner",
            "dealowner",
            "opportunityowner",
            "benutzer",
            "besitzer",
            "betreuer",
            "verantwortlich",
            "verantwortlicher",
            "zustaendig",
            "zustaendiger",
            "verkaeufer",
            "vertriebsmitarbeiter",
        ],
    ),
    (
        ObjectType::Account,
        &[
            "account",
            "company",
            "customer",
            "organization",
            "organisation",
            "firma",
            "firmen",
            "kunde",
            "kunden",
            "konto",
            "unternehmen",
        ],
    ),
    (
        ObjectType::Contact,
        &["contact", "person", "kontakt", "ansprechpartner"],
    ),
    (
        ObjectType::Deal,
        &[
            "deal",
            "opportunity",
            "verkaufschance",
            "chance",
            "geschaeft",
            "angebot",
            "auftrag",
            "vorgang",
            "projekt",
        ],
    ),
    (ObjectType::Lead, &["lead", "prospect", "interessent"]),
];

/// How the name of an id ends after that of its record.
const ID_ENDINGS: [&str; 7] = ["id", "crmid", "key", "nr", "nummer", "number", "no"];

/// The field that a header names, if any.
pub(super) fn field(format: &'static LineFormat, header: &str) -> Option<&'static str> {
    let header = plain(header);
    let standard = |name: &str| format.field(name).map(|field| field.name);
    let own = format
        .fields
        .iter()
        .find(|field| plain(field.name) == header);
    if let Some(own) = own {
        return Some(own.name);
    }
    let retired = format
        .retired_names
        .iter()
        .find(|(old, _)| plain(old) == header);
    if let Some((_, today)) = retired {
        return standard(today);
    }
    if let Some(name) = by_object(format, &header) {
        return Some(name);
    }
    SYNONYMS
        .iter()
        .filter(|(_, synonyms)| synonyms.contains(&header.as_str()))
        .find_map(|(name, _)| standard(name))
}

/// The field for the id of what a header names without a word for an id, such as `Kunde` of a deal.
pub(super) fn reference(format: &'static LineFormat, header: &str) -> Option<&'static str> {
    let header = plain(header);
    let (object_type, _) = OBJECTS
        .iter()
        .find(|(_, words)| words.contains(&header.as_str()))?;
    let mut fields = format.fields.iter();
    let field = fields.find(|field| field.references == Some(*object_type))?;
    Some(field.name)
}

/// `Kundennummer` is the id of an account, and `Kunde` or `Kundenname` its name.
fn by_object(format: &'static LineFormat, header: &str) -> Option<&'static str> {
    let (object_type, ending) = OBJECTS.iter().find_map(|(object_type, words)| {
        let ending = words
            .iter()
            .filter_map(|word| header.strip_prefix(word))
            // As between the parts of `Auftragsnummer`.
            .map(|ending| ending.strip_prefix('s').unwrap_or(ending))
            .find(|ending| ending.is_empty() || *ending == "name" || ID_ENDINGS.contains(ending))?;
        Some((*object_type, ending))
    })?;
    let is_own = object_type == format.object_type;
    let reference = || {
        let field = format
            .fields
            .iter()
            .find(|field| field.references == Some(object_type))?;
        // `Opportunity ID` of a lead is the deal that it became.
        Some(field.name)
    };
    match ending {
        "name" | "" if is_own => format.field("name").map(|field| field.name),
        // A person's name, or a stage's, stands where its id is wanted; a company's does not.
        "" if matches!(object_type, ObjectType::BusinessUser | ObjectType::Stage) => reference(),
        "name" | "" => None,
        _ if is_own => Some("objectId"),
        _ => reference(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood_in_both_languages() {
        for (object_type, header, expected) in [
            (ObjectType::Account, "Kundennummer", Some("objectId")),
            (ObjectType::Account, "Account ID", Some("objectId")),
            (ObjectType::Account, "Firma", Some("name")),
            (ObjectType::Account, "Kundenname", Some("name")),
            (ObjectType::Account, "Website", None),
            (ObjectType::Account, "Umsatz", None),
            (ObjectType::Deal, "Kunden-Nr.", Some("accountId")),
            (ObjectType::Deal, "Kunde", None),
            (ObjectType::Deal, "Auftragsnr.", Some("objectId")),
            (ObjectType::Deal, "Angebotsnummer", Some("objectId")),
            (ObjectType::Deal, "Betreuer", Some("ownerId")),
            (ObjectType::Deal, "Owner ID", Some("ownerId")),
            (ObjectType::Deal, "Verkaufsphase", Some("stage")),
            (ObjectType::Deal, "Opportunity Name", Some("name")),
            (ObjectType::Deal, "Geändert am", Some("modifiedDate")),
            (ObjectType::Deal, "LAST_MODIFIED_DATE", Some("modifiedDate")),
            (ObjectType::Deal, "Auftragswert", Some("amount")),
            (ObjectType::Deal, "estimatedCloseDate", Some("closeDate")),
            (ObjectType::Contact, "E-Mail", Some("emailAddress")),
            (ObjectType::Contact, "Firmen-ID", Some("accountId")),
            (
                ObjectType::Lead,
                "Opportunity ID",
                Some("convertedToDealId"),
            ),
            (ObjectType::Stage, "Reihenfolge", Some("sortOrder")),
            (ObjectType::Stage, "Phase", Some("name")),
        ] {
            assert_eq!(
                field(object_type.line_format(), header),
                expected,
                "{object_type} {header}"
            );
        }
    }

    #[test]
    fn every_synonym_is_of_a_field_and_written_plain() {
        for (name, synonyms) in SYNONYMS {
            let known = ObjectType::ALL
                .iter()
                .any(|known| known.line_format().field(name).is_some());
            assert!(known, "{name}");
            for synonym in synonyms {
                assert_eq!(plain(synonym), *synonym);
            }
        }
    }
}
