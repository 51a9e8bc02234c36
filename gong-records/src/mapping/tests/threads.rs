//! A second thread that reads ahead changes nothing about the result.

use std::fmt::Write as _;
use std::io;

use super::*;

const TABLE: &str = "
    [ACCOUNT]
    distinct = true
    where = 'row.state != \"closed\"'
    [ACCOUNT.fields]
    objectId = { from = 'id', slug = true }
    modifiedDate = { constant = 'now' }
    name = 'name'
    annualRevenue = { from = 'revenue', type = 'number' }
";

/// The rows of a file of several batches: closed ones, wrong ones, long ones, repeated ids.
fn rows(count: usize) -> Vec<[String; 4]> {
    let row = |number: usize| {
        let name = if number.is_multiple_of(997) {
            "long\n".repeat(20_000)
        } else {
            format!("Name {number}")
        };
        let state = if number.is_multiple_of(7) {
            "closed"
        } else {
            "open"
        };
        let revenue = if number.is_multiple_of(101) {
            "many"
        } else {
            "12"
        };
        // Every third row repeats an id; some become the same id as another.
        let sign = if number % 250 == 1 { '-' } else { '/' };
        let id = format!("a{sign}{}", number - number % 3 / 2);
        [id, name, state.to_owned(), revenue.to_owned()]
    };
    (0..count).map(row).collect()
}

fn csv(rows: &[[String; 4]]) -> String {
    let mut csv = "id,name,state,revenue\n".to_owned();
    for [id, name, state, revenue] in rows {
        writeln!(csv, "{id},\"{name}\",{state},{revenue}").unwrap();
    }
    csv
}

fn json(rows: &[[String; 4]]) -> String {
    let line = |[id, name, state, revenue]: &[String; 4]| {
        serde_json::json!({ "id": id, "name": name, "state": state, "revenue": revenue })
            .to_string()
            + "\n"
    };
    rows.iter().map(line).collect()
}

/// The lines, the problems and the counts.
fn convert(
    input: impl Read + Send,
    table: &str,
    name: &str,
    threads: usize,
) -> (Result<Converted, String>, String, Vec<String>) {
    let mapping = Mapping::from_toml(table).unwrap();
    let mut options = options();
    options.path = Some(name.into());
    options.threads = NonZero::new(threads);
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let converted = convert_reader(
        input,
        &mapping,
        ObjectType::Account,
        &options,
        &mut lines,
        &mut |problem| problems.push(format!("{problem}; {:?}", problem.hint)),
    );
    let converted = converted.map_err(|error| error.to_string());
    (converted, String::from_utf8(lines).unwrap(), problems)
}

#[test]
fn two_threads_give_the_lines_and_problems_of_one() {
    // Around the size of a batch, and several of them.
    for count in [0, 1, 511, 512, 513, 1_024, 5_000] {
        let rows = rows(count);
        for (text, name) in [(csv(&rows), "a.csv"), (json(&rows), "a.jsonl")] {
            let one = convert(text.as_bytes(), TABLE, name, 1);
            let two = convert(text.as_bytes(), TABLE, name, 2);
            assert_eq!(one, two, "{name} of {count} rows");
            let converted = one.0.unwrap();
            assert_eq!(converted.records > 0, count > 1, "{name} of {count} rows");
            assert_eq!(one.2.is_empty(), count < 102, "{:?}", one.2);
        }
    }
}

#[test]
fn items_of_a_list_and_a_missing_key_are_the_same_with_two_threads() {
    let line =
        |number| format!("{{\"id\":\"a{number}\",\"name\":\"A\",\"teams\":[\"x\",\"y\",\"z\"]}}\n");
    let text: String = (0..2_048).map(line).collect();
    for (each, records) in [("each = 'teams'", 6_144), ("", 2_048)] {
        let table = format!(
            "[ACCOUNT]\n{each}\n[ACCOUNT.fields]\nobjectId = 'id'\nname = 'nmae'\n\
             modifiedDate = {{ constant = 'now' }}"
        );
        let one = convert(text.as_bytes(), &table, "a.jsonl", 1);
        let two = convert(text.as_bytes(), &table, "a.jsonl", 2);
        assert_eq!(one, two);
        assert_eq!(one.0.unwrap().records, records);
        let missing = one.2.last().unwrap();
        assert!(missing.contains("did you mean \\\"name\\\"?"), "{missing}");
    }
}

/// Text whose file can't be read to its end.
struct Torn<'a>(&'a [u8]);

impl Read for Torn<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self.0.read(target)? {
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn file_that_becomes_unreadable_is_an_error_with_both() {
    let text = csv(&rows(3_000));
    for threads in [1, 2] {
        let (converted, ..) = convert(Torn(text.as_bytes()), TABLE, "a.csv", threads);
        let error = converted.unwrap_err();
        assert_eq!(error, "the file can't be read: the disk is gone");
    }
}

#[test]
fn row_that_never_ends_is_an_error_before_it_fills_the_memory() {
    let begin = "id,name,state,revenue\na1,\"One\",open,1\na2,\"Two".as_bytes();
    let endless = begin.chain(io::repeat(b'x'));
    let (converted, lines, _) = convert(endless, TABLE, "a.csv", 2);
    let error = converted.unwrap_err();
    assert!(
        error.contains("the row at line 3 is longer than 64 MiB; perhaps a double quote"),
        "{error}"
    );
    assert_eq!(lines.lines().count(), 1);
}

/// A disk without space.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_cannot_be_written_end_the_conversion() {
    let text = csv(&rows(20_000));
    let mapping = Mapping::from_toml(TABLE).unwrap();
    for threads in [1, 2] {
        let mut options = options();
        options.threads = NonZero::new(threads);
        let converted = convert_reader(
            text.as_bytes(),
            &mapping,
            ObjectType::Account,
            &options,
            Full(100_000),
            &mut |_| {},
        );
        assert!(
            matches!(converted, Err(ConvertError::Write(_))),
            "{converted:?}"
        );
    }
}
