//! Creates, changes and deletes meetings, and reports the integration status of users.

use http::StatusCode;
use serde_json::{Value, json};

use super::Answer;
use super::call::{Call, JsonObject, reject_bad_address};
use crate::operation::meeting_id;
use crate::rules::{RuleId, RuleSet};
use crate::store::{GongUser, Meeting, State};
use crate::validate::is_date_time;

// Both were recorded live on 2026-06-12: the first by the status operation, the second by a creation.
const NO_CONSENT_PAGE: &str =
    "The Gong consent page is not enabled in your company. Contact your Gong Admin.";
const PROVIDER_DISCONNECTED: &str = "Provider disconnected";
const FIX_URL: &str = "https://app.gong.io/company/recording-consent/consent-page";
const HELP_URL: &str = "https://help.gong.io/hc/en-us/articles/360056677792";

/// An address of Gong that the caller is to invite, so that the meeting is recorded.
const ASSISTANT_EMAIL: &str = "assistant@gong.example";

const PROPERTIES: &[&str] = &[
    "startTime",
    "endTime",
    "title",
    "invitees",
    "externalId",
    "organizerEmail",
    "provider",
];

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    let (body, organizer) = read_meeting(state, call)?;
    reject_unready(state, &organizer)?;
    let wide_id = state.new_wide_id();
    let meeting_id = if state.rules.is_on(RuleId::MeetingIdTwentyDigits) {
        format!("{}{wide_id}", state.random.u32(1..=9))
    } else {
        wide_id.to_string()
    };
    let invitees: &[Value] = &[json!({
        "email": ASSISTANT_EMAIL,
        "displayName": "Gong Meeting Assistant",
    })];
    let invitees = if state.rules.is_on(RuleId::MeetingsNameAssistant) {
        invitees
    } else {
        &[]
    };
    let meeting_url = format!("https://app.gong.example/meeting/{meeting_id}");
    store(state, &meeting_id, organizer, body);
    Ok(Answer::ok(json!({
        "meetingId": meeting_id,
        "meetingUrl": meeting_url,
        "additionalInvitees": invitees,
    })))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    let meeting_id = read_meeting_id(call)?;
    let (body, organizer) = read_meeting(state, call)?;
    if state.meetings.get(&meeting_id).is_none() {
        return Err(unknown_meeting());
    }
    reject_unready(state, &organizer)?;
    store(state, &meeting_id, organizer, body);
    Ok(Answer::ok(json!({ "meetingId": meeting_id })))
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    reject_limited_release(state)?;
    call.reject_unknown_parameters(state.rules)?;
    let meeting_id = read_meeting_id(call)?;
    let body = call.json_object(state.rules)?;
    body.reject_unknown(state.rules, &["organizerEmail"])?;
    let organizer = body.optional_text("organizerEmail")?.map(str::to_owned);
    if let Some(email) = &organizer {
        reject_bad_address(state.rules, "organizerEmail", email)?;
    }
    let Some(meeting) = state.meetings.get(&meeting_id) else {
        return Err(unknown_meeting());
    };
    if organizer
        .as_ref()
        .is_some_and(|email| !email.eq_ignore_ascii_case(&meeting.organizer_email))
    {
        return Err(Answer::error(
            StatusCode::NOT_FOUND,
            "No meeting of this organizer was found",
        ));
    }
    let organizer = organizer.unwrap_or_else(|| meeting.organizer_email.clone());
    state.meetings.remove(&meeting_id);
    state.changed();
    Ok(Answer::ok_without_request_id(
        json!({ "organizerEmail": organizer }),
    ))
}

pub(super) fn integration_status(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    reject_limited_release(state)?;
    call.reject_unknown_parameters(state.rules)?;
    let body = call.json_object(state.rules)?;
    body.reject_unknown(state.rules, &["emails"])?;
    let emails = body.optional_texts("emails")?.unwrap_or_default();
    for email in &emails {
        reject_bad_address(state.rules, "emails", email)?;
    }
    if emails.len() > 100 && state.rules.is_on(RuleId::MeetingsHundredAddresses) {
        return Err(Answer::bad_request(
            "No more than 100 emails can be requested",
        ));
    }
    let users: Vec<Value> = emails
        .iter()
        .map(|email| user_status(state, email))
        .collect();
    Ok(Answer::ok(json!({ "users": users })))
}

fn user_status(state: &State, email: &str) -> Value {
    let user = find_user(state, email);
    let problem = user
        .as_ref()
        .map_or(Some("The user was not found in Gong."), |user| {
            if !user.consent_page {
                Some(NO_CONSENT_PAGE)
            } else if !user.provider_connected {
                Some("The web conference provider is disconnected from Gong.")
            } else {
                None
            }
        });
    let mut status =
        json!({ "email": email, "exists": user.is_some(), "valid": problem.is_none() });
    if let Some(problem) = problem {
        status["userFacingError"] = problem.into();
        status["fixUrl"] = FIX_URL.into();
        status["helpUrl"] = HELP_URL.into();
    }
    status
}

pub(super) fn find_user(state: &State, email: &str) -> Option<GongUser> {
    if !state.meetings.has_users() && state.rules.is_on(RuleId::AnyAddressIsUser) {
        return Some(GongUser::new(email));
    }
    state.meetings.user(email).cloned()
}

fn read_meeting(state: &State, call: &Call<'_>) -> Result<(JsonObject, String), Answer> {
    reject_limited_release(state)?;
    call.reject_unknown_parameters(state.rules)?;
    let body = call.json_object(state.rules)?;
    body.reject_unknown(state.rules, PROPERTIES)?;
    let start_time = read_time(&body, "startTime")?;
    let end_time = read_time(&body, "endTime")?;
    if state.rules.is_on(RuleId::MeetingTimes) && end_time < start_time {
        return Err(Answer::bad_request("endTime is before startTime"));
    }
    read_invitees(state.rules, &body)?;
    let organizer = body.mandatory_text("organizerEmail")?.to_owned();
    reject_bad_address(state.rules, "organizerEmail", &organizer)?;
    for name in ["title", "externalId", "provider"] {
        body.optional_text(name)?;
    }
    Ok((body, organizer))
}

fn read_time(body: &JsonObject, name: &str) -> Result<jiff::Timestamp, Answer> {
    let text = body.mandatory_text(name)?;
    // The milliseconds rule is the CRM overview's; the meetings pages ask for ISO-8601 only.
    let parsed = text
        .parse()
        .ok()
        .filter(|_| text.contains('T') || is_date_time(text));
    parsed.ok_or_else(|| {
        Answer::bad_request(format!("Field [{name}] must be an ISO-8601 date and time"))
    })
}

fn read_invitees(rules: RuleSet, body: &JsonObject) -> Result<(), Answer> {
    let reject = || Answer::bad_request("Field [invitees] must be an array of objects");
    let invitees = match body.0.get("invitees") {
        Some(Value::Array(invitees)) => invitees,
        Some(Value::Null) | None => {
            return Err(Answer::bad_request(
                "Mandatory field [invitees] is missing or empty",
            ));
        }
        Some(_) => return Err(reject()),
    };
    for invitee in invitees {
        let Value::Object(invitee) = invitee else {
            return Err(reject());
        };
        for name in ["email", "displayName", "firstName", "lastName"] {
            let fits = match invitee.get(name) {
                None | Some(Value::String(_)) => true,
                Some(Value::Null) => !rules.is_on(RuleId::NullProperty),
                Some(_) => false,
            };
            if !fits {
                return Err(Answer::bad_request(format!(
                    "Field [invitees.{name}] must be a string"
                )));
            }
        }
    }
    Ok(())
}

fn read_meeting_id(call: &Call<'_>) -> Result<String, Answer> {
    let id = meeting_id(call.path).unwrap_or_default();
    if !id.is_empty() && id.len() <= 20 && id.bytes().all(|digit| digit.is_ascii_digit()) {
        Ok(id.to_owned())
    } else {
        Err(Answer::bad_request(
            "meetingId must be a number of up to 20 digits",
        ))
    }
}

fn store(state: &mut State, meeting_id: &str, organizer_email: String, body: JsonObject) {
    let details = Value::Object(body.0);
    state.meetings.put(Meeting {
        id: meeting_id.to_owned(),
        organizer_email,
        details,
    });
    state.changed();
}

fn reject_limited_release(state: &State) -> Result<(), Answer> {
    if state.rules.is_on(RuleId::MeetingsLimitedRelease) {
        let message =
            "This API endpoint is in limited release, contact your CSM for more information";
        return Err(Answer::error(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

fn reject_unready(state: &State, organizer: &str) -> Result<(), Answer> {
    let Some(user) = find_user(state, organizer) else {
        if state.rules.is_on(RuleId::MeetingsNeedUser) {
            let message = format!("No Gong user with the email [{organizer}] was found");
            return Err(Answer::error(StatusCode::NOT_FOUND, message));
        }
        return Ok(());
    };
    if !state.rules.is_on(RuleId::MeetingsNeedConsent) {
        return Ok(());
    }
    let reject = |error: &str, user_facing: &str, fix: &str, help: &str| {
        Err(Answer::error(StatusCode::CONFLICT, error)
            .with("userFacingError", user_facing)
            .with("fixUrl", fix)
            .with("helpUrl", help))
    };
    if !user.consent_page {
        return reject(
            "Consent page is not enabled",
            NO_CONSENT_PAGE,
            FIX_URL,
            HELP_URL,
        );
    }
    if !user.provider_connected {
        // The recorded response leaves both addresses empty.
        return reject(
            PROVIDER_DISCONNECTED,
            "Your web conference provider is disconnected from Gong.",
            "",
            "",
        );
    }
    Ok(())
}

fn unknown_meeting() -> Answer {
    // The exact text of a live response.
    Answer::error(StatusCode::NOT_FOUND, "The given meeting ID was not found.")
}
