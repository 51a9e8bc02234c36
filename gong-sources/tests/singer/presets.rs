//! Each preset on the recorded output of its tap: what comes to be in Gong.

use std::fmt::Write as _;

use gong_crm::ObjectType;
use gong_crm::push::Verdict;
use gong_sources::singer::PRESETS;

use crate::place::Place;

fn recorded(name: &str) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    std::fs::read_to_string(format!("{folder}/{name}.jsonl")).ok()
}

fn last_state(output: &str) -> Option<serde_json::Value> {
    let messages = output
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    messages
        .filter(|message| message["type"] == "STATE")
        .map(|message| message["value"].clone())
        .next_back()
}

/// What is in Gong, and what is not.
async fn contents(place: &Place) -> String {
    let mut text = String::new();
    for object_type in ObjectType::ALL {
        for object in place.objects(object_type.as_str()) {
            writeln!(text, "{object_type} {object}").unwrap();
        }
    }
    for record in place.rejects().await {
        let (object_type, id, reason) = (record.object_type, record.object_id, record.reason);
        writeln!(text, "not in Gong: {object_type} {id}: {reason}").unwrap();
    }
    text
}

#[tokio::test]
async fn recorded_output_of_each_tap_becomes_records() {
    for preset in PRESETS {
        let name = preset.name;
        let place = Place::with_preset(name).await;
        let first = recorded(name).unwrap();
        let ran = place.run(first.clone()).await;
        let verdict = ran.report().verdict;
        let is_good = matches!(verdict, Verdict::Done | Verdict::Partial);
        assert!(is_good, "{name}: {ran:?}");
        // One state, the last one, for all that came.
        let states: Vec<serde_json::Value> = ran
            .states
            .iter()
            .map(|state| serde_json::from_str(state).unwrap())
            .collect();
        assert_eq!(states, Vec::from_iter(last_state(&first)), "{name}");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        // What the tap does not date gets the time of the run.
        settings.add_filter(r#""modifiedDate":"[^"]*Z""#, r#""modifiedDate":"[NOW]""#);
        let after_first = contents(&place).await;
        let guard = settings.bind_to_scope();
        insta::assert_snapshot!(format!("{name}_first"), after_first);
        // The same again changes nothing.
        let again = place.run(first).await;
        assert_eq!(again.report().accepted, 0, "{name}: {again:?}");
        assert_eq!(again.states, ran.states, "{name}");
        assert_eq!(contents(&place).await, after_first, "{name}");
        if let Some(second) = recorded(&format!("{name}.second")) {
            let ran = place.run(second).await;
            assert!(ran.report().verdict <= Verdict::Partial, "{name}: {ran:?}");
            assert_eq!(ran.states.len(), 1, "{name}");
            let after_second = contents(&place).await;
            insta::assert_snapshot!(format!("{name}_second"), after_second);
        }
        drop(guard);
    }
}
