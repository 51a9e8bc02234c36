//! The whole state as text: one JSON object a line, for the state file and for `/_sim/dump`.

use std::io::{self, BufRead, Write};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::jobs::{Job, JobKind, Outcome, Processing, Progress, Staged, StagedChange};
use super::meetings::{GongUser, Meeting};
use super::schema::SchemaField;
use super::{IntegrationData, State};
use crate::record::{Change, ObjectType};

/// The form of the text. A simulator that does not know it refuses to read it.
const FORM: u32 = 1;

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
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Entry<'text> {
    GongSim {
        form: u32,
        clock_ahead_seconds: i64,
        /// Where the sequence of ids stands, so that it goes on instead of repeating.
        random_state: u64,
    },
    Integration {
        integration_id: i64,
        name: String,
        owner_email: String,
        is_being_deleted: bool,
    },
    Schema {
        integration_id: i64,
        object_type: ObjectType,
        fields: Vec<SchemaField>,
    },
    Object {
        integration_id: i64,
        object_type: ObjectType,
        object_id: String,
        #[serde(borrow)]
        record: &'text RawValue,
    },
    Job {
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
        integration_id: i64,
        client_request_id: String,
        object_id: String,
        line: u32,
        /// None for a deletion.
        #[serde(borrow)]
        record: Option<&'text RawValue>,
    },
    User(GongUser),
    Meeting(Meeting),
}

impl State {
    /// Writes everything that a restart should bring back.
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
            }
        }
        for (integration_id, client_request_id, job) in self.jobs.oldest_first() {
            put(&Entry::Job {
                integration_id,
                client_request_id: client_request_id.to_owned(),
                object_type: match job.kind {
                    JobKind::Upload(object_type) => Some(object_type),
                    JobKind::Deletion => None,
                },
                accepted_at: job.accepted_at,
                processing: job.processing,
                progress: job.progress(),
                outcome: job.outcome.clone(),
                is_waiting: job.staged().is_some(),
            })?;
            for (object_id, staged) in job.staged().into_iter().flatten() {
                let record = match &staged.change {
                    Change::Put(bytes) => Some(serde_json::from_slice(bytes)?),
                    Change::Delete => None,
                };
                put(&Entry::Change {
                    integration_id,
                    client_request_id: client_request_id.to_owned(),
                    object_id: object_id.clone().into(),
                    line: staged.line,
                    record,
                })?;
            }
        }
        Ok(())
    }

    /// Replaces the data by what a dump holds.
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
                .and_then(|entry| self.restore(entry));
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
            Entry::Job {
                integration_id,
                client_request_id,
                object_type,
                accepted_at,
                processing,
                progress,
                outcome,
                is_waiting,
            } => {
                let kind = object_type.map_or(JobKind::Deletion, JobKind::Upload);
                let staged = is_waiting.then(Staged::new);
                let job = Job::restored(kind, accepted_at, processing, outcome, progress, staged);
                self.jobs.add(integration_id, &client_request_id, job);
            }
            Entry::Change {
                integration_id,
                client_request_id,
                object_id,
                line,
                record,
            } => {
                let job = self.jobs.get_mut(integration_id, &client_request_id);
                let Some(staged) = job.and_then(Job::staged_mut) else {
                    return Err(format!("request {client_request_id} is not waiting"));
                };
                let change = record.map_or(Change::Delete, |record| {
                    Change::Put(record.get().as_bytes().into())
                });
                staged.insert(object_id.into(), StagedChange { line, change });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::rules::RuleSet;

    fn empty() -> State {
        State::new(7, Clock::standing(), RuleSet::standard())
    }

    fn dump(state: &State) -> Vec<u8> {
        let mut text = Vec::new();
        state.write_dump(&mut text).unwrap();
        text
    }

    #[test]
    fn a_dump_brings_everything_back_to_the_digit() {
        let mut state = empty();
        let id = state.register("Acme CRM", "admin@acme.example");
        let record = r#"{"objectId":"1","amount":7000.10,"name":"Müller & \"Söhne\""}"#;
        let table = state
            .integration_mut(id)
            .unwrap()
            .table_mut(ObjectType::Deal);
        table.put("1".into(), record.as_bytes().into());
        let staged = Staged::from([(
            "2".into(),
            StagedChange {
                line: 3,
                change: Change::Delete,
            },
        )]);
        let job = Job::new(
            JobKind::Upload(ObjectType::Deal),
            state.now(),
            Processing::Never,
            Outcome::default(),
            staged,
        );
        state.jobs.add(id, "waiting", job);
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
    }

    #[test]
    fn a_damaged_dump_is_refused_with_its_line() {
        let mut state = empty();
        for bad in [
            "nonsense",
            r#"{"gongSim":{"form":99,"clockAheadSeconds":0,"randomState":0}}"#,
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
