//! Runs a graph of steps: each as soon as the steps before it have ended.

use std::future::Future;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// How many steps may be under way at once; sending is one at a time beyond that.
const MAX_RUNNING: usize = 64;

/// A step, and the places of those that must end before it.
#[derive(Debug, Clone)]
pub(super) struct Step<W> {
    pub(super) work: W,
    pub(super) after: Vec<usize>,
}

/// Runs all steps, and returns the result of each; `None` for those that were not completed,
/// because `cancel` became ready first.
///
/// Each step and each edge is visited once, so the time is linear.
pub(super) async fn execute<W, T, F>(
    steps: Vec<Step<W>>,
    mut run: impl FnMut(W) -> F,
    cancel: impl Future<Output = ()>,
) -> Vec<Option<T>>
where
    F: Future<Output = T>,
{
    let mut results: Vec<Option<T>> = steps.iter().map(|_| None).collect();
    let mut waiting: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    let mut unlocks: Vec<Vec<usize>> = steps.iter().map(|_| Vec::new()).collect();
    for (place, step) in steps.iter().enumerate() {
        for before in &step.after {
            if let Some(unlocked) = unlocks.get_mut(*before) {
                unlocked.push(place);
            }
        }
    }
    let mut work: Vec<Option<W>> = steps.into_iter().map(|step| Some(step.work)).collect();
    // Taken from the end: the first steps come first.
    let mut ready: Vec<usize> = (0..work.len())
        .rev()
        .filter(|place| waiting[*place] == 0)
        .collect();
    let mut running = FuturesUnordered::new();
    let mut cancel = std::pin::pin!(cancel);
    loop {
        while running.len() < MAX_RUNNING
            && let Some(place) = ready.pop()
        {
            if let Some(work) = work[place].take() {
                let step = run(work);
                running.push(async move { (place, step.await) });
            }
        }
        if running.is_empty() {
            return results;
        }
        tokio::select! {
            biased;
            () = &mut cancel => return results,
            ended = running.next() => {
                let Some((place, result)) = ended else { return results };
                results[place] = Some(result);
                for unlocked in std::mem::take(&mut unlocks[place]).into_iter().rev() {
                    waiting[unlocked] -= 1;
                    if waiting[unlocked] == 0 {
                        ready.push(unlocked);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn step(work: usize, after: &[usize]) -> Step<usize> {
        Step {
            work,
            after: after.to_vec(),
        }
    }

    #[tokio::test]
    async fn step_runs_after_those_before_it() {
        let order = RefCell::new(Vec::new());
        let steps = vec![step(0, &[2]), step(1, &[]), step(2, &[1])];
        let run = |work| {
            order.borrow_mut().push(work);
            async move { work * 10 }
        };
        let results = execute(steps, run, std::future::pending()).await;
        assert_eq!(results, [Some(0), Some(10), Some(20)]);
        assert_eq!(*order.borrow(), [1, 2, 0]);
    }

    #[tokio::test]
    async fn canceled_graph_keeps_the_results_it_has() {
        let steps = vec![step(0, &[]), step(1, &[0])];
        let run = |work| async move {
            if work == 1 {
                std::future::pending::<()>().await;
            }
            work
        };
        let canceled = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(execute(steps, run, canceled).await, [Some(0), None]);
    }
}
