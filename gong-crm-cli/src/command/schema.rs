//! `gong-crm schema`: custom fields managed as a file.

use std::path::Path;

use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::operation::Operation;
use gong_crm::schema::{Change, EntitySchema, PlannedField, SchemaPlan, SchemaPlanError};
use gong_crm::{IntegrationId, ObjectType};

use crate::args::Global;
use crate::args::schema::{Schema, SchemaAction, SchemaFile};
use crate::connection::Connection;
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::finding::level;
use crate::output::progress::waiting;
use crate::output::table::counted;
use crate::schema_file;

pub(crate) async fn run(
    global: &Global,
    schema: &Schema,
    output: &Output,
) -> Result<Exit, CliError> {
    match &schema.action {
        SchemaAction::Pull { object_type, to } => {
            pull(global, *object_type, to.as_deref(), *output).await
        }
        SchemaAction::Plan(file) => plan(global, file, *output).await,
        SchemaAction::Apply {
            file,
            allow_data_loss,
            dry_run,
        } => apply(global, file, *allow_data_loss, *dry_run, *output).await,
    }
}

async fn pull(
    global: &Global,
    object_type: Option<ObjectType>,
    to: Option<&Path>,
    output: Output,
) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let answer = connection
        .client
        .entity_schema(integration_id, object_type)
        .await?;
    let schema = answer.custom_only();
    let fields: usize = schema.iter().map(|(_, fields)| fields.len()).sum();
    let left_out: usize = answer.iter().map(|(_, fields)| fields.len()).sum::<usize>() - fields;
    match to {
        None if output.is_json() => output.json(&schema),
        None => output.document(&yaml(&schema)?),
        Some(path) => {
            let is_json = path.extension().is_some_and(|ending| ending == "json");
            let text = if is_json || output.is_json() {
                serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
            } else {
                yaml(&schema)?
            };
            atomic_file::write(path, text.as_bytes(), Readers::Default).map_err(|error| {
                CliError::new(
                    Exit::Unexpected,
                    format!("{} could not be written: {error}", path.display()),
                )
            })?;
        }
    }
    output.status(&counted(fields as u64, "custom field"));
    if left_out > 0 {
        output.status(&format!(
            "{} skipped: standard or removed fields",
            counted(left_out as u64, "field")
        ));
    }
    Ok(Exit::Ok)
}

fn yaml(schema: &EntitySchema) -> Result<String, CliError> {
    schema.to_yaml().map_err(|error| {
        CliError::new(
            Exit::Unexpected,
            format!("the schema can't be written as YAML: {error}"),
        )
    })
}

async fn plan(global: &Global, file: &SchemaFile, output: Output) -> Result<Exit, CliError> {
    let wanted = schema_file::read(&file.path, file.object_type)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let plans = plans(&connection, integration_id, file, &wanted).await?;
    if output.is_json() {
        output.json(&serde_json::json!({
            "isEmpty": plans.iter().all(SchemaPlan::is_empty),
            "losesData": plans.iter().any(SchemaPlan::is_lossy),
            "types": plans,
        }));
    } else {
        print(&plans, output);
        if plans.iter().any(SchemaPlan::is_lossy) {
            output.status("to apply it, add --allow-data-loss");
        }
    }
    Ok(Exit::Ok)
}

/// What to do after a signal stopped the command, if it matters.
pub(crate) fn after_signal(schema: &Schema) -> Option<&'static str> {
    let SchemaAction::Apply { dry_run: false, .. } = schema.action else {
        return None;
    };
    Some(
        "Gong may have some of the fields; the same command again declares those that it does not have",
    )
}

async fn apply(
    global: &Global,
    file: &SchemaFile,
    allow_data_loss: bool,
    dry_run: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let wanted = schema_file::read(&file.path, file.object_type)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let plans = plans(&connection, integration_id, file, &wanted).await?;
    let changing: Vec<&SchemaPlan> = plans.iter().filter(|plan| plan.needs_upload()).collect();
    if dry_run {
        let requests: Vec<Request> = changing
            .iter()
            .map(|plan| {
                Request::new(Operation::UploadCrmSchemaField)
                    .query("integrationId", &integration_id)
                    .query("objectType", &plan.object_type())
                    .body(&plan.to_upload())
            })
            .collect();
        dry_run::show(&requests, global, output)?;
        return Ok(Exit::Ok);
    }
    if !output.is_json() {
        print(&plans, output);
    }
    let lost: Vec<String> = changing
        .iter()
        .flat_map(|plan| {
            plan.losses()
                .map(|field| format!("{}.{}", plan.object_type(), field.unique_name))
        })
        .collect();
    if !lost.is_empty() && !allow_data_loss {
        return Err(CliError::new(
            Exit::CheckFailed,
            format!(
                "this would drop all values of {}; nothing was sent",
                lost.join(", ")
            ),
        )
        .with_hint("to drop them, add --allow-data-loss"));
    }
    for plan in &changing {
        connection
            .client
            .upload_entity_schema_with(
                integration_id,
                plan.object_type(),
                &plan.to_upload(),
                |owner| waiting(&owner, output),
            )
            .await?;
        output.status(&format!("{}: declared", plan.object_type()));
    }
    if output.is_json() {
        let applied: Vec<ObjectType> = changing.iter().map(|plan| plan.object_type()).collect();
        output.json(&serde_json::json!({
            "applied": applied,
            "lostValuesOf": lost,
            "types": plans,
        }));
    }
    Ok(Exit::Ok)
}

/// The plan of each type that the file lists.
async fn plans(
    connection: &Connection,
    integration_id: IntegrationId,
    file: &SchemaFile,
    wanted: &EntitySchema,
) -> Result<Vec<SchemaPlan>, CliError> {
    let current = connection
        .client
        .entity_schema(integration_id, None)
        .await?;
    let mut plans = Vec::new();
    let mut refused: Vec<SchemaPlanError> = Vec::new();
    for (object_type, fields) in wanted.iter() {
        if file.object_type.is_some_and(|only| only != object_type) {
            continue;
        }
        let known = current.fields(object_type).unwrap_or_default();
        match SchemaPlan::new(object_type, known, fields) {
            Ok(plan) => plans.push(plan),
            Err(error) => refused.push(error),
        }
    }
    if refused.is_empty() {
        return Ok(plans);
    }
    let findings: Vec<String> = refused
        .iter()
        .flat_map(|error| {
            error
                .findings()
                .iter()
                .map(|finding| format!("{} {}: {finding}", error.object_type(), finding.severity))
        })
        .collect();
    let mut failure = CliError::new(
        Exit::CheckFailed,
        format!("{} has errors; nothing was sent", file.path.display()),
    );
    failure.hint = Some(findings.join("\n      "));
    let findings = refused.iter().flat_map(|error| {
        let object_type = error.object_type();
        error.findings().iter().map(move |finding| {
            serde_json::json!({
                "objectType": object_type,
                "uniqueName": finding.unique_name,
                "rule": finding.rule,
                "severity": level(finding.severity),
                "message": finding.message,
            })
        })
    });
    Err(failure.with_findings(findings.collect()))
}

fn print(plans: &[SchemaPlan], output: Output) {
    for plan in plans {
        output.stdout(plan.object_type().as_str());
        let is_shown = |field: &&PlannedField| field.change != Change::Unchanged;
        let names = plan.fields().iter().filter(is_shown);
        let width = names
            .map(|field| field.unique_name.chars().count())
            .max()
            .unwrap_or_default();
        for field in plan.fields() {
            if let Some(line) = line(field, width) {
                output.stdout(&line);
            }
        }
        let unchanged = plan.of(Change::Unchanged).count();
        if unchanged > 0 {
            output.stdout(&format!(
                "  = {} unchanged",
                counted(unchanged as u64, "field")
            ));
        }
        for warning in plan.warnings() {
            output.status(&format!("warning: {}: {warning}", plan.object_type()));
        }
    }
    if plans
        .iter()
        .any(|plan| plan.of(Change::Uncertain).next().is_some())
    {
        output.status("?: Gong does not return this; sending it changes nothing if it is the same");
    }
    if !plans.iter().any(SchemaPlan::needs_upload) {
        output.status("nothing to do");
    }
}

fn line(field: &PlannedField, width: usize) -> Option<String> {
    let name = &field.unique_name;
    let details = field.details.join("; ");
    match field.change {
        Change::Added => {
            let (kind, label) = field
                .after
                .as_ref()
                .map(|after| (after.field_type.as_str(), after.label.as_str()))
                .unwrap_or_default();
            Some(format!("  + {name:<width$}  {kind} {label:?}"))
        }
        Change::Changed => Some(format!("  ~ {name:<width$}  {details}")),
        Change::Uncertain => Some(format!("  ? {name:<width$}  {details}")),
        Change::Retyped => Some(format!(
            "  ! {name:<width$}  {details}: drops its values on all records"
        )),
        Change::Removed => Some(format!(
            "  - {name:<width$}  drops its values on all records"
        )),
        _ => None,
    }
}
