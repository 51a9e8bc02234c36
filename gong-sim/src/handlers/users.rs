//! Lists the users of the simulated company, page by page.

use serde_json::{Value, json};

use super::Answer;
use super::call::Call;
use crate::rules::RuleId;
use crate::store::{GongUser, State};

/// How many users a page has; Gong does not say.
const PAGE_SIZE: usize = 100;

/// The beginning of a cursor; the index of the first user of its page follows.
const CURSOR_PREFIX: &str = "users-from-";

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    if let Some(value) = call.query("includeAvatars")
        && !["true", "false"].contains(&value)
    {
        return Err(Answer::bad_request(
            "Parameter [includeAvatars] must be true or false",
        ));
    }
    let users: Vec<&GongUser> = state.meetings.users().collect();
    let start = start(call, users.len())?;
    let size = if state.rules.is_on(RuleId::UsersInPages) {
        PAGE_SIZE
    } else {
        users.len().max(1)
    };
    let page: Vec<Value> = users
        .iter()
        .skip(start)
        .take(size)
        .map(|user| shown(user))
        .collect();
    let mut records = json!({
        "totalRecords": users.len(),
        "currentPageSize": page.len(),
        "currentPageNumber": start / size,
    });
    let next = start + page.len();
    if next < users.len() {
        records["cursor"] = format!("{CURSOR_PREFIX}{next}").into();
    }
    Ok(Answer::ok(json!({ "records": records, "users": page })))
}

/// The index of the first user of the page that is asked for.
fn start(call: &Call<'_>, count: usize) -> Result<usize, Answer> {
    let Some(cursor) = call.query("cursor") else {
        return Ok(0);
    };
    cursor
        .strip_prefix(CURSOR_PREFIX)
        .and_then(|index| index.parse().ok())
        .filter(|index| *index < count)
        .ok_or_else(|| Answer::bad_request("Parameter [cursor] is not a cursor of this list"))
}

/// The properties and the nulls of a live response that another project published in 2026-08.
fn shown(user: &GongUser) -> Value {
    json!({
        "id": id(&user.email).to_string(),
        "emailAddress": user.email,
        "created": "2026-01-15T09:30:00.000Z",
        "active": user.active,
        "emailAliases": [],
        "trustedEmailAddress": null,
        "firstName": null,
        "lastName": null,
        "title": null,
        "phoneNumber": null,
        "extension": null,
        "personalMeetingUrls": [],
        "settings": {
            "webConferencesRecorded": user.consent_page && user.provider_connected,
            "preventWebConferenceRecording": false,
            "telephonyCallsImported": false,
            "emailsImported": false,
            "preventEmailImport": false,
            "nonRecordedMeetingsImported": false,
            "gongConnectEnabled": false,
        },
        "managerId": null,
        "meetingConsentPageUrl": null,
        "conferencingProviders": null,
        "spokenLanguages": [],
    })
}

/// An id of 19 digits that follows from the address alone, by the FNV-1a hash.
fn id(address: &str) -> u64 {
    let hash = address
        .to_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    1_000_000_000_000_000_000 + hash % 8_000_000_000_000_000_000
}
