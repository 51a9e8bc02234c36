//! What is odd about a file as a whole: it is asked or refused, and never read as it is.

use std::fs;

use super::{draft_text, has};
use crate::ObjectType;
use crate::mapping::{DraftOptions, Mapping};

#[test]
fn second_block_in_another_order_is_a_question() {
    let csv = "Deal ID,Title,Stage\nD1,One,New\nD2,Two,New\nDeal ID,Stage,Title\nD3,New,Three\n";
    let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
    assert!(
        has(&draft, "Line 4 names the columns again, in another order."),
        "{draft}"
    );
    assert!(has(&draft, "made from 2 rows"), "{draft}");
    assert!(!has(&draft, "Three"), "{draft}");
}

#[test]
fn columns_in_single_quotes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.csv");
    fs::write(&path, "'Account ID','Name'\n'1','Smith, Ann'\n'2','b'\n").unwrap();
    let error = Mapping::draft(&[&path], &DraftOptions::default()).unwrap_err();
    assert!(error.to_string().contains("in single quotes"), "{error}");
}

#[test]
fn mixed_encodings_are_a_question_that_names_the_lines() {
    let mut csv = "Account ID,Name\n1,Müller\n2,Größe\n3,Köln\n"
        .as_bytes()
        .to_vec();
    csv.extend_from_slice(b"4,B\xf6hm\n");
    let draft = draft_text(&csv, ObjectType::Account);
    assert!(
        has(&draft, "Most of the file is UTF-8, but line 5 is not"),
        "{draft}"
    );
    assert!(has(&draft, "encoding = \"utf-8\""), "{draft}");
}
