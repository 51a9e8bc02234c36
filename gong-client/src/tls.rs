//! TLS of the HTTP client: who verifies certificates, and with which cryptography.
//!
//! A library installs no provider of cryptography for the whole process, so it is part of the
//! client's own configuration: ring, or with the feature `aws-lc` the AWS library.

use reqwest::ClientBuilder;

use crate::error::{Error, ErrorKind};

/// Sets TLS up. `roots` are certificates in PEM that are trusted besides the system's.
pub(crate) fn with_tls(
    builder: ClientBuilder,
    base_url: &str,
    roots: Option<&str>,
) -> Result<ClientBuilder, Error> {
    if base_url.starts_with("http://") {
        // Only loopback may be http: a proxy would see credentials and records in clear.
        return Ok(builder.no_proxy());
    }
    secured(builder, roots)
}

#[cfg(feature = "rustls")]
fn secured(builder: ClientBuilder, roots: Option<&str>) -> Result<ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::ClientConfig;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls_platform_verifier::Verifier;

    #[cfg(feature = "aws-lc")]
    use rustls::crypto::aws_lc_rs as cryptography;
    #[cfg(not(feature = "aws-lc"))]
    use rustls::crypto::ring as cryptography;

    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Configuration, format!("{what}: {error}"))
    };
    let certificates = CertificateDer::pem_slice_iter(roots.unwrap_or_default().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed("the root certificates are not PEM", &error))?;
    if roots.is_some() && certificates.is_empty() {
        let message = "the root certificates hold no certificate in PEM";
        return Err(Error::new(ErrorKind::Configuration, message));
    }
    let provider = Arc::new(cryptography::default_provider());
    let verifier = Verifier::new_with_extra_roots(certificates, Arc::clone(&provider))
        .map_err(|error| failed("the system's root certificates cannot be used", &error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS cannot be set up", &error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn secured(builder: ClientBuilder, roots: Option<&str>) -> Result<ClientBuilder, Error> {
    let Some(roots) = roots else {
        return Ok(builder);
    };
    let certificates = reqwest::Certificate::from_pem_bundle(roots.as_bytes()).map_err(|_| {
        let message = "the root certificates are not PEM";
        Error::new(ErrorKind::Configuration, message)
    })?;
    Ok(builder.tls_certs_merge(certificates))
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn secured(_: ClientBuilder, _: Option<&str>) -> Result<ClientBuilder, Error> {
    Err(Error::new(
        ErrorKind::Configuration,
        "https needs TLS: build gong-client with its feature `rustls` or `native-tls`",
    ))
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use super::*;

    #[test]
    fn root_certificates_that_are_none_are_a_configuration_error() {
        for roots in ["", "-----BEGIN CERTIFICATE-----\nnonsense\n", "hello"] {
            let outcome = with_tls(
                reqwest::Client::builder(),
                "https://api.gong.io",
                Some(roots),
            );
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{roots:?}");
            assert!(error.to_string().contains("root certificates"), "{error}");
        }
    }

    #[test]
    fn client_with_the_systems_roots_can_be_built() {
        let builder = with_tls(reqwest::Client::builder(), "https://api.gong.io", None);
        assert!(builder.unwrap().build().is_ok());
    }
}
