//! The state file, and folders that are loaded at the start.

use gong_sim::{Processing, Simulator, UploadStatus};

use crate::support::{status, upload};

const STAGE: &str = r#"{"objectId":"won","name":"Won"}"#;

#[tokio::test]
async fn state_file_restores_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gong.state");
    let start = || {
        Simulator::builder()
            .state_file(&path)
            .processing(Processing::Polls(1))
            .start()
    };

    let sim = start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(&sim, id, "STAGE", "up", STAGE).await;
    assert_eq!(status(&sim, id, "up").await.json()["status"], "PENDING");
    sim.shutdown().await;

    let sim = start().await.unwrap();
    assert_eq!(sim.integrations()[0].integration_id, id);
    assert_eq!(status(&sim, id, "up").await.json()["status"], "DONE");
    assert_eq!(sim.object_count("STAGE"), 1);
    assert_eq!(upload(&sim, id, "STAGE", "up", STAGE).await.status, 409);
    sim.save_state().unwrap();
    drop(sim);

    let sim = start().await.unwrap();
    assert_eq!(sim.object("STAGE", "won").unwrap()["name"], "Won");
    let before = sim.register_integration("Next", "a@b.example");
    assert_ne!(before, id, "ids repeat after a restart");
}

#[tokio::test]
async fn damaged_state_file_is_rejected_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gong.state");
    std::fs::write(&path, "not a state\n").unwrap();
    let error = Simulator::builder()
        .state_file(&path)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("gong.state"), "{error}");
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("line 1"),
        "{error:?}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a state\n");
}

#[tokio::test]
async fn folder_of_crm_files_is_loaded_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("stages.ldjson", STAGE);
    write(
        "deals-2026.ldjson",
        "{\"objectId\":\"d1\",\"modifiedDate\":\"2024-05-01T10:00:00Z\",\"size\":7}\n{}\n",
    );
    write(
        "entity-schema.json",
        r#"{"DEAL":[{"uniqueName":"size","label":"Size","type":"NUMBER"}]}"#,
    );
    write("README.md", "not an entity file");

    let sim = Simulator::builder()
        .seed_from_dir(folder.path())
        .start()
        .await
        .unwrap();
    assert_eq!(
        (sim.object_count("STAGE"), sim.object_count("DEAL")),
        (1, 1)
    );
    assert_eq!(sim.schema("DEAL")[0]["uniqueName"], "size");
    let deals = &sim.uploads()[0];
    assert_eq!(
        (deals.client_request_id.as_str(), deals.status),
        ("seed-deals-2026", UploadStatus::Failed)
    );
    assert_eq!(deals.errors[0].line, 2);
    let names: Vec<_> = sim
        .environment()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "GONG_BASE_URL",
            "GONG_ACCESS_KEY",
            "GONG_ACCESS_KEY_SECRET",
            "GONG_INTEGRATION_ID"
        ]
    );
}

#[tokio::test]
async fn folder_without_crm_files_is_an_error_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let error = Simulator::builder()
        .seed_from_dir(folder.path())
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("accounts.ldjson"), "{error}");
    let error = Simulator::builder()
        .seed_from_dir(folder.path().join("gone"))
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("gone"), "{error}");
}

#[tokio::test]
async fn example_crm_of_this_project_is_accepted_whole() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/acme");
    let sim = Simulator::builder()
        .seed_from_dir(folder)
        .start()
        .await
        .unwrap();
    for upload in sim.uploads() {
        assert_eq!(upload.status, UploadStatus::Done, "{upload:?}");
        assert!(upload.total_success_count > 0, "{upload:?}");
    }
    assert_eq!(sim.uploads().len(), 6);
    assert!(!sim.schema("DEAL").is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn state_file_is_private_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (path, victim) = (
        folder.path().join("gong.state"),
        folder.path().join("victim"),
    );
    std::fs::write(&victim, "precious").unwrap();
    symlink(&victim, folder.path().join("gong.state.new")).unwrap();
    let sim = Simulator::builder()
        .state_file(&path)
        .start()
        .await
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    sim.save_state().unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
}
