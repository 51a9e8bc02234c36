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
    "Several updates of one record are to be sent in separate files. Within a file, nothing says \
     which of them counts.",
    Sample::lines(
        ObjectType::Account,
        "{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n{\"objectId\":\"A-1\",\"modifiedDate\":\"2026-03-02T09:30:00Z\"}",
    ),
    Sample::lines(
        ObjectType::Account,
        r#"{"objectId":"A-1","modifiedDate":"2026-03-02T09:30:00Z"}"#,
    ),
);

pub(super) const DUPLICATE_EMAIL: Explanation = Explanation::new(
    Evidence::Historical,
    "Gong's API documentation of March 2023",
    "A user of the CRM is tied to the person in Gong who has the email address. Where another user \
     has been tied to that person, the second is not, and what it owns may have no owner in Gong. Letters' \
     case makes no difference. Deleted users don't count, nor does a second line of the same user.",
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
    "Gong accepts the record and then does not show it, or does not tie conversations to it. It \
     does not say so for the single record.",
    Sample::lines(
        ObjectType::Contact,
        r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z"}"#,
    ),
    Sample::lines(ObjectType::Contact, CONTACT),
);

pub(super) const UNRESOLVED_REFERENCE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A reference is the other record's objectId. If no file has it, and Gong does not have it from \
     earlier, the link is lost. Looked at only where files of the other type are checked along.",
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
    "The same files delete the record that this one refers to, so the link leads nowhere.",
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
