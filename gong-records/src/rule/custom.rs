//! The pages of the rules for custom fields.

use super::explanation::{Evidence, Explanation, Sample};
use crate::object_type::ObjectType;

const OVERVIEW: &str = "Gong's CRM overview, table of field types";
const SHOWN: &str = "Gong's CRM overview: fields outside the entity schema are taken and not shown";

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
    "a field without a name can't be declared in the entity schema",
    "A custom field is found by its name; it needs one.",
    account!(r#""":"Investor""#),
    account!(r#""industry":"Investor""#),
);

pub(super) const CUSTOM_VALUE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "Only builders can break it: what is in a file is held to json-syntax and number-format.",
    Sample::Words(
        "a custom field built from a number that is infinite, or from half of a surrogate pair",
    ),
    Sample::Words("a custom field built from a finite number"),
);

pub(super) const CUSTOM_SHAPE: Explanation = Explanation::new(
    Evidence::Inferred,
    "none of the types that Gong documents for fields is an object or a list of anything but texts",
    "Gong has no field that could show an object or a nested list.",
    account!(r#""address":{"city":"Oslo"}"#),
    account!(r#""city":"Oslo""#),
);

pub(super) const CUSTOM_NOT_SHOWN: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's page on the entity schema: it exists for accounts, contacts, deals and leads",
    "Fields of business users and stages can't be declared, so Gong never shows them.",
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
    "The field arrives and nobody sees it. Declare it first, or mend its name.",
    account!(r#""height":12"#, SCHEMA),
    account!(r#""score":12"#, SCHEMA),
);

pub(super) const CUSTOM_TYPE: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A value has to be written as its declared type calls for: numbers without quotes, texts with.",
    account!(r#""score":"67.3""#, SCHEMA),
    account!(r#""score":67.3"#, SCHEMA),
);

pub(super) const CUSTOM_PICKLIST: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "The value is none of the field's orderedValueList. What Gong does with it is not documented.",
    account!(r#""tier":"gold""#, SCHEMA),
    account!(r#""tier":"Gold""#, SCHEMA),
);

pub(super) const CUSTOM_PERCENT: Explanation = Explanation::new(
    Evidence::Documented,
    OVERVIEW,
    "A percentage goes from 0 to 100. What Gong does with others is not documented.",
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
    "Gong's CRM overview wants no milliseconds; its example of a deal has them in a custom field",
    "Gong may or may not read it as a date-time. Without the fraction there is no doubt.",
    account!(r#""renewedAt":"2026-03-01T09:30:00.000Z""#),
    account!(r#""renewedAt":"2026-03-01T09:30:00Z""#),
);
