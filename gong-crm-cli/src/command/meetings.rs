//! `gong-crm meetings`: readiness of people, and meetings.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use gong_crm::Error;
use gong_crm::ids::MeetingId;
use gong_crm::meeting::{Invitee, MAX_EMAILS, Meeting, MeetingReadiness};
use gong_crm::operation::Operation;
use gong_crm::value::EmailAddress;

use crate::args::Global;
use crate::args::datetime;
use crate::args::meetings::{MeetingFacts, Meetings, MeetingsAction};
use crate::connection::Connection;
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::Align;

pub(crate) async fn run(
    global: &Global,
    meetings: &Meetings,
    output: &Output,
) -> Result<Exit, CliError> {
    match &meetings.action {
        MeetingsAction::Readiness {
            emails,
            file,
            dry_run,
        } => readiness(global, emails, file.as_deref(), *dry_run, *output).await,
        MeetingsAction::Create(facts) => create(global, facts, *output).await,
        MeetingsAction::Update { meeting_id, facts } => {
            update(global, meeting_id, facts, *output).await
        }
        MeetingsAction::Delete {
            meeting_id,
            organizer,
            dry_run,
        } => delete(global, meeting_id, organizer.as_deref(), *dry_run, *output).await,
    }
}

async fn readiness(
    global: &Global,
    emails: &[String],
    file: Option<&Path>,
    dry_run: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let emails = addresses(emails, file)?;
    if dry_run {
        let requests: Vec<Request> = emails
            .chunks(MAX_EMAILS)
            .map(|chunk| {
                Request::new(Operation::IntegrationStatus)
                    .body(&serde_json::json!({"emails": chunk}))
            })
            .collect();
        dry_run::show(&requests, global, output)?;
        return Ok(Exit::Ok);
    }
    let connection = Connection::open(global).await?;
    let people = connection
        .client
        .meeting_readiness(&emails)
        .await
        .map_err(failure)?;
    if output.is_json() {
        output.json(&people);
        return Ok(Exit::Ok);
    }
    let columns = [
        ("email", Align::Left),
        ("ready", Align::Left),
        ("reason", Align::Left),
        ("fix", Align::Left),
    ];
    let rows: Vec<Vec<String>> = people.iter().map(row).collect();
    output.table(&columns, &rows);
    let ready = people.iter().filter(|person| is_ready(person)).count();
    output.status(&format!("{ready} of {} ready", people.len()));
    Ok(Exit::Ok)
}

fn is_ready(person: &MeetingReadiness) -> bool {
    person.exists && person.valid
}

fn row(person: &MeetingReadiness) -> Vec<String> {
    let ready = if is_ready(person) { "yes" } else { "no" };
    let why = match &person.user_facing_error {
        Some(error) => error.clone(),
        None if !person.exists => "not a Gong user".to_owned(),
        None if !person.valid => "no reason given".to_owned(),
        None => String::new(),
    };
    let link = person.fix_url.as_ref().or(person.help_url.as_ref());
    vec![
        person.email.clone(),
        ready.to_owned(),
        why,
        link.cloned().unwrap_or_default(),
    ]
}

/// The addresses, each once, in their order.
fn addresses(named: &[String], file: Option<&Path>) -> Result<Vec<String>, CliError> {
    let mut text = named.join("\n");
    let is_piped = named.is_empty() && file.is_none() && !std::io::stdin().is_terminal();
    if let Some(path) = file.or(is_piped.then_some(Path::new("-"))) {
        let mut more = String::new();
        let read = if path.as_os_str() == "-" {
            std::io::stdin().read_to_string(&mut more).map(drop)
        } else {
            std::fs::read_to_string(path).map(|read| more = read)
        };
        read.map_err(|error| {
            let named = if path.as_os_str() == "-" {
                "standard input".to_owned()
            } else {
                path.display().to_string()
            };
            CliError::new(Exit::Usage, format!("{named} can't be read: {error}"))
        })?;
        text.push('\n');
        text += more.trim_start_matches('\u{feff}');
    }
    let mut seen = HashSet::new();
    let mut emails = Vec::new();
    for word in text.split(|next: char| next.is_whitespace() || next == ',' || next == ';') {
        if word.is_empty() || !seen.insert(word.to_lowercase()) {
            continue;
        }
        emails.push(address(word)?);
    }
    if emails.is_empty() {
        return Err(CliError::new(Exit::Usage, "no email addresses given")
            .with_hint("pass addresses as arguments, with --file FILE, or on standard input"));
    }
    Ok(emails)
}

fn address(text: &str) -> Result<String, CliError> {
    text.parse::<EmailAddress>()
        .map(|email| email.to_string())
        .map_err(|fault| {
            CliError::new(
                Exit::Usage,
                format!("{text:?} is not an email address: {}", fault.message()),
            )
        })
}

fn meeting(facts: &MeetingFacts) -> Result<Meeting, CliError> {
    let usage = |message: String| CliError::new(Exit::Usage, message);
    let zone = facts.zone.as_deref().map(datetime::zone).transpose();
    let zone = zone.map_err(usage)?;
    let now = jiff::Timestamp::now();
    let read = |name: &str, text: &str| {
        datetime::moment(text, zone.as_ref(), now)
            .map_err(|error| usage(format!("{name}: {error}")))
    };
    let start = read("--start", &facts.start)?;
    let end = match (&facts.end, facts.duration) {
        (Some(end), _) => read("--end", end)?,
        (None, duration) => datetime::later(&start, duration.unwrap_or_default())
            .map_err(|error| usage(format!("--duration: {error}")))?,
    };
    if end.instant() <= start.instant() {
        return Err(usage(format!(
            "the meeting must end after its start: start {start}, end {end}"
        )));
    }
    let invitees = facts
        .invite
        .iter()
        .map(|email| address(email).map(Invitee::from_email))
        .collect::<Result<Vec<_>, _>>()?;
    let mut meeting = Meeting::new(address(&facts.organizer)?, start, end).invitees(invitees);
    meeting.title.clone_from(&facts.title);
    meeting.external_id.clone_from(&facts.external_id);
    meeting.provider.clone_from(&facts.provider);
    Ok(meeting)
}

async fn create(global: &Global, facts: &MeetingFacts, output: Output) -> Result<Exit, CliError> {
    let meeting = meeting(facts)?;
    if facts.dry_run {
        dry_run::show(
            &[Request::new(Operation::AddMeeting).body(&meeting)],
            global,
            output,
        )?;
        return Ok(Exit::Ok);
    }
    let connection = Connection::open(global).await?;
    let created = connection
        .client
        .add_meeting(&meeting)
        .await
        .map_err(failure)?;
    if output.is_json() {
        output.json(&created);
        return Ok(Exit::Ok);
    }
    output.stdout(created.meeting_id.as_deref().unwrap_or("no id"));
    if let Some(url) = &created.meeting_url {
        output.stdout(url);
    }
    let more: Vec<&str> = created
        .additional_invitees
        .iter()
        .filter_map(|invitee| invitee.email.as_deref())
        .collect();
    if !more.is_empty() {
        output.status(&format!(
            "add to your invitation, so that Gong records the meeting: {}",
            more.join(", ")
        ));
    }
    output.status(&format!(
        "from {} to {}",
        meeting.start_time, meeting.end_time
    ));
    Ok(Exit::Ok)
}

async fn update(
    global: &Global,
    meeting_id: &MeetingId,
    facts: &MeetingFacts,
    output: Output,
) -> Result<Exit, CliError> {
    let meeting = meeting(facts)?;
    if facts.dry_run {
        let request = Request::new(Operation::UpdateMeeting)
            .in_path("meetingId", meeting_id.as_str())
            .body(&meeting);
        dry_run::show(&[request], global, output)?;
        return Ok(Exit::Ok);
    }
    let connection = Connection::open(global).await?;
    connection
        .client
        .update_meeting(meeting_id, &meeting)
        .await
        .map_err(failure)?;
    done(meeting_id, "updated", output);
    Ok(Exit::Ok)
}

async fn delete(
    global: &Global,
    meeting_id: &MeetingId,
    organizer: Option<&str>,
    dry_run: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let organizer = organizer.map(address).transpose()?;
    if dry_run {
        let request = Request::new(Operation::DeleteMeeting)
            .in_path("meetingId", meeting_id.as_str())
            .body(&serde_json::json!({"organizerEmail": organizer}));
        dry_run::show(&[request], global, output)?;
        return Ok(Exit::Ok);
    }
    let connection = Connection::open(global).await?;
    connection
        .client
        .delete_meeting(meeting_id, organizer.as_deref())
        .await
        .map_err(failure)?;
    done(meeting_id, "deleted", output);
    Ok(Exit::Ok)
}

fn done(meeting_id: &MeetingId, what: &str, output: Output) {
    if output.is_json() {
        output.json(&serde_json::json!({"meetingId": meeting_id.as_str(), "outcome": what}));
    } else {
        output.stdout(&format!("{meeting_id} {what}"));
    }
}

/// The error with what only these operations return: a message for the person and links.
fn failure(error: Error) -> CliError {
    let mut parts = Vec::new();
    if let Some(text) = error.user_facing_error() {
        parts.push(format!("Gong's message for the person: {text}"));
    }
    if let Some(url) = error.fix_url() {
        parts.push(format!("fix: {url}"));
    }
    if let Some(url) = error.help_url() {
        parts.push(format!("help: {url}"));
    }
    let failure = CliError::from(error);
    if parts.is_empty() {
        failure
    } else {
        failure.with_hint(parts.join("; "))
    }
}
