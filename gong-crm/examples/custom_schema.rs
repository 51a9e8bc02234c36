//! Custom fields: declare them, hold records to them, and see beforehand what a change would lose.
//!
//! ```console
//! $ cargo run -p gong-crm --example custom_schema
//! ```
//!
//! Gong takes any field and shows only the declared ones. A type's declaration is sent whole, and a
//! changed type drops the values that Gong has; so the plan is made first and looked at.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, and `tokio` with `macros` and `rt-
//! multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::rate_limit::RateLimit;
use gong_crm::schema::{EntitySchema, SchemaField, SchemaPlan};
use gong_crm::{Client, Credentials, Deal, IntegrationId, ObjectType};
use gong_sim::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// Brings Gong's fields of deals to what is wanted, unless values would be lost.
pub(crate) async fn declare(
    client: &Client,
    integration_id: IntegrationId,
    wanted: &[SchemaField],
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let there = client
        .entity_schema(integration_id, Some(ObjectType::Deal))
        .await?;
    let there = there.fields(ObjectType::Deal).unwrap_or_default();
    let plan = SchemaPlan::new(ObjectType::Deal, there, wanted)?;
    for field in plan.fields() {
        writeln!(out, "  {}: {}", field.unique_name, field.change)?;
    }
    if plan.is_lossy() {
        writeln!(out, "not declared: values that Gong has would be lost")?;
    } else if !plan.needs_upload() {
        writeln!(out, "nothing to declare")?;
    } else {
        client
            .upload_entity_schema(integration_id, ObjectType::Deal, &plan.to_upload())
            .await?;
        writeln!(out, "declared")?;
    }
    Ok(())
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    let region = SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"]);
    let discount = SchemaField::new("discount", "Discount", "PERCENT");
    declare(
        &client,
        integration_id,
        &[region.clone(), discount.clone()],
        out,
    )
    .await?;

    // The same fields again: nothing is sent.
    declare(&client, integration_id, &[region.clone(), discount], out).await?;

    // A percentage that becomes a text would lose every discount.
    let discount = SchemaField::new("discount", "Discount", "STRING");
    declare(&client, integration_id, &[region, discount], out).await?;

    // Gong's current schema distinguishes good values from bad ones, before anything is sent.
    let schema: EntitySchema = client.entity_schema(integration_id, None).await?;
    let deal = Deal::builder()
        .object_id("8608553")
        .modified_date("2026-03-01T09:30:00+01:00")
        .custom("region", "Europe")
        .custom("discount", 12.5)
        .build()?;
    if let Err(invalid) = schema.check(&deal) {
        for violation in invalid.violations() {
            writeln!(out, "{violation}")?;
        }
    }
    Ok(())
}
