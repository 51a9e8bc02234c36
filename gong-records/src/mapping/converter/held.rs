//! Cells in another notation than that of their column, until it is known whether the whole column is.

use std::collections::BTreeSet;

use crate::mapping::problem::Problem;
use crate::rule::Rule;

/// The most problems that wait; with more, each cell is reported beside its column.
const MAX_HELD: usize = 1_000;

/// The problems of cells that the finding of their column would say once more.
#[derive(Default)]
pub(super) struct Held {
    cells: Vec<Problem>,
    is_full: bool,
    columns: BTreeSet<Option<String>>,
}

impl Held {
    /// Reports a problem, or keeps it if its column may say the same.
    pub(super) fn take(&mut self, problem: Problem, on_problem: &mut dyn FnMut(Problem)) {
        if problem.rule == Rule::Notation {
            self.columns.insert(problem.field.clone());
        }
        if !problem.is_other_notation || self.is_full {
            on_problem(problem);
            return;
        }
        self.cells.push(problem);
        if self.cells.len() > MAX_HELD {
            self.is_full = true;
            self.cells.drain(..).for_each(on_problem);
        }
    }

    /// Reports the cells of columns that are in the notation of the mapping, after all columns.
    pub(super) fn finish(self, on_problem: &mut dyn FnMut(Problem)) {
        let columns = self.columns;
        let cells = self.cells.into_iter();
        cells
            .filter(|problem| !columns.contains(&problem.field))
            .for_each(on_problem);
    }
}
