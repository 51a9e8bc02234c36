//! Hosts at which anybody can have an address.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_plain_and_once() {
        let mut seen = std::collections::HashSet::new();
        for host in HOSTS.lines() {
            let is_plain = host.contains('.')
                && host.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
                });
            assert!(is_plain && seen.insert(host), "{host}");
        }
    }
}
