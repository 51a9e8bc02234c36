//! The standard fields of each object type and their types.

use crate::object_type::ObjectType;

/// The required format of the value of a standard field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Texts,
    Boolean,
    Number,
    SortOrder,
    DateTime,
    CloseDate,
    Url,
    Email,
    DealStatus,
}

/// The standard fields of a type, from the tables of Gong's page "Upload CRM objects".
pub(crate) const fn standard_fields(object_type: ObjectType) -> &'static [(&'static str, Shape)] {
    match object_type {
        ObjectType::Account => ACCOUNT,
        ObjectType::Contact => CONTACT,
        ObjectType::Deal => DEAL,
        ObjectType::Lead => LEAD,
        ObjectType::BusinessUser => BUSINESS_USER,
        ObjectType::Stage => STAGE,
    }
}

const ACCOUNT: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("name", Shape::Text),
    ("domains", Shape::Texts),
];

const CONTACT: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("accountId", Shape::Text),
    ("emailAddress", Shape::Email),
    ("firstName", Shape::Text),
    ("lastName", Shape::Text),
    ("title", Shape::Text),
    ("phoneNumber", Shape::Text),
];

const DEAL: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("accountId", Shape::Text),
    ("ownerId", Shape::Text),
    ("name", Shape::Text),
    ("createdDate", Shape::DateTime),
    ("closeDate", Shape::CloseDate),
    ("status", Shape::DealStatus),
    ("stage", Shape::Text),
    ("amount", Shape::Number),
];

const LEAD: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("emailAddress", Shape::Email),
    ("firstName", Shape::Text),
    ("lastName", Shape::Text),
    ("title", Shape::Text),
    ("phoneNumber", Shape::Text),
    ("convertedToDealId", Shape::Text),
    ("convertedToContactId", Shape::Text),
    ("convertedToAccountId", Shape::Text),
];

const BUSINESS_USER: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("emailAddress", Shape::Email),
];

// `modifiedDate` is in one of Gong's two examples but not in its table, `isDeleted` in neither;
// both are common fields of all other types, so they are read here too.
const STAGE: &[(&str, Shape)] = &[
    ("objectId", Shape::Text),
    ("modifiedDate", Shape::DateTime),
    ("isDeleted", Shape::Boolean),
    ("url", Shape::Url),
    ("name", Shape::Text),
    ("isActive", Shape::Boolean),
    ("sortOrder", Shape::SortOrder),
];
