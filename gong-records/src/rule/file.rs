//! The pages of the rules for a file as a whole.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const UPLOAD: &str = "Gong's page on uploading CRM objects";
const OVERVIEW: &str = "Gong's CRM overview";
const GOOD: &str = r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z"}"#;
const GOOD_ACCOUNT: Sample = Sample::lines(ObjectType::Account, GOOD);

pub(super) const ENCODING: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Gong reads JSON in UTF-8. Spreadsheets and older databases write UTF-16 or a Windows code \
     page; letters with accents are then lost, or the whole file is.",
    Sample::bytes(
        ObjectType::Account,
        b"{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"Caf\xe9\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"Café\"}",
    ),
);

pub(super) const BYTE_ORDER_MARK: Explanation = Explanation::new(
    Evidence::Inferred,
    "RFC 8259, section 8.1: JSON that is sent begins without one",
    "The invisible mark that some editors on Windows put at the beginning is not JSON, so the \
     first record may be unreadable.",
    Sample::lines(
        ObjectType::Account,
        "\u{feff}{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const BLANK_LINE: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents one JSON object a line, and says nothing of empty ones",
    "A blank line is no record. Whether Gong skips it or complains is not known; it counts for the \
     line numbers of Gong's errors either way.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\n",
    ),
    GOOD_ACCOUNT,
);

pub(super) const COMMENT_LINE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "JSON has no comments. The lines with // in Gong's examples explain the examples; they are not \
     to be sent.",
    Sample::lines(
        ObjectType::Account,
        "// the first customer\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const JSON_ARRAY: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "The file is LDJSON: one object a line, nothing around them and no commas between them.",
    Sample::lines(
        ObjectType::Account,
        "[{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}]",
    ),
    GOOD_ACCOUNT,
);

pub(super) const PRETTY_PRINTED: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong reads line by line; an object that spans several lines is several broken ones.",
    Sample::lines(
        ObjectType::Account,
        "{\n  \"objectId\": \"A-1\",\n  \"modifiedDate\": \"2026-03-01T09:30:00Z\"\n}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const NO_RECORDS: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents no answer to a file without records",
    "There is nothing to send. More often than not, an export went wrong.",
    Sample::lines(ObjectType::Account, ""),
    GOOD_ACCOUNT,
);

pub(super) const FILE_SIZE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong takes at most 200 megabytes an upload. It does not say which megabytes, so the smaller \
     ones are meant here, less 1,024 bytes for the framing.",
    Sample::Words("a file of 200,000,000 bytes"),
    Sample::Words("the same records in two files"),
);

pub(super) const LINE_SIZE: Explanation = Explanation::new(
    Evidence::Inferred,
    "a limit of this check's, so that its memory stays bounded",
    "A record has a few hundred bytes. A line of megabytes is nearly always a whole export without \
     line breaks, and is not looked into.",
    Sample::Words("a line of 5 MiB"),
    Sample::Words("each record on a line of its own"),
);

pub(super) const WRONG_FILE_TYPE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "A file holds records of one type, which the upload names. Fields of another type are taken \
     for custom fields, and nothing of them is seen.",
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","closeDate":"2026-09-30","status":"OPEN","amount":7000}"#,
    ),
    Sample::lines(
        ObjectType::Deal,
        r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30","status":"OPEN","amount":7000}"#,
    ),
);

pub(super) const UNSORTED: Explanation = Explanation::new(
    Evidence::Historical,
    "Gong's API documentation of March 2023",
    "Gong once asked for records in the order of their changes. Its present pages say nothing of \
     it, and sorting does no harm. Reported once a file.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
);
