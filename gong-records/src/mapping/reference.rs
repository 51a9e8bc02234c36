//! The reference of a mapping's keys and functions, `docs/mapping-reference.md`.

use std::fmt::Write as _;

/// One key or function of a mapping.
struct Entry {
    name: &'static str,
    summary: &'static str,
    /// The mapping of deals: settings, and fields in addition to `objectId` and `modifiedDate`.
    settings: &'static str,
    fields: &'static str,
    input: &'static str,
    /// The records that come out, without `modifiedDate`.
    output: &'static [&'static str],
}

macro_rules! entries {
    ($($name:literal: $summary:literal; $settings:literal; $fields:literal; $input:literal => $($output:literal),+;)+) => {
        &[$(Entry {
            name: $name,
            summary: $summary,
            settings: $settings,
            fields: $fields,
            input: $input,
            output: &[$($output),+],
        }),+]
    };
}

/// Keys of a type's table.
const TABLE: &[Entry] = entries! {
    "delimiter": "The character between two cells. Default: a comma."; "delimiter = \";\""; "name = \"Title\"";
        "Id;Title\n1;Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "encoding": "The file's encoding, by any name that browsers know. A byte order mark wins. Default: `utf-8`."; "encoding = \"utf-8\""; "name = \"Title\"";
        "Id,Title\n1,Tür\n" => "{\"objectId\":\"1\",\"name\":\"Tür\"}";
    "format": "`csv` or `json`. Default: by the file's name."; "format = \"json\""; "name = \"title\"";
        "{\"Id\":1,\"title\":\"Pilot\"}\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "records": "In a JSON document, the path to the list of records."; "format = \"json\"\nrecords = \"data.items\""; "name = \"title\"";
        "{\"data\":{\"items\":[{\"Id\":1,\"title\":\"Pilot\"}]}}" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "files": "The files of this type, relative to the mapping, if their names don't say the type."; "files = \"Verkaufschancen*.csv\""; "name = \"Title\"";
        "Id,Title\n1,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "stream": "The Singer streams that the records come from, if they come from a tap; see the guide's page on taps."; "format = \"json\"\nstream = \"deals\""; "name = \"title\"";
        "{\"Id\":1,\"title\":\"Pilot\"}\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "header": "Whether the first row has the names of the columns; otherwise they are `1`, `2`, …. Default: `true`."; "header = false"; "objectId = \"1\"\nname = \"2\"";
        "1,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "skip": "How many rows are above the header; empty lines don't count. Default: 0."; "skip = 1"; "name = \"Title\"";
        "All deals,\nId,Title\n1,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "where": "An expression; rows for which it is false, zero, empty or one of the words of `no` and `empty` are skipped, such as totals and deleted rows."; "where = \"Id and Pipeline == 'Sales'\""; "name = \"Title\"";
        "Id,Title,Pipeline\n1,Pilot,Sales\n2,Test,Other\n,Grand total,\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "distinct": "Whether only the first record of each `objectId` is used. Default: `false`."; "distinct = true"; "objectId = { from = \"Stage\", slug = true }\nname = \"Stage\"";
        "Id,Stage\n1,Closed Won\n2,New\n3,Closed Won\n" => "{\"objectId\":\"closed-won\",\"name\":\"Closed Won\"}", "{\"objectId\":\"new\",\"name\":\"New\"}";
    "each": "A list whose items each become a record. The item is the column `item`; in JSON, its position is `item_number`."; "format = \"json\"\neach = \"opportunities\""; "objectId = \"item.id\"\naccountId = \"Id\"";
        "{\"Id\":\"a-1\",\"opportunities\":[{\"id\":\"o-1\"},{\"id\":\"o-2\"}]}\n" => "{\"objectId\":\"o-1\",\"accountId\":\"a-1\"}", "{\"objectId\":\"o-2\",\"accountId\":\"a-1\"}";
    "each-split": "The separator between the items of `each` in a CSV. Default: a semicolon."; "each = \"Deals\"\neach-split = \"|\""; "objectId = \"item\"\nname = \"Title\"";
        "Deals,Title\n1|2,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}", "{\"objectId\":\"2\",\"name\":\"Pilot\"}";
    "deleted": "The column that says whether a record is deleted: a word for true or false, or the time of the deletion."; "deleted = \"Deleted at\""; "name = \"Title\"";
        "Id,Title,Deleted at\n1,Pilot,\n2,Test,2026-01-15 09:30:00\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}", "{\"objectId\":\"2\",\"isDeleted\":true,\"name\":\"Test\"}";
    "todo": "One or more open questions. The check reports each until the key is removed. A field can have it too."; ""; "name = \"Title\"";
        "Id,Title\n1,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "zone": "The time zone of times without a zone. If it is missing, such times are problems."; "zone = \"Europe/Berlin\""; "createdDate = \"Created\"";
        "Id,Created\n1,2026-01-15 09:30\n" => "{\"objectId\":\"1\",\"createdDate\":\"2026-01-15T09:30:00+01:00\"}";
    "dates": "The formats of dates, in addition to ISO 8601: `strptime` formats; `epoch`, `epoch-ms`, `epoch-us` or `epoch-ns`, which count seconds or parts of them since 1970; or `excel`. The first that matches is used."; "dates = [\"%d.%m.%Y\", \"excel\"]"; "closeDate = \"Close\"";
        "Id,Close\n1,31.12.2026\n2,46022\n" => "{\"objectId\":\"1\",\"closeDate\":\"2026-12-31\"}", "{\"objectId\":\"2\",\"closeDate\":\"2025-12-31\"}";
    "date-times": "The formats of date-times, in the same notation."; "date-times = \"epoch-ms\""; "createdDate = \"Created\"";
        "Id,Created\n1,1768469400000\n" => "{\"objectId\":\"1\",\"createdDate\":\"2026-01-15T09:30:00+00:00\"}";
    "language": "The language of month names: `de`, `en`, `es`, `fr`, `it`, `nl`, `pt`."; "language = \"fr\"\ndates = \"%d %b %Y\""; "closeDate = \"Close\"";
        "Id,Close\n1,30 juin 2026\n2,1 déc. 2026\n" => "{\"objectId\":\"1\",\"closeDate\":\"2026-06-30\"}", "{\"objectId\":\"2\",\"closeDate\":\"2026-12-01\"}";
    "decimal": "The decimal sign. Default: a point."; "delimiter = \";\"\ndecimal = \",\""; "amount = \"Sum\"";
        "Id;Sum\n1;12,50\n" => "{\"objectId\":\"1\",\"amount\":12.50}";
    "thousands": "The separator between groups of three digits. Default: none."; "delimiter = \";\"\ndecimal = \",\"\nthousands = \".\""; "amount = \"Sum\"";
        "Id;Sum\n1;1.250,10\n" => "{\"objectId\":\"1\",\"amount\":1250.10}";
    "currency": "Signs and words next to a number that are removed."; "thousands = \",\"\ncurrency = [\"$\", \"USD\"]"; "amount = \"Sum\"";
        "Id,Sum\n1,\"($1,234.00)\"\n2,-$99\n" => "{\"objectId\":\"1\",\"amount\":-1234.00}", "{\"objectId\":\"2\",\"amount\":-99}";
    "yes": "Words for true, in any case. Default: `true`, `yes`, `1`."; "yes = \"ja\"\nno = \"nein\""; "vip = { from = \"VIP\", type = \"BOOLEAN\" }";
        "Id,VIP\n1,Ja\n" => "{\"objectId\":\"1\",\"vip\":true}";
    "no": "Words for false, in any case. Default: `false`, `no`, `0`."; "yes = \"ja\"\nno = \"nein\""; "vip = { from = \"VIP\", type = \"BOOLEAN\" }";
        "Id,VIP\n1,Nein\n" => "{\"objectId\":\"1\",\"vip\":false}";
    "empty": "Cells that mean no value, in addition to empty ones."; "empty = [\"-\", \"n/a\"]"; "name = \"Title\"";
        "Id,Title\n1,N/A\n" => "{\"objectId\":\"1\"}";
};

/// Keys of a field.
const FIELD: &[Entry] = entries! {
    "from": "The column, or a list of columns, of which the first that is not empty is used. In JSON, a path."; ""; "name = { from = [\"Title\", \"Subject\"] }";
        "Id,Title,Subject\n1,,Pilot\n" => "{\"objectId\":\"1\",\"name\":\"Pilot\"}";
    "from (JSON)": "A path: keys separated by dots, `[0]` and `[-1]` for items, `[primary]` for the item in which that key is true."; "format = \"json\""; "accountId = \"org_id.value\"\nemail = { from = \"emails[primary].value\", type = \"EMAILADDRESS\" }";
        "{\"Id\":1,\"org_id\":{\"value\":12},\"emails\":[{\"value\":\"a@x.example\"},{\"value\":\"b@x.example\",\"primary\":true}]}\n" => "{\"objectId\":\"1\",\"accountId\":\"12\",\"email\":\"b@x.example\"}";
    "join": "Joins all columns of `from`, with this text between them."; ""; "name = { from = [\"Title\", \"City\"], join = \", \" }";
        "Id,Title,City\n1,Pilot,Bonn\n2,Test,\n" => "{\"objectId\":\"1\",\"name\":\"Pilot, Bonn\"}", "{\"objectId\":\"2\",\"name\":\"Test\"}";
    "expr": "An expression, instead of `from`. It uses columns by name, or as `row[\"Any name\"]`."; ""; "status = { expr = \"'WON' if row['Is Won'] == 'true' else 'LOST' if Closed == 'true' else 'OPEN'\" }";
        "Id,Closed,Is Won\n1,true,true\n2,true,false\n3,false,false\n" => "{\"objectId\":\"1\",\"status\":\"WON\"}", "{\"objectId\":\"2\",\"status\":\"LOST\"}", "{\"objectId\":\"3\",\"status\":\"OPEN\"}";
    "constant": "The value of every record, in Gong's format; `now` is the modification time of the file."; ""; "status = { constant = \"OPEN\" }";
        "Id\n1\n" => "{\"objectId\":\"1\",\"status\":\"OPEN\"}";
    "default": "The value for empty cells, in Gong's format."; ""; "amount = { from = \"Sum\", default = 0 }";
        "Id,Sum\n1,\n" => "{\"objectId\":\"1\",\"amount\":0}";
    "split": "One or more separators between the items of a list. Default: a comma. For a single value, use it with `take`."; ""; "tags = { from = \"Tags\", split = \";\", type = \"STRINGARRAY\" }";
        "Id,Tags\n1,a;b\n" => "{\"objectId\":\"1\",\"tags\":[\"a\",\"b\"]}";
    "take": "Which item of a list is used: `\"first\"`, `\"last\"` or a position from 1."; ""; "contact = { from = \"Mail\", split = \";\", take = \"first\", type = \"EMAILADDRESS\" }";
        "Id,Mail\n1,a@x.example;b@x.example\n" => "{\"objectId\":\"1\",\"contact\":\"a@x.example\"}";
    "strip": "Texts to remove from the beginning and the end."; ""; "accountId = { from = \"Account\", strip = [\"{\", \"}\", \"zcrm_\"] }";
        "Id,Account\n1,{A-1}\n2,zcrm_12\n" => "{\"objectId\":\"1\",\"accountId\":\"A-1\"}", "{\"objectId\":\"2\",\"accountId\":\"12\"}";
    "replace": "Texts and their replacements, which apply everywhere in the value."; ""; "accountId = { from = \"Account\", replace = { \"/\" = \"-\", \".\" = \"\" } }";
        "Id,Account\n1,12.345.678/0001-90\n" => "{\"objectId\":\"1\",\"accountId\":\"12345678-0001-90\"}";
    "slug": "Whether to convert the text to an id: ASCII letters and digits in lower case, separated by hyphens. Different texts with the same id are an error."; ""; "ownerId = { from = \"Owner\", slug = true }";
        "Id,Owner\n1,Érica Souza\n2,Анна\n" => "{\"objectId\":\"1\",\"ownerId\":\"erica-souza\"}", "{\"objectId\":\"2\",\"ownerId\":\"anna\"}";
    "domain": "Whether links and addresses become bare domains; those of public mail services and of sites where anybody has a page are left out. What is not a domain is a warning."; ""; "sites = { from = \"Web\", domain = true, type = \"STRINGARRAY\" }";
        "Id,Web\n1,https://www.a.example/de/\n2,\"info@b.example; x@gmail.com\"\n" => "{\"objectId\":\"1\",\"sites\":[\"a.example\"]}", "{\"objectId\":\"2\",\"sites\":[\"b.example\"]}";
    "values": "Cells, in any case, and their values in Gong's format. `\"\"` means no value; `\"?\"` is an open question, which the check reports. With `lookup`, they are the cells before it."; ""; "status = { from = \"State\", values = { \"gewonnen\" = \"WON\", \"verloren\" = \"LOST\", \"offen\" = \"OPEN\" } }";
        "Id,State\n1,Gewonnen\n" => "{\"objectId\":\"1\",\"status\":\"WON\"}";
    "otherwise": "The value of a cell that `values` does not list, or that `lookup` does not find; `\"\"` and `\"?\"` as in `values`."; ""; "status = { from = \"State\", values = { \"gewonnen\" = \"WON\", \"verloren\" = \"LOST\" }, otherwise = \"OPEN\" }";
        "Id,State\n1,Angebot\n" => "{\"objectId\":\"1\",\"status\":\"OPEN\"}";
    "scale": "Multiplies a number by this power of ten; every digit is kept."; ""; "amount = { from = \"Cents\", scale = 0.01 }";
        "Id,Cents\n1,125010\n" => "{\"objectId\":\"1\",\"amount\":1250.10}";
    "only-currency": "The column with the currency (`in`) and the company's currency (`is`). Amounts in another currency are multiplied by its rate; without a rate, they are held back with a finding."; ""; "amount = { from = \"Sum\", only-currency = { in = \"Currency\", is = \"EUR\", rates = { USD = 0.92 } } }";
        "Id,Sum,Currency\n1,5,EUR\n2,12500,USD\n" => "{\"objectId\":\"1\",\"amount\":5}", "{\"objectId\":\"2\",\"amount\":11500}";
    "type": "The type of a custom field. Not needed if an entity schema declares the field."; ""; "region = { from = \"Region\", type = \"PICKLIST\" }";
        "Id,Region\n1,Nord\n" => "{\"objectId\":\"1\",\"region\":\"Nord\"}";
};

/// Functions of expressions, beside those of `minijinja`.
const FUNCTIONS: &[Entry] = entries! {
    "domain": "The company's domain of a link or an address; nothing for public mail services, sites where anybody has a page, and other texts."; ""; "site = { expr = \"domain(Web)\", type = \"STRING\" }";
        "Id,Web\n1,https://www.a.example/de/\n2,x@gmail.com\n" => "{\"objectId\":\"1\",\"site\":\"a.example\"}", "{\"objectId\":\"2\"}";
    "domains": "The company domains of a list of links and addresses."; ""; "sites = { expr = \"Web | domains\", type = \"STRINGARRAY\" }";
        "Id,Web\n1,a.example;www.b.example\n" => "{\"objectId\":\"1\",\"sites\":[\"a.example\",\"b.example\"]}";
    "slug": "Converts a text to an id."; ""; "stage = { expr = \"(Pipeline ~ ' ' ~ Stage) | slug\" }";
        "Id,Pipeline,Stage\n1,Sales,Closed Won\n" => "{\"objectId\":\"1\",\"stage\":\"sales-closed-won\"}";
    "first_name": "A person's name without the last word, or the part after the comma."; ""; "first = { expr = \"first_name(Name)\", type = \"STRING\" }";
        "Id,Name\n1,Ada Lovelace\n2,\"Lovelace, Ada\"\n" => "{\"objectId\":\"1\",\"first\":\"Ada\"}", "{\"objectId\":\"2\",\"first\":\"Ada\"}";
    "last_name": "The last word of a person's name, or the part before the comma."; ""; "last = { expr = \"last_name(Name)\", type = \"STRING\" }";
        "Id,Name\n1,Ada Lovelace\n" => "{\"objectId\":\"1\",\"last\":\"Lovelace\"}";
    "email_in": "The first email address in a text."; ""; "ownerId = { expr = \"email_in(Owner)\" }";
        "Id,Owner\n1,Anna Kowalska (anna@acme.example)\n" => "{\"objectId\":\"1\",\"ownerId\":\"anna@acme.example\"}";
    "number": "The number of a text, by `decimal`, `thousands` and `currency`; nothing of an empty one. The cells of a CSV are texts, so what is compared or calculated needs it."; "where = \"number(Sum) >= 1000\"\nthousands = \",\""; "amount = { expr = \"number(Sum) * 2\" }";
        "Id,Sum\n1,\"1,250.50\"\n2,900\n" => "{\"objectId\":\"1\",\"amount\":2501}";
    "digits": "The digits of a text."; ""; "code = { expr = \"digits(Number)\", type = \"STRING\" }";
        "Id,Number\n1,DE-123/4\n" => "{\"objectId\":\"1\",\"code\":\"1234\"}";
    "leading_number": "The number at the beginning of a text; nothing without one."; ""; "step = { expr = \"leading_number(Stage)\", type = \"NUMBER\" }";
        "Id,Stage\n1,01 - Qualify\n2,On hold\n" => "{\"objectId\":\"1\",\"step\":1}", "{\"objectId\":\"2\"}";
    "first_of": "The first of its arguments that is not empty."; ""; "closeDate = { expr = \"first_of(Won, Lost, Expected)\" }";
        "Id,Won,Lost,Expected\n1,,2026-01-02,2026-03-04\n" => "{\"objectId\":\"1\",\"closeDate\":\"2026-01-02\"}";
};

/// The reference in Markdown, as `docs/mapping-reference.md` has it.
pub fn reference_page() -> String {
    let mut page = "<!-- Generated by `cargo xtask docs`; edit \
        gong-records/src/mapping/reference.rs. -->\n\n# Mapping reference\n\nA mapping is a TOML \
        file with a table per object type. The [guide](guide/csv.md) explains how to start. A test \
        runs every example here: the mapping of a deal, the file, and the resulting records \
        without `modifiedDate`.\n"
        .to_owned();
    let parts = [
        (
            "Keys of a type",
            "Keys of `[DEAL]` and the tables of other types. A field can have its own `zone`, `language`, `dates`, `date-times`, `decimal`, `thousands`, `currency`, `yes`, `no`, `empty` and `todo`.",
            TABLE,
        ),
        (
            "Keys of a field",
            "A field is the name of a column, or a table with these keys. They are applied in this order: `from` or `expr`, `only-currency`, `split` and `take`, `lookup`, `domain`, `strip`, `replace`, `slug`, `values` and `otherwise`, then the field's type.",
            FIELD,
        ),
        (
            "Functions of expressions",
            "Expressions use the syntax of [MiniJinja](https://docs.rs/minijinja/latest/minijinja/syntax/#expressions), which is Jinja as in dbt and Ansible, and its [filters](https://docs.rs/minijinja/latest/minijinja/filters/). Each function here is a filter too: `domain(Web)` is `Web | domain`. A name that is not a column is an error, and so is a text that is compared with a number: write `number(Sum) > 5`.",
            FUNCTIONS,
        ),
    ];
    for (title, text, entries) in parts {
        // Writing into a String can't fail.
        let _ = write!(page, "\n## {title}\n\n{text}\n");
        for entry in entries {
            let mapping = [entry.settings, "[DEAL.fields]", entry.fields];
            let mapping: Vec<&str> = mapping
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            let language = if entry.settings.contains("json") {
                "json"
            } else {
                "text"
            };
            let _ = write!(
                page,
                "\n### `{}`\n\n{}\n\n```toml\n{}\n```\n\n```{language}\n{}\n```\n\n```json\n{}\n```\n",
                entry.name,
                entry.summary,
                mapping.join("\n"),
                entry.input.trim_end(),
                entry.output.join("\n"),
            );
        }
        if title == "Keys of a type" {
            page += JOIN;
        }
        if title == "Keys of a field" {
            page += LOOKUP;
        }
    }
    page
}

/// A join needs a second file, so a separate test runs its example.
const JOIN: &str = "
### `join`

Records of other JSON files that are put beside the columns of each record: `in` is the file, relative to the mapping or beside the file that is converted, `key` the path of the key in it, `by` the path of that key in the record. The column is null where there is no such record; two different records with one key are a finding; `pipeline_count` is how many records the file has.

```toml
[STAGE.join]
pipeline = { in = \"pipelines.jsonl\", key = \"id\", by = \"pipeline_id\" }
[STAGE.fields]
name = { from = [\"pipeline.name\", \"name\"], join = \": \" }
```
";

/// A lookup needs a second file, so a separate test runs its example.
const LOOKUP: &str = "
### `lookup`

A file, or a type of the mapping, in which the cell is found, and what is used instead. A cell that is not found, or leads to different values, is a finding; `values` says what stands in for single cells, `otherwise` for all that are not found, but not for those that lead to several. `in` is a CSV or JSON file, relative to the mapping, or a type such as `\"ACCOUNT\"`, whose fields `key` and `value` then name. A CSV's `delimiter` and `encoding` can be named; by default the delimiter is recognized, and a file that is not UTF-8 has the encoding of the mapping. `skip` says how many rows are above its header.

```toml
[DEAL.fields]
ownerId = { from = \"Owner\", lookup = { in = \"users.csv\", key = \"Name\", value = \"Email\" } }
```
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectType;
    use crate::mapping::{Mapping, Options, convert_reader};

    #[test]
    fn every_example_of_the_reference_gives_what_it_says() {
        for entry in TABLE.iter().chain(FIELD).chain(FUNCTIONS) {
            let object_id = if entry.fields.contains("objectId") {
                ""
            } else {
                "objectId = \"Id\"\n"
            };
            let toml = format!(
                "[DEAL]\n{}\n[DEAL.fields]\n{object_id}modifiedDate = {{ constant = \"now\" }}\n{}",
                entry.settings, entry.fields
            );
            let mapping = Mapping::from_toml(&toml)
                .unwrap_or_else(|error| panic!("{}: {error}\n{toml}", entry.name));
            let options = Options::new("2026-03-01T08:30:00Z".parse().unwrap());
            let mut lines = Vec::new();
            let mut problems = Vec::new();
            convert_reader(
                entry.input.as_bytes(),
                &mapping,
                ObjectType::Deal,
                &options,
                &mut lines,
                &mut |problem| {
                    problems.push(problem.to_string());
                },
            )
            .unwrap_or_else(|error| panic!("{}: {error}\n{toml}", entry.name));
            let lines = String::from_utf8(lines).unwrap();
            let lines = lines.replace(",\"modifiedDate\":\"2026-03-01T08:30:00Z\"", "");
            assert_eq!(
                lines.lines().collect::<Vec<_>>(),
                entry.output,
                "{}: {problems:?}",
                entry.name
            );
            assert_eq!(problems, [""; 0], "{}", entry.name);
        }
    }

    #[test]
    fn the_reference_names_every_key() {
        for (known, entries) in [
            (
                Mapping::from_toml("[DEAL]\nqqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1"),
                TABLE,
            ),
            (
                Mapping::from_toml("[DEAL.fields]\na = { qqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1 }"),
                FIELD,
            ),
        ] {
            let message = known.unwrap_err().to_string();
            let (_, known) = message.split_once("known: ").unwrap();
            for key in known.split(", ") {
                let formats = TABLE.iter().map(|entry| entry.name);
                let is_documented = entries
                    .iter()
                    .map(|entry| entry.name)
                    .chain(formats)
                    .any(|name| name == key);
                assert!(
                    is_documented || ["fields", "join", "lookup"].contains(&key),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn the_mapping_reference_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mapping-reference.md");
        if std::env::var_os("WRITE_MAPPING_REFERENCE").is_some() {
            std::fs::write(path, reference_page()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            page == reference_page(),
            "docs/mapping-reference.md is stale; run `cargo xtask docs`"
        );
    }
}
