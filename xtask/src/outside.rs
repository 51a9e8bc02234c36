//! `cargo xtask outside`: what tools and clients of others make of the contract and the simulator.
//!
//! Plain tests need no network; these suites do, once, to install their tools into `target/outside`.
//! A suite that can't run is a failure that says what it needs; none is skipped.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::ci::say;

mod clients;
mod databases;
mod lint;
mod pages;
mod python;
mod schemas;
mod schemathesis;
mod simulator;
mod singer;
mod tools;

use tools::{Need, Tools};

/// Checks with an external tool.
struct Suite {
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    run: fn(&Outside) -> Result<()>,
}

/// Every suite, the quick ones first.
const SUITES: &[Suite] = &[
    Suite {
        name: "lint",
        about: "Redocly recommended-strict, Spectral spectral:oas and openapi-spec-validator find nothing",
        needs: &[Need::Python, Need::Node],
        run: lint::run,
    },
    Suite {
        name: "schemas",
        about: "ajv compiles all six JSON Schemas at its strictest",
        needs: &[Need::Node],
        run: schemas::run,
    },
    Suite {
        name: "clients",
        about: "clients by openapi-python-client, openapi-generator (python, typescript-fetch, rust), \
                hey-api and openapi-typescript upload a file to the simulator",
        needs: &[Need::Python, Need::Node, Need::Java],
        run: clients::run,
    },
    Suite {
        name: "schemathesis",
        about: "schemathesis finds no difference between contract and simulator, by default and strict",
        needs: &[Need::Python],
        run: schemathesis::run,
    },
    Suite {
        name: "singer",
        about: "the Singer SDK's tests of targets, tap-pipedrive and Meltano, with target-gong-crm",
        needs: &[],
        run: singer::run,
    },
    Suite {
        name: "pages",
        about: "pages of -o html in Chromium: they load nothing, fit a phone, and axe finds nothing",
        needs: &[Need::Node],
        run: pages::run,
    },
    Suite {
        name: "python",
        about: "the wheel is installed in an empty environment; its commands, its module, a notebook, \
                a dlt destination and a Dagster asset work",
        needs: &[],
        run: python::run,
    },
    Suite {
        name: "postgres",
        about: "queries to Postgres, cut off at several places, and the ledger in it",
        needs: &[Need::Python, Need::Postgres],
        run: databases::postgres,
    },
    Suite {
        name: "mariadb",
        about: "queries to MariaDB, cut off at several places",
        needs: &[Need::Python, Need::MariaDb],
        run: databases::mariadb,
    },
    Suite {
        name: "parquet",
        about: "Parquet by pyarrow and DuckDB, in folders and in the S3 of the moto server",
        needs: &[Need::Python],
        run: databases::parquet,
    },
];

/// The common context of the suites.
struct Outside {
    /// The workspace.
    root: PathBuf,
    /// Where generated clients and reports go: `target/outside`.
    folder: PathBuf,
    tools: Tools,
}

impl Outside {
    fn contract(&self) -> PathBuf {
        self.root.join("openapi.yaml")
    }
}

/// Prints the suites with what they need.
pub(crate) fn list() {
    for suite in SUITES {
        let needs: Vec<&str> = suite.needs.iter().map(|need| need.name()).collect();
        say(&format!(
            "{:13} {}\n{:13} needs {}",
            suite.name,
            suite.about,
            "",
            needs.join(", ")
        ));
    }
}

/// Runs the suites of these names, or all; each one, also after another has failed.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    if let Some(unknown) = names
        .iter()
        .find(|name| SUITES.iter().all(|suite| suite.name != **name))
    {
        let known: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        bail!(
            "there is no suite {unknown}; there are {}",
            known.join(", ")
        );
    }
    let folder = root.join("target/outside");
    std::fs::create_dir_all(&folder)?;
    let outside = Outside {
        root: root.to_path_buf(),
        tools: Tools::new(root, &folder),
        folder,
    };
    let mut failed = Vec::new();
    for suite in SUITES {
        if !names.is_empty() && !names.iter().any(|name| name == suite.name) {
            continue;
        }
        say(&format!("== {}: {}", suite.name, suite.about));
        let outcome = suite
            .needs
            .iter()
            .try_for_each(|need| outside.tools.provide(*need))
            .and_then(|()| (suite.run)(&outside));
        match outcome {
            Ok(()) => say(&format!("== {} passed", suite.name)),
            Err(error) => {
                say(&format!("== {} FAILED: {error:#}", suite.name));
                failed.push(suite.name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "));
}
