//! The tracing spans of a push and its uploads, which the README lists.
//!
//! No field has a record's contents, its id, a path, or the text of an error.

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::ended::Ended;
use super::report::Report;
use crate::IntegrationId;
use crate::ledger::Upload;

/// The span of a push; `task` is what it pushes.
pub(super) fn push(task: &str, integration_id: Option<IntegrationId>) -> Span {
    info_span!(
        "gong.push",
        task,
        gong.integration_id = integration_id.map(tracing::field::display),
        verdict = Empty,
        records = Empty,
        unchanged = Empty,
        accepted = Empty,
        rejected = Empty,
    )
}

/// Records the result of a push in its span.
pub(super) fn record<E>(span: &Span, result: &Result<Report, E>) {
    let Ok(report) = result else {
        span.record("verdict", "error");
        return;
    };
    span.record("verdict", report.verdict.as_str());
    span.record("records", report.records());
    span.record("unchanged", report.unchanged());
    span.record("accepted", report.accepted());
    span.record("rejected", report.rejected());
}

/// The span of an upload, from its first call to its verdict.
pub(super) fn upload(upload: &Upload) -> Span {
    info_span!(
        "gong.upload",
        gong.object_type = upload.object_type.as_str(),
        gong.client_request_id = %upload.client_request_id,
        records = upload.records,
        bytes = upload.bytes,
        status = Empty,
        accepted = Empty,
        rejected = Empty,
    )
}

/// Records the result of an upload in its span.
pub(super) fn record_upload(span: &Span, ended: &Ended) {
    let sources = || ended.sources.values();
    span.record("status", ended.status.as_str());
    span.record("accepted", sources().map(|of| of.accepted).sum::<u64>());
    span.record("rejected", sources().map(|of| of.rejected).sum::<u64>());
}
