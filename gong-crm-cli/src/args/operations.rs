//! The Gong operations that a command calls, for its help: taken from the contract.

use std::fmt::Write as _;

use gong_crm::operation::Operation;

/// The calls with their scopes, then the rest of the help.
pub(super) fn calls(operations: &[Operation], rest: &str) -> String {
    let width = operations
        .iter()
        .map(|operation| operation.to_string().len())
        .max()
        .unwrap_or_default();
    let mut text = "Calls, with the scope that a bearer token needs:\n".to_owned();
    for operation in operations {
        let call = operation.to_string();
        let _ = writeln!(text, "  {call:<width$}  {}", operation.scope());
    }
    format!("{text}\n{rest}")
}
