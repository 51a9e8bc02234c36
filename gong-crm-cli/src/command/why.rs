//! `gong-crm why`: whether people see a record in Gong, and what keeps it away.

use gong_crm::why::{Effect, Evidence, Explanation, Reason, Visible, WhyError, WhyOptions};

use crate::args::Global;
use crate::args::sync::Scope;
use crate::args::why::Why;
use crate::command::sync::{Reading, Sources, failed};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::counted;

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
    let why = connection
        .client
        .why(
            integration_id,
            record.object_type,
            &record.object_id,
            options,
        )
        .await
        .map_err(failure)?;
    if output.is_json() {
        output.json(&why);
    } else {
        print(&why, output);
    }
    Ok(match why.visible {
        Visible::Yes => Exit::Ok,
        _ => Exit::Rejected,
    })
}

fn failure(error: WhyError) -> CliError {
    match error {
        WhyError::Request(error) => error.into(),
        WhyError::Ledger(error) => CliError::from_ledger(&error),
        WhyError::Sync(error) => failed(error),
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}

fn print(why: &Explanation, output: Output) {
    let record = format!("{} {}", why.object_type, why.object_id);
    let place = why.place;
    output.stdout(&match why.visible {
        Visible::Yes => format!("{record}: people see it {place}"),
        Visible::No => format!("{record}: people do not see it {place}"),
        _ => {
            format!("{record}: nothing known keeps it away, and not everything could be looked at")
        }
    });
    for (effect, title) in [
        (Effect::Hides, "what keeps it away:"),
        (Effect::LeavesOpen, "not known:"),
        (Effect::Note, "worth knowing:"),
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
    output.status(&format!("calls made: {}", counted(why.calls, "call")));
}

fn line(reason: &Reason) -> String {
    let evidence = match reason.evidence {
        Evidence::Seen => "seen",
        _ => "inferred",
    };
    format!("  - {} [{}, {evidence}]", reason.message, reason.rule)
}
