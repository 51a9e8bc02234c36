//! `gong-crm init`: drafts of mappings and of `gong-crm.toml` from a CRM's exports.

use std::collections::BTreeMap;
use std::path::Path;

use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::mapping::{Draft, DraftError, DraftOptions, Mapping};

use crate::args::init::Init;
use crate::config::search::FILE_NAME;
use crate::config::trust_store;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, count, counted};

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
    write(&draft, init.force)?;
    report(&draft, output);
    Ok(Exit::Ok)
}

fn failure(error: DraftError) -> CliError {
    CliError::new(
        Exit::Usage,
        format!("{}: {}", error.path.display(), error.message),
    )
    .with_hint(error.hint)
}

/// Writes the files, all or none.
fn write(draft: &Draft, force: bool) -> Result<(), CliError> {
    let there = draft.files.iter().find(|file| file.path.exists());
    if let Some(file) = there.filter(|_| !force) {
        return Err(CliError::new(
            Exit::Usage,
            format!(
                "{} is already there; nothing was written",
                file.path.display()
            ),
        )
        .with_hint("move it away, or overwrite it with --force"));
    }
    for file in &draft.files {
        let unwritable = |error: std::io::Error| {
            CliError::new(
                Exit::Unexpected,
                format!("{}: {error}", file.path.display()),
            )
        };
        if let Some(folder) = file.path.parent() {
            atomic_file::create_private_dir(folder).map_err(unwritable)?;
        }
        // Mappings can quote cells of the exports.
        let written = atomic_file::write(&file.path, file.text.as_bytes(), Readers::Owner);
        written.map_err(unwritable)?;
        if file.path.file_name().is_some_and(|name| name == FILE_NAME) {
            // The user had it written, so it is no stranger's. Without a state directory it is one.
            drop(trust_store::keep(&file.path, &file.text));
        }
    }
    Ok(())
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

fn report(draft: &Draft, output: Output) {
    if output.is_json() {
        let sources: Vec<_> = draft
            .sources
            .iter()
            .map(|source| {
                serde_json::json!({
                    "objectType": source.object_type,
                    "files": source.files,
                    "map": source.map,
                    "rows": source.rows,
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
        let written: Vec<_> = draft.files.iter().map(|file| &file.path).collect();
        output.json(&serde_json::json!({
            "sources": sources,
            "written": written,
            "superseded": superseded,
            "skipped": skipped,
            "questions": draft.questions,
        }));
        return;
    }
    let rows: Vec<Vec<String>> = draft
        .sources
        .iter()
        .map(|source| {
            vec![
                source.object_type.to_string(),
                source.files.clone(),
                count(source.rows),
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
    output.status(&format!(
        "wrote gong-crm.toml and {}",
        counted(draft.files.len() as u64 - 1, "file")
    ));
    let questions = match draft.questions {
        0 => "no question is open".to_owned(),
        count => format!(
            "{} open; gong-crm check reports each",
            counted(count as u64, "question")
        ),
    };
    output.status(&questions);
}
