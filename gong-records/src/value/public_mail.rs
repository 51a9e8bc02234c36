//! Hosts at which anybody can have an address or a page.

/// One host per line, in lower case.
const HOSTS: &str = include_str!("public-mail.txt");

/// Whether anybody can have an address at this host, such as `gmail.com`: it is never a company's.
/// The host is in lower case.
///
/// ```
/// use gong_records::value::is_public_mail_host;
///
/// assert!(is_public_mail_host("gmail.com"));
/// assert!(!is_public_mail_host("acme.example"));
/// ```
pub fn is_public_mail_host(host: &str) -> bool {
    HOSTS.lines().any(|known| known == host)
}

/// Hosts at which anybody can have a page, one per line, in lower case.
const SHARED_HOSTS: &str = include_str!("shared-hosts.txt");

/// Whether anybody can have a page at this host or a part of it, such as `linkedin.com` or
/// `acme.wixsite.com`: people of a company have no addresses there. The host is in lower case.
///
/// ```
/// use gong_records::value::is_shared_host;
///
/// assert!(is_shared_host("de.linkedin.com"));
/// assert!(!is_shared_host("notlinkedin.com"));
/// ```
pub fn is_shared_host(host: &str) -> bool {
    SHARED_HOSTS.lines().any(|known| {
        let before = host.strip_suffix(known);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_plain_and_once() {
        let mut seen = std::collections::HashSet::new();
        for host in HOSTS.lines().chain(SHARED_HOSTS.lines()) {
            let is_plain = host.contains('.')
                && host.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
                });
            assert!(is_plain && seen.insert(host), "{host}");
        }
    }
}
