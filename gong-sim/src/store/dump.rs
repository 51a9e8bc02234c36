//! The whole state as text: one JSON object per line, for the state file and for `/_sim/dump`.

use std::io::{self, BufRead, Write};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::integration::IntegrationData;
use super::meetings::{GongUser, Meeting};
use super::state::State;
use super::uploads::{Outcome, Progress, Staged, StagedChange, StoredUpload, UploadKind};
use crate::object_type::ObjectType;
use crate::time::Processing;
use crate::validate::{Change, SchemaField};

/// The form of the text. A simulator that does not know it does not read it.
const FORM: u32 = 2;

/// Why a dump could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// It could not be read at all.
    #[error("can't read the state")]
    Read(#[source] io::Error),
    /// A line is not what a dump consists of.
    #[error(
        "line {line} of the state is damaged: {reason}; remove the file to begin with an empty Gong"
    )]
    Damaged {
        /// The line, counted from 1.
        line: usize,
        /// The problem.
        reason: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Entry<'text> {
    GongSim {
        form: u32,
        clock_ahead_seconds: i64,
        /// The state of the random generator, so that ids continue instead of repeating.
        #[serde(with = "as_text")]
        random_state: u64,
    },
    Integration {
        #[serde(with = "as_text")]
        integration_id: i64,
        name: String,
        owner_email: String,
        is_being_deleted: bool,
    },
    Schema {
        #[serde(with = "as_text")]
        integration_id: i64,
        object_type: ObjectType,
        fields: Vec<SchemaField>,
    },
    Object {
        #[serde(with = "as_text")]
        integration_id: i64,
        object_type: ObjectType,
        object_id: String,
        #[serde(borrow)]
        record: &'text RawValue,
    },
    /// An object that was deleted, with the date of the deletion.
    Deleted {
        #[serde(with = "as_text")]
        integration_id: i64,
        object_type: ObjectType,
        object_id: String,
        seconds: i64,
    },
    /// A version that arrived too late to be applied.
    Filed {
        #[serde(with = "as_text")]
        integration_id: i64,
        object_type: ObjectType,
        object_id: String,
        #[serde(borrow)]
        record: &'text RawValue,
    },
    Upload {
        #[serde(with = "as_text")]
        integration_id: i64,
        client_request_id: String,
        /// None for the deletion of the integration.
        object_type: Option<ObjectType>,
        accepted_at: Timestamp,
        processing: Processing,
        progress: Progress,
        outcome: Outcome,
        is_waiting: bool,
    },
    Change {
        #[serde(with = "as_text")]
        integration_id: i64,
        client_request_id: String,
        object_id: String,
        line: u32,
        is_deletion: bool,
        #[serde(borrow)]
        record: &'text RawValue,
    },
    User(GongUser),
    Meeting(Meeting),
}

/// Numbers of 64 bits as text: JavaScript and jq would round them.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<N: Display, S: Serializer>(
        number: &N,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, N, D>(deserializer: D) -> Result<N, D::Error>
    where
        N: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl State {
    /// Writes everything that a restart restores.
    pub(crate) fn write_dump(&self, out: &mut impl Write) -> io::Result<()> {
        let mut put = |entry: &Entry<'_>| -> io::Result<()> {
            serde_json::to_writer(&mut *out, entry)?;
            out.write_all(b"\n")
        };
        put(&Entry::GongSim {
            form: FORM,
            clock_ahead_seconds: self.clock.ahead().as_secs(),
            random_state: self.random.get_seed(),
        })?;
        for user in self.meetings.users() {
            put(&Entry::User(user.clone()))?;
        }
        for meeting in self.meetings.all() {
            put(&Entry::Meeting(meeting.clone()))?;
        }
        for integration in &self.integrations {
            put(&Entry::Integration {
                integration_id: integration.id,
                name: integration.name.clone(),
                owner_email: integration.owner_email.clone(),
                is_being_deleted: integration.is_being_deleted,
            })?;
            for object_type in ObjectType::ALL {
                let fields = integration.schema(object_type);
                if !fields.is_empty() {
                    put(&Entry::Schema {
                        integration_id: integration.id,
                        object_type,
                        fields: fields.to_vec(),
                    })?;
                }
                for (object_id, bytes) in integration.table(object_type).iter() {
                    put(&Entry::Object {
                        integration_id: integration.id,
                        object_type,
                        object_id: object_id.to_owned(),
                        record: serde_json::from_slice(bytes)?,
                    })?;
                }
                for (object_id, seconds) in integration.table(object_type).deletions() {
                    put(&Entry::Deleted {
                        integration_id: integration.id,
                        object_type,
                        object_id: object_id.to_owned(),
                        seconds,
                    })?;
                }
                for (object_id, bytes) in integration.table(object_type).all_filed() {
                    put(&Entry::Filed {
                        integration_id: integration.id,
                        object_type,
                        object_id: object_id.to_owned(),
                        record: serde_json::from_slice(bytes)?,
                    })?;
                }
            }
        }
        for (integration_id, client_request_id, upload) in self.uploads.oldest_first() {
            put(&Entry::Upload {
                integration_id,
                client_request_id: client_request_id.to_owned(),
                object_type: match upload.kind {
                    UploadKind::Records(object_type) => Some(object_type),
                    UploadKind::IntegrationDeletion => None,
                },
                accepted_at: upload.accepted_at,
                processing: upload.processing,
                progress: upload.progress(),
                outcome: upload.outcome.clone(),
                is_waiting: upload.staged().is_some(),
            })?;
            for (object_id, staged) in upload.staged().into_iter().flatten() {
                put(&Entry::Change {
                    integration_id,
                    client_request_id: client_request_id.to_owned(),
                    object_id: object_id.clone().into(),
                    line: staged.line,
                    is_deletion: matches!(staged.change, Change::Delete(_)),
                    record: serde_json::from_slice(staged.change.bytes())?,
                })?;
            }
        }
        Ok(())
    }

    /// Replaces the data by that of a dump.
    ///
    /// # Errors
    ///
    /// If a line cannot be understood; the state is then empty.
    pub(crate) fn read_dump(&mut self, mut text: impl BufRead) -> Result<(), DumpError> {
        self.forget_data();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if text.read_until(b'\n', &mut line).map_err(DumpError::Read)? == 0 {
                break;
            }
            let restored = serde_json::from_slice(&line)
                .map_err(|error| error.to_string())
                .and_then(|entry| match entry {
                    Entry::GongSim { .. } => self.restore(entry),
                    _ if number == 1 => Err("a dump begins with its line `gongSim`".to_owned()),
                    _ => self.restore(entry),
                });
            if let Err(reason) = restored {
                self.forget_data();
                return Err(DumpError::Damaged {
                    line: number,
                    reason,
                });
            }
        }
        Ok(())
    }

    fn restore(&mut self, entry: Entry<'_>) -> Result<(), String> {
        let unknown = |id: i64| format!("integration {id} is not in it");
        match entry {
            Entry::GongSim {
                form,
                clock_ahead_seconds,
                random_state,
            } => {
                if form != FORM {
                    return Err(format!(
                        "it has form {form}, and this version knows form {FORM}"
                    ));
                }
                self.random.seed(random_state);
                self.clock
                    .set_ahead(SignedDuration::from_secs(clock_ahead_seconds));
            }
            Entry::User(user) => self.meetings.add_user(user),
            Entry::Meeting(meeting) => self.meetings.put(meeting),
            Entry::Integration {
                integration_id,
                name,
                owner_email,
                is_being_deleted,
            } => {
                let mut integration = IntegrationData::new(integration_id, &name, &owner_email);
                integration.is_being_deleted = is_being_deleted;
                self.integrations.push(integration);
            }
            Entry::Schema {
                integration_id,
                object_type,
                fields,
            } => {
                let integration = self.integration_mut(integration_id);
                integration
                    .ok_or_else(|| unknown(integration_id))?
                    .set_schema(object_type, fields);
            }
            Entry::Object {
                integration_id,
                object_type,
                object_id,
                record,
            } => {
                let integration = self.integration_mut(integration_id);
                let table = integration
                    .ok_or_else(|| unknown(integration_id))?
                    .table_mut(object_type);
                table.put(object_id.into(), record.get().as_bytes().into());
            }
            Entry::Deleted {
                integration_id,
                object_type,
                object_id,
                seconds,
            } => {
                let integration = self.integration_mut(integration_id);
                let table = integration
                    .ok_or_else(|| unknown(integration_id))?
                    .table_mut(object_type);
                table.restore_deletion(object_id.into(), seconds);
            }
            Entry::Filed {
                integration_id,
                object_type,
                object_id,
                record,
            } => {
                let integration = self.integration_mut(integration_id);
                let table = integration
                    .ok_or_else(|| unknown(integration_id))?
                    .table_mut(object_type);
                table.file(object_id.into(), record.get().as_bytes().into());
            }
            Entry::Upload {
                integration_id,
                client_request_id,
                object_type,
                accepted_at,
                processing,
                progress,
                outcome,
                is_waiting,
            } => {
                let kind = object_type.map_or(UploadKind::IntegrationDeletion, UploadKind::Records);
                let staged = is_waiting.then(Staged::new);
                let upload = StoredUpload::restored(
                    kind,
                    accepted_at,
                    processing,
                    outcome,
                    progress,
                    staged,
                );
                self.uploads.add(integration_id, &client_request_id, upload);
            }
            Entry::Change {
                integration_id,
                client_request_id,
                object_id,
                line,
                is_deletion,
                record,
            } => {
                let upload = self.uploads.get_mut(integration_id, &client_request_id);
                let Some(staged) = upload.and_then(StoredUpload::staged_mut) else {
                    return Err(format!("request {client_request_id} is not waiting"));
                };
                let bytes = record.get().as_bytes().into();
                let change = if is_deletion {
                    Change::Delete(bytes)
                } else {
                    Change::Put(bytes)
                };
                staged.insert(object_id.into(), StagedChange { line, change });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;
    use crate::time::Clock;

    fn empty() -> State {
        State::new(7, Clock::standing(), RuleSet::standard())
    }

    fn dump(state: &State) -> Vec<u8> {
        let mut text = Vec::new();
        state.write_dump(&mut text).unwrap();
        text
    }

    #[test]
    fn dump_restores_everything_to_the_digit() {
        let mut state = empty();
        let id = state.register("Acme CRM", "admin@acme.example");
        let record = r#"{"objectId":"1","amount":7000.10,"name":"Müller & \"Söhne\""}"#;
        let table = state
            .integration_mut(id)
            .unwrap()
            .table_mut(ObjectType::Deal);
        table.put("1".into(), record.as_bytes().into());
        table.delete("gone".into(), Some(1_700_000_000));
        table.file(
            "1".into(),
            br#"{"objectId":"1","amount":1}"#.as_slice().into(),
        );
        let staged = Staged::from([(
            "2".into(),
            StagedChange {
                line: 3,
                change: Change::Delete(br#"{"objectId":"2"}"#.as_slice().into()),
            },
        )]);
        let upload = StoredUpload::new(
            UploadKind::Records(ObjectType::Deal),
            state.now(),
            Processing::Never,
            Outcome::default(),
            staged,
        );
        state.uploads.add(id, "waiting", upload);
        state
            .meetings
            .add_user(GongUser::new("ada@acme.example").without_consent_page());

        let first = dump(&state);
        let mut restored = empty();
        restored.read_dump(first.as_slice()).unwrap();
        assert_eq!(
            String::from_utf8(dump(&restored)).unwrap(),
            String::from_utf8(first).unwrap()
        );
        assert_eq!(
            restored
                .current()
                .unwrap()
                .table(ObjectType::Deal)
                .get("1")
                .unwrap(),
            record.as_bytes()
        );
        let table = restored.current().unwrap().table(ObjectType::Deal);
        assert_eq!(table.deletions().count(), 1);
        assert_eq!(table.filed("1").count(), 1);
    }

    #[test]
    fn damaged_dump_is_rejected_with_its_line() {
        let mut state = empty();
        for bad in [
            "nonsense",
            r#"{"gongSim":{"form":99,"clockAheadSeconds":0,"randomState":"0"}}"#,
            r#"{"object":{}}"#,
        ] {
            let text = format!("{}{bad}\n", String::from_utf8(dump(&empty())).unwrap());
            let error = state.read_dump(text.as_bytes()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("line 2 of the state is damaged"),
                "{error}"
            );
        }
    }
}
