//! Fields that are declared in Gong's schema after their values were sent.

use std::time::Duration;

use gong_crm::ObjectType::Account;
use gong_crm::push::Verdict;
use gong_crm::schema::SchemaField;
use gong_sim::{Effect, Fault, Operation};
use serde_json::json;

use crate::support::{World, accounts, counts};

#[tokio::test]
async fn values_are_sent_again_if_the_declaration_was_stopped() {
    let world = World::new().await;
    let mut records = accounts(1..=30);
    records[4]["region"] = json!("EMEA");
    world.export("account.ldjson", &records);
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

    // Gong has the field, and the process ends before it knows.
    let late = Fault::new(Effect::Delay(Duration::from_hours(1))).on(Operation::UploadSchema);
    world.simulator.add_fault(late).unwrap();
    let fields = [SchemaField::new("region", "Region", "STRING")];
    let declared = async {
        while world.simulator.schema("ACCOUNT").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let declaring = world
        .client
        .upload_entity_schema(world.integration_id, Account, &fields);
    tokio::select! {
        biased;
        ended = declaring => panic!("{ended:?}"),
        () = declared => {}
    }
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(counts(&report.plan, Account), [0, 1, 0, 29, 0]);
}
