//! A plan in a file: a sync does exactly what is in it, and skips what has changed since.
//!
//! The file has types, ids and keyed hashes, no values of records.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::held::write_private;
use super::plan::{MadeFor, PlanAction};
use super::{SyncError, SyncPlan};
use crate::ledger::{Action, hexadecimal};
use crate::push::reads::{Agreed, Basis};

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    gong_crm_plan: u32,
    ledger: String,
    integration_id: String,
    scope: String,
    /// How many lines follow, so that a file that was cut off is noticed.
    actions: usize,
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    object_type: String,
    object_id: String,
    action: Action,
    hash: String,
    row: String,
    /// Whether the user confirmed the deletion to the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    confirmed: bool,
}

impl SyncPlan {
    /// Writes the plan into a file, for [`SyncOptions::plan_file`](super::SyncOptions::plan_file).
    ///
    /// # Errors
    ///
    /// [`SyncError::Unwritable`] when the file can't be written.
    pub fn write(&self, path: &Path) -> Result<(), SyncError> {
        let unwritable = |source| SyncError::Unwritable {
            path: path.to_path_buf(),
            source,
        };
        let mut bytes = Vec::new();
        let mut actions = 0;
        for change in &self.changes {
            let action = match change.action {
                PlanAction::Create => Action::Create,
                PlanAction::Update => Action::Update,
                PlanAction::Delete => Action::Delete,
                PlanAction::HoldBack => continue,
            };
            let (Some(object_id), Some(basis)) = (&change.object_id, change.basis) else {
                continue;
            };
            let line = Line {
                object_type: change.object_type.to_string(),
                object_id: object_id.clone(),
                action,
                hash: hexadecimal(&basis.hash),
                row: format!("{:016x}", basis.row),
                confirmed: action == Action::Delete
                    && self
                        .confirmed
                        .contains(&(change.object_type, object_id.clone())),
            };
            let line = serde_json::to_vec(&line).map_err(|error| unwritable(error.into()))?;
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            actions += 1;
        }
        let head = Head {
            gong_crm_plan: 1,
            ledger: self.made_for.ledger.clone(),
            integration_id: self.made_for.integration.clone(),
            scope: self.made_for.scope.clone(),
            actions,
        };
        let mut head = serde_json::to_vec(&head).map_err(|error| unwritable(error.into()))?;
        head.push(b'\n');
        let bytes = [head, bytes].concat();
        write_private(path, &bytes).map_err(unwritable)
    }
}

/// Reads a plan that was made for this ledger, integration and scope.
pub(super) fn read(path: &Path, made_for: &MadeFor) -> Result<Agreed, SyncError> {
    let text = std::fs::read_to_string(path).map_err(|source| SyncError::Unreadable {
        path: path.to_path_buf(),
        source,
    })?;
    let malformed = |line: u64, message: String| SyncError::Malformed {
        path: path.to_path_buf(),
        line,
        message,
    };
    let mut lines = (1..).zip(text.lines());
    let head: Option<Head> = lines
        .next()
        .and_then(|(_, line)| serde_json::from_str(line).ok());
    let head = head.filter(|head| head.gong_crm_plan == 1).ok_or_else(|| {
        malformed(
            1,
            "not a plan; `gong-crm plan --out FILE` writes one".to_owned(),
        )
    })?;
    let other = |what| SyncError::OtherPlan {
        path: path.to_path_buf(),
        what,
    };
    if head.ledger != made_for.ledger {
        return Err(other("ledger"));
    }
    if head.integration_id != made_for.integration {
        return Err(other("integration"));
    }
    if head.scope != made_for.scope {
        return Err(other("scope"));
    }
    let found = text.lines().count() - 1;
    if found != head.actions {
        let message = format!(
            "the plan had {} actions when it was written, and has {found} now: plan again",
            head.actions
        );
        return Err(malformed(1, message));
    }
    let mut agreed = Agreed::default();
    for (number, line) in lines {
        let read: Line = serde_json::from_str(line)
            .map_err(|error| malformed(number, format!("not a line of a plan: {error}")))?;
        let object_type = read.object_type.parse();
        let object_type = object_type.map_err(|error: crate::record::UnknownObjectType| {
            malformed(number, error.to_string())
        })?;
        let row = u64::from_str_radix(&read.row, 16)
            .map_err(|error| malformed(number, format!("`row`: {error}")))?;
        let hash = u128::from_str_radix(&read.hash, 16)
            .map_err(|error| malformed(number, format!("`hash`: {error}")))?;
        let basis = Basis {
            hash: hash.to_be_bytes(),
            row,
        };
        let key = (object_type, read.object_id);
        if read.confirmed {
            agreed.confirmed.insert(key.clone());
        }
        agreed.actions.insert(key, (read.action, basis));
    }
    Ok(agreed)
}
