//! The formats of dates, dates with time, email addresses and URLs.

/// `2022-09-04`, and a day that exists.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10
        && matches_pattern(text, "dddd-dd-dd")
        && text.parse::<jiff::civil::Date>().is_ok()
}

/// `2019-01-03T23:45:57+01:00` or `…Z`: seconds, no fraction, an offset.
pub(crate) fn is_date_time(text: &str) -> bool {
    let shaped = match text.len() {
        20 => matches_pattern(text, "dddd-dd-ddTdd:dd:ddZ"),
        // ISO 8601 does not mix its basic form, `+0100`, with the extended one.
        25 => matches_pattern(text, "dddd-dd-ddTdd:dd:ddsdd:dd"),
        _ => false,
    };
    // A leap second is not a time of day to most programs.
    shaped && text.get(17..19) != Some("60") && instant(text).is_some()
}

/// A date and time in seconds since 1970; also those that CRMs write for "never", which are beyond
/// what `Timestamp` can represent.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let (local, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, 0),
        None => {
            let sign = text.get(11..)?.find(['+', '-'])? + 11;
            (&text[..sign], offset_seconds(&text[sign..])?)
        }
    };
    if !local.contains(['T', 't', ' ']) {
        return None;
    }
    let local: jiff::civil::DateTime = local.parse().ok()?;
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    Some(local.duration_since(epoch).as_secs() - offset)
}

/// `+01:00`, `-0500` or `+02` in seconds.
fn offset_seconds(text: &str) -> Option<i64> {
    let digits: String = text
        .get(1..)?
        .chars()
        .filter(|other| *other != ':')
        .collect();
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = match digits.len() {
        2 => 0,
        4 => digits[2..].parse().ok()?,
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Some(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

fn matches_pattern(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, expected)| match expected {
                b'd' => byte.is_ascii_digit(),
                b's' => byte == b'+' || byte == b'-',
                other => byte == other,
            })
}

/// One `@` with something on either side; no space or control character.
pub(crate) fn is_email(text: &str) -> bool {
    let is_odd = |character: char| character.is_whitespace() || character.is_control();
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(is_odd)
    })
}

/// An address of plain letters, as HTML's email field takes it; the domain needs no dot.
pub(crate) fn is_plain_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let in_local =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let in_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !local.is_empty()
        && local.bytes().all(in_local)
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(in_label))
}

/// A full `http` or `https` address with a host.
pub(crate) fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    }) || is_url_with_unicode(text)
}

// People paste addresses with letters beyond ASCII into a CRM, and nothing in Gong's documentation
// forbids them; `http::Uri` does, so only the part before the path must be plain.
fn is_url_with_unicode(text: &str) -> bool {
    text.strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .is_some_and(|rest| {
            !rest.is_ascii()
                && !rest.starts_with('/')
                && !rest
                    .chars()
                    .any(|character| character.is_whitespace() || character.is_control())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_need_seconds_an_offset_and_no_fraction() {
        for good in [
            "2019-01-03T23:45:57+01:00",
            "2019-01-03T23:45:57Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-11:00",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "2019-01-03T23:45:57.000Z",
            "2019-01-03T23:45:57",
            "2019-01-03 23:45:57Z",
            "2019-01-03T23:45Z",
            "2023-02-29T00:00:00Z",
            "2019-13-03T23:45:57Z",
            "2019-01-03",
            "2024-02-29T00:00:00-0500",
            "2026-01-01T23:59:60Z",
            "2019-01-03T23:45:57+24:00",
            "2019-01-03T23:45:57+01:60",
            "",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn dates_exist_in_the_calendar() {
        assert!(is_date("2024-02-29"));
        assert!(!is_date("2023-02-29"));
        assert!(!is_date("2023-2-3"));
    }

    #[test]
    fn addresses_are_distinguished_from_other_text() {
        assert!(is_email("john.taylor@acme.com"));
        assert!(is_email("o'brien+crm@mail.acme.example"));
        for bad in ["", "@", "a@", "@b", "a b@c.de", "a@b@c", "a@b\n"] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in [
            "a@b",
            "john.taylor@acme.com",
            "o'brien+crm@mail.acme.example",
        ] {
            assert!(is_plain_email(good), "{good}");
        }
        for bad in [
            "a", "@b", "a@", "a@c..de", "a@.de", "ä@b.de", "a@b@c", "a b@c",
        ] {
            assert!(!is_plain_email(bad), "{bad}");
        }
        assert!(is_url("https://crm.com/accounts/5ybyh6n6n65"));
        assert!(is_url("https://crm.example/konten/müller"));
        for bad in [
            "crm.com/accounts",
            "ftp://crm.com",
            "https://",
            "http:///x",
            "not a url",
            "",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }
}
