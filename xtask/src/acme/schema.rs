//! Which custom fields does the CRM have, and what may they hold?

use serde_json::{Map, Value, json};

/// What a custom field holds, in the terms of Gong's entity schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Boolean,
    Currency,
    Date,
    DateTime,
    Number,
    Percent,
    Picklist(&'static [&'static str]),
    /// A reference to another object type; `USER` is how Gong calls a business user here.
    Reference(&'static str),
    String,
    Url,
}

/// One custom field: its uniqueName, its label and its type.
pub(super) type CustomField = (&'static str, &'static str, FieldType);

pub(super) const INDUSTRIES: &[&str] = &[
    "Automotive supply",
    "Food & beverage",
    "Metalworking",
    "Plastics",
    "Machinery",
    "Electronics",
];
pub(super) const DEPARTMENTS: &[&str] = &[
    "Executive",
    "Production",
    "Planning",
    "Maintenance",
    "IT",
    "Purchasing",
];
pub(super) const PRODUCT_LINES: &[&str] = &[
    "Line Planner",
    "Shift Planner",
    "Maintenance Planner",
    "Plant Suite",
];
pub(super) const LEAD_SOURCES: &[&str] =
    &["Trade fair", "Webinar", "Referral", "Website", "Partner"];

/// The custom fields of each object type that can have them.
pub(super) const CUSTOM_FIELDS: [(&str, &[CustomField]); 4] = [
    (
        "ACCOUNT",
        &[
            ("industry", "Industry", FieldType::Picklist(INDUSTRIES)),
            ("employeeCount", "Employees", FieldType::Number),
            ("annualRevenue", "Annual revenue", FieldType::Currency),
            ("healthScore", "Health score", FieldType::Percent),
            (
                "isReferenceCustomer",
                "Reference customer",
                FieldType::Boolean,
            ),
            ("renewalDate", "Renewal date", FieldType::Date),
            ("website", "Website", FieldType::Url),
            (
                "parentAccountId",
                "Parent account",
                FieldType::Reference("ACCOUNT"),
            ),
            (
                "accountManagerId",
                "Account manager",
                FieldType::Reference("USER"),
            ),
        ],
    ),
    (
        "CONTACT",
        &[
            ("department", "Department", FieldType::Picklist(DEPARTMENTS)),
            ("newsletterOptIn", "Newsletter", FieldType::Boolean),
            ("lastMeetingAt", "Last meeting", FieldType::DateTime),
            ("reportsToId", "Reports to", FieldType::Reference("CONTACT")),
        ],
    ),
    (
        "DEAL",
        &[
            (
                "productLine",
                "Product line",
                FieldType::Picklist(PRODUCT_LINES),
            ),
            ("winProbability", "Win probability", FieldType::Percent),
            ("isCompetitive", "Competitive", FieldType::Boolean),
            ("pilotStartDate", "Pilot start", FieldType::Date),
            ("enteredStageAt", "In this stage since", FieldType::DateTime),
            ("nextStep", "Next step", FieldType::String),
            (
                "primaryContactId",
                "Primary contact",
                FieldType::Reference("CONTACT"),
            ),
        ],
    ),
    (
        "LEAD",
        &[
            ("companyName", "Company", FieldType::String),
            ("leadSource", "Source", FieldType::Picklist(LEAD_SOURCES)),
            ("leadScore", "Score", FieldType::Number),
            ("consentGiven", "Consent given", FieldType::Boolean),
            ("estimatedBudget", "Estimated budget", FieldType::Currency),
            ("firstTouchAt", "First touch", FieldType::DateTime),
            (
                "assignedUserId",
                "Assigned to",
                FieldType::Reference("USER"),
            ),
        ],
    ),
];

/// The request body of `POST /v2/crm/entity-schema` for each object type, keyed by object type.
pub(super) fn document() -> Value {
    CUSTOM_FIELDS
        .iter()
        .map(|(object_type, fields)| {
            let fields: Vec<Value> = fields.iter().copied().map(request_item).collect();
            ((*object_type).to_owned(), Value::from(fields))
        })
        .collect::<Map<_, _>>()
        .into()
}

fn request_item((unique_name, label, field_type): CustomField) -> Value {
    let mut item = json!({
        "uniqueName": unique_name,
        "label": label,
        "type": type_name(field_type),
    });
    match field_type {
        FieldType::Picklist(values) => item["orderedValueList"] = json!(values),
        FieldType::Reference(object_type) => item["referenceTo"] = json!(object_type),
        FieldType::Boolean
        | FieldType::Currency
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Number
        | FieldType::Percent
        | FieldType::String
        | FieldType::Url => {}
    }
    item
}

const fn type_name(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Boolean => "BOOLEAN",
        FieldType::Currency => "CURRENCY",
        FieldType::Date => "DATE",
        FieldType::DateTime => "DATETIME",
        FieldType::Number => "NUMBER",
        FieldType::Percent => "PERCENT",
        FieldType::Picklist(_) => "PICKLIST",
        FieldType::Reference(_) => "REFERENCE",
        FieldType::String => "STRING",
        FieldType::Url => "URL",
    }
}
