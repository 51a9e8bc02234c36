//! Which rows are records.

use super::{Folder, NOW, rules};
use crate::ObjectType;
use crate::rule::Rule;

#[test]
fn words_for_no_are_false_in_where() {
    let mapping = format!(
        "[DEAL]\nwhere = 'Keep'\nno = ['no', 'nein', '0']\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("deals.csv", "Id,Keep\n1,yes\n2,No\n3,nein\n4,0\n5,\n6,1\n"),
    ]);
    let (lines, _) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(lines, [r#"{"objectId":"1"}"#, r#"{"objectId":"6"}"#]);
}

#[test]
fn header_that_comes_again_is_not_a_record() {
    let mapping = format!("[DEAL.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\n");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("deals.csv", "Id,Name\n1,A\n\u{feff}Id,Name\n2,B\n"),
    ]);
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(lines.len(), 2);
    assert_eq!(rules(&problems), [Rule::Row]);
    assert!(problems[0].1.contains("the header again"), "{problems:?}");
}

#[test]
fn header_that_comes_again_can_be_left_out() {
    let mapping = format!(
        "[DEAL]\nwhere = \"Id != 'Id'\"\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("deals.csv", "Id,Name\n1,A\nId,Name\n2,B\n"),
    ]);
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(lines.len(), 2);
    assert_eq!(rules(&problems), [] as [Rule; 0]);
}

#[test]
fn rows_under_a_header_of_another_order_are_errors() {
    let mapping = format!("[DEAL.fields]\nobjectId = 'Id'\n{NOW}name = 'First'\n");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,First,Last\n1,Martin,Chloe\nId,Last,First\n2,Chloe,Martin\n3,Ida,First\n",
        ),
    ]);
    let (_, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(rules(&problems), [Rule::Row; 3]);
    assert!(
        problems[1].1.contains("line 3 names the columns again"),
        "{problems:?}"
    );
}

#[test]
fn errors_of_spreadsheets_are_no_values() {
    let mapping = format!(
        "[DEAL.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\nstage = {{ from = 'Stage', slug = true }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,Name,Stage\n1,#NAME?,New\n2,A,#REF!\n3,B,########\n4,#1 choice,New\n5,C,#wert!\n",
        ),
    ]);
    let (_, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(rules(&problems), [Rule::Cell; 4]);
    assert!(
        problems[0].1.contains("an error of a spreadsheet"),
        "{problems:?}"
    );
}

#[test]
fn lookup_takes_the_encoding_of_its_mapping_and_skips_a_title() {
    let mapping = format!(
        "[DEAL]\nencoding = 'windows-1252'\n[DEAL.fields]\nobjectId = 'Id'\n{NOW}ownerId = {{ from = 'Owner', \
         lookup = {{ in = 'users.csv', key = 'Name', value = 'Nr', skip = 1 }} }}\n"
    );
    let folder = Folder::new(&[("m.toml", &mapping), ("deals.csv", "")]);
    std::fs::write(
        folder.path("deals.csv"),
        b"Id,Owner\n1,M\xfcller\n2,Mi\xdf\n",
    )
    .unwrap();
    std::fs::write(
        folder.path("users.csv"),
        b"Users of 2026\nNr,Name\nu-1,M\xfcller\nu-2,Mi\xdf\n",
    )
    .unwrap();
    let (lines, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(rules(&problems), [] as [Rule; 0]);
    assert!(
        lines[0].contains("\"u-1\"") && lines[1].contains("\"u-2\""),
        "{lines:?}"
    );
    // A file in UTF-8 is read as such.
    std::fs::write(
        folder.path("users.csv"),
        "Users of 2026\nNr,Name\nu-1,Müller\nu-2,Miß\n",
    )
    .unwrap();
    let (lines, _) = folder.convert("deals.csv", ObjectType::Deal);
    assert!(lines[0].contains("\"u-1\""), "{lines:?}");
}

#[test]
fn name_that_leads_to_several_values_says_how_to_choose() {
    let mapping = format!(
        "[DEAL.fields]\nobjectId = 'Id'\n{NOW}accountId = {{ from = 'Account', lookup = {{ in = 'accounts.csv', \
         key = 'Name', value = 'Nr' }} }}\n"
    );
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        ("deals.csv", "Id,Account\n1,Acme\n"),
        ("accounts.csv", "Nr,Name\nA1,Acme\nA4,Acme\nA1,Acme\n"),
    ]);
    let (_, problems) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(rules(&problems), [Rule::Lookup]);
    assert!(problems[0].1.contains("2 different values"), "{problems:?}");
    assert!(problems[0].1.contains("A1, A4"), "{problems:?}");
}

#[test]
fn address_with_more_in_it_is_found_and_the_end_of_dos_is_no_row() {
    let mapping = format!("[CONTACT.fields]\nobjectId = 'Id'\n{NOW}emailAddress = 'Email'\n");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "contacts.csv",
            "Id,Email\n1,mailto:a@x.example\n2,b@x.example;\n3,c@x.example\n\u{1a}",
        ),
    ]);
    let (lines, problems) = folder.convert("contacts.csv", ObjectType::Contact);
    assert_eq!(rules(&problems), [Rule::EmailFormat; 2]);
    assert_eq!(lines.len(), 3);
}

#[test]
fn invisible_characters_around_a_cell_are_not_part_of_it() {
    let mapping = format!("[DEAL.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\n");
    let folder = Folder::new(&[
        ("m.toml", &mapping),
        (
            "deals.csv",
            "Id,Name\nD1\u{200b},\u{feff} A\u{2060}\n\u{200d}D2,É\n",
        ),
    ]);
    let (lines, _) = folder.convert("deals.csv", ObjectType::Deal);
    assert_eq!(
        lines,
        [
            r#"{"objectId":"D1","name":"A"}"#,
            r#"{"objectId":"D2","name":"É"}"#
        ]
    );
}

/// The lines with the wrong number of cells, of a mapping that uses the first two of four columns.
fn lines_with_other_cells(csv: &str, filter: &str) -> Vec<u64> {
    let mapping =
        format!("[ACCOUNT]\n{filter}\n[ACCOUNT.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\n");
    let folder = Folder::new(&[("m.toml", &mapping), ("accounts.csv", csv)]);
    let found = folder.check("accounts.csv");
    assert!(
        found.iter().all(|finding| finding.rule == Rule::Row),
        "{found:?}"
    );
    found.iter().map(|finding| finding.line).collect()
}

#[test]
fn row_with_other_cells_than_columns_is_an_error_whatever_is_mapped() {
    let rows = "Id,Name,City,Url\n1,A,,\n2,B,\n3,C\n4\n5,E,,,\n6,F,x,y\n";
    assert_eq!(lines_with_other_cells(rows, ""), [3, 4, 5, 6]);
}

#[test]
fn delimiter_after_the_last_cell_of_each_row_is_no_error() {
    let lines = |csv| lines_with_other_cells(csv, "");
    assert_eq!(lines("Id,Name\n1,A,\n,\n2,B,\n3\n4,D,,\n"), [5, 6]);
    assert_eq!(lines("Id,Name\n1\n2,A,\n3,B,\n4,D,,\n"), [2, 5]);
    assert_eq!(lines("Id,Name\n1,A,,\n2,B,,\n"), [0; 0]);
    // After the header's as well, one row is enough.
    assert_eq!(lines("Id,Name,\n1,A,\n"), [0; 0]);
    assert_eq!(lines("Id,Name,\n1,A\n"), [0; 0]);
    assert_eq!(lines("Id,Name,\n1,A\n2,B\n3\n"), [4]);
    assert_eq!(lines("Id,Name,\n1,A,\n2,B\n"), [3]);
    assert_eq!(lines("Id,Name,\n1,A\n2,B,\n"), [2]);
    assert_eq!(lines("Id,Name,\n1,A,c\n2,B\n"), [2]);
    // Rows far from the beginning prove nothing.
    let mut far = "Id,Name\n".to_owned();
    far.extend((0..200).map(|row| format!("{row},A,\n")));
    assert_eq!(lines(&(far + "a,A\nb,A,,\n")), [202, 203]);
}

#[test]
fn list_is_taken_apart_in_rows_with_a_delimiter_after_the_last_cell() {
    let mapping = format!(
        "[ACCOUNT]\neach = 'List'\n[ACCOUNT.fields]\nobjectId = 'item'\n{NOW}name = 'Name'\n"
    );
    for csv in [
        "Name,List\nA,a;b\nC,c\n",
        "Name,List\nA,a;b,\nC,c,\n",
        "Name,List,\nA,a;b\nC,c\n",
    ] {
        let folder = Folder::new(&[("m.toml", &mapping), ("accounts.csv", csv)]);
        let (lines, problems) = folder.convert("accounts.csv", ObjectType::Account);
        assert_eq!(rules(&problems), [] as [Rule; 0], "{csv}");
        let ids: Vec<bool> = lines
            .iter()
            .zip(["a", "b", "c"])
            .map(|(line, id)| line.contains(&format!("\"objectId\":\"{id}\"")))
            .collect();
        assert_eq!(ids, [true; 3], "{csv}: {lines:?}");
    }
}

#[test]
fn delimiter_in_a_row_before_an_empty_last_cell_is_an_error() {
    let lines = |rows| lines_with_other_cells(&format!("Id,Name,City,Url\n{rows}"), "");
    assert_eq!(lines("1,Foo, Inc,Rome,\n"), [2]);
    assert_eq!(lines("1,Foo, Inc,Rome,\n2,B,Bonn,\n"), [2]);
    assert_eq!(lines("1,A,Rome,x\n2,Foo, Inc,Bonn,\n"), [3]);
    let rows = "1,Foo, Inc,Rome,\n2,B,C,\n3,D,E,x\n4,A, B, C,D,\n";
    assert_eq!(lines(rows), [2, 5]);
    // More of the rows have it than not: which of them are right is not known.
    assert_eq!(lines("1,A,B,C,\n2,Foo, Inc,C,\n3,D,E,F\n"), [2, 3, 4]);
}

#[test]
fn row_with_a_delimiter_too_many_says_how_others_differ() {
    let mapping = format!("[ACCOUNT.fields]\nobjectId = 'Id'\n{NOW}name = 'Name'\n");
    let message = |csv| {
        let folder = Folder::new(&[("m.toml", mapping.as_str()), ("accounts.csv", csv)]);
        let found = folder.check("accounts.csv").remove(0);
        (found.message, found.hint.unwrap_or_default())
    };
    let (text, hint) = message("Id,Name,City\n1,Foo, Inc,\n");
    assert_eq!(text, "it has 4 cells, and the header names 3 columns");
    assert!(
        hint.ends_with("if none does, write as many delimiters in the header as in the row"),
        "{hint}"
    );
    let (text, _) = message("Id,Name\n1,A,\n2,B,\n3,C,\n4,D\n");
    assert_eq!(
        text,
        "it has 3 cells, and the header names 2 columns; some rows have a delimiter after the last \
         cell, as in line 2, and some have none, as in line 5"
    );
}

#[test]
fn short_row_is_excluded_only_by_columns_that_it_has() {
    let rows = "Id,Name,Keep,Url\n1,A,1,x\nTotal,2\n2,B,0,\n3,C\n";
    assert_eq!(
        lines_with_other_cells(rows, "where = \"Id != 'Total'\""),
        [5]
    );
    assert_eq!(lines_with_other_cells(rows, "where = 'Keep'"), [3, 5]);
    // A total, or a note.
    let rows = "Id,Name,Keep,Url\n1,A,1,x\nTotal\n2,B,0,\n";
    assert!(lines_with_other_cells(rows, "where = 'Keep'").is_empty());
}
