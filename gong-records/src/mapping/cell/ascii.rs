//! Full-width digits, as those of ASCII.

/// The cell with ASCII's digits and signs for full-width ones, as Japanese and Chinese programs write
/// them; nothing if it has none of these.
pub(in crate::mapping) fn with_ascii_digits(cell: &str) -> Option<String> {
    if cell.is_ascii() {
        return None;
    }
    let in_ascii = |one: char| {
        let code = u32::from(one);
        if !(0xff01..=0xff5e).contains(&code) {
            return one;
        }
        char::from_u32(code - 0xfee0).unwrap_or(one)
    };
    let plain: String = cell.chars().map(in_ascii).collect();
    (plain != cell).then_some(plain)
}
