//! Drafts of whole folders: which file is what, and how their records refer to each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{case, has, line};
use crate::ObjectType;
use crate::check::{self, Finding, check_paths};
use crate::mapping::{Conversion, Draft, DraftOptions, Mapping};

/// A folder of exports, drafted and written.
pub(super) struct Exports(pub(super) tempfile::TempDir, pub(super) Draft);

impl Exports {
    pub(super) fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("exports")).unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join("exports").join(name), bytes).unwrap();
        }
        let options = DraftOptions {
            folder: folder.path().to_path_buf(),
            zone: Some("Europe/Berlin".to_owned()),
            ..DraftOptions::default()
        };
        let draft = Mapping::draft(&[folder.path().join("exports")], &options).unwrap();
        for file in &draft.files {
            let path = folder.path().join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.text).unwrap();
        }
        Self(folder, draft)
    }

    fn of_cases(names: &[(&str, &str)]) -> Self {
        let files: Vec<(&str, Vec<u8>)> = names
            .iter()
            .map(|(name, source)| (*name, fs::read(case(source)).unwrap()))
            .collect();
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (*name, bytes.as_slice()))
            .collect();
        Self::new(&files)
    }

    pub(super) fn mapping(&self, name: &str) -> &str {
        let path = Path::new("mappings").join(name);
        let files: Vec<_> = self.1.files.iter().map(|file| &file.path).collect();
        &self
            .1
            .files
            .iter()
            .find(|file| file.path == path)
            .unwrap_or_else(|| panic!("{files:?}"))
            .text
    }

    fn types(&self) -> Vec<ObjectType> {
        self.1
            .sources
            .iter()
            .map(|source| source.object_type)
            .collect()
    }

    /// The findings of the check in all sources.
    fn check(&self) -> Vec<Finding> {
        let mut mapping = Mapping::default();
        let mut maps = Vec::new();
        let mut conversion_files = Vec::new();
        for source in &self.1.sources {
            let map = source.map.clone().unwrap();
            if !maps.contains(&map) {
                mapping = mapping
                    .merged(Mapping::open(self.0.path().join(&map)).unwrap())
                    .unwrap();
                maps.push(map);
            }
            conversion_files.push((source.object_type, self.0.path().join(&source.files)));
        }
        let mut conversion = Conversion::new(mapping);
        conversion.files = conversion_files.clone();
        let options = check::Options {
            converter: Some(Arc::new(conversion)),
            ..check::Options::default()
        };
        let mut paths: Vec<PathBuf> = conversion_files.into_iter().map(|(_, path)| path).collect();
        paths.sort();
        paths.dedup();
        let mut found = Vec::new();
        check_paths(&paths, &options, &mut |finding| found.push(finding)).unwrap();
        found
    }

    pub(super) fn errors(&self) -> Vec<String> {
        let errors = self
            .check()
            .into_iter()
            .filter(|finding| finding.severity == check::Severity::Error);
        errors
            .map(|finding| format!("{}: {}", finding.rule, finding.message))
            .collect()
    }
}

#[test]
fn a_folder_of_pipedrive_is_linked_by_names() {
    let exports = Exports::of_cases(&[
        ("deals.csv", "pipedrive-deals.csv"),
        ("organizations.csv", "pipedrive-organizations.csv"),
        ("people.csv", "pipedrive-people.csv"),
    ]);
    assert_eq!(
        exports.types(),
        [
            ObjectType::Stage,
            ObjectType::BusinessUser,
            ObjectType::Account,
            ObjectType::Contact,
            ObjectType::Deal
        ]
    );
    let deals = exports.mapping("deals.toml");
    assert_eq!(line(deals, "objectId"), "objectId = \"Deal - ID\"");
    assert_eq!(
        line(deals, "accountId"),
        "accountId = { from = \"Deal - Organization\", lookup = { in = \"ACCOUNT\", key = \"name\", value = \"objectId\" } }"
    );
    assert_eq!(line(deals, "status"), "status = \"Deal - Status\"");
    assert_eq!(
        line(deals, "closeDate"),
        "closeDate = { from = [\"Deal - Won time\", \"Deal - Lost time\", \"Deal - Expected close date\"] }"
    );
    assert_eq!(
        line(deals, "modifiedDate"),
        "modifiedDate = \"Deal - Update time\""
    );
    let people = exports.mapping("people.toml");
    assert_eq!(
        line(people, "firstName"),
        "firstName = { expr = \"first_name(row['Person - Name'])\" }"
    );
    assert!(
        line(people, "phoneNumber").contains("Person - Phone - Work"),
        "{people}"
    );
    let organizations = exports.mapping("organizations.toml");
    assert!(line(organizations, "domains").contains("domain = true"));
    // Only the users' addresses are open.
    let errors = exports.errors();
    assert!(
        errors.iter().all(|error| error.contains("emailAddress")),
        "{errors:#?}"
    );
}

#[test]
fn hubspot_folder_gets_users_from_owner_addresses() {
    let exports = Exports::of_cases(&[
        (
            "hubspot-crm-exports-all-deals-2026-01-15.csv",
            "hubspot-deals.csv",
        ),
        (
            "hubspot-crm-exports-all-companies-2026-01-15.csv",
            "hubspot-companies.csv",
        ),
        (
            "hubspot-crm-exports-all-contacts-2026-01-15.csv",
            "hubspot-contacts.csv",
        ),
    ]);
    let deals = exports.mapping("hubspot-crm-exports-all-deals.toml");
    assert_eq!(
        line(deals, "ownerId"),
        "ownerId = { expr = \"email_in(row['Deal owner'])\" }"
    );
    assert_eq!(
        line(deals, "accountId"),
        "accountId = \"Associated Company IDs (Primary)\""
    );
    assert!(
        has(
            deals,
            "status.values.\"Closed Won (Sales Pipeline)\" = \"WON\""
        ),
        "{deals}"
    );
    let contacts = exports.mapping("hubspot-crm-exports-all-contacts.toml");
    assert_eq!(
        line(contacts, "accountId"),
        "accountId = \"Primary Associated Company ID\""
    );
    assert!(
        line(contacts, "emailAddress").contains("take = \"first\""),
        "{contacts}"
    );
    assert!(exports.types().contains(&ObjectType::BusinessUser));
    let config = &exports.1.files[0].text;
    assert!(
        config.contains(
            "files = { glob = \"exports/hubspot-crm-exports-all-deals-*.csv\", take = \"latest\" }"
        ),
        "{config}"
    );
}

#[test]
fn a_folder_of_zoho_has_its_prefixes_stripped() {
    let exports = Exports::of_cases(&[
        ("Deals.csv", "zoho-deals.csv"),
        ("Accounts.csv", "zoho-accounts.csv"),
    ]);
    let deals = exports.mapping("deals.toml");
    assert_eq!(
        line(deals, "objectId"),
        "objectId = { from = \"Record Id\", strip = [\"zcrm_\"] }"
    );
    assert!(
        line(deals, "accountId")
            .starts_with("accountId = { from = \"Account Name.id\", strip = [\"zcrm_"),
        "{deals}"
    );
    assert!(line(deals, "ownerId").contains("Deal Owner.id"), "{deals}");
    assert!(
        has(
            deals,
            "status.values.\"Closed-Lost to Competition\" = \"LOST\""
        ),
        "{deals}"
    );
    let users = exports.mapping("users.csv");
    assert!(users.contains(",Priya Nair,"), "{users}");
    let errors = exports.errors();
    assert!(
        errors.iter().all(|error| error.contains("emailAddress")),
        "{errors:#?}"
    );
}

#[test]
fn french_and_brazilian_folders_are_understood() {
    let french = Exports::new(&[
        (
            "Affaires.csv",
            "ID de l'affaire;Nom de l'affaire;Montant;Étape;Statut;Date de clôture;Entreprise;Propriétaire;Modifié le\n\
             1;Éolienne;12 500,00 €;Négociation;En cours;30/06/2026;Câblage SAS;Zoé Petit;15/01/2026 09:30\n\
             2;Pilote;900,50 €;Gagnée;Gagnée;31/12/2025;Borealis;Luc Roy;02/12/2025 10:00\n"
                .as_bytes(),
        ),
        (
            "Entreprises.csv",
            "ID de l'entreprise;Raison sociale;Site web;Modifié le\n11;Câblage SAS;www.cablage.example;15/01/2026 09:30\n\
             12;Borealis;https://borealis.example;16/01/2026 09:30\n"
                .as_bytes(),
        ),
    ]);
    let deals = french.mapping("affaires.toml");
    assert_eq!(line(deals, "dates"), "dates = \"%d/%m/%Y\"");
    assert!(
        has(deals, "status.values.\"Gagnée\" = \"WON\"")
            && has(deals, "status.values.\"En cours\" = \"OPEN\""),
        "{deals}"
    );
    assert!(
        line(deals, "accountId").contains("in = \"ACCOUNT\""),
        "{deals}"
    );
    assert_eq!(line(deals, "amount"), "amount = \"Montant\"");
    let errors = french.errors();
    assert!(
        errors.iter().all(|error| error.contains("emailAddress")),
        "{errors:#?}\n{deals}"
    );

    let brazilian = Exports::new(&[
        (
            "Negócios.csv",
            "ID do negócio,Nome do negócio,Valor do negócio,Etapa do negócio,Data de fechamento,Empresa,Responsável,Última modificação\n\
             1,Parque eólico,\"R$ 12.500,00\",Fechado ganho,30/06/2026,Águas SA,João Souza,15/01/2026 09:30\n\
             2,Piloto,\"R$ 900,50\",Perdido,31/12/2025,Borealis,Ana Lima,02/12/2025 10:00\n"
                .as_bytes(),
        ),
        (
            "Empresas.csv",
            "ID da empresa,Razão social,Site,Última modificação\n12.345.678/0001-90,Águas SA,aguas.example.br,15/01/2026 09:30\n\
             12.345.678/0002-71,Borealis,borealis.example,16/01/2026 09:30\n"
                .as_bytes(),
        ),
    ]);
    let deals = brazilian.mapping("negocios.toml");
    assert!(
        has(deals, "status.values.\"Fechado ganho\" = \"WON\""),
        "{deals}"
    );
    assert!(
        line(deals, "accountId").contains("in = \"ACCOUNT\""),
        "{deals}"
    );
    let errors = brazilian.errors();
    assert!(
        errors.iter().all(|error| error.contains("emailAddress")),
        "{errors:#?}\n{deals}"
    );
}

#[test]
fn next_months_stages_are_added_and_new_owners_are_found() {
    let deals = |rows: &str| {
        format!("Deal ID,Deal Name,Deal Stage,Deal Owner,Account ID,Close Date\n{rows}")
    };
    let exports = Exports::new(&[(
        "deals.csv",
        deals("1,A,New,Ann,a-1,2026-01-31\n2,B,Won,Bob,a-1,2026-01-31\n").as_bytes(),
    )]);
    let users = exports.0.path().join("mappings/users.csv");
    fs::write(
        &users,
        "Id,Name,Email\nann,Ann,ann@x.example\nbob,Bob,bob@x.example\n",
    )
    .unwrap();
    assert!(exports.errors().is_empty(), "{:#?}", exports.errors());
    fs::write(
        exports.0.path().join("exports/deals.csv"),
        deals("1,A,New,Ann,a-1,2026-01-31\n3,C,Legal,Cy,a-1,2026-02-28\n"),
    )
    .unwrap();
    let errors = exports.errors();
    assert!(
        errors
            .iter()
            .any(|error| error.contains("users.csv has no row where Name is \"Cy\"")),
        "{errors:#?}"
    );
    assert!(
        !errors.iter().any(|error| error.contains("legal")),
        "{errors:#?}"
    );
}

#[test]
fn json_exports_are_drafted_by_their_paths() {
    let exports = Exports::new(&[
        (
            "persons.json",
            br#"{"success":true,"data":[{"id":7,"name":"Ada Lovelace","org_id":{"name":"Acme","value":12},"emails":[{"value":"a@x.example","primary":true}],"update_time":"2026-01-15 09:30:00"}]}"#,
        ),
        (
            "organizations.jsonl",
            b"{\"id\":12,\"name\":\"Acme\",\"website\":\"https://acme.example\",\"update_time\":\"2026-01-15 09:30:00\"}\n",
        ),
    ]);
    let people = exports.mapping("persons.toml");
    assert_eq!(line(people, "records"), "records = \"data\"");
    assert_eq!(line(people, "accountId"), "accountId = \"org_id.value\"");
    assert_eq!(
        line(people, "emailAddress"),
        "emailAddress = \"emails[primary].value\""
    );
    assert_eq!(
        line(people, "lastName"),
        "lastName = { expr = \"last_name(name)\" }"
    );
    let errors = exports.errors();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn reports_that_differ_in_digits_alone_are_two_sources_if_their_columns_differ() {
    let deals = b"Opportunity ID,Opportunity Name,Stage,Amount,Close Date\n1,A,New,10,2026-05-01\n";
    let accounts = b"Account ID,Account Name,Website\n7,Acme,acme.example\n";
    let exports = Exports::new(&[
        ("report1705312345678.csv", deals),
        ("report1705312345679.csv", accounts),
    ]);
    assert_eq!(
        exports.types(),
        [ObjectType::Stage, ObjectType::Account, ObjectType::Deal]
    );
    let files: Vec<&str> = exports
        .1
        .sources
        .iter()
        .map(|source| source.files.as_str())
        .collect();
    assert_eq!(
        files,
        [
            "exports/report1705312345678.csv",
            "exports/report1705312345679.csv",
            "exports/report1705312345678.csv"
        ]
    );
    assert!(
        exports
            .mapping("report-accounts.toml")
            .contains("[ACCOUNT.fields]")
    );
    assert!(
        exports
            .mapping("report-deals.toml")
            .contains("[DEAL.fields]")
    );
    // With the same columns, they are one export at two times.
    let exports = Exports::new(&[("report-01.csv", accounts), ("report-02.csv", accounts)]);
    assert_eq!(exports.1.sources[0].files, "exports/report-*.csv");
    assert!(exports.1.superseded[0].path.ends_with("report-01.csv"));
    assert!(exports.1.superseded[0].by.ends_with("report-02.csv"));
}

#[test]
fn lookup_in_a_dated_export_takes_the_latest_file() {
    let accounts: &[u8] = b"Organization - ID,Organization - Name\n7,Acme\n";
    let deals: &[u8] = b"Deal - ID,Deal - Title,Deal - Organization,Deal - Status\n1,A,Acme,open\n";
    let exports = Exports::new(&[
        ("organizations-1234567-13.csv", accounts),
        ("deals-1234567-12.csv", deals),
    ]);
    let mapping = exports.mapping("deals.toml");
    assert!(
        line(mapping, "accountId").contains("in = \"ACCOUNT\""),
        "{mapping}"
    );
    let errors = exports.errors();
    assert!(
        !errors.iter().any(|error| error.contains("organizations")),
        "{errors:#?}"
    );
}

#[test]
fn open_id_is_one_question_that_lookups_wait_for() {
    let exports = Exports::new(&[
        (
            "companies.csv",
            b"Company name,City,Reference number of the year\nAcme,Bonn,x1\nBorealis,Bonn,x2\n",
        ),
        (
            "deals.csv",
            b"Deal ID,Deal Name,Company,Close Date,Deal Stage\n1,A,Acme,2026-05-01,Won\n2,B,Borealis,2026-05-01,Lost\n",
        ),
    ]);
    let companies = exports.mapping("companies.toml");
    assert!(
        line(companies, "objectId").contains("\\\"Company name\\\""),
        "{companies}"
    );
    let deals = exports.mapping("deals.toml");
    assert_eq!(
        line(deals, "accountId"),
        "accountId = { from = \"Company\", lookup = { in = \"ACCOUNT\", key = \"name\", value = \"objectId\" } }"
    );
    let errors = exports.errors();
    let of_ids = errors.iter().filter(|error| error.contains("objectId"));
    assert_eq!(of_ids.count(), 1, "{errors:#?}");
    assert!(
        !errors.iter().any(|error| error.contains("lookup")),
        "{errors:#?}"
    );
    // The answer is all that the lookup needs.
    let path = exports.0.path().join("mappings/companies.toml");
    let answered = companies.lines().map(|line| {
        if line.starts_with("objectId") {
            "objectId = \"Reference number of the year\""
        } else {
            line
        }
    });
    fs::write(&path, answered.collect::<Vec<_>>().join("\n")).unwrap();
    let errors = exports.errors();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn records_within_records_have_tables_of_their_own() {
    let lead = br#"{"id":"lead_1","name":"Acme Inc","url":"https://acme.example","html_url":"https://crm.example/lead_1",
        "date_updated":"2026-01-15T09:30:00Z",
        "contacts":[{"id":"cont_1","name":"Ada Lovelace","emails":[{"type":"office","email":"ada@acme.example"}],
            "date_updated":"2026-01-15T09:30:00Z"},
          {"id":"cont_2","name":"Bob Roy","emails":[],"date_updated":"2026-01-15T09:30:00Z"}],
        "opportunities":[{"id":"oppo_1","status_type":"won","status_label":"Won","value":1250,"date_updated":"2026-01-15T09:30:00Z",
            "close_date":"2026-01-31"}]}"#;
    let lead = String::from_utf8_lossy(lead).replace('\n', "") + "\n";
    let exports = Exports::new(&[("leads.jsonl", lead.as_bytes())]);
    assert_eq!(
        exports.types(),
        [
            ObjectType::Stage,
            ObjectType::Account,
            ObjectType::Contact,
            ObjectType::Deal
        ]
    );
    let accounts = exports.mapping("leads-accounts.toml");
    assert_eq!(line(accounts, "name"), "name = \"name\"");
    assert_eq!(line(accounts, "url"), "url = \"html_url\"");
    assert_eq!(
        line(accounts, "domains"),
        "domains = { from = \"url\", domain = true }"
    );
    assert!(!has(accounts, "contacts["), "{accounts}");
    let contacts = exports.mapping("leads-contacts.toml");
    assert_eq!(line(contacts, "each"), "each = \"contacts\"");
    assert_eq!(
        line(contacts, "accountId"),
        "accountId = { from = \"id\", strip = [\"lead_\"] }"
    );
    assert_eq!(
        line(contacts, "emailAddress"),
        "emailAddress = \"item.emails[0].email\""
    );
    assert_eq!(
        line(contacts, "lastName"),
        "lastName = { expr = \"last_name(item.name)\" }"
    );
    let deals = exports.mapping("leads-deals.toml");
    assert_eq!(line(deals, "amount"), "amount = \"item.value\"");
    assert_eq!(line(deals, "status"), "status = \"item.status_type\"");
    assert!(exports.errors().is_empty(), "{:#?}", exports.errors());
}

#[test]
fn stages_within_pipelines_are_drafted() {
    let exports = Exports::new(&[(
        "pipelines.json",
        br#"[{"id":1,"name":"Sales","stages":[{"id":10,"name":"New"},{"id":11,"name":"Won"}]}]"#,
    )]);
    assert_eq!(exports.types(), [ObjectType::Stage]);
    let stages = exports.mapping("pipelines.toml");
    assert_eq!(line(stages, "each"), "each = \"stages\"");
    assert_eq!(line(stages, "objectId"), "objectId = \"item.id\"");
}

#[test]
fn footers_of_next_month_are_no_records_either() {
    let report = |names: &str, footer: &str| {
        format!("Account ID,Account Name,Last Modified Date\n{names}\n{footer}")
    };
    let footer = "Grand Totals (2 records),,\nAccount Report,,\nCopyright (c) 2026,,\nAcme Inc,,\n\
                  Generated By:  Anna  1/15/2026 9:30 AM,,\n";
    let month = report(
        "1,Acme,2026-01-15 09:30:00\n2,Borealis,2026-01-15 09:30:00",
        footer,
    );
    let exports = Exports::new(&[("accounts.csv", month.as_bytes())]);
    let mapping = exports.mapping("accounts.toml");
    assert_eq!(line(mapping, "objectId"), "objectId = \"Account ID\"");
    assert_eq!(exports.1.sources[0].rows, 2);
    assert!(exports.errors().is_empty(), "{:#?}", exports.errors());
    let next = report(
        "1,Acme,2026-02-15 09:30:00\n3,,2026-02-15 09:30:00",
        "Grand Totals (3 records),,\nOther Report,,\nSome Note,,\n",
    );
    fs::write(exports.0.path().join("exports/accounts.csv"), next).unwrap();
    assert!(exports.errors().is_empty(), "{:#?}", exports.errors());
}

#[test]
fn ids_that_a_spreadsheet_destroyed_stay_a_finding_beside_others() {
    let exports = Exports::new(&[(
        "accounts.csv",
        b"Account ID,Account Name,Last Modified Date\n1.23E+15,A,2026-01-15T09:30:00Z\n\
          1.24E+15,B,2026-01-15T09:30:00Z\nX.1/2,C,2026-01-15T09:30:00Z\n",
    )]);
    let mapping = exports.mapping("accounts.toml");
    assert!(
        has(mapping, "2 cells of \\\"Account ID\\\" are like 1.23E+15"),
        "{mapping}"
    );
    assert!(!line(mapping, "objectId").contains('+'), "{mapping}");
    let errors = exports.errors();
    let of_rule = |rule: &str| {
        errors
            .iter()
            .filter(|error| error.starts_with(rule))
            .count()
    };
    assert_eq!(of_rule("mangled-id"), 2, "{errors:#?}");
    assert_eq!(of_rule("missing-field"), 0, "{errors:#?}");
}
