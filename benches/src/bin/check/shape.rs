//! The files that are checked: what they are like, and what is to be reached with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use gong_crm::ObjectType;

/// The entity schema that declared fields follow.
pub(crate) const SCHEMA: &str = r#"{"DEAL":[
{"uniqueName":"region","label":"Region","type":"PICKLIST","orderedValueList":["EMEA","Americas","APAC"]},
{"uniqueName":"winProbability","label":"Probability","type":"PERCENT"},
{"uniqueName":"isCompetitive","label":"Competitive","type":"BOOLEAN"},
{"uniqueName":"nextStep","label":"Next step","type":"STRING"},
{"uniqueName":"renewalDate","label":"Renewal","type":"DATE"},
{"uniqueName":"partnerId","label":"Partner","type":"REFERENCE","referenceTo":"ACCOUNT"}]}"#;

/// A schema that declares none of the fields.
pub(crate) const OTHER_SCHEMA: &str =
    r#"{"DEAL":[{"uniqueName":"other","label":"Other","type":"STRING"}]}"#;

/// A kind of file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) object_type: ObjectType,
    /// The entity schema, if there is one.
    pub(crate) schema: Option<&'static str>,
    /// How fast the check should be beside sonic-rs, which reads the syntax alone.
    pub(crate) goal: f64,
    /// The same if all findings are written as JSON; none if there are no findings of records.
    pub(crate) json_goal: Option<f64>,
}

const DEAL: Shape = Shape {
    name: "undeclared",
    object_type: ObjectType::Deal,
    schema: None,
    goal: 1.0,
    json_goal: None,
};

const fn good(name: &'static str) -> Shape {
    Shape { name, ..DEAL }
}

const fn of_type(name: &'static str, object_type: ObjectType) -> Shape {
    Shape {
        name,
        object_type,
        ..DEAL
    }
}

const fn warning(name: &'static str) -> Shape {
    Shape {
        name,
        goal: 0.5,
        json_goal: Some(0.25),
        ..DEAL
    }
}

const fn error(name: &'static str) -> Shape {
    Shape {
        name,
        goal: 0.3,
        ..DEAL
    }
}

pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        name: "declared",
        schema: Some(SCHEMA),
        ..DEAL
    },
    good("undeclared"),
    good("spaced"),
    good("python"),
    good("php"),
    good("crlf"),
    Shape {
        name: "shuffled",
        goal: 0.8,
        ..DEAL
    },
    good("unicode"),
    good("tap"),
    good("duckdb"),
    good("names"),
    good("tiny"),
    of_type("account", ObjectType::Account),
    of_type("contact", ObjectType::Contact),
    of_type("lead", ObjectType::Lead),
    of_type("user", ObjectType::BusinessUser),
    of_type("stage", ObjectType::Stage),
    Shape {
        name: "unknown",
        schema: Some(OTHER_SCHEMA),
        ..warning("unknown")
    },
    warning("no-owner"),
    warning("half-no-owner"),
    warning("warning"),
    warning("nested"),
    error("error"),
    error("syntax"),
    // On two cores, by the time on the clock.
    Shape {
        name: "large",
        goal: 1.5,
        ..DEAL
    },
];

/// The sizes of the files, in bytes.
const BYTES: u64 = 48_000_000;
const LARGE_BYTES: u64 = 199_000_000;

/// Python's exit code if a package is missing.
const NOT_AVAILABLE: i32 = 77;

impl Shape {
    pub(crate) fn named(name: &str) -> Option<Self> {
        SHAPES.iter().find(|shape| shape.name == name).copied()
    }

    /// Whether the file is checked on several cores.
    pub(crate) fn is_parallel(&self) -> bool {
        self.name == "large"
    }

    /// The file, written by Python if it is not there; none if Python has no package for it.
    pub(crate) fn file(&self) -> Result<Option<PathBuf>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("../target/bench-check");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.ldjson", self.name));
        if path.exists() {
            return Ok(Some(path));
        }
        // A run that is stopped leaves no half of a file under the name.
        let part = path.with_extension("part");
        let bytes = if self.is_parallel() {
            LARGE_BYTES
        } else {
            BYTES
        };
        let status = Command::new("python3")
            .arg(root.join("data/records.py"))
            .args([self.name, &bytes.to_string()])
            .arg(&part)
            .status()
            .context("the benchmark needs python3")?;
        match status.code() {
            Some(0) => fs::rename(part, &path)?,
            Some(NOT_AVAILABLE) => return Ok(None),
            _ => bail!("data/records.py failed for {}", self.name),
        }
        Ok(Some(path))
    }
}
