//! The pages of the rules for a record among others.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const UPLOAD: &str = "Gong's page on uploading CRM objects";
const OVERVIEW: &str = "Gong's CRM overview";

const CONTACT: &str =
    r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1"}"#;

pub(super) const DUPLICATE_OBJECT_ID: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong asks for several updates of a record to be sent in separate files. `gong-crm push` \
     sends the newest version, or with `--history` each version in its own upload. If you upload \
     the file with another tool, deny the rule.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-02T09:30:00Z"}"#,
    ),
);

pub(super) const CONFLICTING_VERSIONS: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong documents modifiedDate as the time of the last change, which two versions cannot share",
    "Two versions of a record differ, and have the same `modifiedDate` or none. It is unclear \
     which of them is the current one, so neither is sent. All files of a run are compared.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"PBR\"}\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"Borealis\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Borealis"}"#,
    ),
);

pub(super) const OBJECT_ID_CASE: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong does not document whether the case of ids matters",
    "If Gong ignores case, both are one record, which has the values that were sent last. `gong-crm \
     doctor --probe` finds out; if case is ignored, push and sync report an error and send neither. \
     Salesforce's ids of 15 characters differ in case; those of 18 do not.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"a-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-2\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
);

pub(super) const DUPLICATE_EMAIL: Explanation = Explanation::new(
    Evidence::Historical,
    "Gong's API documentation of March 2023",
    "Gong assigns a CRM user to the person with the same email address, and one user per person. A \
     second user of the address is not assigned, so its records may have no owner in Gong. Case is \
     ignored. Deleted users and a second line of the same user do not count.",
    Sample::lines(
        ObjectType::BusinessUser,
        "{\"objectId\":\"U-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"jane@acme.example\"}\n\
         {\"objectId\":\"U-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"Jane@acme.example\"}",
    ),
    Sample::lines(
        ObjectType::BusinessUser,
        "{\"objectId\":\"U-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"isDeleted\":true}\n\
         {\"objectId\":\"U-2\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"jane@acme.example\"}",
    ),
);

pub(super) const NOT_VISIBLE: Explanation = Explanation::new(
    Evidence::Documented,
    UPLOAD,
    "Gong accepts the record and does not display it, or does not associate conversations with it. \
     No status of the upload reports it.",
    Sample::lines(
        ObjectType::Contact,
        r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    Sample::lines(ObjectType::Contact, CONTACT),
);

pub(super) const UNRESOLVED_REFERENCE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A reference is the objectId of another record. If neither the files nor Gong have that record, \
     the link is lost. Checked only if files of the other type are checked too.",
    Sample::beside(
        ObjectType::Contact,
        CONTACT,
        &[(
            ObjectType::Account,
            r#"{"objectId":"A-2","modifiedDate":"2026-03-01T09:30:00Z"}"#,
        )],
    ),
    Sample::beside(
        ObjectType::Contact,
        CONTACT,
        &[(
            ObjectType::Account,
            r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
        )],
    ),
);

pub(super) const DELETED_REFERENCE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "The same files delete the record that this one refers to, so the link is lost.",
    Sample::beside(
        ObjectType::Contact,
        CONTACT,
        &[(
            ObjectType::Account,
            r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","isDeleted":true}"#,
        )],
    ),
    Sample::beside(
        ObjectType::Contact,
        CONTACT,
        &[(
            ObjectType::Account,
            r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
        )],
    ),
);

pub(super) const MISSING_TYPE: Explanation = Explanation::new(
    Evidence::Inferred,
    "a deal's stage and owner are ids of other records, which must be in Gong",
    "Stages and users change rarely, so it is easy to forget them when pushing deals. Gong then \
     displays the deals without stage and owner, or not on the deal board. Reported once per run.",
    Sample::lines(
        ObjectType::Deal,
        r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30"}"#,
    ),
    Sample::beside(
        ObjectType::Deal,
        r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30"}"#,
        &[
            (
                ObjectType::Stage,
                r#"{"objectId":"won","name":"Closed won"}"#,
            ),
            (
                ObjectType::BusinessUser,
                r#"{"objectId":"U-1","modifiedDate":"2026-03-01T09:30:00Z","emailAddress":"jane@acme.example"}"#,
            ),
        ],
    ),
);
