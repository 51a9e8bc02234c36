//! Which uploads wait for which: the graph of a push.

use std::collections::BTreeMap;

use super::execute::Step;
use super::level::Level;
use super::planned::Planned;
use crate::ObjectType;
use crate::ledger::{Milliseconds, UploadState};

/// What runs in the graph of a push.
#[derive(Debug)]
pub(super) enum Work {
    Upload(Box<Planned>),
    /// Nothing: it only stands between two levels, so that their edges are not multiplied.
    Barrier,
    /// Gong is given time to store new accounts.
    AccountDelay,
}

/// The graph of some uploads, and the place of each in it.
///
/// Pushes are finished in their order, and the uploads of each in the order of their levels. A new
/// push waits for older ones only where it holds later versions of records that are under way, or may
/// refer to them.
pub(super) fn graph(uploads: Vec<Planned>) -> (Vec<Step<Work>>, Vec<usize>) {
    let mut graph = Graph::default();
    let mut places = Vec::with_capacity(uploads.len());
    let (older, new): (Vec<Planned>, Vec<Planned>) =
        uploads.into_iter().partition(|planned| planned.is_older);
    let mut older_of_type: BTreeMap<ObjectType, Vec<usize>> = BTreeMap::new();
    let mut unsent = Vec::new();
    for planned in older {
        let is_unsent = planned.upload.state == UploadState::Planned;
        let level = Level::of(&planned.upload);
        let object_type = planned.upload.object_type;
        let place = graph.add(planned, &[]);
        older_of_type.entry(object_type).or_default().push(place);
        places.push(place);
        unsent.extend(is_unsent.then_some((place, level)));
    }
    let barriers: BTreeMap<ObjectType, usize> = older_of_type
        .into_iter()
        .map(|(object_type, after)| (object_type, graph.push(Work::Barrier, after)))
        .collect();
    graph.begin_again();
    let mut new_of_type: BTreeMap<ObjectType, Vec<usize>> = BTreeMap::new();
    for planned in new {
        let has_versions_under_way = planned.upload.step > 0;
        let object_type = planned.upload.object_type;
        let level = planned.level();
        let older = barriers.iter().filter(|(of, _)| {
            if **of == object_type {
                has_versions_under_way
            } else {
                level.may_refer_to(**of)
            }
        });
        let older: Vec<usize> = older.map(|(_, barrier)| *barrier).collect();
        let place = graph.add(planned, &older);
        new_of_type.entry(object_type).or_default().push(place);
        places.push(place);
    }
    graph.let_wait(&unsent, new_of_type);
    (graph.steps, places)
}

/// A graph that is being made.
#[derive(Default)]
struct Graph {
    steps: Vec<Step<Work>>,
    /// What everything that is added waits for.
    before: Option<usize>,
    /// The push and the level of what was added last.
    level: Option<(Milliseconds, Level)>,
    of_level: Vec<usize>,
    has_delayed: bool,
}

impl Graph {
    fn push(&mut self, work: Work, after: Vec<usize>) -> usize {
        self.steps.push(Step { work, after });
        self.steps.len() - 1
    }

    /// Lets uploads that earlier pushes did not send wait for new ones that have what their records may
    /// refer to, unless those wait for them.
    fn let_wait(
        &mut self,
        unsent: &[(usize, Level)],
        new_of_type: BTreeMap<ObjectType, Vec<usize>>,
    ) {
        for (object_type, new) in new_of_type {
            let waiting = unsent.iter();
            let waiting = waiting.filter(|(_, level)| level.may_refer_to(object_type));
            let waiting: Vec<usize> = waiting.map(|(place, _)| *place).collect();
            if waiting.is_empty() {
                continue;
            }
            let first = self.all_before(&new);
            let mut ready = self.push(Work::Barrier, new);
            if object_type == ObjectType::Account {
                ready = self.push(Work::AccountDelay, vec![ready]);
            }
            for place in waiting.into_iter().filter(|place| !first[*place]) {
                self.steps[place].after.push(ready);
            }
        }
    }

    /// Whether each step must end before one of these begins.
    fn all_before(&self, places: &[usize]) -> Vec<bool> {
        let mut found = vec![false; self.steps.len()];
        let mut next = places.to_vec();
        while let Some(place) = next.pop() {
            if !std::mem::replace(&mut found[place], true) {
                next.extend(&self.steps[place].after);
            }
        }
        found
    }

    /// What is added next waits for nothing.
    fn begin_again(&mut self) {
        *self = Self {
            steps: std::mem::take(&mut self.steps),
            ..Self::default()
        };
    }

    /// Adds an upload after all that were added with an earlier level, and gives its place.
    fn add(&mut self, planned: Planned, after: &[usize]) -> usize {
        let level = (planned.upload.push, planned.level());
        if self.level.is_some_and(|before| before != level) {
            let of_level = std::mem::take(&mut self.of_level);
            self.before = Some(self.push(Work::Barrier, of_level));
            self.has_delayed &= self.level.is_some_and(|(push, _)| push == level.0);
        }
        if !self.has_delayed && planned.level().refers_to_accounts() {
            self.has_delayed = true;
            // The accounts can be those of an older upload.
            let before = self.before.iter().chain(after).copied().collect();
            self.before = Some(self.push(Work::AccountDelay, before));
        }
        self.level = Some(level);
        let after = self.before.iter().chain(after).copied().collect();
        let place = self.push(Work::Upload(Box::new(planned)), after);
        self.of_level.push(place);
        place
    }
}
