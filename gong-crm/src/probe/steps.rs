//! The steps of a probe: each changes the contact and reads it back.

use std::io::Write as _;

use gong_client::error::Error;
use gong_client::objects::CrmObject;
use gong_client::status::{RequestState, RequestStatus};
use gong_client::upload::Upload;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Fact, ProbeError, ProbeOptions, ProbeReport};
use crate::client::Client;
use crate::ledger::{Facts, Question, Space, hexadecimal};
use crate::schema::FieldType;
use crate::value::ObjectId;
use crate::{IntegrationId, ObjectType};

/// The field that says which step Gong shows.
const MARK: &str = "lastName";

/// The field of Gong that is cleared.
const STANDARD: &str = "title";

pub(super) async fn probe(
    client: &Client,
    integration_id: IntegrationId,
    options: ProbeOptions,
) -> Result<ProbeReport, ProbeError> {
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let began = client.clock.now();
    let calls_before = ledger.calls_since(began).await?;
    let mut random = [0; 5];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let mut probe = Probe {
        client,
        integration_id,
        space,
        options,
        name: format!("gong-crm-probe-{}", hexadecimal(&random)),
        uploads: 0,
        // In the past, so that no step lies in the future.
        first: began
            .checked_sub(SignedDuration::from_hours(1))
            .unwrap_or(began),
        custom: None,
        facts: Facts::default(),
        sent: ledger.probe_records(space).await?,
    };
    // Records of an earlier probe are deleted first.
    probe.remove().await?;
    let tried = probe.try_all().await;
    let removed = probe.remove().await;
    tried?;
    removed?;
    probe.facts.probed_at = Some(client.clock.now());
    ledger.put_facts(space, &probe.facts).await?;
    let calls = ledger.calls_since(began).await?;
    Ok(ProbeReport {
        facts: Question::ALL
            .iter()
            .map(|question| Fact::of(&probe.facts, *question))
            .collect(),
        calls: calls.saturating_sub(calls_before),
        left: probe.sent,
    })
}

struct Probe<'a> {
    client: &'a Client,
    integration_id: IntegrationId,
    space: Space,
    options: ProbeOptions,
    /// What all ids of this probe begin with.
    name: String,
    uploads: u32,
    first: Timestamp,
    /// A custom text field of contacts, if one is declared.
    custom: Option<String>,
    facts: Facts,
    /// Records that were sent and may still be in Gong.
    sent: Vec<(ObjectType, String)>,
}

impl Probe<'_> {
    fn account(&self) -> String {
        format!("{}-a", self.name)
    }

    fn contact(&self) -> String {
        format!("{}-c", self.name)
    }

    /// The date of a step, each a minute after the one before.
    fn date(&self, step: i64) -> String {
        let at = self.first.checked_add(SignedDuration::from_mins(step));
        let at = at.unwrap_or(self.first);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The contact as a step sends it.
    fn step(&self, step: i64, more: &[(&str, Value)]) -> Map<String, Value> {
        let Value::Object(mut line) = json!({
            "objectId": self.contact(), "modifiedDate": self.date(step),
            "accountId": self.account(), "firstName": "gong-crm probe", MARK: mark(step),
        }) else {
            return Map::new();
        };
        for (name, value) in more {
            line.insert((*name).to_owned(), value.clone());
        }
        line
    }

    /// The values of the fields that are cleared.
    fn values(&self, value: &Value) -> Vec<(String, Value)> {
        let names = std::iter::once(STANDARD.to_owned()).chain(self.custom.clone());
        names.map(|name| (name, value.clone())).collect()
    }

    fn full(&self, step: i64, value: &Value) -> Map<String, Value> {
        let values = self.values(value);
        let values: Vec<(&str, Value)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        self.step(step, &values)
    }

    async fn try_all(&mut self) -> Result<(), ProbeError> {
        self.custom = self.text_field().await?;
        let account = json!({
            "objectId": self.account(), "modifiedDate": self.date(0), "name": "gong-crm probe",
        });
        self.note(ObjectType::Account, self.account()).await?;
        self.send_good(ObjectType::Account, &[account]).await?;
        let id = self.account();
        let shown = self
            .look(ObjectType::Account, &id, |object| object.is_some())
            .await?;
        if shown.is_none() {
            let object_type = ObjectType::Account;
            return Err(ProbeError::NotShown { object_type });
        }
        self.client.clock.sleep(self.options.account_delay).await;
        self.note(ObjectType::Contact, self.contact()).await?;
        let first = self.full(1, &json!("one"));
        self.send_good(ObjectType::Contact, &[first.into()]).await?;
        if self.see(1).await?.is_none() {
            let object_type = ObjectType::Contact;
            return Err(ProbeError::NotShown { object_type });
        }
        self.good_lines().await?;
        self.omitted().await?;
        self.null().await?;
        self.older_date().await?;
        self.other_case().await?;
        self.absent_deletion().await
    }

    /// A text field that is declared for contacts.
    async fn text_field(&self) -> Result<Option<String>, Error> {
        let of_type = Some(ObjectType::Contact);
        let schema = self
            .client
            .entity_schema(self.integration_id, of_type)
            .await?;
        let custom = schema.custom_only();
        let fields = custom.fields(ObjectType::Contact).into_iter().flatten();
        let mut texts = fields.filter(|field| field.field_type == FieldType::String);
        Ok(texts.next().map(|field| field.unique_name.clone()))
    }

    /// A good line and one without an id, which Gong documents as an error.
    async fn good_lines(&mut self) -> Result<(), ProbeError> {
        let good = self.full(2, &json!("one"));
        let bad = json!({"modifiedDate": self.date(2)});
        let status = self.send(ObjectType::Contact, &[good.into(), bad]).await?;
        if status.errors.is_empty() && status.status == RequestState::Done {
            return Ok(());
        }
        let is_taken = self.see(2).await?.is_some();
        self.answer(Question::GoodLinesTaken, is_taken);
        Ok(())
    }

    async fn omitted(&mut self) -> Result<(), ProbeError> {
        let before = self.restore(3).await?;
        let line = self.step(4, &[]);
        self.send_good(ObjectType::Contact, &[line.into()]).await?;
        if let (Some(before), Some(after)) = (before, self.see(4).await?) {
            let questions = (
                Question::OmittedClearsStandard,
                Question::OmittedClearsCustom,
            );
            self.compare(questions, &before, &after);
        }
        Ok(())
    }

    async fn null(&mut self) -> Result<(), ProbeError> {
        let before = self.restore(5).await?;
        let line = self.full(6, &Value::Null);
        let status = self.send(ObjectType::Contact, &[line.into()]).await?;
        if !status.errors.is_empty() {
            return Ok(());
        }
        if let (Some(before), Some(after)) = (before, self.see(6).await?) {
            let questions = (Question::NullClearsStandard, Question::NullClearsCustom);
            self.compare(questions, &before, &after);
        }
        Ok(())
    }

    /// Sends the values once more, so that there is something to be cleared.
    async fn restore(&mut self, step: i64) -> Result<Option<CrmObject>, ProbeError> {
        let line = self.full(step, &json!("one"));
        self.send_good(ObjectType::Contact, &[line.into()]).await?;
        self.see(step).await
    }

    fn compare(
        &mut self,
        (standard, custom): (Question, Question),
        before: &CrmObject,
        after: &CrmObject,
    ) {
        let value = |object: &CrmObject, name: &str| object.get(name).cloned().unwrap_or_default();
        if value(before, STANDARD) == "one" {
            self.answer(standard, value(after, STANDARD).is_null());
        }
        if let Some(name) = self.custom.clone()
            && value(before, &name) == "one"
        {
            self.answer(custom, value(after, &name).is_null());
        }
    }

    async fn older_date(&mut self) -> Result<(), ProbeError> {
        let mut line = self.full(7, &json!("one"));
        let day_before = self.date(-24 * 60);
        line.insert("modifiedDate".to_owned(), day_before.into());
        let status = self.send(ObjectType::Contact, &[line.into()]).await?;
        if status.errors.is_empty() {
            let is_taken = self.see(7).await?.is_some();
            self.answer(Question::OlderDatesTaken, is_taken);
        }
        Ok(())
    }

    async fn other_case(&mut self) -> Result<(), ProbeError> {
        let other = self.contact().to_uppercase();
        self.note(ObjectType::Contact, other.clone()).await?;
        let mut line = self.full(8, &json!("one"));
        line.insert("objectId".to_owned(), other.into());
        let status = self.send(ObjectType::Contact, &[line.into()]).await?;
        if status.errors.is_empty() {
            let is_same = self.see(8).await?.is_some();
            self.answer(Question::IdsIgnoreCase, is_same);
        }
        Ok(())
    }

    async fn absent_deletion(&mut self) -> Result<(), ProbeError> {
        let line = deletion(&format!("{}-absent", self.name), &self.date(9));
        let status = self.send(ObjectType::Contact, &[line]).await?;
        let is_taken = status.errors.is_empty() && status.status == RequestState::Done;
        self.answer(Question::AbsentDeletionTaken, is_taken);
        Ok(())
    }

    fn answer(&mut self, question: Question, answer: bool) {
        self.facts.answers.insert(question, answer);
    }

    /// The contact, once Gong shows the step; `None` if it does not.
    async fn see(&self, step: i64) -> Result<Option<CrmObject>, ProbeError> {
        let is_shown = |object: Option<&CrmObject>| {
            object.is_some_and(|object| object.get(MARK) == Some(&mark(step)))
        };
        let id = self.contact();
        let object = self.look(ObjectType::Contact, &id, is_shown);
        let object = object.await?;
        Ok(object.filter(|object| is_shown(Some(object))))
    }

    /// Reads a record back until it is as wanted, or time is up.
    async fn look(
        &self,
        object_type: ObjectType,
        id: &str,
        is_wanted: impl Fn(Option<&CrmObject>) -> bool,
    ) -> Result<Option<CrmObject>, ProbeError> {
        let clock = &*self.client.clock;
        let started = clock.monotonic();
        let mut pauses = self.options.poll.pauses();
        loop {
            let object = self.read(object_type, id).await?;
            let waited = clock.monotonic().saturating_sub(started);
            let pause = pauses.next().unwrap_or_default();
            let is_over = waited.saturating_add(pause) > self.options.visible_within;
            if is_wanted(object.as_ref()) || is_over {
                return Ok(object);
            }
            clock.sleep(pause).await;
        }
    }

    async fn read(
        &self,
        object_type: ObjectType,
        id: &str,
    ) -> Result<Option<CrmObject>, ProbeError> {
        let Ok(id) = id.parse::<ObjectId>() else {
            return Ok(None);
        };
        let ids = [id];
        let mut objects = self
            .client
            .objects(self.integration_id, object_type, &ids)
            .await?;
        let object = objects.remove(ids[0].as_str()).flatten();
        Ok(object.filter(|object| object.get("isDeleted") != Some(&Value::Bool(true))))
    }

    /// Sends lines that are right.
    async fn send_good(
        &mut self,
        object_type: ObjectType,
        lines: &[Value],
    ) -> Result<(), ProbeError> {
        let status = self.send(object_type, lines).await?;
        if status.errors.is_empty() && status.status == RequestState::Done {
            return Ok(());
        }
        let reasons: Vec<&str> = status
            .errors
            .iter()
            .map(|error| error.description.as_str())
            .collect();
        Err(ProbeError::Rejected {
            object_type,
            reason: reasons.join("; "),
        })
    }

    /// Sends an upload, and waits for its verdict.
    async fn send(
        &mut self,
        object_type: ObjectType,
        lines: &[Value],
    ) -> Result<RequestStatus, ProbeError> {
        let mut file = tempfile::Builder::new().prefix("gong-crm-").tempfile()?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        self.uploads += 1;
        let id = format!("{}-{}", self.name, self.uploads);
        let id = id.parse::<crate::ClientRequestId>();
        let id = id.map_err(|error| std::io::Error::other(error.to_string()))?;
        let upload = Upload::new(self.integration_id, object_type, id, file.path());
        match self.client.upload(&upload, |_| {}).await {
            Ok(()) => {}
            // Its status says whether it arrived.
            Err(error) if error.is_outcome_unknown() => {}
            Err(error) => return Err(error.into()),
        }
        let poll = self.options.poll;
        let id = &upload.client_request_id;
        Ok(self
            .client
            .wait(self.integration_id, id, poll, |_| {})
            .await?)
    }

    /// Writes down what is about to be sent, so that it can be removed whatever happens.
    async fn note(&mut self, object_type: ObjectType, id: String) -> Result<(), ProbeError> {
        self.sent.push((object_type, id));
        let ledger = self.client.ledger();
        Ok(ledger.put_probe_records(self.space, &self.sent).await?)
    }

    /// Deletes what was sent, the contacts first.
    async fn remove(&mut self) -> Result<(), ProbeError> {
        let mut sent = std::mem::take(&mut self.sent);
        sent.sort_by_key(|(object_type, _)| *object_type == ObjectType::Account);
        for (object_type, id) in sent {
            if self.read(object_type, &id).await?.is_some() {
                let line = deletion(&id, &self.date(20));
                let status = self.send(object_type, &[line]).await?;
                let gone = self.look(object_type, &id, |object| object.is_none());
                if gone.await?.is_some() || !status.errors.is_empty() {
                    self.sent.push((object_type, id));
                }
            }
        }
        let ledger = self.client.ledger();
        Ok(ledger.put_probe_records(self.space, &self.sent).await?)
    }
}

fn mark(step: i64) -> Value {
    format!("step {step}").into()
}

fn deletion(id: &str, date: &str) -> Value {
    json!({"objectId": id, "modifiedDate": date, "isDeleted": true})
}
