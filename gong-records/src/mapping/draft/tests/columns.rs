//! Which column is which field: by its name, and by what is in it.

use super::{draft, draft_text, has, line};
use crate::ObjectType;
use crate::mapping::{DraftOptions, Mapping};

fn deals(csv: &str) -> String {
    draft_text(csv.as_bytes(), ObjectType::Deal)
}

#[test]
fn amount_is_found_whatever_its_digits_look_like() {
    for (csv, expected) in [
        (
            "Deal ID,Deal Name,Amount\n1,a,1000\n2,b,1500\n3,c,2000\n",
            "amount = \"Amount\"",
        ),
        ("ID,Importe\n1,1000\n2,2500\n", "amount = \"Importe\""),
        (
            "ID;Bedrag excl. btw\n1;1000,50\n2;2500,00\n",
            "amount = \"Bedrag excl. btw\"",
        ),
        (
            "ID,Amount\n1,2026\n2,x\n3,1500\n4,1700\n5,1800\n",
            "amount = \"Amount\"",
        ),
    ] {
        assert_eq!(line(&deals(csv), "amount"), expected, "{csv}");
    }
}

#[test]
fn amounts_with_signs_of_several_currencies_are_asked_about() {
    let text = deals(
        "Deal ID,Amount\n1,\"€ 1,000.00\"\n2,\"€ 1,500.00\"\n3,\"$2,000.00\"\n4,\"£3,000.00\"\n",
    );
    assert_eq!(
        line(&text, "amount"),
        "amount = { from = \"Amount\", currency = \"€\" }"
    );
    assert!(has(&text, "EUR (2), GBP (1), USD (1)"), "{text}");
    let text = deals("Deal ID,Amount\n1,\"EUR 1,000.00\"\n2,\"€ 1,500.00\"\n");
    assert_eq!(line(&text, "amount"), "amount = \"Amount\"");
    assert!(!has(&text, "one currency"), "{text}");
}

#[test]
fn converted_amount_is_preferred_and_its_currencies_are_told_apart() {
    let text = deals(
        "Opportunity ID,Amount Currency,Amount,Amount (converted) Currency,Amount (converted)\n\
         1,EUR,1000,EUR,1000\n2,USD,2000,EUR,1800\n",
    );
    assert_eq!(line(&text, "amount"), "amount = \"Amount (converted)\"");
    assert!(!has(&text, "one currency"), "{text}");
    let text = deals("Deal ID,Amount Currency,Amount\n1,EUR,1000\n2,USD,2000\n3,EUR,1\n");
    assert!(
        line(&text, "amount")
            .contains("only-currency = { in = \"Amount Currency\", is = \"EUR\" }"),
        "{text}"
    );
    let text = deals("ID,Moeda de Valor,Valor\n1,BRL,1000\n2,USD,2000\n3,BRL,10\n");
    assert!(line(&text, "amount").contains("Moeda de Valor"), "{text}");
    let text = deals("Deal ID,Amount (EUR),Amount (USD)\n1,1000,\n2,,2000\n");
    assert_eq!(line(&text, "amount"), "amount = \"Amount (EUR)\"");
    assert!(
        has(
            &text,
            "Which column holds the company's, \\\"Amount (EUR)\\\", \\\"Amount (USD)\\\"?"
        ),
        "{text}"
    );
}

#[test]
fn missing_amount_is_a_question_where_there_are_numbers() {
    let text = deals("Deal ID,Net,Tax\n1,10.50,2.10\n2,7.25,1.40\n");
    assert!(
        has(
            &text,
            "Which column holds the amount of a deal, \\\"Net\\\""
        ),
        "{text}"
    );
    let text = draft_text(b"Account ID,Street\n1,A\n2,B\n", ObjectType::Account);
    assert!(has(&text, "# name = \"\"  # no column found."), "{text}");
}

#[test]
fn column_of_changes_is_found_by_parts_of_its_name() {
    for header in [
        "Date de la dernière modification",
        "Hora de modificación",
        "Laatst gewijzigd op",
        "Geändert (Datum)",
        "Record last edited",
        "Momento da atualização",
    ] {
        let text = deals(&format!("Deal ID,{header}\n1,2026-01-15 09:30:00\n"));
        assert_eq!(
            line(&text, "modifiedDate"),
            format!("modifiedDate = \"{header}\"")
        );
    }
    // A stage that changed is not a deal that did, and of two the draft does not choose.
    for headers in [
        "Stage change time",
        "Offer modified,Price list updated time",
    ] {
        let cells =
            ["2026-01-15 09:30:00", "2026-01-16 09:30:00"][..headers.split(',').count()].join(",");
        let text = deals(&format!("Deal ID,{headers}\n1,{cells}\n"));
        assert!(line(&text, "modifiedDate").contains("todo = "), "{text}");
    }
    let text = deals("Deal ID,Sync moment\n1,2026-01-15 09:30:00\n");
    assert!(line(&text, "modifiedDate").contains("todo = "), "{text}");
    let text = deals("Deal ID,Created at,Last login\n1,2026-01-15 09:30:00,2026-01-16 09:30:00\n");
    assert_eq!(
        line(&text, "modifiedDate"),
        "modifiedDate = { constant = \"now\" }"
    );
}

#[test]
fn title_is_the_job_and_not_the_salutation() {
    let text = draft_text(
        b"Contact ID,Title,First Name,Last Name,Job Title\n1,Mr,a,b,CTO\n",
        ObjectType::Contact,
    );
    assert_eq!(line(&text, "title"), "title = \"Job Title\"");
    let text = draft_text(b"Contact ID,Title\n1,CTO\n", ObjectType::Contact);
    assert_eq!(line(&text, "title"), "title = \"Title\"");
}

#[test]
fn full_name_is_split_wherever_it_is() {
    for (header, cell) in [
        ("Pessoa - Nome", "Zé da Silva"),
        ("Nom", "Zoé Petit"),
        ("Nombre", "Ana Lima"),
        ("Name", "Ada Lovelace"),
    ] {
        let csv = format!("ID,{header}\n1,{cell}\n");
        let text = draft_text(csv.as_bytes(), ObjectType::Contact);
        assert!(line(&text, "firstName").contains("first_name("), "{text}");
        assert!(line(&text, "lastName").contains("last_name("), "{text}");
    }
    let text = draft_text(
        "ID,Nome,Cognome\n1,Anna Maria,Rossi\n".as_bytes(),
        ObjectType::Contact,
    );
    assert_eq!(line(&text, "firstName"), "firstName = \"Nome\"");
}

#[test]
fn close_date_is_the_actual_one_before_the_planned_one() {
    for (headers, expected) in [
        (
            ["Expected close", "Closed date"],
            ["Closed date", "Expected close"],
        ),
        (
            ["Previsão de fechamento", "Data de fechamento"],
            ["Data de fechamento", "Previsão de fechamento"],
        ),
        (
            ["Est. Close Date", "Actual Close Date"],
            ["Actual Close Date", "Est. Close Date"],
        ),
    ] {
        // The first deal is open.
        let csv = format!(
            "Deal ID,{}\n1,2026-05-01,\n2,2026-05-01,2026-04-20\n",
            headers.join(",")
        );
        assert_eq!(
            line(&deals(&csv), "closeDate"),
            format!(
                "closeDate = {{ from = [\"{}\", \"{}\"] }}",
                expected[0], expected[1]
            ),
        );
    }
    // So far, no deal is closed.
    let text = deals("Deal ID,Est. Close Date,Actual Close Date\n1,2026-05-01,\n");
    assert_eq!(
        line(&text, "closeDate"),
        "closeDate = { from = [\"Actual Close Date\", \"Est. Close Date\"] }"
    );
}

#[test]
fn header_is_understood_without_the_record_it_names() {
    let text = deals(
        "ID de l'affaire;Propriétaire de la transaction;Nom de la transaction;Date de fermeture de la transaction\n\
         1;Zoé;Pilote;2026-05-01\n",
    );
    assert!(
        line(&text, "ownerId").contains("Propriétaire de la transaction"),
        "{text}"
    );
    assert_eq!(line(&text, "name"), "name = \"Nom de la transaction\"");
    assert!(line(&text, "closeDate").contains("fermeture"), "{text}");
    let text = deals("ID,Stadio di Vendita,Negócio criado em\n1,Vinto,2026-01-15 09:30:00\n");
    assert!(line(&text, "stage").contains("Stadio di Vendita"), "{text}");
    assert_eq!(
        line(&text, "createdDate"),
        "createdDate = \"Negócio criado em\""
    );
    let text = draft_text(
        "ID de fiche d'informations;Nom de l'entreprise;Nom de domaine de l'entreprise\n1;A;a.example\n2;B;b.example\n"
            .as_bytes(),
        ObjectType::Account,
    );
    assert_eq!(
        line(&text, "objectId"),
        "objectId = \"ID de fiche d'informations\""
    );
    assert!(
        line(&text, "domains").contains("Nom de domaine de l'entreprise"),
        "{text}"
    );
    let text = draft_text(
        b"Id,Sales owner id,Sales account id,Emails,Work\n1,7,9,a@x.example,+49 30 1\n2,7,9,b@x.example,+49 30 2\n",
        ObjectType::Contact,
    );
    assert_eq!(line(&text, "accountId"), "accountId = \"Sales account id\"");
    assert_eq!(line(&text, "emailAddress"), "emailAddress = \"Emails\"");
    // The owner of the company is not that of the deal.
    let text = deals("ID,Propriétaire de l'entreprise\n1,Zoé\n");
    assert!(!line(&text, "# ownerId").contains("Propriétaire"), "{text}");
}

#[test]
fn only_column_of_addresses_or_domains_is_taken() {
    let text = draft_text(
        b"Contact ID,Reach\n1,a@x.example\n2,b@x.example\n",
        ObjectType::Contact,
    );
    assert_eq!(line(&text, "emailAddress"), "emailAddress = \"Reach\"");
    let text = draft_text(
        b"Account ID,Presence,Profile\n1,a.example,https://social.example/a\n2,b.example,https://social.example/b\n",
        ObjectType::Account,
    );
    assert_eq!(
        line(&text, "domains"),
        "domains = { from = \"Presence\", domain = true }"
    );
}

#[test]
fn weak_name_of_an_id_counts_where_each_cell_is_another() {
    let text = deals("N°;Titre\n1;A\n2;B\n");
    assert_eq!(line(&text, "objectId"), "objectId = \"N°\"");
    let text = deals("Réf.;Titre;Code client\n1;A;x\n1;B;y\n");
    // A client's code is not the deal's id.
    assert!(
        line(&text, "objectId").contains("different in every row: \\\"Titre\\\"."),
        "{text}"
    );
}

#[test]
fn open_id_has_a_line_to_take_for_each_candidate() {
    let csv = "Nome;Site;CNPJ;Criado em;Telefone\n\
               Pão Quente;www.a.example;12.345.678/0001-90;10:15;(11) 9\n\
               Auto Peças;www.b.example;12.345.678/0002-90;10:16;(11) 8\n";
    let text = draft_text(csv.as_bytes(), ObjectType::Account);
    assert!(
        line(&text, "objectId").contains("in every row: \\\"CNPJ\\\", \\\"Nome\\\"."),
        "{text}"
    );
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("# objectId"))
        .collect();
    assert_eq!(
        lines,
        [
            "# objectId = { from = \"CNPJ\", replace = { \".\" = \"-\", \"/\" = \"-\" } }",
            "# objectId = { from = \"Nome\", slug = true }",
        ]
    );
    for answer in lines {
        let answered = text.replace(line(&text, "objectId"), &answer[2..]);
        assert!(Mapping::from_toml(&answered).is_ok(), "{answered}");
    }
}

#[test]
fn draft_of_one_file_names_no_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    std::fs::write(&path, "Deal ID,Owner\n1,Ann Bee\n2,Bo Cee\n").unwrap();
    let text = Mapping::draft_file(&path, &DraftOptions::default()).unwrap();
    assert!(!has(&text, "users.csv"), "{text}");
    assert!(
        has(&text, "The column \\\"Owner\\\" names business users"),
        "{text}"
    );
}

#[test]
fn file_whose_rows_can_not_be_read_is_no_draft() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    std::fs::write(
        &path,
        "Deal ID,Deal Name,Modified\n1,\"a,2026-01-05\n2,b,2026-01-05\n",
    )
    .unwrap();
    let error = Mapping::draft_file(&path, &DraftOptions::default()).unwrap_err();
    assert_eq!(error.message, "no row under its header can be read");
}

#[test]
fn amount_with_other_signs_or_a_few_bad_cells_is_read() {
    let text = deals(
        "Deal ID;Amount;Rate\n1;1000.50;1,5\n2;2000.75;2,5\n3;30.25;2,5\n4;1.10;1,25\n5;x;1,75\n",
    );
    assert!(
        line(&text, "amount").starts_with("amount = { from = \"Amount\", decimal = \".\"")
            || line(&text, "decimal") == "decimal = \".\"",
        "{text}"
    );
    let text = deals("Deal ID,Amount\n1,10.50\n2,#N/A\n3,nan\n");
    assert_eq!(
        line(&text, "amount"),
        "amount = { from = \"Amount\", empty = \"nan\" }"
    );
    assert_eq!(line(&text, "empty"), "empty = \"#N/A\"");
}

#[test]
fn amount_beside_a_formatted_one_may_be_in_cents() {
    let text = deals("id,value,value_formatted\n1,125010,\"$1,250.10\"\n2,9900,$99.00\n");
    assert!(
        has(&text, "Are the numbers of \\\"value\\\" cents?"),
        "{text}"
    );
}

#[test]
fn sign_that_could_be_either_is_asked_about() {
    let text = deals("Deal ID;Amount\n1;1.234\n2;2.500\n");
    assert!(
        has(&text, "Is the sign in 1.234 between thousands"),
        "{text}"
    );
    let text = deals("Deal ID;Amount\n1;1.234\n2;2.500,50\n");
    assert!(!has(&text, "between thousands"), "{text}");
}

#[test]
fn padded_numbers_are_texts() {
    let text = deals("Deal ID,Territory\n1,01.02\n2,01.03\n3,02.01\n");
    assert!(line(&text, "territory").contains("STRING"), "{text}");
}

#[test]
fn first_foreign_byte_far_behind_is_asked_about() {
    let mut csv = b"Account ID,Account Name\n".to_vec();
    for number in 0..20_000 {
        csv.extend(format!("{number},Account number {number}\n").bytes());
    }
    csv.extend(b"x,M\xfcller\n");
    let text = draft_text(&csv, ObjectType::Account);
    assert!(has(&text, "The file is not UTF-8"), "{}", &text[..400]);
}

#[test]
fn countries_and_marks_are_not_yes_or_no() {
    for (header, cells) in [
        ("Country", ["NO", "NO"]),
        ("Country", ["NO", "SI"]),
        ("Badge", ["x", "X"]),
        ("Letter", ["Y", "y"]),
    ] {
        let text = deals(&format!(
            "Deal ID,{header}\n1,{}\n2,{}\n",
            cells[0], cells[1]
        ));
        assert!(!has(&text, "BOOLEAN") && !has(&text, "no = ["), "{text}");
    }
    for cells in [["ja", "nein"], ["x", "n"], ["true", "true"]] {
        let text = deals(&format!("Deal ID,Vip\n1,{}\n2,{}\n", cells[0], cells[1]));
        assert!(line(&text, "vip").contains("BOOLEAN"), "{text}");
    }
}

#[test]
fn delimiter_in_quoted_cells_does_not_win() {
    let text = draft_text(
        b"Account ID,Account Name,Notes\n1,A,\"one; two; three; four\"\n2,B,\"one; two; three; four\"\n\
          3,C,\"one; two; three; four\"\n",
        ObjectType::Account,
    );
    assert_eq!(line(&text, "objectId"), "objectId = \"Account ID\"");
    let text = draft_text(
        b"Account ID;Account Name;Notes\n1;A;\"a, b, c, d\"\n2;B;\"a, b, c, d\"\n",
        ObjectType::Account,
    );
    assert_eq!(line(&text, "delimiter"), "delimiter = \";\"");
    let text = draft_text(
        b"Deal ID,Associated Contact IDs\n1,1201;1202;1203\n2,1204;1205;1206\n",
        ObjectType::Deal,
    );
    assert_eq!(line(&text, "objectId"), "objectId = \"Deal ID\"");
}

#[test]
fn header_in_the_middle_is_not_profiled() {
    let text = deals("Deal ID,Deal Name\n1,A\n\u{feff}Deal ID,Deal Name\n2,B\n");
    assert_eq!(line(&text, "objectId"), "objectId = \"Deal ID\"");
    assert!(has(&text, "made from 2 rows"), "{text}");
}

#[test]
fn marks_of_databases_and_spreadsheets_are_no_part_of_a_cell() {
    let text = deals("Deal ID,Deal Name,Stage\n=\"001\",A,New\n=\"002\",\\N,\\N\n");
    assert_eq!(
        line(&text, "objectId"),
        r#"objectId = { from = "Deal ID", strip = ["=\"", "\""] }"#
    );
    assert_eq!(line(&text, "empty"), r#"empty = "\\N""#);
    let text = draft_text(
        b"Contact ID,Phone\n1,'+49 30 1\n2,'+49 30 2\n",
        ObjectType::Contact,
    );
    assert_eq!(
        line(&text, "phoneNumber"),
        "phoneNumber = { from = \"Phone\", strip = \"'\" }"
    );
}

#[test]
fn label_of_a_list_item_is_not_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.json");
    let people = br#"[{"id":1,"name":"Ada Lovelace","phone_numbers":[{"number":"+44 1","category":"mobile"}]},
        {"id":2,"name":"Bob Roy","phone_numbers":[{"number":null,"category":"work"}]}]"#;
    std::fs::write(&path, people).unwrap();
    let text = draft(&path, ObjectType::Contact);
    assert_eq!(
        line(&text, "phoneNumber"),
        "phoneNumber = \"phone_numbers[0].number\""
    );
}

#[test]
fn stages_with_numbers_are_sorted_by_them() {
    for cells in [
        ["1-Qualify", "2-Develop"],
        ["01 - Lead", "02 - Demo"],
        ["1_New", "2_Old"],
    ] {
        let text = deals(&format!("Deal ID,Stage\n1,{}\n2,{}\n", cells[0], cells[1]));
        assert_eq!(
            line(&text, "sortOrder"),
            "sortOrder = { expr = \"leading_number(Stage)\", default = \"999\" }"
        );
        assert!(Mapping::from_toml(&text).is_ok());
    }
    // Without numbers, those where a deal ends come last.
    let text = deals("Deal ID,Stage\n1,Closed Won\n2,Demo\n3,Closed Lost\n4,Call\n");
    assert!(
        has(
            &text,
            "\"Call\" = \"1\", \"Demo\" = \"2\", \"Closed Won\" = \"3\", \"Closed Lost\" = \"4\""
        ),
        "{text}"
    );
}

#[test]
fn name_beside_a_first_name_is_the_last_name() {
    for (first, last) in [("Vorname", "Name"), ("Voornaam", "Naam")] {
        let csv = format!("ID;{first};{last}\n1;Anna;M\u{fc}ller\n2;Jan;von der Heide\n");
        let text = draft_text(csv.as_bytes(), ObjectType::Contact);
        assert_eq!(line(&text, "firstName"), format!("firstName = \"{first}\""));
        assert_eq!(line(&text, "lastName"), format!("lastName = \"{last}\""));
    }
    let text = draft_text(
        b"ID,First name,Name\n1,Anna,Anna Bee\n2,Jan,Jan Cee\n",
        ObjectType::Contact,
    );
    assert_eq!(
        line(&text, "lastName"),
        "lastName = { expr = \"last_name(Name)\" }"
    );
}

#[test]
fn private_address_comes_after_all_others() {
    for (work, private) in [
        ("E-Mail gesch\u{e4}ftlich 1", "E-Mail privat"),
        ("E-Mail (B\u{fc}ro)", "E-Mail (privat)"),
        ("E-mail professionnel", "E-mail personnel"),
        ("Work Email", "Personal Email"),
    ] {
        let csv = format!("ID;{private};{work}\n1;a@home.example;a@work.example\n");
        let text = draft_text(csv.as_bytes(), ObjectType::Contact);
        assert_eq!(
            line(&text, "emailAddress"),
            format!("emailAddress = {{ from = [\"{work}\", \"{private}\"] }}")
        );
    }
}

#[test]
fn column_of_a_known_name_and_an_unknown_form_is_a_question() {
    let text = deals(
        "Deal ID,Modified Date,Close Date,Amount\n1,2026-01-14 10:00:00 CET,Q1 2026,$1.2K\n\
         2,2026-01-15 10:00:00 CET,Q2 2026,$2K\n",
    );
    assert!(line(&text, "modifiedDate").contains("todo"), "{text}");
    for field in ["closeDate", "amount"] {
        assert!(
            has(&text, &format!("is called like {field}")),
            "{field}: {text}"
        );
    }
}

#[test]
fn deals_without_owner_stage_or_close_date_ask_for_the_columns_that_could_be_it() {
    let text = deals(
        "Deal ID,Betreuung,Etage,Ziel\n1,Ann Bee,Eins,2026-05-01\n2,Ann Bee,Zwei,2026-06-01\n\
         3,Bo Cee,Eins,2026-07-01\n",
    );
    for question in [
        "names the owner of a deal, \\\"Betreuung\\\"",
        "names the stage of a deal, \\\"Betreuung\\\", \\\"Etage\\\"",
        "says when a deal closes, \\\"Ziel\\\"",
    ] {
        assert!(has(&text, question), "{question}: {text}");
    }
}

#[test]
fn addresses_within_texts_are_taken_out() {
    for (cells, expected) in [
        (
            ["mailto:a@x.example", "b@x.example;"],
            "emailAddress = { from = \"Email\", strip = [\"mailto:\", \";\"] }",
        ),
        (
            ["Ada <a@x.example>", "b@x.example"],
            "emailAddress = { expr = \"email_in(Email)\" }",
        ),
        (["a@x.example", "b@x.example"], "emailAddress = \"Email\""),
    ] {
        let csv = format!("Contact ID,Email\n1,{}\n2,{}\n", cells[0], cells[1]);
        let text = draft_text(csv.as_bytes(), ObjectType::Contact);
        assert_eq!(line(&text, "emailAddress"), expected);
    }
}

#[test]
fn flags_of_won_and_closed_may_be_numbers() {
    let text = draft_text(
        b"Deal ID,Is Won,Is Closed\n1,0,0\n2,1,1\n3,0,1\n",
        ObjectType::Deal,
    );
    assert!(
        line(&text, "status").contains("row['Is Won'] | string | lower in"),
        "{text}"
    );
}

#[test]
fn mark_of_the_end_of_a_file_is_no_row() {
    let text = draft_text(b"Deal ID,Title\n1,A\n2,B\n\x1a", ObjectType::Deal);
    assert_eq!(line(&text, "objectId"), "objectId = \"Deal ID\"");
    assert!(text.contains("made from 2 rows"), "{text}");
}
