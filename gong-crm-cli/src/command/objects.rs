//! `gong-crm objects`: what Gong holds, fetched or compared.

use std::io::Read as _;
use std::path::PathBuf;

use gong_crm::ObjectType;
use gong_crm::objects::MAX_OBJECTS;
use gong_crm::push::plan;
use gong_crm::value::ObjectId;
use gong_crm::verify::{Difference, DifferenceKind, Verification, VerifyError};
use serde::Serialize;

use crate::arguments::Global;
use crate::arguments::objects::{Objects, ObjectsAction};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Align, count, counted};

pub(crate) async fn run(
    global: &Global,
    objects: &Objects,
    output: &Output,
) -> Result<Exit, Failure> {
    match &objects.action {
        ObjectsAction::Get { object_type, ids } => get(global, *object_type, ids, *output).await,
        ObjectsAction::Verify {
            paths,
            object_type,
            max,
        } => verify(global, paths, *object_type, *max, *output).await,
    }
}

async fn get(
    global: &Global,
    object_type: ObjectType,
    words: &[String],
    output: Output,
) -> Result<Exit, Failure> {
    let object_type = readable(object_type)?;
    let ids = ids(words)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let mut found = connection
        .client
        .objects(integration_id, object_type, &ids)
        .await?;
    if output.is_json() {
        output.json(&found);
        return Ok(Exit::Ok);
    }
    let mut rows = Vec::new();
    let mut missing = 0;
    for id in &ids {
        // In the order in which they were asked for; one asked for twice is shown once.
        let Some(object) = found.remove(id.as_str()) else {
            continue;
        };
        let Some(object) = object else {
            missing += 1;
            rows.push(vec![id.to_string(), "not found".to_owned(), String::new()]);
            continue;
        };
        let mut first = id.to_string();
        for (field, value) in object {
            let value = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            // A value must not break the table.
            let value = value.replace(['\n', '\r', '\t'], " ");
            rows.push(vec![std::mem::take(&mut first), field, value]);
        }
    }
    let columns = [
        ("id", Align::Left),
        ("field", Align::Left),
        ("value", Align::Left),
    ];
    output.table(&columns, &rows);
    if missing > 0 {
        output.talk(&format!(
            "{} not found: Gong does not have them, or has not processed them yet",
            counted(missing, "record")
        ));
    }
    Ok(Exit::Ok)
}

/// The ids, those of the standard input in place of `-`.
fn ids(words: &[String]) -> Result<Vec<ObjectId>, Failure> {
    let mut ids = Vec::new();
    for word in words {
        if word != "-" {
            ids.push(id(word)?);
            continue;
        }
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| {
                Failure::new(
                    Exit::Usage,
                    format!("the standard input can't be read: {error}"),
                )
            })?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            ids.push(id(line.trim_end_matches('\r'))?);
        }
    }
    Ok(ids)
}

fn id(text: &str) -> Result<ObjectId, Failure> {
    text.parse()
        .map_err(|fault: gong_crm::value::InvalidValue| {
            Failure::new(
                Exit::Usage,
                format!("{text:?} is no id: {}", fault.message()),
            )
        })
}

/// One file's comparison.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    path: PathBuf,
    object_type: ObjectType,
    #[serde(flatten)]
    found: Verification,
    differences: Vec<Difference>,
}

async fn verify(
    global: &Global,
    paths: &[PathBuf],
    object_type: Option<ObjectType>,
    max: Option<usize>,
    output: Output,
) -> Result<Exit, Failure> {
    /// How many differences of a file are shown to a person.
    const SHOWN: usize = 50;
    let files = files(paths, object_type, output)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let max = max.unwrap_or(if output.is_json() { usize::MAX } else { SHOWN });
    let mut compared = Vec::new();
    let mut files = files.into_iter().peekable();
    // Together, because a record can be in several files of its type.
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
        output.json(&serde_json::json!({"isSame": is_same, "files": compared}));
    } else {
        summarize(&compared, is_same, output);
    }
    Ok(if is_same {
        Exit::Ok
    } else {
        Exit::SomeRejected
    })
}

/// The files that a push of the same paths would send, but for those that can't be read back.
fn files(
    paths: &[PathBuf],
    object_type: Option<ObjectType>,
    output: Output,
) -> Result<Vec<(PathBuf, ObjectType)>, Failure> {
    if paths.iter().any(|path| path.as_os_str() == "-") {
        let message = "a file is read twice, which the standard input can't be";
        return Err(Failure::new(Exit::Usage, message).with_hint("save it to a file first"));
    }
    let planned = plan(paths, object_type).map_err(|error| Failure::from_plan(&error))?;
    let mut files = Vec::new();
    for file in planned {
        match readable(file.object_type) {
            Ok(object_type) => files.push((file.path, object_type)),
            // One that was named itself was meant; of a folder the rest still can be compared.
            Err(failure) if paths.contains(&file.path) => return Err(failure),
            Err(failure) => output.talk(&format!(
                "{} left out: {}",
                file.path.display(),
                failure.message
            )),
        }
    }
    if files.is_empty() {
        let message = "none of the files can be compared";
        return Err(Failure::new(Exit::Usage, message)
            .with_hint("only ACCOUNT, CONTACT, DEAL and LEAD can be read"));
    }
    Ok(files)
}

/// The type, if Gong has a way to read its records.
fn readable(object_type: ObjectType) -> Result<ObjectType, Failure> {
    if object_type.has_entity_schema() {
        return Ok(object_type);
    }
    Err(Failure::new(
        Exit::Usage,
        format!("Gong has no way to read a {object_type} back"),
    )
    .with_hint("only ACCOUNT, CONTACT, DEAL and LEAD can be read"))
}

fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Request(error) => error.into(),
        VerifyError::File { ref source, .. } => {
            let cause = source.to_string();
            let mut failure = Failure::new(Exit::Usage, error.to_string());
            failure.causes.push(cause);
            failure
        }
        other => Failure::new(Exit::Unexpected, other.to_string()),
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
            DifferenceKind::NotDeleted => "deleted by the file, and still in Gong".to_owned(),
            DifferenceKind::Field { field, sent, found } if found.is_null() => {
                format!("{field}: the file has {sent}, Gong none")
            }
            DifferenceKind::Field { field, sent, found } => {
                format!("{field}: the file has {sent}, Gong {found}")
            }
            DifferenceKind::Unreadable { reason } => reason.clone(),
            _ => "differs".to_owned(),
        };
        output.data(&format!("{path}:{}: {record}{what}", difference.line));
    }
    if all > file.differences.len() {
        output.data(&format!(
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
        output.talk(&format!(
            "{} left out: a line that was sent later is of the same record",
            counted(superseded, "line")
        ));
    }
    if !is_same {
        output.talk(&format!(
            "\nGong answers from what it has processed: after an upload is done, records and values \
             can be missing or old for a while, so try again later. Custom fields show once the \
             entity schema declares them: gong-crm schema plan. Calls made: {}, of {MAX_OBJECTS} \
             records each",
            compared.iter().map(|file| file.found.calls).sum::<u64>()
        ));
    }
}
