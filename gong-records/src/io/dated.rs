//! Exports at several times, in the order of the dates in their names.

use std::path::Path;
use std::time::SystemTime;

/// Sorts exports, the latest last.
///
/// Files whose names differ in dates alone, such as `deals-2026-01-15.csv`, are in the order of
/// these dates: the times of files change when they are copied. All others are in the order in which
/// they were modified.
///
/// ```
/// use std::path::Path;
/// use gong_records::io::dated::sort_by_age;
///
/// let mut files = [Path::new("deals-2026-02-01.csv"), Path::new("deals-2026-01-01.csv")];
/// sort_by_age(&mut files, |file| file, |_| None);
/// assert_eq!(files[1], Path::new("deals-2026-02-01.csv"));
/// ```
pub fn sort_by_age<T>(
    files: &mut [T],
    path: impl Fn(&T) -> &Path,
    modified: impl Fn(&T) -> Option<SystemTime>,
) {
    let first = files.first().map(|file| path(file).to_path_buf());
    let are_dated = first.is_some_and(|first| {
        let mut others = files.iter();
        others.all(|file| dates(&first, path(file)).is_some())
    });
    files.sort_by_cached_key(|file| {
        let path = path(file);
        let date = are_dated.then(|| date(&name(path)));
        (date.flatten(), modified(file), path.to_path_buf())
    });
}

/// Whether the name of a file has an earlier date than that of another file, and is the same
/// otherwise.
pub fn is_older_by_name(file: &Path, other: &Path) -> bool {
    dates(file, other).is_some_and(|(date, of_other)| date < of_other)
}

/// Whether the name of a file has another day than that of another file, and is the same otherwise.
pub fn is_of_other_day(file: &Path, other: &Path) -> bool {
    dates(file, other).is_some_and(|((day, _), (of_other, _))| day != of_other)
}

/// A day, and the numbers after it.
type Date = (u64, Vec<u64>);

/// The dates in the names of two files that are the same otherwise.
fn dates(file: &Path, other: &Path) -> Option<(Date, Date)> {
    let rest = |path: &Path| {
        let name = name(path);
        name.replace(|one: char| one.is_ascii_digit(), "")
    };
    if file.parent() != other.parent() || rest(file) != rest(other) {
        return None;
    }
    Some((date(&name(file))?, date(&name(other))?))
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The date in a name, if it begins with a year of this century: `2026-01-15`, `2026-1-15`,
/// `20260115T0930`, `2026-01`. Other orders leave open which number is the month.
fn date(name: &str) -> Option<Date> {
    let mut runs = name
        .split(|one: char| !one.is_ascii_digit())
        .filter(|run| !run.is_empty());
    while let Some(run) = runs.next() {
        if !run.starts_with("20") || !matches!(run.len(), 4 | 6 | 8..=14) {
            continue;
        }
        let number = |text: &str| text.parse::<u64>().ok();
        let within = |text: &str, last: u64| number(text).filter(|one| (1..=last).contains(one));
        let mut later = Vec::new();
        let year = number(run.get(..4)?)?;
        let (month, day) = if run.len() == 4 {
            let Some(month) = runs.next().filter(|month| month.len() <= 2) else {
                continue;
            };
            (month, None)
        } else {
            later.extend(
                run.get(8..)
                    .filter(|rest| !rest.is_empty())
                    .and_then(number),
            );
            (run.get(4..6)?, run.get(6..8))
        };
        let Some(month) = within(month, 12) else {
            continue;
        };
        let day = match day.or_else(|| if run.len() == 4 { runs.next() } else { None }) {
            Some(day) => match within(day, 31).filter(|_| day.len() <= 2) {
                Some(day) => day,
                None => continue,
            },
            None => 0,
        };
        later.extend(runs.map_while(number));
        return Some(((year * 100 + month) * 100 + day, later));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_names_begin_with_the_year() {
        for (name, expected) in [
            ("deals-2026-01-15.csv", Some((20_260_115, vec![]))),
            ("deals-2026-9-30.csv", Some((20_260_930, vec![]))),
            ("deals_2026_01.csv", Some((20_260_100, vec![]))),
            ("20260115T0930-deals.csv", Some((20_260_115, vec![930]))),
            ("deals20260115093000.csv", Some((20_260_115, vec![93_000]))),
            ("all-deals-2026-01-15-2.csv", Some((20_260_115, vec![2]))),
            ("deals-202602.csv", Some((20_260_200, vec![]))),
            ("deals-01-15-2026.csv", None),
            ("deals-31.csv", None),
            ("report1705312345678.csv", None),
            ("2026-deals.csv", None),
        ] {
            assert_eq!(date(name), expected, "{name}");
        }
    }

    #[test]
    fn names_count_before_times_where_they_have_dates() {
        let time = |second| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
        let latest = |files: &[(&str, u64)]| {
            let mut files = files.to_vec();
            sort_by_age(
                &mut files,
                |file| Path::new(file.0),
                |file| Some(time(file.1)),
            );
            files.last().unwrap().0.to_owned()
        };
        let copied = [("d-2026-02-15.csv", 1), ("d-2026-01-15.csv", 2)];
        assert_eq!(latest(&copied), "d-2026-02-15.csv");
        // A counter that begins again, another name, and another order of day and month.
        assert_eq!(latest(&[("d-31.csv", 1), ("d-01.csv", 2)]), "d-01.csv");
        let renamed = [("d-2026-02-15.csv", 1), ("d-2026-01-15-new.csv", 2)];
        assert_eq!(latest(&renamed), "d-2026-01-15-new.csv");
        assert!(is_older_by_name(
            Path::new("x/d-2026-01-15.csv"),
            Path::new("x/d-2026-02-15.csv")
        ));
    }
}
