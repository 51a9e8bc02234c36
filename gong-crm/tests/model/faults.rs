//! What goes wrong with the calls of any history.

use std::time::Duration;

use fastrand::Rng;
use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};

/// When Gong processes uploads.
pub(crate) fn processing(rng: &mut Rng) -> Processing {
    match rng.u8(..8) {
        0 => Processing::Polls(rng.u32(1..5)),
        1 => Processing::After(Duration::from_secs(rng.u64(1..5_000))),
        2 => Processing::Never,
        _ => Processing::Immediate,
    }
}

/// A fault of some uploads.
pub(crate) fn of_uploads(effect: Effect, rng: &mut Rng) -> Fault {
    let fault = Fault::new(effect)
        .with_probability(f64::from(rng.u8(1..10)) / 10.0)
        .times(rng.u64(1..6));
    fault.on(Operation::UploadEntities)
}

/// A fault of some status calls.
pub(crate) fn of_status(rng: &mut Rng) -> Fault {
    let effect = match rng.u8(..5) {
        0 => Effect::ResetAfterBody,
        1 => Effect::Status([500, 503][rng.usize(..2)]),
        2 => Effect::HtmlPage(200),
        3 => Effect::Status([401, 403][rng.usize(..2)]),
        _ => Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
    };
    let fault = Fault::new(effect)
        .with_probability(f64::from(rng.u8(1..10)) / 10.0)
        .times(rng.u64(1..8));
    fault.on(Operation::RequestStatus)
}
