//! `gong-crm check --users`: deals that nobody sees, without a call.

use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
use gong_crm::check::{Options, Summary};
use gong_crm::coverage::{Coverage, Owners};
use serde_json::Value;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::json_text;
use crate::output::sync_report::unseen;
use crate::output::table::counted;

/// Gong's users, read before anything is checked.
pub(super) struct Users(Vec<(String, bool)>);

/// What is the case if the files have no address of an owner.
pub(super) const NOT_IN_FILES: &str = "no business user of this id with an address is in the files";

/// The deals of the checked files by their owners.
pub(super) struct Owned {
    pub(super) coverage: Coverage,
    /// The first file of deals.
    pub(super) path: PathBuf,
    /// Whether the files have business users; otherwise nothing is known of any owner.
    pub(super) has_business_users: bool,
}

impl Users {
    /// Reads a list of users in any form.
    pub(super) fn read(path: &Path, named: &[PathBuf]) -> Result<Self, CliError> {
        if named.iter().any(|path| path.as_os_str() == "-") {
            let message = "--users reads the records twice, and standard input can be read once";
            return Err(CliError::new(Exit::Usage, message).with_hint("name files instead of -"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        let users = users(&text);
        if users.is_empty() {
            let message = format!("{} contains no email address", path.display());
            return Err(CliError::new(Exit::Usage, message)
                .with_hint("write one address per line, or users as GET /v2/users lists them"));
        }
        Ok(Self(users))
    }

    /// Counts the deals of the checked files; none if there are no deals.
    pub(super) fn owners(
        &self,
        summary: &Summary,
        options: &Options,
    ) -> Result<Option<Owned>, CliError> {
        let mut owners = Owners::new(&[]);
        for (address, is_active) in &self.0 {
            owners.add_user(address, *is_active);
        }
        let mut deals = None;
        for file in &summary.files {
            if file.object_type == ObjectType::Deal {
                deals.get_or_insert_with(|| file.path.to_path_buf());
            }
            owners
                .add_file(file.object_type, &file.path, options.converter.as_ref())
                .map_err(|error| unusable(&file.path, &error))?;
        }
        let Some(path) = deals else {
            return Ok(None);
        };
        let mut coverage = owners.coverage();
        let has_business_users = owners.has_business_users();
        if !has_business_users {
            coverage.unseen.clear();
        }
        Ok(Some(Owned {
            coverage,
            path,
            has_business_users,
        }))
    }
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> CliError {
    let path = path.display();
    CliError::new(Exit::Usage, format!("{path} can't be read: {error}"))
}

/// What the files say of one owner, or of all deals without one, in the form of a finding.
pub(super) struct OwnerFinding {
    pub(super) path: PathBuf,
    pub(super) rule: &'static str,
    pub(super) object_id: Option<String>,
    pub(super) count: u64,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

impl Owned {
    /// Whether there are deals that nobody sees.
    pub(super) fn hides(&self) -> bool {
        !self.coverage.unseen.is_empty() || self.coverage.without_owner > 0
    }

    /// One finding per owner, and one for all deals without an owner.
    pub(super) fn findings(&self) -> Vec<OwnerFinding> {
        let finding = |rule, object_id, count, message, hint| OwnerFinding {
            path: self.path.clone(),
            rule,
            object_id,
            count,
            message,
            hint,
        };
        let unseen = self.coverage.unseen.iter().map(|owner| {
            let (who, why) = unseen(owner, NOT_IN_FILES);
            let message = format!("{who}: {}, {why}", counted(owner.deals, "deal"));
            let hint = "invite the person to Gong, or give the deals to another owner";
            let id = owner.owner_id.clone();
            finding("owner-not-in-gong", id, owner.deals, message, hint)
        });
        let mut all: Vec<_> = unseen.collect();
        let without = self.coverage.without_owner;
        if without > 0 {
            let message = format!("{}: no owner, so no deal board", counted(without, "deal"));
            let hint = "set ownerId to the objectId of a business user";
            all.push(finding("owner-missing", None, without, message, hint));
        }
        all
    }
}

impl OwnerFinding {
    /// The keys of a finding.
    pub(super) fn json(&self) -> String {
        json_text(&serde_json::json!({
            "path": self.path.display().to_string(), "line": null, "column": null, "rule": self.rule,
            "severity": "warning", "field": "ownerId", "objectId": self.object_id,
            "count": self.count, "message": self.message, "hint": self.hint,
        }))
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
