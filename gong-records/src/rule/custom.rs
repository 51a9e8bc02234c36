//! The pages of the rules for custom fields.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const OVERVIEW: &str = "Gong's CRM overview, table of field types";
const SHOWN: &str =
    "Gong's CRM overview: fields outside the entity schema are accepted and not displayed";

macro_rules! account {
    ($field:literal) => {
        Sample::lines(
            ObjectType::Account,
            concat!(
                r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","#,
                $field,
                "}"
            ),
        )
    };
    ($field:literal, $schema:expr) => {
        Sample::declared(
            ObjectType::Account,
            concat!(
                r#"{"objectId":"A-1","modifiedDate":"2026-03-01T09:30:00Z","#,
                $field,
                "}"
            ),
            $schema,
        )
    };
}

const SCHEMA: &str = r#"{"ACCOUNT":[
{"uniqueName":"score","label":"Score","type":"PERCENT"},
{"uniqueName":"tier","label":"Tier","type":"PICKLIST","orderedValueList":["Gold","Silver"]},
{"uniqueName":"fax","label":"Fax","type":"STRING","isDeleted":true}]}"#;

pub(super) const CUSTOM_NAME: Explanation = Explanation::new(
    Evidence::Inferred,
    "a field without a name cannot be declared in the entity schema",
    "Gong identifies a custom field by its name, so the name is required.",
    account!(r#""":"Investor""#),
    account!(r#""industry":"Investor""#),
);

pub(super) const CUSTOM_VALUE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Only builders can violate this rule. Values in files are checked by json-syntax and number-format.",
    Sample::Words("a custom field built from an infinite number, or from an unpaired surrogate"),
    Sample::Words("a custom field built from a finite number"),
);

pub(super) const CUSTOM_SHAPE: Explanation = Explanation::new(
    Evidence::Inferred,
    "none of the field types that Gong documents is an object, or a list of anything but strings",
    "Gong has no field type that could display an object or a nested list.",
    account!(r#""address":{"city":"Oslo"}"#),
    account!(r#""city":"Oslo""#),
);

pub(super) const CUSTOM_NOT_SHOWN: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's page on the entity schema: it exists for accounts, contacts, deals and leads",
    "Custom fields of business users and stages cannot be declared, so Gong never displays them.",
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won","color":"green"}"#,
    ),
    Sample::lines(
        ObjectType::Stage,
        r#"{"objectId":"won","name":"Closed won"}"#,
    ),
);

pub(super) const CUSTOM_UNKNOWN: Explanation = Explanation::new(
    Evidence::Documented,
    SHOWN,
    "Gong stores the field but does not display it. Declare it first, or correct its name.",
    account!(r#""height":12"#, SCHEMA),
    account!(r#""score":12"#, SCHEMA),
);

pub(super) const CUSTOM_TYPE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "The JSON type of a value follows from the declared type: numbers without quotes, strings with.",
    account!(r#""score":"67.3""#, SCHEMA),
    account!(r#""score":67.3"#, SCHEMA),
);

pub(super) const CUSTOM_PICKLIST: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "The value is not in the field's orderedValueList. What Gong does with it is not documented.",
    account!(r#""tier":"gold""#, SCHEMA),
    account!(r#""tier":"Gold""#, SCHEMA),
);

pub(super) const CUSTOM_PERCENT: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A percentage is between 0 and 100. What Gong does with other numbers is not documented.",
    account!(r#""score":101"#, SCHEMA),
    account!(r#""score":100"#, SCHEMA),
);

pub(super) const CUSTOM_DELETED: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's page on the entity schema",
    "The schema removes the field with all its values, so a new value is lost.",
    account!(r#""fax":"+47 1""#, SCHEMA),
    account!(r#""tier":"Silver""#, SCHEMA),
);

pub(super) const CUSTOM_TIMESTAMP_FRACTION: Explanation = Explanation::new(
    Evidence::Contradicted,
    "Gong's CRM overview forbids milliseconds, but its example of a deal has them in a custom field",
    "Gong may not read it as a date-time. Without the fraction it does.",
    account!(r#""renewedAt":"2026-03-01T09:30:00.000Z""#),
    account!(r#""renewedAt":"2026-03-01T09:30:00Z""#),
);
