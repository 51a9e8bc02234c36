//! What must not be wrong without a word: texts taken for numbers, words for false, counts of seconds,
//! lookups, joins and ids.

use super::needs::{Folder, Outcome};
use crate::ObjectType;
use crate::rule::Rule;

/// Converts deals with these settings and fields, beside an id from `Id` and the time of the call.
fn try_deals(settings: &str, fields: &str, files: &[(&str, &str)]) -> Result<Outcome, String> {
    let id = if fields.contains("objectId") {
        ""
    } else {
        "objectId = 'Id'\n"
    };
    let mapping = format!(
        "[DEAL]\n{settings}\n[DEAL.fields]\n{id}modifiedDate = {{ constant = 'now' }}\n{fields}\n"
    );
    let mut all = vec![("m.toml", mapping.as_str())];
    all.extend(files);
    let name = files.first().unwrap().0;
    Folder::new(&all).try_convert(name, ObjectType::Deal)
}

fn deals(settings: &str, fields: &str, csv: &str) -> Outcome {
    try_deals(settings, fields, &[("deals.csv", csv)]).unwrap()
}

/// The mapping's error.
fn mistake(settings: &str, fields: &str, csv: &str) -> String {
    try_deals(settings, fields, &[("deals.csv", csv)]).unwrap_err()
}

#[test]
fn cell_compared_with_a_number_is_a_mistake_and_number_reads_it() {
    let csv = "Id,A\n1,10\n2,9\n3,\"1.234,50\"\n";
    let error = mistake("where = 'A > 9'", "", csv);
    assert!(error.contains("line 2, column 1"), "{error}");
    assert!(error.contains("write number(A)"), "{error}");
    let error = mistake("", "amount = { expr = 'A * 2' }", csv);
    assert!(error.contains("character 1 of the expression"), "{error}");
    let settings = "where = 'number(A) > 9'\ndecimal = ','\nthousands = '.'";
    let (lines, _) = deals(settings, "amount = { expr = 'number(A) * 2' }", csv);
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"1\",\"amount\":20}",
            "{\"objectId\":\"3\",\"amount\":2469}"
        ]
    );
    let sum = "amount = { expr = 'number(A) + number(B)' }";
    let (lines, _) = deals("", sum, "Id,A,B\n1,0.1,0.2\n");
    assert_eq!(lines, ["{\"objectId\":\"1\",\"amount\":0.3}"]);
}

#[test]
fn words_for_false_pass_a_row_over() {
    let csv = "Id,Keep\n1,true\n2,False\n3,no\n4,0\n5,\n6,nein\n7,-\n8,ja\n";
    let settings = "where = 'Keep'\nno = ['no', 'false', 'nein']\nempty = '-'";
    let (lines, problems) = deals(settings, "", csv);
    assert_eq!(lines, ["{\"objectId\":\"1\"}", "{\"objectId\":\"8\"}"]);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn number_that_is_no_count_of_seconds_is_a_problem() {
    for (format, cell) in [
        ("epoch-ms", "1.76847E+12"),
        ("epoch-ms", "1768469400"),
        ("epoch", "1.76847E+09"),
        ("epoch", "1768469400123"),
        ("epoch", "1.5"),
        ("epoch", "12"),
    ] {
        let settings = format!("date-times = '{format}'\nzone = 'UTC'");
        let csv = format!("Id,Created\n1,{cell}\n");
        let (lines, problems) = deals(&settings, "createdDate = 'Created'", &csv);
        assert_eq!(lines.len(), 0, "{cell}: {lines:?}");
        assert_eq!(problems[0].0, Rule::Cell, "{cell}");
    }
    let csv = "Id,Created\n1,1768469400.75\n";
    let (lines, _) = deals("date-times = 'epoch'", "createdDate = 'Created'", csv);
    assert_eq!(
        lines,
        ["{\"objectId\":\"1\",\"createdDate\":\"2026-01-15T09:30:00+00:00\"}"]
    );
}

#[test]
fn values_and_otherwise_say_what_stands_in_for_a_name_that_is_not_found() {
    let files = [
        ("deals.csv", "Id,Owner\n1,Anna\n2,Nobody\n3,Bot\n4,Zed\n"),
        (
            "users.csv",
            "Name,Email\nAnna,anna@acme.example\nBot,bot@acme.example\n",
        ),
    ];
    let field = |more: &str| {
        format!(
            "ownerId = {{ from = 'Owner', lookup = {{ in = 'users.csv', key = 'Name', value = 'Email' }}, \
             values = {{ 'Nobody' = '', 'bot' = 'crm@acme.example' }} {more} }}"
        )
    };
    let (lines, problems) = try_deals("", &field(""), &files).unwrap();
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"1\",\"ownerId\":\"anna@acme.example\"}",
            "{\"objectId\":\"2\"}",
            "{\"objectId\":\"3\",\"ownerId\":\"crm@acme.example\"}",
        ]
    );
    assert_eq!(problems.len(), 1, "{problems:?}");
    let (lines, problems) =
        try_deals("", &field(", otherwise = 'it@acme.example'"), &files).unwrap();
    assert_eq!(
        lines[0],
        "{\"objectId\":\"1\",\"ownerId\":\"anna@acme.example\"}"
    );
    assert_eq!(
        lines[3],
        "{\"objectId\":\"4\",\"ownerId\":\"it@acme.example\"}"
    );
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn open_quote_in_a_lookup_file_is_named() {
    let files = [
        ("deals.csv", "Id,Owner\n1,Zed\n"),
        (
            "u.csv",
            "Name,Email\n\"Anna,anna@acme.example\nZed,zed@acme.example\n",
        ),
    ];
    let field =
        "ownerId = { from = 'Owner', lookup = { in = 'u.csv', key = 'Name', value = 'Email' } }";
    let error = try_deals("", field, &files).unwrap_err();
    assert!(
        error.contains("u.csv: line 2: a double quote opens"),
        "{error}"
    );
}

#[test]
fn formats_that_name_no_day_are_a_mistake_at_their_own_key() {
    for format in ["%d.%m.", "%m/%Y", "%H:%M", "dd.MM.yyyy"] {
        let error = mistake(
            &format!("dates = '{format}'"),
            "closeDate = 'Close'",
            "Id,Close\n1,x\n",
        );
        assert!(error.contains("line 2, column 1"), "{format}: {error}");
        assert!(!error.contains("field objectId"), "{format}: {error}");
    }
    for settings in ["zone = 'Europe/Berln'", "language = 'xx'", "decimal = 'x'"] {
        let error = mistake(settings, "", "Id\n1\n");
        assert!(error.contains("line 2, column 1"), "{settings}: {error}");
    }
}

#[test]
fn ids_that_an_expression_makes_equal_are_a_collision() {
    let (_, problems) = deals(
        "",
        "objectId = { expr = 'Nr | lower' }",
        "Nr\nA1\na1\nB2\nB2\n",
    );
    let rules: Vec<Rule> = problems.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, [Rule::IdCollision]);
    assert!(problems[0].1.contains("in line 2 does"), "{problems:?}");
    let stage = "stage = { expr = \"(Pipeline ~ ' ' ~ Stage) | slug\" }";
    let csv = "Id,Pipeline,Stage\n1,Sales,Closed Won\n2,Sales,Closed – Won\n3,Sales,Closed Won\n";
    let (_, problems) = deals("", stage, csv);
    assert_eq!(problems.len(), 1, "{problems:?}");
    // A choice between columns makes nothing equal.
    let csv = "New,Old\nx,y\nx,z\n";
    let (_, problems) = deals("", "objectId = { expr = 'first_of(New, Old)' }", csv);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn items_of_json_are_not_split_at_their_commas() {
    let json = "{\"Id\":1,\"A\":[\"a,b\",\"c\"],\"B\":[\"d;e\"]}\n";
    let fields = "tags = { from = 'A', type = 'STRINGARRAY' }\n\
        more = { from = 'B', split = ';', type = 'STRINGARRAY' }";
    let (lines, _) = try_deals("", fields, &[("deals.json", json)]).unwrap();
    assert_eq!(
        lines,
        ["{\"objectId\":\"1\",\"tags\":[\"a,b\",\"c\"],\"more\":[\"d\",\"e\"]}"]
    );
}

#[test]
fn key_that_only_some_records_have_is_no_value_in_the_others() {
    let json =
        "{\"Id\":1,\"A\":9,\"name\":\"n\"}\n{\"Id\":2,\"name\":\"m\"}\n{\"Id\":3,\"A\":null}\n";
    let fields = "amount = { expr = 'A' }\nname = { expr = 'nmae' }";
    let (lines, problems) = try_deals("", fields, &[("deals.json", json)]).unwrap();
    assert_eq!(lines.len(), 3, "{problems:?}");
    assert_eq!(lines[0], "{\"objectId\":\"1\",\"amount\":9}");
    assert_eq!(lines[1], "{\"objectId\":\"2\"}");
    // A name that no record has is reported, once.
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].0, Rule::EmptyColumn);
    assert!(problems[0].1.contains("\"nmae\""), "{problems:?}");
    let (lines, _) = try_deals("where = 'A > 5'", "", &[("deals.json", json)]).unwrap();
    assert_eq!(lines, ["{\"objectId\":\"1\"}"]);
}

#[test]
fn values_of_the_mapping_need_no_quotes() {
    let fields = "amount = { from = 'A', values = { high = 20, low = 1.5 } }\n\
        vip = { from = 'B', type = 'BOOLEAN', values = { j = true } }\n\
        closeDate = { constant = 2026-12-31 }";
    let (lines, problems) = deals("", fields, "Id,A,B\n1,High,j\n2,low,j\n");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"1\",\"closeDate\":\"2026-12-31\",\"amount\":20,\"vip\":true}",
            "{\"objectId\":\"2\",\"closeDate\":\"2026-12-31\",\"amount\":1.5,\"vip\":true}",
        ]
    );
}

#[test]
fn settings_without_effect_are_mistakes() {
    for (fields, part) in [
        ("name = { from = [] }", "from names no column"),
        (
            "name = { from = 'A', values = { '' = 'x' } }",
            "default says",
        ),
        (
            "name = { from = 'A', values = { a = 'x', A = 'y' } }",
            "twice",
        ),
        ("name = { from = 'A', join = ' ' }", "several columns"),
        (
            "amount = { from = 'A', only-currency = { in = 'B', is = 'EUR', rates = { USD = 0 } } }",
            "the rate of USD",
        ),
        ("name = { expr = '{{ A }}' }", "no braces"),
        (
            "name = { expr = 'slug(A, B)' }",
            "slug takes one value, found 2",
        ),
        ("name = { expr = 'row[A]' }", "row[\"A\"]"),
    ] {
        let error = mistake("", fields, "Id,A,B\n1,x,y\n");
        assert!(
            error.contains(part) && error.contains("line "),
            "{fields}: {error}"
        );
    }
}

#[test]
fn otherwise_can_be_open_or_nothing() {
    let field = |otherwise: &str| {
        format!("status = {{ from = 'S', values = {{ g = 'WON' }}, otherwise = '{otherwise}' }}")
    };
    let (lines, problems) = deals("", &field(""), "Id,S\n1,g\n2,x\n");
    assert_eq!(lines[1], "{\"objectId\":\"2\"}");
    assert!(problems.is_empty(), "{problems:?}");
    let (lines, problems) = deals("", &field("?"), "Id,S\n1,g\n2,x\n");
    assert_eq!(lines.len(), 1);
    assert_eq!(problems[0].0, Rule::OpenQuestion);
}

#[test]
fn names_are_the_same_however_their_accents_are_written() {
    let (composed, apart) = ("Gr\u{f6}\u{df}e", "Gro\u{308}\u{df}e");
    let csv = format!("Id,{apart},S\n1,x,Gewo\u{308}nne\n");
    let fields = format!(
        "name = '{composed}'\ntext = {{ expr = '{composed}', type = 'STRING' }}\n\
         status = {{ from = 'S', values = {{ 'Gew\u{f6}nne' = 'WON' }} }}"
    );
    let (lines, problems) = deals("", &fields, &csv);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        lines,
        ["{\"objectId\":\"1\",\"name\":\"x\",\"status\":\"WON\",\"text\":\"x\"}"]
    );
}

#[test]
fn amount_of_nothing_needs_no_rate() {
    let field = "amount = { from = 'A', only-currency = { in = 'C', is = 'EUR' } }";
    let (lines, problems) = deals("", field, "Id,A,C\n1,0.00,GBP\n2,5,\n");
    assert_eq!(lines, ["{\"objectId\":\"1\",\"amount\":0.00}"]);
    assert!(
        problems[0]
            .1
            .contains("its currency is not in the column \"C\""),
        "{problems:?}"
    );
}

#[test]
fn text_that_is_no_domain_loses_the_domain_and_not_the_record() {
    let field = "sites = { from = 'W', domain = true, type = 'STRINGARRAY' }";
    let (lines, problems) = deals("", field, "Id,W\n1,n/a\n2,a.example; kein\n");
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"1\"}",
            "{\"objectId\":\"2\",\"sites\":[\"a.example\"]}"
        ]
    );
    let rules: Vec<Rule> = problems.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, [Rule::DomainFormat, Rule::DomainFormat]);
}

#[test]
fn number_of_a_deletion_time_deletes() {
    let json = "{\"Id\":1,\"gone\":1768469400}\n{\"Id\":2,\"gone\":0}\n";
    let (lines, problems) = try_deals("deleted = 'gone'", "", &[("deals.json", json)]).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"1\",\"isDeleted\":true}",
            "{\"objectId\":\"2\",\"isDeleted\":false}"
        ]
    );
}

#[test]
fn list_of_records_that_is_not_there_is_a_mistake_of_the_mapping() {
    let error = try_deals("records = 'data'", "", &[("deals.json", "{\"items\":[]}")]).unwrap_err();
    assert!(error.contains("line 2, column 1"), "{error}");
    assert!(error.contains("it has items"), "{error}");
}

#[test]
fn key_that_is_there_twice_is_a_problem_of_the_record() {
    let json = "{\"Id\":1,\"Id\":2}\n{\"Id\":3}\n";
    let (lines, problems) = try_deals("", "", &[("deals.json", json)]).unwrap();
    assert_eq!(lines, ["{\"objectId\":\"3\"}"]);
    assert_eq!(problems[0].0, Rule::Row);
    assert!(
        problems[0].1.contains("the key \"Id\" twice"),
        "{problems:?}"
    );
}

#[test]
fn numbers_of_json_keep_their_digits() {
    let json = "{\"Id\":123456789012345678901234,\"A\":100.00,\"B\":1.10}\n{\"Id\":2,\"A\":1e3}\n";
    let fields = "amount = 'A'\nname = 'B'";
    let (lines, problems) = try_deals("", fields, &[("deals.json", json)]).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        lines,
        [
            "{\"objectId\":\"123456789012345678901234\",\"name\":\"1.10\",\"amount\":100.00}",
            "{\"objectId\":\"2\",\"amount\":1e3}"
        ]
    );
    let files = [
        ("deals.json", "{\"Id\":1,\"o\":8.0}\n"),
        ("users.json", "[{\"id\":8,\"email\":\"a@x.example\"}]"),
    ];
    let field =
        "ownerId = { from = 'o', lookup = { in = 'users.json', key = 'id', value = 'email' } }";
    let (lines, _) = try_deals("", field, &files).unwrap();
    assert_eq!(lines, ["{\"objectId\":\"1\",\"ownerId\":\"a@x.example\"}"]);
}

#[test]
fn file_in_utf_8_that_is_read_in_another_encoding_is_a_problem() {
    let settings = "encoding = 'windows-1252'";
    let (_, problems) = deals(settings, "name = 'Name'", "Id,Name\n1,M\u{fc}ller\n2,x\n");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].0, Rule::Encoding);
    // Without other letters nothing is wrong, and a mark says the encoding.
    for csv in ["Id,Name\n1,x\n", "\u{feff}Id,Name\n1,M\u{fc}ller\n"] {
        let (_, problems) = deals(settings, "name = 'Name'", csv);
        assert!(problems.is_empty(), "{problems:?}");
    }
}
