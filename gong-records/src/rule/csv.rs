//! The pages of the rules for CSV files, which a mapping converts to lines.

use super::explanation::{Evidence, Explanation, Sample};

pub(super) const ROW: Explanation = Explanation::new(
    Evidence::Inferred,
    "RFC 4180: each line should contain the same number of fields",
    "A row with too many or too few cells has a delimiter or a line break in a cell without quotes, \
     so every cell after it is in the wrong column. A quote that is never closed takes in the rest \
     of the file.",
    Sample::Words("under the header `Id;Name;City`, the row `a-1;Smith; Sons;Leeds`"),
    Sample::Words("under the same header, the row `a-1;\"Smith; Sons\";Leeds`"),
);

pub(super) const CELL: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which defines the format of dates, numbers and words",
    "A date, number or word in another format than the mapping defines could only be guessed: 12.5 \
     with `thousands = \".\"` might be 125 or 12.5. Correct the cell, or the format in the mapping.",
    Sample::Words("the cell `12.5` under a mapping with `decimal = \",\"` and `thousands = \".\"`"),
    Sample::Words("the cell `12,5` under the same mapping"),
);
