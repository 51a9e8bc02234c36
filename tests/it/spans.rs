//! The spans of a push, a plan and a sync, as an app's subscriber gets them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use gong_crm::ObjectType;
use gong_crm::push::{Options, Records};
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;
use gong_crm::{Account, Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, Operation, Simulator};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

type Fields = BTreeMap<String, String>;

/// A span or event: the names of the spans around it and its own, and its fields.
type Entry = (String, Fields);

/// Collects spans when they end, and events, of this project only.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Entry>>>);

struct Visitor<'a>(&'a mut Fields);

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Visitor(&mut fields));
        let span = context.span(id).unwrap();
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(&mut Visitor(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target().starts_with("gong") {
            let mut fields = Fields::new();
            event.record(&mut Visitor(&mut fields));
            let message = fields.remove("message").unwrap();
            let around = context.event_scope(event).into_iter().flatten();
            let mut names: Vec<&str> = around.map(|span| span.name()).collect();
            names.reverse();
            names.push(&message);
            self.add(&names, fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        if span.name().starts_with("gong.") {
            let fields = span.extensions_mut().remove::<Fields>().unwrap();
            let names: Vec<&str> = span.scope().from_root().map(|span| span.name()).collect();
            self.add(&names, fields);
        }
    }
}

impl Collector {
    fn add(&self, names: &[&str], fields: Fields) {
        self.0.lock().unwrap().push((names.join(" > "), fields));
    }

    /// The fields of the spans or events of a name, since the last call of [`clear`](Self::clear).
    fn named(&self, name: &str) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        let named = entries.iter().filter(|(of, _)| of == name);
        let line = |fields: &Fields| {
            let fields = fields
                .iter()
                .filter(|(name, _)| *name != "gong.client_request_id");
            let fields = fields.map(|(name, value)| format!("{name}={value}"));
            fields.collect::<Vec<_>>().join(" ")
        };
        named.map(|(_, fields)| line(fields)).collect()
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

async fn company() -> (Simulator, Client, IntegrationId) {
    let simulator = Simulator::start().await.unwrap();
    let keys = Credentials::access_key(simulator.access_key(), simulator.access_key_secret());
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(keys)
        .build()
        .unwrap();
    let integration_id = simulator
        .register_integration("Acme CRM", "ada.king@acme.example")
        .into();
    (simulator, client, integration_id)
}

fn line(id: u32) -> String {
    format!(
        "{{\"objectId\":\"a-{id}\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"name\":\"N\"}}\n"
    )
}

#[tokio::test]
async fn push_has_spans_of_its_result_uploads_and_calls() {
    let collector = Collector::default();
    let subscriber = tracing_subscriber::registry().with(collector.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let (simulator, client, id) = company().await;
    simulator
        .add_fault(
            Fault::new(Effect::Status(503))
                .on(Operation::UploadEntities)
                .nth(1),
        )
        .unwrap();
    let mut records = Records::new();
    for id in ["a-1", "a-2"] {
        let account = Account::builder()
            .object_id(id)
            .modified_date("2026-03-01T09:30:00Z")
            .build()
            .unwrap();
        records.add(&account).unwrap();
    }
    let options = Options::default().simulator();
    client
        .push_records(id, records, options)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert_eq!(
        collector.named("gong.push"),
        [format!(
            "accepted=2 gong.integration_id={id} records=2 rejected=0 task=records unchanged=0 verdict=done"
        )]
    );
    let bytes = collector.named("gong.push > planned");
    assert_eq!(bytes.len(), 1, "{bytes:?}");
    assert!(
        bytes[0].ends_with(" records=2 unchanged=0 uploads=1"),
        "{bytes:?}"
    );
    let uploads = collector.named("gong.push > gong.upload");
    assert_eq!(uploads.len(), 1, "{uploads:?}");
    assert!(
        uploads[0].starts_with("accepted=2 bytes=")
            && uploads[0].ends_with(" gong.object_type=ACCOUNT records=2 rejected=0 status=done"),
        "{uploads:?}"
    );
    let retries = collector.named("gong.push > gong.upload > retrying");
    assert_eq!(retries.len(), 1, "{retries:?}");
    // The refused upload, two questions whether Gong knows it, the upload, and its verdict.
    let calls = collector.named("gong.push > gong.upload > gong.call");
    assert!(calls.len() >= 3, "{calls:?}");

    collector.clear();
    client
        .resume([], Options::default().simulator())
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert_eq!(
        collector.named("gong.push"),
        ["accepted=0 records=0 rejected=0 task=resume unchanged=0 verdict=done"]
    );
}

#[tokio::test]
async fn plan_and_sync_have_spans_of_their_numbers() {
    let collector = Collector::default();
    let subscriber = tracing_subscriber::registry().with(collector.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_simulator, client, id) = company().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.ldjson");
    std::fs::write(&path, (1..=20).map(line).collect::<Vec<_>>().concat()).unwrap();
    let source = Arc::new(FilesSource::new(&path).complete(true));
    let options = SyncOptions::new("acme")
        .source(ObjectType::Account, source)
        .simulator();
    client.plan(id, options.clone()).await.unwrap();
    let numbers = format!("gong.integration_id={id} held_back=0 new=20 scope=acme");
    assert_eq!(
        collector.named("gong.plan"),
        [format!("changed=0 deleted=0 {numbers} uploads=1")]
    );
    assert_eq!(
        collector.named("gong.plan > reading"),
        ["gong.object_type=ACCOUNT"]
    );
    client
        .sync(id, options.clone())
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let syncs = collector.named("gong.sync");
    assert_eq!(syncs.len(), 1, "{syncs:?}");
    let calls = client.quota().await.unwrap().unwrap().spent;
    assert_eq!(
        syncs[0],
        format!("calls={calls} changed=0 deleted=0 {numbers} verdict=done")
    );
    assert_eq!(collector.named("gong.sync > gong.upload").len(), 1);

    // A sync that can't start has no report.
    collector.clear();
    client.sync(id, SyncOptions::new("acme")).await.unwrap_err();
    assert_eq!(
        collector.named("gong.sync"),
        [format!("gong.integration_id={id} scope=acme verdict=error")]
    );
}
