//! Finds the file inside a multipart upload and passes it to its reader.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use multer::{Field, Multipart};

use super::body::{BodyError, CountedBody, KeptBytes};
use crate::handlers::{AcceptedFile, Answer};
use crate::rules::{RuleId, RuleSet};
use crate::store::FileReader;
use crate::validate::RecordCheck;

/// Finds the part named `dataFile` and reads its lines; keeps up to `kept` bytes of it.
pub(super) async fn read(
    headers: &HeaderMap,
    body: &mut CountedBody,
    check: RecordCheck,
    limit: u64,
    kept: usize,
) -> Result<AcceptedFile, Answer> {
    let rules = check.rules;
    if rules.is_on(RuleId::BodyLimit) {
        if announced_length(headers).is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        body.limit_to(limit);
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        return Err(part_missing());
    };
    let mut multipart = Multipart::new(&mut *body, boundary);
    let mut reader = FileReader::new(check);
    let mut content = KeptBytes::new(kept);
    loop {
        match multipart.next_field().await {
            Ok(Some(field)) if !is_data_file(&field, rules) => {}
            Ok(Some(mut field)) => {
                while let Some(chunk) = field.chunk().await.map_err(|error| rejection(&error))? {
                    reader.push(&chunk);
                    content.add(&chunk);
                    // A fast client always has more: other requests are answered meanwhile.
                    tokio::task::yield_now().await;
                }
                break;
            }
            Ok(None) => return Err(part_missing()),
            Err(error) => return Err(rejection(&error)),
        }
    }
    // Parts after the file mean nothing, but their bytes count and must be well-formed.
    while multipart
        .next_field()
        .await
        .map_err(|error| rejection(&error))?
        .is_some()
    {}
    Ok(AcceptedFile {
        reader,
        content: content.take(),
    })
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn is_data_file(field: &Field<'_>, rules: RuleSet) -> bool {
    let is_named = field.name() == Some("dataFile") || !rules.is_on(RuleId::PartNamedDataFile);
    is_named && (field.file_name().is_some() || !rules.is_on(RuleId::PartNeedsFileName))
}

// Recorded live on 2026-06-12, exact text.
fn part_missing() -> Answer {
    Answer::bad_request("dataFile part is missing")
}

// 413 is not among the declared statuses.
fn too_long() -> Answer {
    Answer::error(
        StatusCode::BAD_REQUEST,
        "The maximum payload size was exceeded",
    )
}

fn rejection(error: &multer::Error) -> Answer {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        match cause.downcast_ref() {
            Some(BodyError::TooLong(_)) => return too_long(),
            Some(BodyError::Silent | BodyError::BrokeOff(_)) => {
                return Answer::bad_request("The request body broke off");
            }
            None => source = cause.source(),
        }
    }
    part_missing()
}
