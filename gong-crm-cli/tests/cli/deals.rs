//! Three deals, and the commands that send them or look at them.

use gong_sim::Simulator;

use crate::invocation::Invocation;

/// The command with a file of deals beside it.
pub(crate) fn run(sim: &Simulator, arguments: &[&str], deals: &str) -> Invocation {
    Invocation::new(arguments)
        .against(sim.base_url())
        .file("deals.ldjson", deals)
}

/// Pushes deals.
pub(crate) fn push(sim: &Simulator, deals: &str) {
    let pushed = run(
        sim,
        &["push", "deals.ldjson", "--account-delay", "0"],
        deals,
    )
    .output();
    let said = String::from_utf8(pushed.stderr).unwrap();
    assert_eq!(pushed.status.code(), Some(0), "{said}");
}

pub(crate) const SENT: &str = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00+01:00","amount":1000,"url":"https://crm.acme.example/d-1","name":"One","status":"OPEN"}
{"objectId":"d-2","modifiedDate":"2026-03-01T09:30:00+01:00","amount":2000,"url":"https://crm.acme.example/d-2","name":"Two","status":"OPEN"}
{"objectId":"d-3","modifiedDate":"2026-03-01T09:30:00+01:00","amount":3000,"url":"https://crm.acme.example/d-3","name":"Three","status":"OPEN"}
"#;
