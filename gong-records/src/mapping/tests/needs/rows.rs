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
