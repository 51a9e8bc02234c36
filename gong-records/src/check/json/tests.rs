use super::parse::parse;
use super::*;

fn rule_and_place(line: &str) -> (Rule, String) {
    let diagnosis = diagnose(line, &parse(line), false);
    let range = diagnosis.problem.range;
    assert!(diagnosis.problem.hint.is_some(), "{line}");
    (diagnosis.problem.rule, line[range].to_owned())
}

#[test]
fn common_mistakes_are_named_and_marked() {
    for (line, rule, place) in [
        ("// remove x", Rule::CommentLine, "// remove x"),
        ("  # note", Rule::CommentLine, "# note"),
        ("[{\"a\":1}]", Rule::JsonArray, "[{\"a\":1}]"),
        ("{", Rule::PrettyPrinted, "{"),
        ("{\"a\": 1,", Rule::PrettyPrinted, "{\"a\": 1,"),
        ("42", Rule::NotAnObject, "42"),
        ("null", Rule::NotAnObject, "null"),
        ("}", Rule::JsonSyntax, "}"),
        ("id;name;stage", Rule::JsonSyntax, "id;name;stage"),
        ("POST https://api", Rule::JsonSyntax, "POST https://api"),
        ("{\"a\":1},", Rule::TrailingComma, ","),
        ("{\"a\":1,}", Rule::TrailingComma, ","),
        ("{\"a\":[1, ]}", Rule::TrailingComma, ","),
        ("{\"a\":1}{\"b\":2}", Rule::TwoObjects, "{\"b\":2}"),
        ("{\"a\":1}, {\"b\":2}", Rule::TwoObjects, ", {\"b\":2}"),
        ("{\"a\":1}\r{\"b\":2}", Rule::TwoObjects, "{\"b\":2}"),
        ("{\"a\":1} // x", Rule::CommentLine, "// x"),
        ("{\"a\":1}Upload Stage", Rule::JsonSyntax, "Upload Stage"),
        ("{\"a\":OPEN}", Rule::UnquotedWord, "OPEN"),
        (
            "{\"a\": Closed-Won,\"b\":1}",
            Rule::UnquotedWord,
            "Closed-Won",
        ),
        ("{\"a\":True}", Rule::UnquotedWord, "True"),
        ("{\"a\":NaN}", Rule::UnquotedWord, "NaN"),
        ("{\"a\":nil}", Rule::UnquotedWord, "nil"),
        ("{\"a\":2022-09-04}", Rule::UnquotedWord, "2022-09-04"),
        (
            "{\"a\":2022-09-04T10:00:00Z}",
            Rule::UnquotedWord,
            "2022-09-04T10:00:00Z",
        ),
        ("{\"a\":'x y'}", Rule::SingleQuotes, "'x y'"),
        ("{'a':1}", Rule::SingleQuotes, "'a'"),
        ("{“a”:1}", Rule::SingleQuotes, "“a”"),
        ("{\"a\":“b”}", Rule::SingleQuotes, "“b”"),
        ("{\"a\":07000}", Rule::NumberFormat, "07000"),
        ("{\"a\":+5}", Rule::NumberFormat, "+5"),
        ("{\"a\":.5}", Rule::NumberFormat, ".5"),
        ("{\"a\":5.}", Rule::NumberFormat, "5."),
        ("{\"a\":$7000}", Rule::NumberFormat, "$7000"),
        ("{\"a\":7000USD}", Rule::NumberFormat, "7000USD"),
        ("{\"a\":7,000}", Rule::NumberFormat, "7,0"),
        ("{\"a\":1 \"b\":2}", Rule::JsonSyntax, "\""),
        ("{\"a\" 1}", Rule::JsonSyntax, "1"),
        ("{a:1}", Rule::JsonSyntax, "a"),
        ("{\"a\":}", Rule::JsonSyntax, "}"),
        ("{\"a\":1,,\"b\":2}", Rule::JsonSyntax, ","),
        ("{\"a\":\"x\ty\"}", Rule::JsonSyntax, "\t"),
        ("{\"a\":\"C:\\Data\"}", Rule::JsonSyntax, "\\D"),
        ("{\"a\":\"it\\'s\"}", Rule::JsonSyntax, "\\'"),
        ("{\"a\":\"say \"hi\"\"}", Rule::JsonSyntax, "h"),
        ("{\"a\":\"x", Rule::JsonSyntax, "x"),
    ] {
        assert_eq!(rule_and_place(line), (rule, place.to_owned()), "{line}");
    }
}

#[test]
fn fixed_line_has_the_same_length() {
    for (line, fixed) in [
        ("{\"a\":OPEN,\"b\":1}", "{\"a\":0   ,\"b\":1}"),
        ("{\"a\":1,}", "{\"a\":1 }"),
        ("{'a':'b'}", "{\"a\":'b'}"),
        ("{\"a\":“b”}", "{\"a\":  \"b\"  }"),
        ("{\"a\":1 \"b\":2}", "{\"a\":1,\"b\":2}"),
        ("{\"a\":\"x\ty\"}", "{\"a\":\"x y\"}"),
    ] {
        let diagnosis = diagnose(line, &parse(line), false);
        assert_eq!(
            diagnosis.recovery,
            Recovery::ReadOn(fixed.to_owned()),
            "{line}"
        );
    }
}

#[test]
fn field_of_a_broken_value_is_named() {
    for line in [
        "{\"x\":1,\"a\":OPEN}",
        "{\"x\":1,\"a\":2022-09-04}",
        "{\"x\":1,\"a\":'b'}",
    ] {
        let diagnosis = diagnose(line, &parse(line), false);
        assert_eq!(diagnosis.problem.field.as_deref(), Some("a"), "{line}");
    }
}

#[test]
fn diagnosis_of_any_prefix_does_not_panic() {
    for line in [
        "{\"a\":'é“",
        "{\"é\":é,“:",
        "{\"a\":\"\\u12é\"}",
        "{\"a\":-é}",
        "{é",
        "{\"a\":1é}",
    ] {
        for end in (0..=line.len()).filter(|end| line.is_char_boundary(*end)) {
            let start = &line[..end];
            let parsed = parse(start);
            if parsed.error.is_some() {
                diagnose(start, &parsed, true);
            }
        }
    }
}
