//! The pages of the rules for single fields.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const UPLOAD: &str = "Gong's page on uploading CRM objects";
const OVERVIEW: &str = "Gong's CRM overview";
const OLD: &str = "Gong's API documentation of March 2023";

macro_rules! account {
    ($fields:literal) => {
        Sample::lines(
            ObjectType::Account,
            concat!(r#"{"objectId":"A-1","#, $fields, "}"),
        )
    };
}

macro_rules! deal {
    ($fields:literal) => {
        Sample::lines(
            ObjectType::Deal,
            concat!(
                r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","#,
                $fields,
                "}"
            ),
        )
    };
}

const GOOD_ACCOUNT: Sample = account!(r#""modifiedDate":"2026-03-01T09:30:00+01:00""#);
const GOOD_DEAL: Sample = deal!(r#""closeDate":"2026-09-30","status":"WON","amount":7000"#);

pub(super) const MISSING_FIELD: Explanation = Explanation::new(
    Evidence::Recorded,
    "Gong's response `Mandatory field [emailAddress] is missing or empty`",
    "Gong rejects the record.",
    Sample::lines(
        ObjectType::BusinessUser,
        r#"{"objectId":"U-1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    Sample::lines(
        ObjectType::BusinessUser,
        r#"{"objectId":"U-1","modifiedDate":"2026-03-01T09:30:00Z","emailAddress":"jane@acme.example"}"#,
    ),
);

pub(super) const NULL_VALUE: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents a type for each of its fields, and null for custom fields only",
    "A field without a value is left out. Gong is known to accept null in custom fields only.",
    account!(r#""modifiedDate":"2026-03-01T09:30:00Z","name":null"#),
    GOOD_ACCOUNT,
);

pub(super) const WRONG_TYPE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Numbers, true and false have no quotes, strings and ids have quotes, lists have brackets.",
    deal!(r#""closeDate":"2026-09-30","amount":"7000""#),
    GOOD_DEAL,
);

pub(super) const RETIRED_NAME: Explanation = Explanation::new(
    Evidence::Historical,
    OLD,
    "Gong has renamed the field. Under the old name it is a custom field, so its value is not used. \
     If it is a custom field of yours, declare it in the entity schema, or allow the rule.",
    deal!(r#""closeDate":"2026-09-30","isWon":true"#),
    GOOD_DEAL,
);

pub(super) const MISSPELLED_NAME: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's CRM overview: unknown names are custom fields",
    "Gong reads a misspelled name as a custom field, and the value is missing in the intended \
     field.",
    Sample::lines(
        ObjectType::Contact,
        r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","emailAdress":"jane@acme.example"}"#,
    ),
    Sample::lines(
        ObjectType::Contact,
        r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","emailAddress":"jane@acme.example"}"#,
    ),
);

pub(super) const DISCOURAGED_FIELD: Explanation = Explanation::new(
    Evidence::Historical,
    OLD,
    "Gong no longer documents the field for this type, and documents a replacement.",
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won","isDeleted":true}"#,
    ),
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won","isActive":false}"#,
    ),
);

pub(super) const OBJECT_ID_LENGTH: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Ids have at most 64 characters. This also applies to fields with the id of another record.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1234567890123456789012345678901234567890123456789012345678901234567890","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const OBJECT_ID_CHARSET: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "An id consists of letters, digits and hyphens, or is an email address.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A/1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const OBJECT_ID_UNDERSCORE: Explanation = Explanation::new(
    Evidence::Contradicted,
    UPLOAD,
    "Gong's rule for ids does not list the underscore, and Gong's example of a business user has one.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A_1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    GOOD_ACCOUNT,
);

pub(super) const TIMESTAMP_FORMAT: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Date-times are ISO 8601 with a T, seconds and an offset.",
    account!(r#""modifiedDate":"2026-03-01 09:30:00Z""#),
    GOOD_ACCOUNT,
);

pub(super) const TIMESTAMP_FRACTION: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Date-times must not have milliseconds, although many programs print them.",
    account!(r#""modifiedDate":"2026-03-01T09:30:00.123Z""#),
    GOOD_ACCOUNT,
);

pub(super) const TIMESTAMP_ZONE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Without an offset or Z, it is unclear which time is meant.",
    account!(r#""modifiedDate":"2026-03-01T09:30:00""#),
    GOOD_ACCOUNT,
);

pub(super) const TIMESTAMP_RANGE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A day such as 30 February does not exist in the calendar of ISO 8601.",
    account!(r#""modifiedDate":"2026-02-30T09:30:00Z""#),
    GOOD_ACCOUNT,
);

pub(super) const DATE_FORMAT: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's example of a deal",
    "Gong's example has the year first. Gong misreads or does not accept other orders.",
    deal!(r#""closeDate":"30.09.2026""#),
    GOOD_DEAL,
);

pub(super) const CLOSE_DATE_TIME: Explanation = Explanation::new(
    Evidence::Historical,
    OLD,
    "Gong's earlier documentation asked for a date without a time, and its current example has none.",
    deal!(r#""closeDate":"2026-09-30T00:00:00Z""#),
    GOOD_DEAL,
);

pub(super) const URL_FORMAT: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong asks for the full link to the record, including the scheme.",
    account!(r#""modifiedDate":"2026-03-01T09:30:00Z","url":"crm.example/A-1""#),
    account!(r#""modifiedDate":"2026-03-01T09:30:00Z","url":"https://crm.example/A-1""#),
);

pub(super) const EMAIL_FORMAT: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong matches people by their address, so it must be a valid one",
    "An address with a space or without @ matches nobody.",
    Sample::lines(
        ObjectType::Lead,
        r#"{"objectId":"L-1","modifiedDate":"2026-03-01T09:30:00Z","emailAddress":"jane doe@acme.example"}"#,
    ),
    Sample::lines(
        ObjectType::Lead,
        r#"{"objectId":"L-1","modifiedDate":"2026-03-01T09:30:00Z","emailAddress":"jane.doe@acme.example"}"#,
    ),
);

pub(super) const UNKNOWN_WORD: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "The field accepts only a few values, in capitals.",
    deal!(r#""closeDate":"2026-09-30","status":"Won""#),
    GOOD_DEAL,
);

pub(super) const NUMBER_FORMAT: Explanation = Explanation::new(
    Evidence::Documented,
    "RFC 8259, section 6",
    "A number in JSON has a decimal point, and no thousands separators, plus sign or leading zeros.",
    deal!(r#""closeDate":"2026-09-30","amount":07000"#),
    GOOD_DEAL,
);

pub(super) const NUMBER_RANGE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong counts stages from 1.",
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won","sortOrder":0}"#,
    ),
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won","sortOrder":1}"#,
    ),
);

pub(super) const TEXT_LENGTH: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Currently only ids have a documented limit.",
    Sample::Words("none today"),
    Sample::Words("any text"),
);
