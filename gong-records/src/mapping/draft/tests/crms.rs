//! What CRMs call otherwise than others, or keep elsewhere.

use super::folders::Exports;
use super::{draft_text, has, line};
use crate::ObjectType;

fn source(exports: &Exports, object_type: ObjectType) -> Option<String> {
    let mut sources = exports.1.sources.iter();
    let source = sources.find(|source| source.object_type == object_type)?;
    Some(source.files.clone())
}

#[test]
fn id_of_a_record_is_the_one_that_others_refer_to() {
    for (accounts, deals, expected) in [
        (
            "ID,ACCOUNTNUMBER,NAME\nx1,ACC-1,One\nx2,ACC-2,Two\n",
            "ID,ACCOUNTID,NAME,AMOUNT\nd1,x1,A,1\nd2,x2,B,2\n",
            "objectId = \"ID\"",
        ),
        (
            "ID;Kundennummer;Firma\n1;K-1;Eins\n2;K-2;Zwei\n",
            "Vorgangsnummer;Kundennummer;Vorgang;Auftragswert\nv1;K-1;A;1\nv2;K-2;B;2\n",
            "objectId = \"Kundennummer\"",
        ),
    ] {
        let exports = Exports::new(&[
            ("Account_extract.csv", accounts.as_bytes()),
            ("Opportunity_extract.csv", deals.as_bytes()),
        ]);
        let mapping = exports.mapping("account-extract.toml");
        assert_eq!(line(mapping, "objectId"), expected);
        let deals = exports.mapping("opportunity-extract.toml");
        assert!(!has(deals, "None of the ids"), "{deals}");
    }
    // Without a file that refers to them.
    let draft = draft_text(b"ID,Account Number,Name\n1,A-1,One\n", ObjectType::Account);
    assert_eq!(line(&draft, "objectId"), "objectId = \"ID\"");
}

#[test]
fn leads_with_a_pipeline_and_no_person_are_deals() {
    for (csv, title) in [
        (
            "ID,Título del lead,Empresa,Estatus del lead,Embudo de ventas,Venta,Cerrado en\n\
             1,Acme,A,Ganado,Embudo,100,18.10.2025 00:00:00\n2,Bolt,B,Negociación,Embudo,200,\n",
            "name = \"Título del lead\"",
        ),
        (
            "ID,Lead title,Company,Lead status,Pipeline,Sale\n1,Acme,A,Won,Main,100\n2,B,B,Talks,Main,200\n",
            "name = \"Lead title\"",
        ),
    ] {
        let exports = Exports::new(&[("kommo_export_leads.csv", csv.as_bytes())]);
        let mapping = exports.mapping("kommo-export-leads.toml");
        assert!(has(mapping, "[DEAL]"), "{mapping}");
        assert_eq!(line(mapping, "name"), title);
        assert!(has(mapping, "amount = "), "{mapping}");
    }
    // A lead's title is not that of a person.
    let leads = "ID,Lead title,First name,Last name,Email\n1,Acme,Ann,Lee,a@x.example\n";
    let exports = Exports::new(&[("leads.csv", leads.as_bytes())]);
    let mapping = exports.mapping("leads.toml");
    assert!(
        has(mapping, "[LEAD]") && !has(mapping, "title = \"Lead title\""),
        "{mapping}"
    );
}

#[test]
fn files_of_users_and_stages_are_known_by_their_names() {
    let users = "ID,USERNAME,LASTNAME,FIRSTNAME,NAME,EMAIL,ISACTIVE,PROFILEID,TITLE,PHONE\n\
        u1,a@x.prod,Lee,Ann,Ann Lee,a@x.example,true,p,CEO,1\n";
    let stages = "ID,MASTERLABEL,APINAME,ISACTIVE,SORTORDER,ISCLOSED,ISWON,FORECASTCATEGORY,PROBABILITY\n\
        s1,New,New,true,1,false,false,x,10\n";
    let exports = Exports::new(&[
        ("User.csv", users.as_bytes()),
        ("OpportunityStage.csv", stages.as_bytes()),
    ]);
    let of = |object_type| source(&exports, object_type);
    assert_eq!(
        of(ObjectType::BusinessUser).as_deref(),
        Some("exports/User.csv")
    );
    assert_eq!(
        of(ObjectType::Stage).as_deref(),
        Some("exports/OpportunityStage.csv")
    );
}

#[test]
fn deals_that_no_stage_calls_lost_are_a_question() {
    let rows = |flag: &str| {
        let rows = (1..=10).map(|id| {
            let (stage, reason) = if id < 4 {
                ("Ganho", "")
            } else {
                ("Proposta", flag)
            };
            format!(
                "{id},Negócio {id},{stage},{}\n",
                if id == 10 { "" } else { reason }
            )
        });
        rows.collect::<String>()
    };
    for (header, flag, question) in [
        (
            "Motivo de Perda",
            "Preço",
            "No stage means that a deal is lost. Does \\\"Motivo de Perda\\\" say it?",
        ),
        ("Ativo", "False", "Does \\\"Ativo\\\" say it?"),
        (
            "Cidade",
            "Lisboa",
            "No stage means that a deal is lost. If the file has lost deals",
        ),
    ] {
        let csv = format!("ID Externo,Oportunidade,Etapa,{header}\n{}", rows(flag));
        let csv = if header == "Ativo" {
            csv.replace(",\n", ",True\n")
        } else {
            csv
        };
        let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
        assert!(has(&draft, question), "{draft}");
        let lost = csv.replace("8,Negócio 8,Proposta", "8,Negócio 8,Perdido");
        let draft = draft_text(lost.as_bytes(), ObjectType::Deal);
        assert!(!has(&draft, "No stage means"), "{draft}");
    }
}

#[test]
fn status_with_the_steps_of_a_pipeline_is_the_stage_too() {
    let csv = |words: [&str; 5]| {
        let rows = words.iter().enumerate();
        let rows: Vec<String> = rows
            .map(|(id, word)| format!("{id},Deal {id},{word}\n"))
            .collect();
        let rows = rows.concat();
        format!("ID,Opportunity Name,Status\n{rows}")
    };
    let steps = csv([
        "In Discussion",
        "Proposal",
        "In Negotiation",
        "Closed Won",
        "Closed Lost",
    ]);
    let draft = draft_text(steps.as_bytes(), ObjectType::Deal);
    assert_eq!(
        line(&draft, "stage"),
        "stage = { from = \"Status\", slug = true }"
    );
    assert!(
        has(&draft, "status.values.\"Closed Won\" = \"WON\""),
        "{draft}"
    );
    let states = csv(["Open", "Won", "Lost", "Open", "Won"]);
    let draft = draft_text(states.as_bytes(), ObjectType::Deal);
    assert!(!has(&draft, "stage = {"), "{draft}");
}

#[test]
fn name_of_a_deal_is_not_that_of_its_account_unasked() {
    let csv = "ID;Kurzbeschreibung;Kunde;Phase\n1;Neue Anlage bauen;Firma A;Neu\n2;Wartung bis Mai;Firma B;Neu\n";
    let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
    assert!(
        has(
            &draft,
            "Which column names the deal, \\\"Kurzbeschreibung\\\"?"
        ),
        "{draft}"
    );
    let csv = "ID;Land;Kunde;Phase\n1;DE;Firma A;Neu\n2;DE;Firma B;Neu\n";
    let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
    assert!(!has(&draft, "Which column names the deal"), "{draft}");
}

#[test]
fn pattern_of_dated_names_leaves_no_letter_of_a_number() {
    let deals = b"ID,Deal Name,Stage,Amount\n1,A,New,5\n2,B,New,6\n";
    let exports = Exports::new(&[("DEAL_20260115_5f3a.csv", deals)]);
    assert_eq!(
        source(&exports, ObjectType::Deal).as_deref(),
        Some("exports/DEAL_*.csv")
    );
    // Two exports of which a pattern fits both.
    let more = b"ID,Deal Name,Stage,Amount,Owner\n1,A,New,5,x\n2,B,New,6,x\n3,C,New,7,x\n";
    let exports = Exports::new(&[
        ("Deals d3841234567890dd30.csv", deals),
        ("Deals d3841234567890dd30_all.csv", more),
    ]);
    assert_eq!(
        source(&exports, ObjectType::Deal).as_deref(),
        Some("exports/Deals d3841234567890dd30.csv")
    );
    let mut mappings = exports.1.files.iter();
    let is_asked = mappings.any(|file| has(&file.text, "would fit other files of the folder"));
    assert!(is_asked);
}

#[test]
fn several_amounts_are_a_question_unless_one_is_called_just_that() {
    for (headers, is_asked) in [
        ("Forecast Amount,Expected Revenue", true),
        ("Expected Revenue,Sales Price", true),
        ("Expected Revenue,Amount", false),
        ("Deal Value,Expected Revenue", false),
        ("Deal - Value,Deal - Expected Revenue", false),
    ] {
        let csv = format!("ID,Deal Name,{headers}\n1,A,12.5,20.5\n2,B,20.25,41.75\n");
        let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
        let is_in = has(&draft, "Which column holds the amount of a deal");
        assert_eq!(is_in, is_asked, "{headers}: {draft}");
    }
}

#[test]
fn unit_of_an_amount_in_brackets_is_a_question() {
    for (header, is_asked) in [
        ("Amount (k€)", true),
        ("Amount ($K)", true),
        ("Amount ('000)", true),
        ("Betrag (TEUR)", true),
        ("Montant (K€ HT)", true),
        ("Valor (R$ mil)", true),
        ("Amount (weighted)", true),
        ("Amount (EUR)", false),
        ("Amount (€)", false),
        ("Montant (HT)", false),
        ("Amount (converted)", false),
        ("Amount (in USD)", false),
    ] {
        let csv = format!("ID,Deal Name,{header}\n1,A,12.5\n2,B,20.25\n");
        let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
        let question = format!("Which column holds the amount of a deal, \\\"{header}\\\"?");
        assert_eq!(has(&draft, &question), is_asked, "{draft}");
        assert_eq!(has(&draft, "amount = "), !is_asked, "{draft}");
        assert!(!is_asked || has(&draft, "scale = 1000"), "{draft}");
    }
}

#[test]
fn owner_of_a_deal_is_not_a_previous_or_another_one() {
    let csv = |header: &str| {
        format!("ID,Deal Name,{header},Owner\n1,A,Ann Lee,Bo Day\n2,B,Cy Fox,Di Eck\n")
    };
    let draft = draft_text(csv("Owner (previous)").as_bytes(), ObjectType::Deal);
    assert!(
        line(&draft, "ownerId").contains("from = \"Owner\""),
        "{draft}"
    );
    let of_account = csv("Account Owner").replace(",Owner\n", ",City\n");
    let draft = draft_text(of_account.as_bytes(), ObjectType::Deal);
    assert!(
        has(&draft, "Is \\\"Account Owner\\\" the owner of the deal"),
        "{draft}"
    );
}

#[test]
fn probabilities_before_stages_are_not_their_order() {
    let csv =
        |stages: [&str; 2]| format!("ID,Deal Name,Stage\n1,A,{}\n2,B,{}\n", stages[0], stages[1]);
    let draft = draft_text(
        csv(["0% - Lost", "100% - Won"]).as_bytes(),
        ObjectType::Deal,
    );
    assert!(!has(&draft, "leading_number"), "{draft}");
    let draft = draft_text(csv(["1. New", "2. Won"]).as_bytes(), ObjectType::Deal);
    assert!(has(&draft, "leading_number"), "{draft}");
}
