//! `gong-crm why`: whether people see a record in Gong, and why people do not see it.

use gong_crm::why::{Effect, Evidence, Explanation, Reason, Visible, WhyError, WhyOptions};

use crate::args::Global;
use crate::args::sync::Scope;
use crate::args::why::Why;
use crate::command::sync::{Reading, Sources, failed};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::table::counted;
use crate::output::{Output, html};

pub(crate) async fn run(global: &Global, args: &Why, output: Output) -> Result<Exit, CliError> {
    let mut options = WhyOptions::new();
    let sources = if global.sim {
        None
    } else {
        Sources::read_if_any(global)?
    };
    if let Some(sources) = &sources {
        options.sources = Some(sources.options(global, &Scope::default(), Reading::Everything)?);
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.known_integration_id().await?;
    let record = &args.record;
    let asked = connection
        .client
        .why(
            integration_id,
            record.object_type,
            &record.object_id,
            options,
        )
        .await;
    let (why, failure) = match asked {
        Ok(why) => (why, None),
        // What is known without Gong is worth reading, but it is not the answer.
        Err(WhyError::Request { source, known }) => (*known, Some(source)),
        Err(error) => return Err(failed_otherwise(error)),
    };
    if output.is_json() {
        output.json(&why);
    } else if output.is_html() {
        output.page(&html::why::why(&why, &head(&why)));
    } else {
        print(&why, output);
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    Ok(match why.visible {
        Visible::Yes => Exit::Ok,
        _ => Exit::Rejected,
    })
}

fn failed_otherwise(error: WhyError) -> CliError {
    match error {
        WhyError::Ledger(error) => CliError::from_ledger(&error),
        WhyError::Sync(error) => failed(error),
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}

/// Whether and where people see the record, in a sentence.
fn head(why: &Explanation) -> String {
    let of = |visible| {
        let places = why.places.iter().filter(|view| view.visible == visible);
        places
            .map(|view| view.place.to_string())
            .collect::<Vec<_>>()
    };
    let (yes, no, unknown) = (of(Visible::Yes), of(Visible::No), of(Visible::Unknown));
    let mut head = match (yes.is_empty(), no.is_empty()) {
        (true, true) => {
            return "no known reason hides it, but not everything could be checked".to_owned();
        }
        (true, false) => format!("people do not see it {}", no.join(" or ")),
        (false, true) => format!("people see it {}", yes.join(" and ")),
        (false, false) => format!(
            "people see it {}, not {}",
            yes.join(" and "),
            no.join(" or ")
        ),
    };
    if !unknown.is_empty() {
        head = format!("{head}; whether {} is not known", unknown.join(" and "));
    }
    head
}

fn print(why: &Explanation, output: Output) {
    let record = format!("{} {}", why.object_type, why.object_id);
    output.stdout(&format!("{record}: {}", head(why)));
    for (effect, title) in [
        (Effect::Hides, "reasons:"),
        (Effect::LeavesOpen, "not known:"),
        (Effect::Note, "notes:"),
    ] {
        let mut reasons = why.reasons.iter().filter(|reason| reason.effect == effect);
        let Some(first) = reasons.next() else {
            continue;
        };
        output.stdout(title);
        for reason in std::iter::once(first).chain(reasons) {
            output.stdout(&line(reason));
            if let Some(hint) = &reason.hint {
                output.stdout(&format!("    → {hint}"));
            }
        }
    }
    output.status(&format!("{} made", counted(why.calls, "call")));
}

fn line(reason: &Reason) -> String {
    let evidence = match reason.evidence {
        Evidence::Seen => "seen",
        _ => "inferred",
    };
    format!("  - {} [{}, {evidence}]", reason.message, reason.rule)
}
