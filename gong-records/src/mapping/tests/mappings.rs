//! Valid mappings, and messages for invalid ones.

use super::*;

#[test]
fn each_key_does_what_it_says() {
    for (csv, settings, fields, expected) in [
        ("id,n\nd,x", "", "name = 'n'", r#""name":"x""#),
        ("id,N\nd,x", "", "name = 'n'", r#""name":"x""#),
        (
            "id\td\nd\tx",
            "delimiter = '\t'",
            "name = 'd'",
            r#""name":"x""#,
        ),
        ("id\nd", "", "name = { constant = 'x' }", r#""name":"x""#),
        ("id\nd", "", "amount = { constant = 12 }", r#""amount":12"#),
        (
            "id\nd",
            "",
            "f = { constant = true, type = 'BOOLEAN' }",
            r#""f":true"#,
        ),
        (
            "id,n\nd,",
            "",
            "name = { from = 'n', default = 'x' }",
            r#""name":"x""#,
        ),
        (
            "id,n\nd,n/A",
            "empty = ['-', 'N/a']",
            "name = { from = 'n' }",
            "",
        ),
        (
            "id,s\nd,GEWONNEN",
            "",
            "status = { from = 's', values = { Gewonnen = 'WON' } }",
            r#""status":"WON""#,
        ),
        (
            "id,s\nd,egal",
            "",
            "status = { from = 's', values = { egal = '' } }",
            "",
        ),
        (
            "id,l\nd,a; b;;c",
            "",
            "f = { from = 'l', split = ';', type = 'STRINGARRAY' }",
            r#""f":["a","b","c"]"#,
        ),
        (
            "id,p\nd,\"12,5 %\"",
            "decimal = ','",
            "f = { from = 'p', type = 'percent' }",
            r#""f":12.5"#,
        ),
        (
            "id,a,b\nd,1.5,\"1,5\"",
            "",
            "amount = 'a'\nf = { from = 'b', type = 'NUMBER', decimal = ',' }",
            r#""amount":1.5,"f":1.5"#,
        ),
        (
            "id,b\nd,Jein",
            "",
            "f = { from = 'b', type = 'BOOLEAN', yes = 'jein' }",
            r#""f":true"#,
        ),
        (
            "id,d\nd,12/31/2025",
            "",
            "closeDate = { from = 'd', dates = ['%d.%m.%Y', '%m/%d/%Y'] }",
            r#""closeDate":"2025-12-31""#,
        ),
        (
            "id,d\nd,2025-06-30 09:30",
            "zone = 'UTC'",
            "createdDate = { from = 'd', zone = '-03:00' }",
            r#""createdDate":"2025-06-30T09:30:00-03:00""#,
        ),
        (
            "id\nd",
            "",
            "closeDate = { constant = 'now' }",
            r#""closeDate":"2026-03-01""#,
        ),
        (
            "Report\n2026\nid,n\nd,x",
            "skip = 2",
            "name = 'n'",
            r#""name":"x""#,
        ),
        ("id,n\nd,\"a\r\nb\"", "", "name = 'n'", r#""name":"a\nb""#),
        // Gong's fields in Gong's order, then the custom ones in that of the mapping.
        (
            "id,n\nd,1",
            "",
            "z = { from = 'n', type = 'ID' }\namount = 'n'\na = { from = 'n', type = 'ID' }\nname = 'n'",
            r#""name":"1","amount":1,"z":"1","a":"1""#,
        ),
    ] {
        assert_eq!(
            rest_of_deals(csv, settings, fields),
            [expected],
            "{settings} {fields}"
        );
    }
}

#[test]
fn a_csv_without_header_has_numbered_columns() {
    let toml =
        "[STAGE]\nheader = false\n[STAGE.fields]\nobjectId = '1'\nname = '2'\nsortOrder = '3'";
    let outcome = convert_with(b"s,Stage,2.0\n", toml, ObjectType::Stage, &options()).unwrap();
    assert_eq!(
        outcome.lines,
        [r#"{"objectId":"s","name":"Stage","sortOrder":2}"#]
    );
}

#[test]
fn an_entity_schema_knows_the_types_of_custom_fields() {
    let fields = [SchemaField::new("seats", "Seats", "NUMBER")];
    let mut options = options();
    options.entity_schema = Some(EntitySchema::new().with_fields(ObjectType::Account, fields));
    let toml =
        "[ACCOUNT.fields]\nobjectId = 'id'\nmodifiedDate = { constant = 'now' }\nseats = 'n'";
    let outcome = convert_with(b"id,n\na,12\n", toml, ObjectType::Account, &options).unwrap();
    assert!(
        outcome.lines[0].ends_with(r#""seats":12}"#),
        "{:?}",
        outcome.lines
    );
}

#[test]
fn wrong_mapping_is_reported_with_the_right_word() {
    let of_deals = |settings: &str, fields: &str| {
        format!(
            "[DEAL]\n{settings}\n[DEAL.fields]\nobjectId = 'id'\nmodifiedDate = {{ constant = 'now' }}\n{fields}"
        )
    };
    for (toml, message) in [
        ("[DEALZ]".to_owned(), "\"DEALZ\" is not an object type"),
        (
            "[DEAL]\nenconding = 'utf-8'".to_owned(),
            "line 2, column 1: unknown key `enconding`; did you mean `encoding`?",
        ),
        (
            of_deals("", "name = { form = 'n' }"),
            "unknown key `form`; did you mean `from`?",
        ),
        (
            of_deals("", "name = { colour = 'n' }"),
            "known: from, join, expr, constant",
        ),
        (
            of_deals("", "name = 7"),
            "expected the name of a column, or a table",
        ),
        (
            of_deals("", "name = {}"),
            "it needs from (a column), expr (an expression) or constant (a value)",
        ),
        (
            of_deals("", "name = { from = 'n', constant = 'x' }"),
            "cannot be used together",
        ),
        (
            of_deals("", "name = 'Nahme'"),
            "DEAL, field name: the file has no column \"Nahme\"; did you mean \"Name\"?",
        ),
        (of_deals("", "name = 'twice'"), "2 columns called \"twice\""),
        (
            of_deals("", "ownerid = 'Name'"),
            "DEAL has no field ownerid. Did you mean ownerId?",
        ),
        (
            of_deals("", "estimatedAmount = 'Name'"),
            "Did you mean amount?",
        ),
        (
            of_deals("", "region = 'Name'"),
            "A custom field says its type",
        ),
        (
            of_deals("", "region = { from = 'Name', type = 'TEXT' }"),
            "there is no type TEXT",
        ),
        (
            of_deals("", "region = { from = 'Name', type = 'PICKLST' }"),
            "did you mean PICKLIST?",
        ),
        (
            of_deals("", "amount = { from = 'Name', type = 'NUMBER' }"),
            "remove type",
        ),
        (
            of_deals("", "amount = { constant = 'much' }"),
            "DEAL, field amount: \"much\": it is not a number",
        ),
        (
            of_deals("", "status = { from = 'Name', values = { x = 'Won!' } }"),
            "values: \"Won!\" is not one of WON",
        ),
        (
            of_deals("zone = 'Berlin'", "name = 'Name'"),
            "there is no zone \"Berlin\"",
        ),
        (
            of_deals("encoding = 'ansi'", "name = 'Name'"),
            "\"ansi\" is not an encoding",
        ),
        (of_deals("delimiter = 'ä'", ""), "'ä' can't be a delimiter"),
        (
            of_deals("decimal = ','\nthousands = ','", "amount = 'Name'"),
            "both ','",
        ),
        (
            "[DEAL.fields]\nobjectId = 'id'".to_owned(),
            "lacks modifiedDate; if the file has no such column",
        ),
        (
            "[DEAL.fields]\nmodifiedDate = 'id'".to_owned(),
            "lacks objectId",
        ),
        ("[DEAL\n".to_owned(), "line 1, column"),
    ] {
        let outcome = convert_with(
            b"id,Name,twice,twice\nd,x,,\n",
            &toml,
            ObjectType::Deal,
            &options(),
        );
        let error = outcome
            .map(|outcome| outcome.lines)
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{toml}\n{error}");
    }
    let nothing = convert_with(b"", &of_deals("", ""), ObjectType::Deal, &options());
    assert!(matches!(nothing.map(|_| ()), Err(ConvertError::Empty)));
}

#[test]
fn the_guides_mapping_is_one() {
    let guide = include_str!("../../../../docs/guide/csv.md");
    let (_, block) = guide.split_once("```toml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mapping = Mapping::from_toml(block).unwrap();
    let deals = mapping.of_type(ObjectType::Deal).unwrap();
    assert_eq!(deals.field("status").unwrap().values.len(), 3);
}
