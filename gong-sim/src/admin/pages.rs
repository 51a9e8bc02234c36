//! The pages: the data of the simulator, rendered on the server, without scripts.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use maud::{Markup, html};

use super::html::{START, grouped, link, page, status_mark};
use crate::object_type::ObjectType;
use crate::received::{BODY_SHOWN, ReceivedRequest, beginning};
use crate::rules::RULES;
use crate::shared::SharedRef;
use crate::store::{State as SimState, StoredUpload, Upload, UploadKind, Uploads};

/// Rows on one page.
pub(super) const ROWS: usize = 50;

pub(super) fn show(title: &str, content: &Markup) -> Response {
    show_with(StatusCode::OK, title, content)
}

pub(super) fn show_with(status: StatusCode, title: &str, content: &Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        // Records are other people's text: even if one slipped through, no script would run.
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, headers, page(title, content).into_string()).into_response()
}

pub(super) async fn to_start() -> Redirect {
    Redirect::permanent("/_sim/")
}

pub(super) async fn start(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let recent: Vec<ReceivedRequest> = shared.log().iter().rev().take(10).cloned().collect();
    let content = html! {
        p {
            "Listening on " code { (shared.base_url) } " with access key " code { (shared.access_key.key) }
            ". Its time is " code { (state.now()) }
            @if state.clock.stands() { ", and its clock advances only on request" }
            "."
        }
        @if let Some(error) = shared.state_file.as_ref().and_then(crate::store::file::StateFile::error) {
            p class="FAILED" { "The state file could not be written: " (error) }
        }
        h2 { "Integration" }
        @if state.integrations.is_empty() { p class="note" { "None is registered." } }
        @for integration in &state.integrations {
            p {
                strong { (integration.name) } " of " (integration.owner_email) ", "
                code { (integration.id) }
                @if integration.is_being_deleted { " is being deleted" }
            }
        }
        (object_counts(&state))
        (schemas(&state))
        (meetings(&state))
        h2 { "Last uploads and deletions" }
        (upload_table(&state, 0, 10))
        h2 { "Last requests" }
        (request_table(&recent))
        (switches(&state))
    };
    show(START, &content)
}

fn object_counts(state: &SimState) -> Markup {
    let Some(integration) = state.current() else {
        return html! {};
    };
    html! {
        h2 { "Objects" }
        table {
            @for object_type in ObjectType::ALL {
                tr {
                    td { a href={ "/_sim/pages/objects/" (object_type) } { (object_type) } }
                    td class="number" { (grouped(integration.table(object_type).len() as u64)) }
                }
            }
        }
    }
}

fn schemas(state: &SimState) -> Markup {
    let Some(integration) = state.current() else {
        return html! {};
    };
    html! {
        @if ObjectType::WITH_SCHEMA.iter().any(|object_type| !integration.schema(*object_type).is_empty()) {
            h2 { "Custom fields" }
        }
        @for object_type in ObjectType::WITH_SCHEMA {
            @let fields = integration.schema(object_type);
            @if !fields.is_empty() {
                details {
                    summary { (object_type) ": " (fields.len()) }
                    table {
                        @for field in fields.iter() {
                            tr {
                                td { code { (field.unique_name) } }
                                td { (field.label) }
                                td { (serde_json::to_value(field.field_type).unwrap_or_default().as_str().unwrap_or_default()) }
                                td { (field.reference_to.as_deref().unwrap_or_default()) (field.ordered_value_list.as_deref().unwrap_or_default().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn meetings(state: &SimState) -> Markup {
    let meetings: Vec<_> = state.meetings.all().take(ROWS).collect();
    html! {
        @if state.meetings.has_users() {
            h2 { "Gong users" }
            table {
                @for user in state.meetings.users().take(ROWS) {
                    tr {
                        td { (user.email) }
                        td { @if user.consent_page { "consent page" } @else { "no consent page" } }
                        td { @if user.provider_connected { "provider connected" } @else { "provider disconnected" } }
                    }
                }
            }
        }
        @if !meetings.is_empty() {
            h2 { "Meetings" }
            table {
                @for meeting in meetings {
                    tr {
                        td { code { (meeting.id) } }
                        td { (meeting.organizer_email) }
                        td { code { (meeting.details) } }
                    }
                }
            }
        }
    }
}

fn switches(state: &SimState) -> Markup {
    html! {
        h2 { "Switches" }
        table {
            tr { td { "Uploads are processed" } td { code { (json_text(&state.processing)) } } }
            tr { td { "Deletions are processed" } td { code { (json_text(&state.deletion.unwrap_or(state.processing))) } } }
            tr { td { "Objects appear later by" } td { code { (state.read_lag.as_millis()) " ms" } } }
            tr { td { "Limit of calls" } td { @if let Some(limit) = state.rate_limit { (limit.per_second) " a second, " (limit.per_day) " a day" } @else { "none" } } }
        }
        h2 { "Faults" }
        @for (fault, injections) in state.faults.iter() {
            p { code { (json_text(fault)) } ", injected " (injections) " times" }
        }
        p class="note" { "Faults are set with " code { "POST /_sim/faults" } ", switches with " code { "POST /_sim/settings" } "." }
    }
}

fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn page_number(query: &HashMap<String, String>) -> usize {
    query
        .get("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1)
        .max(1)
}

pub(super) fn pager(
    path: &str,
    query: &[(&str, &str)],
    page_number: usize,
    total: usize,
) -> Markup {
    let last = total.div_ceil(ROWS).max(1);
    let to = |number: usize| {
        let number = number.to_string();
        let mut query: Vec<_> = query
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        query.push(("page", &number));
        link(path, &query)
    };
    html! {
        p {
            @if page_number > 1 { a rel="prev" href=(to(page_number.min(last + 1) - 1)) { "← previous" } " " }
            "page " (grouped(page_number as u64)) " of " (grouped(last as u64))
            @if page_number < last { " " a rel="next" href=(to(page_number + 1)) { "next →" } }
        }
    }
}

pub(super) async fn uploads(
    State(shared): State<SharedRef>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let page_number = page_number(&query);
    let state = shared.state();
    let content = html! {
        (upload_table(&state, page_number.saturating_sub(1).saturating_mul(ROWS), ROWS))
        (pager("/_sim/pages/uploads", &[], page_number, state.uploads.len()))
    };
    show("Uploads and deletions", &content)
}

fn upload_table(state: &SimState, skipped: usize, rows: usize) -> Markup {
    let now = state.now();
    let shown = state.uploads.newest_first().skip(skipped).take(rows);
    let uploads: Vec<Upload> = shown
        .map(|(id, name, upload): (i64, &str, &StoredUpload)| Uploads::show(id, name, upload, now))
        .collect();
    html! {
        @if uploads.is_empty() { p class="note" { "None yet." } } @else {
            table class="rows" {
                tr { th { "clientRequestId" } th { "type" } th { "status" } th { "good" } th { "rejected" } th { "bytes" } }
                @for upload in &uploads {
                    @let id = upload.integration_id.to_string();
                    tr {
                        td { a href=(link("/_sim/pages/upload", &[("integration", &id), ("id", &upload.client_request_id)])) { (upload.client_request_id) } }
                        td data-label="type" { (kind_name(upload.kind)) }
                        td data-label="status" { (status_mark(upload.status.as_str())) }
                        td data-label="good" class="number" { (grouped(upload.total_success_count.into())) }
                        td data-label="rejected" class="number" { (grouped(upload.total_error_count.into())) }
                        td data-label="bytes" class="number" { (grouped(upload.file_size)) }
                    }
                }
            }
        }
    }
}

fn kind_name(kind: UploadKind) -> &'static str {
    match kind {
        UploadKind::Records(object_type) => object_type.as_str(),
        UploadKind::IntegrationDeletion => "deletion of the integration",
    }
}

pub(super) async fn upload(
    State(shared): State<SharedRef>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let name = query.get("id").map(String::as_str).unwrap_or_default();
    let id = query
        .get("integration")
        .and_then(|id| id.parse().ok())
        .unwrap_or_default();
    let state = shared.state();
    let Some(upload) = state.uploads.get(id, name) else {
        return show_with(
            StatusCode::NOT_FOUND,
            "No such upload",
            &html! { p { "It is not known here." } },
        );
    };
    let upload = Uploads::show(id, name, upload, state.now());
    let content = html! {
        p {
            (kind_name(upload.kind)) ": " (status_mark(upload.status.as_str())) ", "
            (grouped(upload.total_success_count.into())) " good, "
            (grouped(upload.total_error_count.into())) " rejected, asked for "
            (grouped(upload.polls.into())) " times"
        }
        @if u64::from(upload.total_error_count) > upload.errors.len() as u64 {
            p class="note" { "The first " (grouped(upload.errors.len() as u64)) " are kept; the API lists 20." }
        }
        table {
            @for error in &upload.errors {
                tr {
                    td class="number" { @if error.line == 0 { "file" } @else { "line " (grouped(error.line.into())) } }
                    td { (error.description) pre { (error.text) } }
                }
            }
        }
    };
    show(name, &content)
}

pub(super) async fn requests(State(shared): State<SharedRef>) -> Response {
    let (total, last) = {
        let log = shared.log();
        (
            log.total(),
            log.iter().rev().take(200).cloned().collect::<Vec<_>>(),
        )
    };
    let content = html! {
        p { (grouped(total)) " in all; the last " (last.len()) " are shown, newest first." }
        (request_table(&last))
    };
    show("Requests", &content)
}

fn request_table(requests: &[ReceivedRequest]) -> Markup {
    html! {
        @if requests.is_empty() { p class="note" { "None yet." } } @else {
            table class="rows" {
                tr { th { "no." } th { "request" } th { "bytes" } th { "status" } th { "fault" } }
                @for request in requests {
                    tr {
                        td data-label="no." class="number" { (grouped(request.sequence)) }
                        td {
                            details {
                                summary { code { (request.line()) } }
                                pre { @for (name, value) in &request.headers { (name) ": " (value) "\n" } }
                                @if request.body_size > 0 {
                                    @match request.body_text() {
                                        Some(body) => pre { (beginning(&body, BODY_SHOWN)) },
                                        None => p class="note" { "The body is not kept." },
                                    }
                                }
                            }
                        }
                        td data-label="bytes" class="number" { (grouped(request.body_size)) }
                        td data-label="status" class="number" { @if request.status == 0 { "reset" } @else { (request.status) } }
                        td { (request.fault.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

pub(super) async fn rules(State(shared): State<SharedRef>) -> Response {
    let set = shared.state().rules;
    let content = html! {
        table class="rows" {
            tr { th { "rule" } th { "tag" } th { "now" } th { "means" } th { "source, date" } }
            @for (index, rule) in RULES.iter().enumerate() {
                @let on = set.is_on_at(index);
                tr id=(rule.name) {
                    td class="name" { code { (rule.name) } }
                    td data-label="tag" { (rule.evidence) }
                    td data-label="now" {
                        form class="inline" method="post" action=(link("/_sim/pages/rules", &[("name", rule.name), ("on", if on { "false" } else { "true" })])) {
                            @if on { strong { "on" } } @else { "off" }
                            @let switch = if on { "turn off" } else { "turn on" };
                            " " button aria-label={ (switch) " " (rule.name) } { (switch) }
                        }
                    }
                    td data-label="means" { (plain(if on { rule.statement } else { rule.otherwise })) }
                    td data-label="source" { (rule.source) ", " (rule.date) }
                }
            }
        }
    };
    show("Rules", &content)
}

/// The table's texts are Markdown for the generated page; here the quotes around names go.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

pub(super) async fn switch_rule(
    State(shared): State<SharedRef>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let name = query.get("name").map(String::as_str).unwrap_or_default();
    let on = query.get("on").is_some_and(|on| on == "true");
    match shared.state().switch_rule(name, on) {
        // To the row of the rule, so that neither the keyboard nor the eye has to find it again.
        Ok(()) => Redirect::to(&format!("/_sim/pages/rules#{name}")).into_response(),
        Err(error) => show_with(
            StatusCode::BAD_REQUEST,
            "No such rule",
            &html! { p { (error) } },
        ),
    }
}
