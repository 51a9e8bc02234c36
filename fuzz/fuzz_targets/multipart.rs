//! The simulator answers every upload with a documented status, and stores whole lines only.
//!
//! The first byte chooses how the rest is read, the second where it is cut in pieces. The rest is the
//! file of a good upload, or a body, or a `Content-Type` and a body. However it is cut, the answer is
//! the same; after a rejection the id is still free.

#![no_main]

use std::cell::LazyCell;

use bytes::Bytes;
use gong_sim::{ObjectType, Simulator, Upload, UploadKind};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const BOUNDARY: &str = "XyZ";

thread_local! {
    static GONG: LazyCell<(Runtime, Simulator)> = const { LazyCell::new(start) };
}

fn start() -> (Runtime, Simulator) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    // With a stopped clock, the same upload gives the same result.
    let gong = Simulator::builder().virtual_time().start_blocking().expect("a simulator");
    gong.set_rule("credentials-required", false).expect("a rule");
    (runtime.expect("a runtime"), gong)
}

/// The result of an upload.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    errors: serde_json::Value,
    objects: Vec<String>,
    upload: Option<Upload>,
}

fn upload(
    gong: &Simulator,
    object_type: ObjectType,
    kind: &HeaderValue,
    pieces: &[&[u8]],
    breaks_off: bool,
    runtime: &Runtime,
) -> Outcome {
    let integration = gong.integrations()[0].integration_id;
    let path = format!(
        "/v2/crm/entities?integrationId={integration}&objectType={object_type}&clientRequestId=f-1"
    );
    let pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
    let answer = gong.upload_in_pieces(&path, kind, pieces, breaks_off);
    let (status, body) = runtime.block_on(answer);
    let body: serde_json::Value = serde_json::from_slice(&body).expect("an answer is JSON");
    assert!(body["requestId"].is_string(), "{body}");
    let objects = gong.objects(object_type.as_str());
    let objects = objects.iter().map(|object| {
        let id = object["objectId"].as_str().expect("an object has an id");
        gong.object_text(object_type.as_str(), id).expect("an object has a text")
    });
    let objects: Vec<String> = objects.collect();
    assert_eq!(objects.len(), gong.object_count(object_type.as_str()), "all can be read");
    Outcome {
        status,
        errors: body["errors"].clone(),
        objects,
        upload: gong.uploads().pop().map(|mut upload| {
            upload.integration_id = 0;
            upload
        }),
    }
}

/// Whether the text stands in the body as a line: nothing but blanks between it and the line feeds
/// around it, one of which may be the boundary's.
fn is_whole_line(body: &[u8], text: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = body[from..].windows(text.len()).position(|window| window == text) {
        let (before, after) = (&body[..from + at], &body[from + at + text.len()..]);
        let begins = before[before.trim_ascii_end().len()..].contains(&b'\n');
        let ends = after[..after.len() - after.trim_ascii_start().len()].contains(&b'\n');
        if begins && ends {
            return true;
        }
        from += at + 1;
    }
    false
}

fn holds_every_line(content: &[u8], upload: &Upload) {
    let has_record = |line: &&[u8]| !line.trim_ascii().is_empty();
    let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    assert_eq!(upload.file_size, content.len() as u64);
    let counted = upload.total_error_count + upload.total_success_count;
    if upload.errors.first().is_none_or(|error| error.line > 0) {
        assert_eq!(counted as usize, lines.iter().filter(|line| has_record(line)).count());
    }
    for error in upload.errors.iter().filter(|error| error.line > 0) {
        assert!(has_record(&lines[error.line as usize - 1]), "{error:?}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [choice, cut, rest @ ..] = bytes else { return };
    let object_type = ObjectType::ALL[usize::from(choice % 6)];
    let breaks_off = (choice / 6) % 8 == 7;
    let mut kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut content = None;
    let body = match (choice / 6) % 3 {
        0 => {
            content = Some(rest).filter(|file| {
                let end = format!("\r\n--{BOUNDARY}");
                !file.windows(end.len()).any(|window| window == end.as_bytes())
            });
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"dataFile\"; \
                 filename=\"f.ldjson\"\r\n\r\n"
            );
            [head.as_bytes(), rest, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
        }
        1 => rest.to_vec(),
        _ => {
            let mut halves = rest.splitn(2, |byte| *byte == b'\n');
            kind = String::from_utf8_lossy(halves.next().unwrap_or_default()).into_owned();
            halves.next().unwrap_or_default().to_vec()
        }
    };
    let Ok(kind) = HeaderValue::from_str(&kind) else { return };
    GONG.with(|started| {
        let (runtime, gong) = &**started;
        let attempt = |pieces: &[&[u8]]| {
            gong.reset();
            gong.register_integration("Acme CRM", "admin@acme.example");
            upload(gong, object_type, &kind, pieces, breaks_off, runtime)
        };
        let at_once = attempt(&[&body]);
        let pieces: Vec<&[u8]> = body.chunks(usize::from(*cut).max(1)).collect();
        let outcome = attempt(&pieces);
        assert_eq!(at_once, outcome);
        match outcome.status {
            201 => {
                // What comes after the last boundary says nothing.
                let end = format!("--{BOUNDARY}--");
                let is_whole = body.windows(end.len()).any(|window| window == end.as_bytes());
                let is_own = (choice / 6) % 3 == 2;
                assert!(!breaks_off || is_whole || is_own, "half a body was taken");
                let upload = outcome.upload.as_ref().expect("an upload that was taken");
                assert_eq!(upload.kind, UploadKind::Records(object_type));
                assert!(outcome.objects.len() <= upload.total_success_count as usize);
                if let Some(content) = content {
                    holds_every_line(content, upload);
                }
                for object in &outcome.objects {
                    assert!(is_whole_line(&body, object.as_bytes()), "{object}");
                }
            }
            400 => {
                assert!(content.is_none() || breaks_off, "{:?}", outcome.errors);
                assert_eq!(outcome.errors.as_array().map(Vec::len), Some(1));
                assert_eq!((outcome.objects.len(), &outcome.upload), (0, &None));
                let good = format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"dataFile\"; \
                     filename=\"f\"\r\n\r\n{{}}\r\n--{BOUNDARY}--\r\n"
                );
                let kind = format!("multipart/form-data; boundary={BOUNDARY}");
                let kind = HeaderValue::from_str(&kind).expect("a header");
                let next = upload(gong, object_type, &kind, &[good.as_bytes()], false, runtime);
                assert_eq!(next.status, 201, "the id is used up");
            }
            status => panic!("an upload is answered {status}: {:?}", outcome.errors),
        }
    });
});
