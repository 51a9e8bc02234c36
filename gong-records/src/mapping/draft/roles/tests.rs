//! Which column of which name is which field.

use super::*;

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

#[test]
fn headers_of_other_exports_are_understood() {
    let fields: &[(ObjectType, &str, &[&str])] = &[
        (
            ObjectType::Deal,
            "amount",
            &[
                "Montant de la transaction",
                "Valeur de l'affaire",
                "Importe del negocio",
                "Valor da negociação",
                "Valore trattativa",
                "Dealwaarde (EUR)",
                "Deal Amount",
                "Amount in EUR",
                "Total",
                "Opportunity Amount",
                "Angebotswert",
                "Auftragsvolumen",
                "Nettobetrag",
                "Importe total",
                "Likely",
            ],
        ),
        (
            ObjectType::Deal,
            "closeDate",
            &[
                "Expected Close",
                "Anticipated Close Date",
                "Close Date (Est.)",
                "Abschlussdatum (erwartet)",
                "Voraussichtliches Abschlussdatum",
                "Date de conclusion",
                "Fecha estimada de cierre",
                "Data estimada de fechamento",
                "Data chiusura stimata",
                "Verwachte einddatum",
            ],
        ),
        (
            ObjectType::Deal,
            "modifiedDate",
            &[
                "Modified Time",
                "Last Updated",
                "Updated On",
                "Date modified",
                "Letzte Aktualisierung",
                "Zuletzt geändert am",
                "Änderungsdatum",
                "Date de modification",
                "Date de dernière modification",
                "Mis à jour le",
                "Fecha de modificación",
                "Fecha de la última modificación",
                "Última atualização",
                "Data da última modificação",
                "Data ultima modifica",
                "Gewijzigd op",
                "Datum laatste wijziging",
                "SystemModstamp",
                "hs_lastmodifieddate",
                "updated_at",
                "date_modified",
            ],
        ),
        (
            ObjectType::Deal,
            "stage",
            &[
                "Stage Name",
                "Pipeline Stage",
                "Milestone",
                "Vertriebsphase",
                "Deal-Phase",
                "Étape de la transaction",
                "Phase de la transaction",
                "Etapa del trato",
                "Estágio do negócio",
                "Etapa da negociação",
                "Stadio opportunità",
                "Fase deal",
                "StageName",
                "dealstage",
            ],
        ),
        (
            ObjectType::Contact,
            "emailAddress",
            &[
                "E-Mail-Adresse",
                "Adresse e-mail",
                "Adresse électronique",
                "Courriel",
                "Dirección de correo electrónico",
                "Correo",
                "Endereço de e-mail",
                "Indirizzo e-mail",
                "E-mailadres",
                "Emails",
                "Work Email",
                "Email 1",
                "Primary Email",
            ],
        ),
        (
            ObjectType::Account,
            "domains",
            &[
                "Company Domain",
                "Nom de domaine de l'entreprise",
                "Nombre de dominio de la empresa",
                "Nome de domínio da empresa",
                "Unternehmens-Domain",
                "Domain-Name des Unternehmens",
                "Dominio aziendale",
                "Bedrijfsdomein",
                "Webadresse",
            ],
        ),
        (
            ObjectType::Deal,
            "objectId",
            &[
                "Datensatz-ID",
                "ID de fiche d'informations",
                "ID de registro",
                "ID do registro",
                "ID record",
                "Record-ID",
                "Deal-Nr.",
                "Deal Id",
                "DealID",
                "id",
            ],
        ),
    ];
    for (object_type, expected, headers) in fields {
        for header in *headers {
            let found = field(object_type.line_format(), &Header::new(header));
            assert_eq!(
                found.map(|(field, _)| field),
                Some(*expected),
                "{object_type} {header}"
            );
        }
    }
    let references: &[(&str, &[&str])] = &[
        (
            "ownerId",
            &[
                "Deal owner",
                "Owner Name",
                "Owner Full Name",
                "Sales owner",
                "Assigned To",
                "Zuständiger",
                "Zuständiger Mitarbeiter",
                "Deal-Inhaber",
                "Propriétaire de la transaction",
                "Propriétaire de l'affaire",
                "Propietario del negocio",
                "Propietario de Trato",
                "Proprietário do negócio",
                "Proprietario della trattativa",
                "Proprietario opportunità",
                "Eigenaar van deal",
                "Deal-eigenaar",
                "Opportunity Owner",
                "OwnerId",
                "hubspot_owner_id",
            ],
        ),
        (
            "accountId",
            &[
                "Account",
                "Organisation",
                "Associated Company",
                "Entreprise associée",
                "Empresa asociada",
                "Empresa associada",
                "Zugeordnetes Unternehmen",
                "Azienda associata",
                "Gekoppeld bedrijf",
                "Nom du compte",
                "Nombre de la cuenta",
                "Nombre de Cuenta",
                "Nome da conta",
                "Accountnaam",
                "Nome account",
                "Sales account",
                "AccountId",
            ],
        ),
    ];
    for (expected, headers) in references {
        for header in *headers {
            let found = reference(ObjectType::Deal.line_format(), &Header::new(header));
            assert_eq!(found.map(|(field, _)| field), Some(*expected), "{header}");
        }
    }
}
