//! The pipeline of a request: access, limits, fault, operation, response, log.

use std::time::SystemTime;

use axum::body::Body;
use http::request::Parts;
use http::{Request, Response, StatusCode};

use super::body::{BodyError, CountedBody};
use super::connection::Connection;
use super::data_file;
use super::inject::{self, Entry};
use crate::credentials::Denied;
use crate::faults::Effect;
use crate::handlers::{Answer, Call, Rendered, carry_out, upload};
use crate::operation::{Operation, Route};
use crate::received::{ReceivedRequest, masked_headers};
use crate::rules::RuleId;
use crate::shared::Shared;
use crate::store::State;

/// JSON bodies are small; the largest is an entity schema.
const JSON_LIMIT: u64 = 10_000_000;

/// Answers one request to the simulated Gong.
pub(crate) async fn answer(
    shared: &Shared,
    connection: &Connection,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let route = Operation::route(&parts.method, parts.uri.path());
    let (request_id, now, effect, kept, read_timeout) = {
        let mut state = shared.state();
        let request_id = state.new_request_id();
        let effect = match route {
            Route::Operation(operation) => state.inject(operation),
            Route::MethodNotAllowed(_) | Route::NotFound => None,
        };
        let (kept, read_timeout) = (state.kept_body_bytes, state.read_timeout);
        (request_id, state.now(), effect, kept, read_timeout)
    };
    let mut body = CountedBody::new(body, read_timeout, kept);
    let answered = respond(
        shared,
        route,
        &parts,
        &mut body,
        effect.as_ref(),
        &request_id,
        now,
    )
    .await;
    if answered.is_some() {
        finish_reading(&parts, &mut body).await;
    }
    shared.log().add(ReceivedRequest {
        sequence: 0,
        received_at: SystemTime::from(now),
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: masked_headers(&parts.headers),
        body_size: body.received,
        body: body.take_kept(),
        status: answered.as_ref().map_or(0, |answer| answer.status.as_u16()),
        request_id,
        fault: effect.as_ref().map(Effect::name),
    });
    if let Some(answer) = answered {
        inject::on_exit(effect.as_ref(), answer).await
    } else {
        connection.reset();
        Response::new(Body::empty())
    }
}

/// The response with its bytes; `None` if the connection must be reset instead.
async fn respond(
    shared: &Shared,
    route: Route,
    parts: &Parts,
    body: &mut CountedBody,
    effect: Option<&Effect>,
    request_id: &str,
    now: jiff::Timestamp,
) -> Option<Rendered> {
    let operation = match route {
        Route::Operation(operation) => operation,
        Route::MethodNotAllowed(allowed) => {
            return Some(
                Answer::method_not_allowed(allowed).render(request_id, shared.state().rules),
            );
        }
        Route::NotFound => {
            let answer = Answer::error(StatusCode::NOT_FOUND, "Not Found");
            return Some(answer.render(request_id, shared.state().rules));
        }
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let entry = match effect {
        Some(effect) => inject::on_entry(effect, body, now, path).await,
        None => Entry::Proceed,
    };
    let answer = match entry {
        Entry::Reset => return None,
        Entry::Page(status) => return Some(inject::page(status)),
        Entry::Answered(answer) => answer,
        Entry::Proceed => {
            let outcome = perform(shared, operation, parts, body, effect).await;
            if effect == Some(&Effect::LoseAnswer) {
                return None;
            }
            outcome.unwrap_or_else(|rejection| rejection)
        }
    };
    Some(answer.render(request_id, shared.state().rules))
}

async fn perform(
    shared: &Shared,
    operation: Operation,
    parts: &Parts,
    body: &mut CountedBody,
    effect: Option<&Effect>,
) -> Result<Answer, Answer> {
    check_access(&mut shared.state(), operation, parts)?;
    let (path, query, headers) = (parts.uri.path(), parts.uri.query(), &parts.headers);
    if operation == Operation::UploadEntities {
        let call = Call::new(operation, path, query, headers, b"");
        let (query, limit, kept) = {
            let state = shared.state();
            let query = upload::check_query(&state, &call)?;
            (query, state.body_limit, state.kept_body_bytes)
        };
        let file = data_file::read(headers, body, query.check.clone(), limit, kept).await?;
        return upload::accept(&mut shared.state(), &call, query, file, effect);
    }
    body.limit_to(JSON_LIMIT);
    let whole = body.read_whole().await.map_err(|error| match error {
        BodyError::TooLong(limit) => {
            Answer::bad_request(format!("The request body is longer than {limit} bytes"))
        }
        BodyError::BrokeOff(_) | BodyError::Silent => {
            Answer::bad_request("The request body broke off")
        }
    })?;
    let call = Call::new(operation, path, query, headers, &whole);
    Ok(carry_out(operation, &mut shared.state(), &call))
}

/// The checks of every request before its parameters are read.
fn check_access(state: &mut State, operation: Operation, parts: &Parts) -> Result<(), Answer> {
    let rules = state.rules;
    let on = |rule| rules.is_on(rule);
    if on(RuleId::WrongHostRedirects) {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        // A name that resolves nowhere: a client that follows must not reach the real service.
        return Err(Answer::redirect(&format!(
            "https://us-12345.api.gong.invalid{path}"
        )));
    }
    if on(RuleId::WrongHostForbidden) {
        return Err(Answer::error(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if on(RuleId::CredentialsRequired) {
        match state.credentials.admit(&parts.headers, operation) {
            Ok(()) => {}
            Err(Denied::Unauthenticated(message)) => {
                return Err(Answer::error(StatusCode::UNAUTHORIZED, message));
            }
            Err(Denied::MissingScope(scope)) => {
                let is_401 = on(RuleId::MissingScopeIs401);
                let status = if is_401 {
                    StatusCode::UNAUTHORIZED
                } else {
                    StatusCode::FORBIDDEN
                };
                // Recorded live on 2026-06-12, exact text.
                let message = format!("You don't have permission to use '{scope}' in your app.");
                return Err(Answer::error(status, message));
            }
        }
    }
    if on(RuleId::CompanyInactive) {
        return Err(Answer::error(
            StatusCode::UNAUTHORIZED,
            "Company is inactive",
        ));
    }
    if let Some(limit) = state.rate_limit {
        let (now, midnight) = (state.now(), on(RuleId::DayEndsAtMidnight));
        if let Err(seconds) = state.rate_limiter.count(limit, now, midnight) {
            return Err(Answer::too_many_requests(Some(&seconds.to_string())));
        }
    }
    Ok(())
}

/// Reads the rest of the body, so that the response reaches a client that is still sending. A
/// client that waits for `100 Continue` has not started to send and gets the response immediately.
async fn finish_reading(parts: &Parts, body: &mut CountedBody) {
    let waits = parts.headers.get(http::header::EXPECT).is_some() && body.received == 0;
    if !waits {
        body.drain().await;
    }
}
