//! The files that are checked, made from a seed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// The size that Gong takes at most, less room for the framing.
const BYTES: usize = 199_990_000;

/// The entity schema that the deals follow.
pub(crate) const SCHEMA: &str = r#"{"DEAL":[
{"uniqueName":"region","label":"Region","type":"PICKLIST","orderedValueList":["EMEA","Americas","APAC"]},
{"uniqueName":"winProbability","label":"Probability","type":"PERCENT"},
{"uniqueName":"isCompetitive","label":"Competitive","type":"BOOLEAN"},
{"uniqueName":"nextStep","label":"Next step","type":"STRING"},
{"uniqueName":"renewalDate","label":"Renewal","type":"DATE"},
{"uniqueName":"partnerId","label":"Partner","type":"REFERENCE","referenceTo":"ACCOUNT"}]}"#;

/// A file and what it is for.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
}

/// Makes the files that are not there yet.
pub(crate) fn files() -> Result<Vec<DataFile>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench-check");
    fs::create_dir_all(&folder)?;
    let variants: [(&'static str, Variant); 4] = [
        ("deals", deal),
        ("deals-shuffled", shuffled),
        ("deals-tiny", tiny),
        ("deals-bad", bad),
    ];
    variants
        .into_iter()
        .map(|(name, variant)| {
            let path = folder.join(format!("{name}.ldjson"));
            if !path.exists() {
                write(&path, variant)?;
            }
            Ok(DataFile { name, path })
        })
        .collect()
}

type Variant = fn(&mut fastrand::Rng, usize) -> Vec<(&'static str, String)>;

fn write(path: &Path, variant: Variant) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let aside = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&aside)?);
    let mut written = 0;
    for number in 0.. {
        let fields = variant(&mut random, number);
        let mut line = String::from("{");
        for (at, (name, value)) in fields.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(line, "{comma}\"{name}\":{value}")?;
        }
        line.push_str("}\n");
        written += line.len();
        if written > BYTES {
            break;
        }
        file.write_all(line.as_bytes())?;
    }
    file.into_inner()?.sync_all()?;
    fs::rename(aside, path)?;
    Ok(())
}

fn id(random: &mut fastrand::Rng, length: usize) -> String {
    let characters = std::iter::repeat_with(|| random.alphanumeric());
    format!("\"{}\"", characters.take(length).collect::<String>())
}

fn date_time(random: &mut fastrand::Rng) -> String {
    let zone = random.choice(["Z", "+01:00", "-05:00"]).unwrap_or("Z");
    format!(
        "\"20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}\"",
        random.u8(15..27),
        random.u8(1..13),
        random.u8(1..29),
        random.u8(0..24),
        random.u8(0..60),
        random.u8(0..60)
    )
}

fn day(random: &mut fastrand::Rng) -> String {
    format!(
        "\"20{:02}-{:02}-{:02}\"",
        random.u8(24..29),
        random.u8(1..13),
        random.u8(1..29)
    )
}

fn words(random: &mut fastrand::Rng, count: usize) -> String {
    const WORDS: [&str; 16] = [
        "Renewal",
        "Größe",
        "platform",
        "Łódź",
        "seats",
        "\\\"pilot\\\"",
        "and\\/or",
        "R\\u0026D",
        "expansion",
        "three",
        "years",
        "with",
        "support",
        "Ltd",
        "café",
        "phase",
    ];
    let chosen: Vec<&str> = (0..count)
        .map(|_| WORDS[random.usize(..WORDS.len())])
        .collect();
    format!("\"{}\"", chosen.join(" "))
}

/// Eleven of Gong's fields and six custom ones, about 500 bytes.
fn deal(random: &mut fastrand::Rng, number: usize) -> Vec<(&'static str, String)> {
    let id_text = id(random, 18);
    let bare = id_text.trim_matches('"').to_owned();
    let steps = random.usize(6..14);
    let mut fields = vec![
        ("objectId", id_text),
        ("modifiedDate", date_time(random)),
        (
            "url",
            format!("\"https://crm.example.com/lightning/r/Opportunity/{bare}/view\""),
        ),
        ("accountId", id(random, 18)),
        ("ownerId", id(random, 18)),
        ("name", words(random, 4)),
        ("createdDate", date_time(random)),
        ("closeDate", day(random)),
        (
            "status",
            format!("\"{}\"", ["OPEN", "WON", "LOST"][random.usize(..3)]),
        ),
        (
            "stage",
            format!(
                "\"{}\"",
                ["discovery", "proposal", "negotiation"][random.usize(..3)]
            ),
        ),
        (
            "amount",
            format!("{}.{:02}", random.u32(100..900_000), random.u8(0..100)),
        ),
        (
            "region",
            format!("\"{}\"", ["EMEA", "Americas", "APAC"][random.usize(..3)]),
        ),
        ("winProbability", format!("{}.5", random.u8(0..100))),
        ("isCompetitive", random.bool().to_string()),
        ("nextStep", words(random, steps)),
        ("renewalDate", day(random)),
    ];
    let partner = if number.is_multiple_of(3) {
        "null".to_owned()
    } else {
        id(random, 18)
    };
    fields.push(("partnerId", partner));
    fields
}

fn shuffled(random: &mut fastrand::Rng, number: usize) -> Vec<(&'static str, String)> {
    let mut fields = deal(random, number);
    random.shuffle(&mut fields);
    fields
}

/// The smallest deal that is a record.
fn tiny(_: &mut fastrand::Rng, number: usize) -> Vec<(&'static str, String)> {
    vec![
        ("objectId", format!("\"{number:x}\"")),
        ("modifiedDate", "\"2026-03-01T09:30:00Z\"".to_owned()),
    ]
}

/// A deal with a mistake.
fn bad(random: &mut fastrand::Rng, number: usize) -> Vec<(&'static str, String)> {
    let mut fields = deal(random, number);
    "\"2026-03-01 09:30:00\"".clone_into(&mut fields[1].1);
    fields
}
