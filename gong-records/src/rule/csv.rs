//! The pages of the rules for CSVs that a mapping makes lines of.

use super::explanation::{Evidence, Explanation, Sample};

pub(super) const ROW: Explanation = Explanation::new(
    Evidence::Inferred,
    "RFC 4180: each line should contain the same number of fields",
    "Where a row has too many cells or too few, a delimiter or a line break stands in a cell without \
     quotes around it, and every cell after it is in the wrong column. A quote that never closes \
     swallows the rest of the file.",
    Sample::Words("under the header `Id;Name;City`, the row `a-1;Smith; Sons;Leeds`"),
    Sample::Words("under the same header, the row `a-1;\"Smith; Sons\";Leeds`"),
);

pub(super) const CELL: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which says how dates, numbers and words are written",
    "A date, a number or a word that is written in another way than the mapping says could only be \
     guessed at: 12.5 under `thousands = \".\"` might be 125 or 12.5. Mend the cell, or say in the \
     mapping how it is written.",
    Sample::Words("the cell `12.5` under a mapping with `decimal = \",\"` and `thousands = \".\"`"),
    Sample::Words("the cell `12,5` under the same mapping"),
);
