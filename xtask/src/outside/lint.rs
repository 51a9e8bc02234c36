//! The linters of OpenAPI documents, with their strictest rules.

use anyhow::Result;

use super::Outside;
use super::tools;

pub(super) fn run(outside: &Outside) -> Result<()> {
    let contract = outside.contract();
    tools::run(
        outside
            .tools
            .node("redocly")
            .args(["lint", "--extends", "recommended-strict"])
            .arg(&contract)
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
    )?;
    let rules = outside.folder.join("spectral.yaml");
    std::fs::write(&rules, "extends: [\"spectral:oas\"]\n")?;
    tools::run(
        outside
            .tools
            .node("spectral")
            .args(["lint", "--fail-severity", "hint", "--ruleset"])
            .args([&rules, &contract]),
    )?;
    tools::run(
        outside
            .tools
            .python("openapi-spec-validator")
            .arg(&contract),
    )
}
