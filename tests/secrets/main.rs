//! Tests that nothing that a run leaves behind contains credentials or record contents.
//!
//! A separate test program, because it listens to every log line of the whole process.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use gong_crm::ledger::Ledger;
use gong_crm::push::{Event, Options};
use gong_crm::rate_limit::RateLimit;
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;
use gong_crm::{Client, Credentials, IntegrationId, ObjectType};
use gong_sim::{Effect, Fault, Operation, Simulator};
use tracing_subscriber::fmt::MakeWriter;

/// Halves of a key that occur nowhere else.
const KEY: &str = "KEYKEYKEYKEYKEY7";
const SECRET: &str = "SECRETSECRETSECRET8";
const TOKEN: &str = "TOKENTOKENTOKEN9";

/// A private value in the records.
const NAME: &str = "Xanthippe Quillfeather";
const ADDRESS: &str = "xanthippe@quillfeather.example";
const CUSTOM: &str = "prefers green envelopes";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Texts that must not occur anywhere: the credentials as they are, in hexadecimal and in Base64,
/// and values of the records.
fn forbidden() -> Vec<(String, Vec<u8>)> {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let pair = base64(&format!("{KEY}:{SECRET}"));
    [
        SECRET,
        TOKEN,
        NAME,
        ADDRESS,
        CUSTOM,
        &pair,
        &base64(SECRET),
        "Quillfeather",
        "quillfeather",
    ]
    .into_iter()
    .map(|text| (text.to_owned(), text.as_bytes().to_vec()))
    .collect()
}

#[track_caller]
fn says_nothing(what: &str, bytes: &[u8]) {
    for (text, needle) in forbidden() {
        let found = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!found, "{what} tells {text}");
    }
}

/// Every file of a folder and of the folders in it.
fn files(folder: &Path, each: &mut dyn FnMut(&Path, Vec<u8>)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, each);
        } else {
            each(&path, std::fs::read(&path).unwrap());
        }
    }
}

/// Two good accounts with personal data, and one that Gong rejects. The ledger keeps the content of
/// rejected records, so that one has none.
fn accounts() -> String {
    let account = |id: &str, more: &str| {
        format!(
            "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"{NAME}\",\
             \"note\":\"{CUSTOM}\"{more}}}\n"
        )
    };
    let rejected =
        "{\"objectId\":\"a3\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"url\":\"no\"}\n";
    account("a1", "") + &account("a2", ",\"url\":\"https://crm.example/a2\"") + rejected
}

fn contacts() -> String {
    format!(
        "{{\"objectId\":\"c1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"emailAddress\":\"{ADDRESS}\",\
         \"lastName\":\"{NAME}\"}}\n"
    )
}

fn client(simulator: &Simulator, credentials: Credentials, ledger: Ledger) -> Client {
    Client::builder()
        .base_url(simulator.base_url())
        .credentials(credentials)
        .ledger(ledger)
        .rate_limit(RateLimit::unlimited())
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn output_of_every_failure_has_no_credentials_or_records() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let simulator = Simulator::builder()
        .access_key(KEY, SECRET)
        .start()
        .await
        .unwrap();
    let integration_id: IntegrationId = simulator
        .register_integration("Acme CRM", "ada.king@acme.example")
        .into();
    let folder = tempfile::tempdir().unwrap();
    let (crm, state) = (folder.path().join("crm"), folder.path().join("state"));
    std::fs::create_dir(&crm).unwrap();
    std::fs::write(crm.join("accounts.ldjson"), accounts()).unwrap();
    std::fs::write(crm.join("contacts.ldjson"), contacts()).unwrap();
    let ledger = Ledger::open(state.join("ledger.sqlite")).await.unwrap();
    let mut reported = String::new();

    // A push in which everything happens at least once.
    for (nth, effect) in [
        Effect::ResetAfterBody,
        Effect::Status(503),
        Effect::HtmlPage(502),
        Effect::TruncateBody,
    ]
    .into_iter()
    .enumerate()
    {
        let fault = Fault::new(effect).on(Operation::UploadEntities);
        simulator.add_fault(fault.nth(1 + nth as u64)).unwrap();
    }
    let good = client(
        &simulator,
        Credentials::access_key(KEY, SECRET),
        ledger.clone(),
    );
    reported += &format!("{good:?}");
    let events = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&events);
    let options = Options::new([&crm]).simulator().unchecked();
    let push = good
        .push(integration_id, options)
        .on_event(move |event: &Event| {
            *heard.lock().unwrap() += &format!("{event:?}\n");
        });
    let report = push.await.unwrap();
    assert_eq!((report.accepted(), report.rejected()), (3, 1), "{report:?}");
    reported += &format!("{report:?}");
    reported += &events.lock().unwrap();

    // A plan and a sync of the same records.
    let mut sync = SyncOptions::new("acme").simulator();
    for object_type in [ObjectType::Account, ObjectType::Contact] {
        let path = crm.join(format!("{}s.ldjson", object_type.as_str().to_lowercase()));
        sync = sync.source(object_type, Arc::new(FilesSource::new(path)));
    }
    reported += &format!(
        "{:?}",
        good.plan(integration_id, sync.clone()).await.unwrap()
    );
    reported += &format!("{:?}", good.sync(integration_id, sync).await.unwrap());

    // Credentials that are wrong, of both kinds.
    for credentials in [
        Credentials::access_key(KEY, format!("{SECRET}-wrong")),
        Credentials::bearer_token(TOKEN),
    ] {
        reported += &format!("{credentials:?}");
        let wrong = client(&simulator, credentials, ledger.clone());
        let error = wrong.integrations().await.unwrap_err();
        reported += &format!("{error} {error:?} {error:#?} {:?}", error.hint());
        let again = Options::new([crm.join("contacts.ldjson")])
            .simulator()
            .unchecked();
        let refused = wrong.push(integration_id, again).await;
        reported += &format!("{refused:?}");
    }
    let lines = contacts();
    let mut findings = String::new();
    gong_crm::check::check_reader(
        lines.as_bytes(),
        "contacts.ldjson",
        ObjectType::Contact,
        &gong_crm::check::Options::default(),
        &mut |finding| findings += &format!("{} {}", finding.rule, finding.message),
    )
    .unwrap();
    reported += &findings;

    says_nothing("what a person reads", reported.as_bytes());
    let logged = log.0.lock().unwrap().clone();
    for span in [
        "gong.call",
        "gong.push",
        "gong.upload",
        "gong.plan",
        "gong.sync",
    ] {
        let is_logged = String::from_utf8_lossy(&logged).contains(span);
        assert!(is_logged, "the log was listened to: {span}");
    }
    says_nothing("the log", &logged);
    drop(ledger);
    files(&state, &mut |path, bytes| {
        says_nothing(&path.display().to_string(), &bytes);
    });
}

#[test]
fn snapshots_have_no_credentials() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for folder in [
        "tests",
        "gong-crm",
        "gong-crm-cli",
        "gong-sim",
        "gong-api-gen",
    ] {
        files(&workspace.join(folder), &mut |path, bytes| {
            if path.extension().is_some_and(|ending| ending == "snap") {
                seen += 1;
                let text = String::from_utf8_lossy(&bytes);
                // The secret half of the key that every wire test has.
                assert!(
                    !text.contains("eyJ0b3Atc2VjcmV0In0"),
                    "{} tells a secret",
                    path.display()
                );
            }
        });
    }
    assert!(seen > 50, "snapshots were looked at: {seen}");
}
