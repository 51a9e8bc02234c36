//! `gong-crm drift PATH`: files compared with what Gong has, value by value.

use std::path::PathBuf;

use gong_crm::ObjectType;
use gong_crm::drift::files::{Difference, DifferenceKind, Verification, VerifyError};
use gong_crm::objects::MAX_OBJECTS;
use gong_crm::push::Options;
use serde::Serialize;

use crate::args::Global;
use crate::command::objects::readable;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, count, counted};

/// A difference, as a line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DifferenceLine<'a> {
    object_type: ObjectType,
    object_id: Option<&'a str>,
    path: &'a PathBuf,
    line: u64,
    #[serde(flatten)]
    kind: &'a DifferenceKind,
}

/// One file's comparison.
struct Compared {
    path: PathBuf,
    object_type: ObjectType,
    found: Verification,
    differences: Vec<Difference>,
}

pub(super) async fn compare(
    global: &Global,
    paths: &[PathBuf],
    object_type: Option<ObjectType>,
    max: Option<usize>,
    output: Output,
) -> Result<Exit, CliError> {
    /// How many differences of a file are shown to a person.
    const SHOWN: usize = 50;
    let files = files(paths, object_type, output)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let max = max.unwrap_or(if output.is_json() { usize::MAX } else { SHOWN });
    let mut compared = Vec::new();
    let mut files = files.into_iter().peekable();
    // Together: a record can be in several files of its type.
    while let Some((first, object_type)) = files.next() {
        let mut paths = vec![first];
        while let Some((path, _)) = files.next_if(|(_, other)| *other == object_type) {
            paths.push(path);
        }
        let mut differences: Vec<(Vec<Difference>, usize)> = vec![Default::default(); paths.len()];
        let found = connection
            .client
            .verify_files(integration_id, object_type, &paths, |path, difference| {
                let (shown, all) = &mut differences[path];
                *all += 1;
                if shown.len() < max {
                    shown.push(difference);
                }
            })
            .await
            .map_err(failure)?;
        for ((path, found), (differences, all)) in paths.into_iter().zip(found).zip(differences) {
            let file = Compared {
                path,
                object_type,
                found,
                differences,
            };
            if !output.is_json() {
                print(&file, all, output);
            }
            compared.push(file);
        }
    }
    let is_same = compared.iter().all(|file| file.found.is_same());
    if output.is_json() {
        print_json(&compared, output);
    } else {
        summarize(&compared, is_same, output);
    }
    Ok(if is_same { Exit::Ok } else { Exit::Rejected })
}

/// The files that a push of the same paths would send, except for types that can't be read back.
fn files(
    paths: &[PathBuf],
    object_type: Option<ObjectType>,
    output: Output,
) -> Result<Vec<(PathBuf, ObjectType)>, CliError> {
    if paths.iter().any(|path| path.as_os_str() == "-") {
        let message = "standard input can't be compared, because files are read twice";
        return Err(CliError::new(Exit::Usage, message).with_hint("save it to a file first"));
    }
    let mut options = Options::new(paths);
    options.object_type = object_type;
    let planned = options
        .files()
        .map_err(|error| CliError::from_files(&error))?;
    let mut files = Vec::new();
    for file in planned {
        match readable(file.object_type) {
            Ok(object_type) => files.push((file.path, object_type)),
            // A file that was named must be readable; in a directory, the others can still be
            // compared.
            Err(failure) if paths.contains(&file.path) => return Err(failure),
            Err(failure) => output.status(&format!(
                "{} skipped: {}",
                file.path.display(),
                failure.message
            )),
        }
    }
    if files.is_empty() {
        let message = "none of the files can be compared";
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("only ACCOUNT, CONTACT, DEAL and LEAD can be read"));
    }
    Ok(files)
}

fn failure(error: VerifyError) -> CliError {
    match error {
        VerifyError::Request(error) => error.into(),
        VerifyError::File { ref source, .. } => {
            let cause = source.to_string();
            let mut failure = CliError::new(Exit::Usage, error.to_string());
            failure.causes.push(cause);
            failure
        }
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}

fn print_json(compared: &[Compared], output: Output) {
    for file in compared {
        for difference in &file.differences {
            output.json(&DifferenceLine {
                object_type: file.object_type,
                object_id: difference.object_id.as_deref(),
                path: &file.path,
                line: difference.line,
                kind: &difference.kind,
            });
        }
    }
}

fn print(file: &Compared, all: usize, output: Output) {
    let path = file.path.display();
    for difference in &file.differences {
        let record = match &difference.object_id {
            Some(id) => format!("objectId {id}: "),
            None => String::new(),
        };
        let what = match &difference.kind {
            DifferenceKind::Missing => "not in Gong".to_owned(),
            DifferenceKind::NotDeleted => "deleted by the file but still in Gong".to_owned(),
            DifferenceKind::Field { field, sent, found } if found.is_null() => {
                format!("{field}: {sent} in the file, absent in Gong")
            }
            DifferenceKind::Field { field, sent, found } => {
                format!("{field}: {sent} in the file, {found} in Gong")
            }
            DifferenceKind::Unreadable { reason } => reason.clone(),
            _ => "differs".to_owned(),
        };
        output.stdout(&format!("{path}:{}: {record}{what}", difference.line));
    }
    if all > file.differences.len() {
        output.stdout(&format!(
            "{path}: {} more; --max shows more",
            counted((all - file.differences.len()) as u64, "difference")
        ));
    }
}

fn summarize(compared: &[Compared], is_same: bool, output: Output) {
    let columns = [
        ("type", Align::Left),
        ("file", Align::Left),
        ("records", Align::Right),
        ("same", Align::Right),
        ("different", Align::Right),
        ("missing", Align::Right),
        ("not deleted", Align::Right),
    ];
    let rows: Vec<Vec<String>> = compared
        .iter()
        .map(|file| {
            let found = &file.found;
            vec![
                file.object_type.to_string(),
                file.path.display().to_string(),
                count(found.records),
                count(found.same),
                count(found.different),
                count(found.missing),
                count(found.not_deleted),
            ]
        })
        .collect();
    output.table(&columns, &rows);
    let superseded: u64 = compared.iter().map(|file| file.found.superseded).sum();
    if superseded > 0 {
        output.status(&format!(
            "{} skipped: another line has a newer version of the record",
            counted(superseded, "line")
        ));
    }
    if !is_same {
        output.status("");
        output.status(
            "Gong returns only processed records: right after an upload, records and values can be \
             missing or old, so try again later. Custom fields are returned once the entity schema \
             declares them: gong-crm schema plan.",
        );
        let calls: u64 = compared.iter().map(|file| file.found.calls).sum();
        output.status(&format!(
            "calls made: {calls}, of {MAX_OBJECTS} records each"
        ));
    }
}
