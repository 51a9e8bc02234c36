//! Address books with companies and people in one file, and companies that are called leads.

use super::folders::Exports;
use super::{has, line};
use crate::ObjectType;

fn types(exports: &Exports) -> Vec<ObjectType> {
    let sources = exports.1.sources.iter();
    sources.map(|source| source.object_type).collect()
}

#[test]
fn companies_and_people_of_one_file_are_two_tables() {
    let exports = Exports::new(&[(
        "res.partner.csv",
        b"ID,Name,Company Type,Is a Company,Related Company,Email,Last Updated on\n\
          1,Azure Interior,Company,True,,info@azure.example,2026-01-02 10:00:00\n\
          2,Deco Addict,Company,True,,info@deco.example,2026-01-02 10:00:00\n\
          3,Brandon Freeman,Individual,False,Azure Interior,bf@azure.example,2026-01-02 10:00:00\n\
          4,Ada King,Individual,False,Deco Addict,ak@deco.example,2026-01-02 10:00:00\n",
    )]);
    assert_eq!(types(&exports), [ObjectType::Account, ObjectType::Contact]);
    let accounts = exports.mapping("res-accounts.toml");
    assert_eq!(
        line(accounts, "where"),
        "where = \"row['Company Type'] | lower == 'company'\""
    );
    assert!(accounts.contains("made from 2 rows"), "{accounts}");
    let contacts = exports.mapping("res-contacts.toml");
    assert_eq!(
        line(contacts, "where"),
        "where = \"row['Company Type'] | lower != 'company'\""
    );
    assert_eq!(
        line(contacts, "accountId"),
        "accountId = { from = \"Related Company\", lookup = { in = \"ACCOUNT\", key = \"name\", value = \"objectId\" } }"
    );
    assert_eq!(
        line(contacts, "lastName"),
        "lastName = { expr = \"last_name(Name)\" }"
    );
    assert_eq!(exports.errors(), [""; 0]);
}

#[test]
fn own_id_of_a_party_is_not_its_account() {
    let exports = Exports::new(&[(
        "contacts.csv",
        b"Party ID,Type,First Name,Last Name,Organisation,Email,Updated\n\
          101,Organisation,,,Acme,info@acme.example,2026-01-02T10:00:00Z\n\
          102,Organisation,,,Beta,info@beta.example,2026-01-02T10:00:00Z\n\
          103,Person,Ada,King,Acme,ada@acme.example,2026-01-02T10:00:00Z\n",
    )]);
    assert_eq!(types(&exports), [ObjectType::Account, ObjectType::Contact]);
    let accounts = exports.mapping("contacts-accounts.toml");
    assert_eq!(line(accounts, "objectId"), "objectId = \"Party ID\"");
    assert_eq!(line(accounts, "name"), "name = \"Organisation\"");
    let contacts = exports.mapping("contacts-contacts.toml");
    assert_eq!(line(contacts, "objectId"), "objectId = \"Party ID\"");
    assert!(
        line(contacts, "accountId").starts_with("accountId = { from = \"Organisation\", lookup")
    );
}

#[test]
fn id_of_the_company_in_a_persons_row_is_a_reference() {
    let exports = Exports::new(&[(
        "contacts.0.csv",
        b"id,is_organisation,contact_id,name,first_name,last_name,email,updated_at\n\
          1,true,,Acme,,,info@acme.example,2026-01-02T10:00:00Z\n\
          2,true,,Beta,,,info@beta.example,2026-01-02T10:00:00Z\n\
          3,false,1,Ada King,Ada,King,ada@acme.example,2026-01-02T10:00:00Z\n\
          4,false,2,Bo Li,Bo,Li,bo@beta.example,2026-01-02T10:00:00Z\n\
          5,false,2,Cy Ng,Cy,Ng,cy@beta.example,2026-01-02T10:00:00Z\n",
    )]);
    assert_eq!(types(&exports), [ObjectType::Account, ObjectType::Contact]);
    let contacts = exports.mapping("contacts-contacts.toml");
    assert_eq!(line(contacts, "objectId"), "objectId = \"id\"");
    assert_eq!(line(contacts, "accountId"), "accountId = \"contact_id\"");
    assert_eq!(exports.errors(), [""; 0]);
}

#[test]
fn third_kind_of_an_address_book_is_a_question() {
    let exports = Exports::new(&[(
        "contacts.csv",
        b"ID,Contact Type,Name,Email,Updated\n\
          1,Company,Acme,info@acme.example,2026-01-02T10:00:00Z\n\
          2,Person,Ada King,ada@acme.example,2026-01-02T10:00:00Z\n\
          3,Household,Li,li@x.example,2026-01-02T10:00:00Z\n",
    )]);
    let contacts = exports.mapping("contacts.toml");
    assert!(has(contacts, "Which are \\\"Household\\\"?"), "{contacts}");
}

#[test]
fn leads_of_close_are_the_accounts_of_its_deals_and_contacts() {
    let exports = Exports::new(&[
        (
            "Acme leads 2026-01-15.csv",
            b"id,display_name,url,html_url,primary_contact_name,primary_contact_primary_email,date_updated\n\
              lead_a,Cobalto Ltd,https://cobalto.example,https://app.close.com/lead/lead_a/,Ada King,ada@cobalto.example,2026-01-02T10:00:00Z\n\
              lead_b,Indigo,https://indigo.example,https://app.close.com/lead/lead_b/,Bo Li,bo@indigo.example,2026-01-02T10:00:00Z\n",
        ),
        (
            "Acme opportunities 2026-01-15.csv",
            b"id,lead_id,lead_name,status_label,status_type,value,date_updated\n\
              oppo_1,lead_a,Cobalto Ltd,Demo,active,100,2026-01-02T10:00:00Z\n\
              oppo_2,lead_b,Indigo,Won,won,200,2026-01-02T10:00:00Z\n",
        ),
        (
            "Acme contacts 2026-01-15.csv",
            b"id,lead_id,lead_name,name,primary_phone,primary_email,date_updated\n\
              cont_1,lead_a,Cobalto Ltd,Ada King,+49 30 1,ada@cobalto.example,2026-01-02T10:00:00Z\n\
              cont_2,lead_b,Indigo,Bo Li,+49 30 2,bo@indigo.example,2026-01-02T10:00:00Z\n",
        ),
    ]);
    assert!(
        types(&exports).contains(&ObjectType::Account),
        "{:?}",
        types(&exports)
    );
    assert!(!types(&exports).contains(&ObjectType::Lead));
    let accounts = exports.mapping("acme-leads.toml");
    assert_eq!(line(accounts, "name"), "name = \"display_name\"");
    assert!(line(accounts, "domains").contains("\"url\""), "{accounts}");
    let clean = "replace = { \"_\" = \"-\" }";
    for name in ["acme-opportunities.toml", "acme-contacts.toml"] {
        let account = line(exports.mapping(name), "accountId");
        assert!(
            account.starts_with("accountId = { from = \"lead_id\""),
            "{account}"
        );
        assert!(
            account.contains("strip") || account.contains(clean),
            "{account}"
        );
    }
    let deals = exports.mapping("acme-opportunities.toml");
    assert_eq!(line(deals, "name"), "name = \"lead_name\"");
    let contacts = exports.mapping("acme-contacts.toml");
    assert_eq!(
        line(contacts, "phoneNumber"),
        "phoneNumber = \"primary_phone\""
    );
    assert_eq!(
        line(contacts, "emailAddress"),
        "emailAddress = \"primary_email\""
    );
}

#[test]
fn leads_that_other_records_belong_to_are_a_question() {
    let exports = Exports::new(&[
        (
            "leads.csv",
            b"Lead ID,First Name,Last Name,Email,Updated\n1,Ada,King,a@x.example,2026-01-02T10:00:00Z\n\
              2,Bo,Li,b@x.example,2026-01-02T10:00:00Z\n",
        ),
        (
            "deals.csv",
            b"Deal ID,Title,Lead ID,Stage,Updated\n7,A,1,Won,2026-01-02T10:00:00Z\n8,B,2,Lost,2026-01-02T10:00:00Z\n",
        ),
    ]);
    let leads = exports.mapping("leads.toml");
    assert!(
        has(leads, "The records of deals.csv belong to these leads."),
        "{leads}"
    );
}

#[test]
fn companies_and_people_are_told_apart_in_every_language() {
    for (column, company, person) in [
        ("Record Type", "Organization", "Individual"),
        ("Kontakttyp", "Firma", "Person"),
        ("Ist Firma", "ja", "nein"),
        ("Type de contact", "Société", "Personne"),
        ("Tipo de contacto", "Empresa", "Persona"),
        ("Tipo de contato", "Empresa", "Pessoa"),
        ("É empresa", "Sim", "Não"),
        ("Tipo", "Azienda", "Persona"),
        ("Soort", "Bedrijf", "Persoon"),
    ] {
        let csv = format!(
            "ID,{column},Name,Email\n1,{company},Acme,i@acme.example\n2,{person},Ada King,a@acme.example\n"
        );
        let exports = Exports::new(&[("contacts.csv", csv.as_bytes())]);
        assert_eq!(
            types(&exports),
            [ObjectType::Account, ObjectType::Contact],
            "{column}"
        );
    }
    // Words for other things.
    for (column, one, other) in [
        ("Type", "Customer", "Partner"),
        ("Company Type", "Company", "Company"),
        ("Country", "yes", "no"),
    ] {
        let csv = format!(
            "ID,{column},Name,Email\n1,{one},Acme,i@acme.example\n2,{other},Ada King,a@acme.example\n"
        );
        let exports = Exports::new(&[("contacts.csv", csv.as_bytes())]);
        assert_eq!(types(&exports), [ObjectType::Contact], "{column}");
    }
}
