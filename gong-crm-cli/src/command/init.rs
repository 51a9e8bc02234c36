//! `gong-crm init`: drafts of mappings and of `gong-crm.toml` from a CRM's exports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gong_crm::mapping::{Draft, DraftError, DraftOptions, Mapping};

use crate::args::init::Init;
use crate::config::search::FILE_NAME;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, count, counted};

use self::write::{OtherFiles, Written};

mod write;

pub(crate) fn run(init: &Init, output: Output) -> Result<Exit, CliError> {
    let mut options = DraftOptions::default();
    options.object_type = init.object_type;
    options.zone = match &init.zone {
        Some(zone) if jiff::tz::TimeZone::get(zone).is_err() && !zone.starts_with(['+', '-']) => {
            return Err(
                CliError::new(Exit::Usage, format!("there is no time zone {zone:?}"))
                    .with_hint("write it like Europe/Berlin, UTC or +01:00"),
            );
        }
        zone => zone.clone(),
    };
    if let Some(path) = &init.print {
        let text = Mapping::draft_file(path, &options).map_err(failure)?;
        if output.is_json() {
            output.json(&serde_json::json!({"mapping": text}));
        } else {
            output.document(&text);
        }
        return Ok(Exit::Ok);
    }
    let draft = Mapping::draft(&init.paths, &options).map_err(failure)?;
    let written = write::write(&draft, init.force)?;
    report(&draft, &written, output);
    Ok(Exit::Ok)
}

fn failure(error: DraftError) -> CliError {
    CliError::new(
        Exit::Usage,
        format!("{}: {}", error.path.display(), error.message),
    )
    .with_hint(error.hint)
}

/// The files that count, and the names of the earlier exports that don't.
fn superseded(draft: &Draft) -> BTreeMap<&Path, Vec<String>> {
    let mut all = BTreeMap::<&Path, Vec<String>>::new();
    for file in &draft.superseded {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        all.entry(&file.by).or_default().push(name.into_owned());
    }
    all
}

fn report(draft: &Draft, written: &Written, output: Output) {
    // What is not in effect is not shown as if it were.
    let of_type = |object_type| {
        let mut others = written.sources.iter();
        others.find(|other| other.object_type == object_type)
    };
    if output.is_json() {
        let sources: Vec<_> = draft
            .sources
            .iter()
            .map(|source| {
                serde_json::json!({
                    "objectType": source.object_type,
                    "files": of_type(source.object_type).map_or(&source.files, |other| &other.files),
                    "map": source.map,
                    "rows": of_type(source.object_type).is_none().then_some(source.rows),
                })
            })
            .collect();
        let skipped: Vec<_> = draft
            .skipped
            .iter()
            .map(|file| serde_json::json!({"path": file.path, "reason": file.reason, "hint": file.hint}))
            .collect();
        let superseded: Vec<_> = draft
            .superseded
            .iter()
            .map(|file| serde_json::json!({"path": file.path, "by": file.by}))
            .collect();
        output.json(&serde_json::json!({
            "sources": sources,
            "written": written.new,
            "extended": written.extended,
            "kept": written.kept,
            "superseded": superseded,
            "skipped": skipped,
            "questions": written.questions,
        }));
        return;
    }
    let rows: Vec<Vec<String>> = draft
        .sources
        .iter()
        .map(|source| {
            let other = of_type(source.object_type);
            vec![
                source.object_type.to_string(),
                other.map_or(&source.files, |other| &other.files).clone(),
                other.map_or_else(|| count(source.rows), |_| String::new()),
                source.map.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let columns = [
        ("type", Align::Left),
        ("files", Align::Left),
        ("rows", Align::Right),
        ("mapping", Align::Left),
    ];
    output.table(&columns, &rows);
    for (by, earlier) in superseded(draft) {
        output.status(&format!(
            "{} is the latest of {}; not read: {}",
            by.display(),
            counted(earlier.len() as u64 + 1, "export"),
            earlier.join(", ")
        ));
    }
    for skipped in &draft.skipped {
        output.warning(
            &format!("{}: {}", skipped.path.display(), skipped.reason),
            &skipped.hint,
        );
    }
    for other in &written.sources {
        let OtherFiles {
            object_type,
            files,
            drafted,
        } = other;
        output.warning(
            &format!(
                "{FILE_NAME} reads {files} for {object_type}, and a draft of today reads {drafted}; it is not changed"
            ),
            &format!("correct files in [sources.{object_type}] of {FILE_NAME}"),
        );
    }
    let shown = |paths: &[PathBuf]| {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        paths.join(", ")
    };
    let files = written.new.len() as u64;
    if written.new.iter().any(|path| path.ends_with(FILE_NAME)) {
        output.status(&format!(
            "wrote {FILE_NAME} and {}",
            counted(files - 1, "file")
        ));
    } else if files > 0 {
        output.status(&format!("wrote {}", shown(&written.new)));
    }
    if !written.extended.is_empty() {
        output.status(&format!("added to {}", shown(&written.extended)));
    }
    if !written.kept.is_empty() {
        output.warning(
            &format!(
                "not changed, and a draft of today differs: {}",
                shown(&written.kept)
            ),
            "see the draft with gong-crm init --print FILE; --force replaces them, and keeps them as NAME.bak",
        );
    }
    for file in &draft.files {
        let is_new = written.new.contains(&file.path);
        for field in file.missing.iter().filter(|_| is_new) {
            output.status(&format!("{}: no column for {field}", file.path.display()));
        }
    }
    let questions = match written.questions {
        0 => "no question is open".to_owned(),
        count => format!(
            "{} open; gong-crm check reports each",
            counted(count as u64, "question")
        ),
    };
    if files > 0 {
        output.status(&questions);
    }
}
