//! Compares the simulator, and optionally Gong itself, with Gong's recorded responses.
//!
//! One suite of cases, `cases/*.json`, each with its evidence. Plain `cargo test` runs all of them
//! against the simulator. With `GONG_CONFORMANCE_BASE_URL`, `GONG_CONFORMANCE_ACCESS_KEY`,
//! `GONG_CONFORMANCE_ACCESS_KEY_SECRET` and `GONG_CONFORMANCE_INTEGRATION_ID` in the environment,
//! those marked `"live"` also run against that Gong, where they write and delete records whose ids
//! begin with `conformance-`. `GONG_CONFORMANCE_RECORD=1` stores the answers, normalized, in
//! `recorded/`; after that the simulator is compared with them too.
#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a test is a failed test"
)]

mod case;
mod run;

use std::path::PathBuf;

use gong_sim::Simulator;

use crate::case::{Case, Needs};
use crate::run::Target;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance")).join(name)
}

fn cases() -> Vec<Case> {
    let mut paths: Vec<_> = std::fs::read_dir(folder("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let cases: Result<Vec<Case>, _> = serde_json::from_slice(&std::fs::read(&path).unwrap());
        assert!(cases.is_ok(), "{}: {}", path.display(), cases.unwrap_err());
        cases.unwrap()
    };
    paths.into_iter().flat_map(read).collect()
}

#[tokio::test]
async fn simulator_responds_as_gong_is_known_to() {
    for case in cases() {
        let mut builder = Simulator::builder().bearer_token("scopeless", [""; 0]);
        for (name, on) in &case.rules {
            builder = builder.rule(name.clone(), *on);
        }
        for user in case.users.clone() {
            builder = builder.user(user);
        }
        let sim = builder.start().await.unwrap();
        let mut target = Target::new(sim.base_url(), sim.access_key(), sim.access_key_secret());
        if case.needs == Needs::Integration {
            let id = sim.register_integration("Acme CRM", "admin@acme.example");
            target.set("integrationId", &id);
        }
        let answers = target
            .run(&case)
            .await
            .unwrap_or_else(|problem| panic!("{}\n{problem}", case.name));
        let recorded = folder("recorded").join(case.file_name());
        if let Ok(text) = std::fs::read_to_string(&recorded) {
            assert_eq!(
                answers,
                text,
                "{}: not as recorded in {}",
                case.name,
                recorded.display()
            );
        }
    }
}

#[tokio::test]
async fn gong_itself_still_responds_as_recorded() {
    let variable = |name: &str| std::env::var(format!("GONG_CONFORMANCE_{name}")).ok();
    let (Some(base_url), Some(key), Some(secret), Some(integration_id)) = (
        variable("BASE_URL"),
        variable("ACCESS_KEY"),
        variable("ACCESS_KEY_SECRET"),
        variable("INTEGRATION_ID"),
    ) else {
        println!("skipped: the GONG_CONFORMANCE_ variables that name a Gong company are not set");
        return;
    };
    for case in cases().into_iter().filter(|case| case.live) {
        let mut target = Target::new(&base_url, &key, &secret).with_patience();
        target.set("integrationId", &integration_id);
        let answers = target
            .run(&case)
            .await
            .unwrap_or_else(|problem| panic!("{}\n{problem}", case.name));
        if variable("RECORD").is_some() {
            std::fs::create_dir_all(folder("recorded")).unwrap();
            std::fs::write(folder("recorded").join(case.file_name()), answers).unwrap();
        }
    }
}

#[test]
fn every_case_has_a_unique_name_and_evidence() {
    let cases = cases();
    let mut names: Vec<_> = cases.iter().map(Case::file_name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    for case in &cases {
        assert!(
            ["documented", "recorded", "assumed"].contains(&case.evidence.as_str()),
            "{}",
            case.name
        );
        assert!(
            !case.live || case.needs == Needs::Integration,
            "{} can't run live",
            case.name
        );
        assert!(!case.steps.is_empty(), "{}", case.name);
    }
}
