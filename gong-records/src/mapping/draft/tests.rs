//! Drafts of exports: of files that broke drafts before, and of others of their kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Draft, DraftOptions};
use crate::ObjectType;
use crate::check::{self, Finding, check_paths};
use crate::mapping::{Conversion, Mapping, Options, convert_file};
use crate::rule::Rule;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/exports")
        .join(name)
}

/// The draft of one file's mapping.
fn draft(path: &Path, object_type: ObjectType) -> String {
    let mut options = DraftOptions::default();
    options.object_type = Some(object_type);
    Mapping::draft_file(path, &options).unwrap()
}

fn draft_text(text: &[u8], object_type: ObjectType) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, text).unwrap();
    draft(&path, object_type)
}

/// The line of a draft that begins so.
fn line<'a>(draft: &'a str, begin: &str) -> &'a str {
    let mut lines = draft.lines();
    lines
        .find(|line| line.starts_with(begin))
        .unwrap_or_else(|| panic!("no {begin} in\n{draft}"))
}

fn has(draft: &str, text: &str) -> bool {
    draft.lines().any(|line| line.contains(text))
}

/// What a draft makes of a file without a question.
fn converted(path: &Path, object_type: ObjectType) -> Vec<serde_json::Value> {
    converted_but(path, object_type, "")
}

/// The same, where one cell is not a value.
fn converted_but(path: &Path, object_type: ObjectType, bad: &str) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DraftOptions::default();
    options.object_type = Some(object_type);
    options.folder = folder.path().to_path_buf();
    let draft = Mapping::draft(&[path], &options).unwrap();
    fs::create_dir(folder.path().join("mappings")).unwrap();
    for file in &draft.files {
        fs::write(folder.path().join(&file.path), &file.text).unwrap();
    }
    let drafted = &draft.files[1];
    let text = &drafted.text;
    let mapping = Mapping::open(folder.path().join(&drafted.path));
    let mapping = mapping.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let target = folder.path().join("out.ldjson");
    let options = Options::new("2026-03-01T08:30:00Z".parse().unwrap());
    convert_file(
        path,
        &mapping,
        object_type,
        &options,
        &target,
        &mut |problem| {
            let is_bad = problem.excerpt.as_deref() == Some(bad);
            assert!(
                is_bad || problem.rule == Rule::OpenQuestion,
                "{problem}\n{text}"
            );
        },
    )
    .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let lines = fs::read_to_string(target).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn no_amount_count_or_date_becomes_an_id() {
    for (path, object_type) in [(case("b28-key-by-amount.csv"), ObjectType::Account)] {
        let text = draft(&path, object_type);
        assert!(line(&text, "objectId").contains("todo"), "{text}");
    }
    for text in [
        "Company,Probability,Won\nA,10,true\nB,20,false\n",
        "Company,Founded,Score\nA,1999,7\nB,2001,8\n",
        "Company,Created\nA,2026-01-02\nB,2026-01-03\n",
    ] {
        let text = draft_text(text.as_bytes(), ObjectType::Account);
        assert!(line(&text, "objectId").contains("todo"), "{text}");
    }
    let text = draft_text(
        b"Company,Ref\nA,3F2504E0-4F89-11D3-9A0C-0305E82C3301\nB,3F2504E0-4F89-11D3-9A0C-0305E82C3302\n",
        ObjectType::Account,
    );
    assert_eq!(line(&text, "objectId"), "objectId = \"Ref\"");
}

#[test]
fn words_for_won_and_lost_are_known_and_others_are_asked_about() {
    let text = draft_text(
        "Deal ID,Deal Stage\n1,Deal won\n2,Won - Onboarding\n3,Contract signed\n4,Closed Lost\n5,Negotiation\n6,Parked\n".as_bytes(),
        ObjectType::Deal,
    );
    for (word, meaning) in [
        ("Deal won", "WON"),
        ("Won - Onboarding", "WON"),
        ("Contract signed", "WON"),
        ("Closed Lost", "LOST"),
        ("Negotiation", "OPEN"),
        ("Parked", "?"),
    ] {
        assert!(
            has(&text, &format!("status.values.\"{word}\" = \"{meaning}\"")),
            "{word}\n{text}"
        );
    }
}

#[test]
fn the_date_order_fits_all_rows_and_is_asked_for_where_both_fit() {
    let text = draft(&case("b01b-mostly-ambiguous-dmy.csv"), ObjectType::Deal);
    assert_eq!(line(&text, "dates"), "dates = \"%d/%m/%Y\"");
    // One contradiction far behind decides for all columns.
    let mut csv = "Deal ID,Close Date,Start\n".to_owned();
    for row in 0..3000 {
        csv += &format!("{row},0{}/02/2026,03/04/2026\n", row % 9 + 1);
    }
    csv += "x,12/25/2026,03/04/2026\n";
    let text = draft_text(csv.as_bytes(), ObjectType::Deal);
    assert_eq!(line(&text, "dates"), "dates = \"%m/%d/%Y\"");
    let text = draft_text(
        b"Deal ID,Close Date\n1,03/04/2026\n2,05/06/2026\n",
        ObjectType::Deal,
    );
    assert!(
        !has(&text, "dates = \"%") && has(&text, "day or the month"),
        "{text}"
    );
}

#[test]
fn codes_stay_texts_wherever_the_first_zero_is() {
    let text = draft(&case("b09b-zip-no-zero-in-sample.csv"), ObjectType::Account);
    assert!(line(&text, "postal").contains("STRING"), "{text}");
    let text = draft_text(
        b"Account ID,Tax\n1,12345\n2,54321\n3,99999\n",
        ObjectType::Account,
    );
    assert!(line(&text, "tax").contains("STRING"), "{text}");
    let text = draft_text(b"Account ID,Staff\n1,12\n2,543\n3,9\n", ObjectType::Account);
    assert!(line(&text, "staff").contains("NUMBER"), "{text}");
}

#[test]
fn sep_lines_titles_and_footers_are_recognized() {
    let deals = converted(&case("b02-sep-line.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["amount"].to_string(), "1234.56");
    assert_eq!(deals[0]["closeDate"], "2026-12-31");
    let text = draft(&case("b05-title-rows.csv"), ObjectType::Deal);
    assert_eq!(line(&text, "objectId"), "objectId = \"Deal ID\"");
    assert_eq!(
        converted(&case("b05-title-rows.csv"), ObjectType::Deal).len(),
        2
    );
    assert_eq!(
        converted(&case("salesforce-report-opps.csv"), ObjectType::Deal).len(),
        2
    );
}

#[test]
fn what_is_not_a_table_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (path, expected) in [
        (case("b29b-xlsx-named.csv"), "Excel workbook"),
        (case("b30-html.csv"), "web page"),
        (write("accounts.csv", b""), "empty"),
        (
            write("deals.csv", b"\xd0\xcf\x11\xe0\xa1\xb1"),
            "old Excel workbook",
        ),
        (write("x.csv", b"%PDF-1.7"), "PDF"),
        (write("y.csv", b"<?xml version='1.0'?>"), "XML"),
    ] {
        let mut options = DraftOptions::default();
        options.object_type = Some(ObjectType::Deal);
        let error = Mapping::draft_file(&path, &options).unwrap_err();
        assert!(error.message.contains(expected), "{path:?}: {error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn numbers_of_any_sign_and_currency_are_read() {
    let deals = converted_but(&case("b24e-neg-paren.csv"), ObjectType::Deal, "1.2M");
    let amounts: Vec<String> = deals
        .iter()
        .map(|deal| deal["amount"].to_string())
        .collect();
    assert_eq!(amounts[..3], ["-1234.0", "-99.0", "-5.0"]);
    let text = draft(&case("b24-currencies.csv"), ObjectType::Deal);
    assert!(line(&text, "currency").contains("US$"), "{text}");
    for (cell, decimal, expected) in [
        ("R$ 1.234,56", ',', "1234.56"),
        ("₹1,234.50", '.', "1234.5"),
        ("1 234,50 kr", ',', "1234.5"),
        ("CHF 1'234.50", '.', "1234.5"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deals.csv");
        fs::write(&path, format!("Deal ID;Amount\n1;{cell}\n2;{cell}\n")).unwrap();
        let text = draft(&path, ObjectType::Deal);
        let deals = converted(&path, ObjectType::Deal);
        assert_eq!(
            deals[0]["amount"].to_string(),
            expected,
            "{cell} {decimal}\n{text}"
        );
    }
}

#[test]
fn days_and_seconds_since_then_and_months_in_other_languages_are_dates() {
    let deals = converted(&case("b11-excel-serial.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2025-12-31");
    assert_eq!(deals[0]["modifiedDate"], "2026-01-15T09:30:00+00:00");
    let deals = converted(&case("b12-epoch-ms.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2026-12-31");
    assert_eq!(deals[0]["modifiedDate"], "2026-01-15T09:30:00+00:00");
    let deals = converted(&case("b23b-french-months.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2026-06-30");
    assert_eq!(deals[1]["modifiedDate"], "2025-12-01T21:30:00+00:00");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    fs::write(
        &path,
        "ID;Fecha de cierre\n1;2 de enero de 2026\n2;15 de diciembre de 2026\n",
    )
    .unwrap();
    assert_eq!(
        converted(&path, ObjectType::Deal)[1]["closeDate"],
        "2026-12-15"
    );
}

#[test]
fn update_columns_of_crms_are_preferred_over_now() {
    for header in [
        "Last Modified Date",
        "Deal - Update time",
        "Modified Time",
        "Letzte Änderung",
        "Zuletzt geändert",
        "Aktualisiert am",
        "Modifié le",
        "Dernière modification",
        "Fecha de modificación",
        "Última modificação",
        "Atualizado em",
        "Ultima modifica",
        "Laatst gewijzigd",
        "write_date",
        "updated_at",
        "SystemModstamp",
        "(Do Not Modify) Modified On",
    ] {
        let csv = format!("Deal ID,{header}\n1,2026-01-15 09:30:00\n");
        let text = draft_text(csv.as_bytes(), ObjectType::Deal);
        assert_eq!(
            line(&text, "modifiedDate"),
            format!("modifiedDate = \"{header}\""),
            "{text}"
        );
    }
}

#[test]
fn titles_names_and_countries_keep_their_words() {
    let contacts = converted(&case("b45-titel-position.csv"), ObjectType::Contact);
    assert_eq!(contacts[0]["title"], "Einkauf");
    let accounts = converted(&case("b08-na-namibia.csv"), ObjectType::Account);
    assert_eq!(accounts[0]["name"], "None");
    assert_eq!(accounts[0]["country"], "NA");
    assert_eq!(accounts[1]["name"], "Null");
    let spaced = converted(&case("b17-space-quote.csv"), ObjectType::Account);
    assert_eq!(spaced[0]["name"], "A, Inc.");
    let apostrophes = converted(&case("b14-apostrophe.csv"), ObjectType::Contact);
    assert_eq!(apostrophes[0]["objectId"], "0001");
}

#[test]
fn encodings_are_recognized_or_confirmed() {
    let wide = converted(&case("b06-utf16le-nobom.csv"), ObjectType::Deal);
    assert_eq!(wide[0]["name"], "Müller");
    let text = draft(&case("b27c-cp1250.csv"), ObjectType::Account);
    assert!(
        has(&text, "The file is not UTF-8. As windows-125"),
        "{text}"
    );
    let (japanese, _, _) =
        encoding_rs::SHIFT_JIS.encode("Account ID,Account Name\n1,株式会社山田商事\n2,東京電力\n");
    let text = draft_text(&japanese, ObjectType::Account);
    assert!(
        has(&text, "encoding = \"shift_jis\"") && has(&text, "株式会社"),
        "{text}"
    );
}

#[test]
fn many_owners_become_a_file_to_look_up() {
    let options = DraftOptions::default();
    let draft = Mapping::draft(&[case("b42-26-owners.csv")], &{
        let mut options = options;
        options.object_type = Some(ObjectType::Deal);
        options
    })
    .unwrap();
    let users = draft
        .files
        .iter()
        .find(|file| file.path.ends_with("mappings/users.csv"))
        .unwrap();
    assert_eq!(users.text.lines().count(), 27);
    assert!(users.text.contains("rep-a,Rep A,\n"), "{}", users.text);
    let deals = draft
        .files
        .iter()
        .find(|file| file.text.contains("[DEAL]"))
        .unwrap();
    assert_eq!(
        line(&deals.text, "ownerId"),
        "ownerId = { from = \"Deal Owner\", lookup = { in = \"users.csv\", key = \"Name\", value = \"Id\" } }"
    );
}

#[test]
fn domains_are_drafted_from_links() {
    for (text, expected) in [
        (
            draft(&case("b50-domain-urls.csv"), ObjectType::Account),
            "domains = { from = \"Website\", domain = true }",
        ),
        (
            draft(&case("hubspot-companies.csv"), ObjectType::Account),
            "domains = { from = [\"Company Domain Name\", \"Additional Domains\"], join = \",\", domain = true }",
        ),
    ] {
        assert_eq!(line(&text, "domains"), expected, "{text}");
    }
}

/// A folder of exports, drafted and written.
struct Exports(tempfile::TempDir, Draft);

impl Exports {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("exports")).unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join("exports").join(name), bytes).unwrap();
        }
        let mut options = DraftOptions::default();
        options.folder = folder.path().to_path_buf();
        options.zone = Some("Europe/Berlin".to_owned());
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

    fn mapping(&self, name: &str) -> &str {
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

    /// What the check finds in all sources.
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

    fn errors(&self) -> Vec<String> {
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
        "accountId = { from = \"Deal - Organization\", lookup = { in = \"../exports/organizations.csv\", key = \"Organization - Name\", value = \"Organization - ID\" } }"
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
fn a_folder_of_hubspot_takes_its_users_from_the_owners_addresses() {
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
        line(deals, "accountId").contains("key = \"Raison sociale\""),
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
        line(deals, "accountId").contains("replace = { \".\" = \"-\", \"/\" = \"-\" }"),
        "{deals}"
    );
    let errors = brazilian.errors();
    assert!(
        errors.iter().all(|error| error.contains("emailAddress")),
        "{errors:#?}\n{deals}"
    );
}

#[test]
fn next_months_stages_come_by_themselves_and_new_owners_are_found() {
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

proptest::proptest! {
    // Each case makes several drafts.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn every_draft_is_a_mapping(bytes: Vec<u8>, text in "[\"a-zA-Z0-9;,.:/\\n\\r €ä%-]{0,120}", wide: String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        for object_type in [ObjectType::Deal, ObjectType::Contact, ObjectType::Stage] {
            for csv in [bytes.as_slice(), text.as_bytes(), wide.as_bytes()] {
                fs::write(&path, csv).unwrap();
                let mut options = DraftOptions::default();
                options.object_type = Some(object_type);
                if let Ok(draft) = Mapping::draft_file(&path, &options) {
                    let mapping = Mapping::from_toml(&draft);
                    proptest::prop_assert!(mapping.is_ok(), "{:?}\n{}", mapping.map(drop), draft);
                }
            }
        }
    }
}
