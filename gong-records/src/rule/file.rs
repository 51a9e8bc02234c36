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
     page, which loses letters with accents, or makes the whole file unreadable.",
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
    "RFC 8259, section 8.1: JSON that is sent over a network does not begin with one",
    "The invisible mark that some Windows editors write at the beginning is not JSON, so Gong may \
     not be able to read the first record.",
    Sample::lines(
        ObjectType::Account,
        "\u{feff}{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const BLANK_LINE: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents one JSON object per line, and does not mention empty lines",
    "A blank line is not a record. It is not known whether Gong skips it or reports an error. In \
     either case it counts for the line numbers of Gong's errors.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
);

pub(super) const COMMENT_LINE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "JSON has no comments. The lines with // in Gong's examples explain the examples and are not \
     part of a file.",
    Sample::lines(
        ObjectType::Account,
        "// the first customer\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const JSON_ARRAY: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "The file is LDJSON: one object per line, without brackets around them or commas between them.",
    Sample::lines(
        ObjectType::Account,
        "[{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}]",
    ),
    GOOD_ACCOUNT,
);

pub(super) const PRETTY_PRINTED: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong reads line by line; an object that spans several lines becomes several invalid records.",
    Sample::lines(
        ObjectType::Account,
        "{\n  \"objectId\": \"A-1\",\n  \"modifiedDate\": \"2026-03-01T09:30:00Z\"\n}",
    ),
    GOOD_ACCOUNT,
);

pub(super) const NO_RECORDS: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents no response to a file without records",
    "There is nothing to send. If the file is a full export, the export probably failed.",
    Sample::lines(ObjectType::Account, ""),
    GOOD_ACCOUNT,
);

pub(super) const FILE_SIZE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong accepts at most 200 megabytes per upload. It does not define the unit, so this rule uses \
     10^6 bytes, less 1,024 bytes for the multipart framing. `gong-crm push` splits larger files.",
    Sample::Words("a file of 200,000,000 bytes"),
    Sample::Words("the same records in two files"),
);

pub(super) const LINE_SIZE: Explanation = Explanation::new(
    Evidence::Inferred,
    "a limit of this check, which bounds its memory",
    "A record has a few hundred bytes. A line with megabytes is almost always a whole export \
     without line breaks. It is not checked further.",
    Sample::Words("a line of 5 MiB"),
    Sample::Words("each record on a line of its own"),
);

pub(super) const WRONG_FILE_TYPE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "A file has records of one type, which the upload names. Fields of another type are read as \
     custom fields and not used.",
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
    "Gong's earlier documentation asked for records in the order of their changes. The current \
     pages do not mention it, but sorting is harmless. Reported once per file.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
);
