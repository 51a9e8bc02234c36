//! `gong-crm check --users`: whose deals nobody sees, without a call.

use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::check::{Options, Summary};
use gong_crm::coverage::{Coverage, Owners};
use serde_json::Value;

use crate::args::Format;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::sync_report::{owners, unseen};

/// Counts the deals of the checked files by their owners; gives whether some are seen by nobody.
pub(super) fn count_owners(
    path: &Path,
    summary: &Summary,
    options: &Options,
    output: Output,
) -> Result<bool, CliError> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        let path = path.display();
        CliError::new(Exit::Usage, format!("{path} can't be read: {error}"))
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
    let mut counted = Owners::new(&[]);
    let users = users(&text);
    if users.is_empty() {
        let message = format!("{} holds no address", path.display());
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("write one address per line, or users as GET /v2/users lists them"));
    }
    for (address, is_active) in &users {
        counted.add_user(address, *is_active);
    }
    let files = summary.files.iter();
    for file in files.filter(|file| file.path.as_os_str() != "-") {
        counted
            .add_file(file.object_type, &file.path, options.converter.as_ref())
            .map_err(|error| unusable(&file.path, &error))?;
    }
    let coverage = counted.coverage();
    match output.format() {
        Format::Text | Format::Html => owners(&coverage, output),
        Format::Json => print_json(&coverage, output),
        Format::Github | Format::Sarif => {}
    }
    Ok(!coverage.unseen.is_empty() || coverage.without_owner > 0)
}

/// One object per owner, with the keys of a finding.
fn print_json(coverage: &Coverage, output: Output) {
    for owner in &coverage.unseen {
        output.json(&serde_json::json!({
            "path": null, "line": null, "column": null, "rule": "owner-not-in-gong",
            "severity": "warning", "field": "ownerId", "objectType": ObjectType::Deal,
            "objectId": owner.owner_id, "count": owner.deals, "message": unseen(owner),
            "hint": "invite the person to Gong, or give the deals to another owner",
        }));
    }
}

/// The addresses of a list of users, and whether each user is active.
fn users(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let is_json = values
        .map(|value| value.map(|value| add_users(&value, &mut found)))
        .all(|value| value.is_ok());
    if is_json && !found.is_empty() {
        return found;
    }
    let is_no_part = |letter: char| letter.is_whitespace() || ",;\"'<>()[]{}|".contains(letter);
    let words = text.split(is_no_part);
    let addresses = words.filter(|word| {
        let parts = word.split_once('@');
        parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    addresses
        .map(|address| (address.to_owned(), true))
        .collect()
}

/// Users as Gong's interface lists them: one, a list, or a page.
fn add_users(value: &Value, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| add_users(value, found)),
        Value::Object(user) if user.contains_key("users") => add_users(&user["users"], found),
        Value::Object(user) => {
            let is_active = user.get("active") != Some(&Value::Bool(false));
            let mut add = |value: &Value| {
                if let Some(address) = value.as_str() {
                    found.push((address.to_owned(), is_active));
                }
            };
            for key in ["emailAddress", "trustedEmailAddress", "email"] {
                user.get(key).into_iter().for_each(&mut add);
            }
            if let Some(Value::Array(aliases)) = user.get("emailAliases") {
                aliases.iter().for_each(&mut add);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_users_are_read_in_every_form() {
        let both = vec![
            ("ada@acme.example".to_owned(), true),
            ("bob@acme.example".to_owned(), true),
        ];
        for text in [
            "ada@acme.example\nbob@acme.example\n",
            "Ada King <ada@acme.example>, Bob <bob@acme.example>",
            "name,email\nAda,\"ada@acme.example\"\nBob,\"bob@acme.example\"\n",
            r#"["ada@acme.example"] bob@acme.example"#,
            r#"{"users": [{"emailAddress": "ada@acme.example", "emailAliases": ["bob@acme.example"]}]}"#,
            "{\"emailAddress\": \"ada@acme.example\"}\n{\"email\": \"bob@acme.example\", \"active\": true}\n",
        ] {
            assert_eq!(users(text), both, "{text}");
        }
        let inactive = r#"[{"emailAddress": "ada@acme.example", "active": false}]"#;
        assert_eq!(users(inactive), [("ada@acme.example".to_owned(), false)]);
        assert!(users("nobody").is_empty());
    }
}
