//! The form of an error in snapshots.

use std::fmt::Write as _;

use gong_crm::Error;

use super::snapshot::snapshot;

/// Everything that a user can read off an error.
fn described(error: &Error) -> String {
    let mut text = format!("kind: {:?}\nmessage: {error}\n", error.kind());
    if format!("{error:#}") != error.to_string() {
        let _ = writeln!(text, "with causes: {error:#}");
    }
    let mut optional = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    optional("hint", error.hint().as_deref());
    optional("scope", error.scope());
    optional("location", error.location());
    optional("body", error.body());
    optional("user-facing error", error.user_facing_error());
    optional("fix link", error.fix_url());
    optional("help link", error.help_url());
    let _ = writeln!(text, "retryable: {}", error.is_retryable());
    let _ = write!(text, "outcome unknown: {}", error.is_outcome_unknown());
    text
}

/// Compares errors, each under the call that met it, with a snapshot.
pub(crate) fn pin(name: &str, description: &str, errors: &[(&str, Error)]) {
    let blocks: Vec<String> = errors
        .iter()
        .map(|(title, error)| format!("### {title}\n{}", described(error)))
        .collect();
    let mut settings = insta::Settings::clone_current();
    // The number is another on each operating system.
    settings.add_filter(r"\(os error \d+\)", "(os error [NUMBER])");
    settings.bind(|| {
        snapshot(name, description, &blocks.join("\n\n"));
    });
}
