//! The pages of the rules for a line as JSON.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const UPLOAD: &str = "Gong's page on uploading CRM objects; the grammar is RFC 8259's";
const EXAMPLES: &str = "the examples on Gong's page on uploading CRM objects, parsed as JSON";

const GOOD_DEAL: Sample = Sample::lines(
    ObjectType::Deal,
    r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30","status":"OPEN"}"#,
);
const GOOD_ACCOUNT: Sample = Sample::lines(
    ObjectType::Account,
    r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","name":"PBR"}"#,
);

pub(super) const JSON_SYNTAX: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "A line that is not valid JSON cannot be read at all.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z" "name":"PBR"}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const UNQUOTED_WORD: Explanation = Explanation::new(
    Evidence::Documented,
    EXAMPLES,
    "Gong's own example of a deal has a bare OPEN, which is not JSON.",
    Sample::lines(
        ObjectType::Deal,
        r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30","status":OPEN}"#,
    ),
    GOOD_DEAL,
);

pub(super) const SINGLE_QUOTES: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "JSON has double quotes only. Single quotes come from printing a record in Python or \
     JavaScript, curly quotes from a word processor.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","name":'PBR'}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const TRAILING_COMMA: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "JSON has commas only between fields, and LDJSON has none between records.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","name":"PBR",}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const TWO_OBJECTS: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Each object has its own line. If a line has two, Gong reads only the first, if any.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z"}{"objectId":"A-2","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
);

pub(super) const NOT_AN_OBJECT: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "A record is a JSON object, with names and values.",
    Sample::lines(ObjectType::Account, r#""A-1""#),
    GOOD_ACCOUNT,
);

pub(super) const DUPLICATE_KEY: Explanation = Explanation::new(
    Evidence::Inferred,
    "RFC 8259, section 4: the behavior of a reader is unpredictable if names are not unique",
    "One of the two values is lost, and it is not defined which one.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","name":"PBR","name":"Borealis"}"#,
    ),
    GOOD_ACCOUNT,
);
