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
        // Only loopback may be http: a proxy would see credentials and records unencrypted.
        return unsecured(builder.no_proxy());
    }
    secured(builder, roots)
}

/// A client that makes no TLS connections. It has a configuration for them anyway: reqwest panics
/// without a provider of cryptography.
#[cfg(feature = "rustls")]
fn unsecured(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    let config = configuration()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(not(feature = "rustls"))]
#[expect(clippy::unnecessary_wraps, reason = "with rustls it can fail")]
fn unsecured(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    Ok(builder)
}

#[cfg(feature = "rustls")]
fn provider() -> rustls::crypto::CryptoProvider {
    #[cfg(feature = "aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc"))]
    return rustls::crypto::ring::default_provider();
}

#[cfg(feature = "rustls")]
fn configuration()
-> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, Error> {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            let message = format!("TLS cannot be set up: {error}");
            Error::new(ErrorKind::Configuration, message)
        })
}

#[cfg(feature = "rustls")]
pub(crate) fn secured(builder: ClientBuilder, roots: Option<&str>) -> Result<ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls_platform_verifier::Verifier;

    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Configuration, format!("{what}: {error}"))
    };
    let certificates = CertificateDer::pem_slice_iter(roots.unwrap_or_default().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed("the root certificates are not in PEM format", &error))?;
    if roots.is_some() && certificates.is_empty() {
        let message = "the root certificates contain no PEM certificate";
        return Err(Error::new(ErrorKind::Configuration, message));
    }
    let verifier = Verifier::new_with_extra_roots(certificates, Arc::new(provider()))
        .map_err(|error| failed("the system's root certificates cannot be used", &error))?;
    let config = configuration()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
pub(crate) fn secured(builder: ClientBuilder, roots: Option<&str>) -> Result<ClientBuilder, Error> {
    let Some(roots) = roots else {
        return Ok(builder);
    };
    let certificates = reqwest::Certificate::from_pem_bundle(roots.as_bytes()).map_err(|_| {
        let message = "the root certificates are not in PEM format";
        Error::new(ErrorKind::Configuration, message)
    })?;
    Ok(builder.tls_certs_merge(certificates))
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
pub(crate) fn secured(_: ClientBuilder, _: Option<&str>) -> Result<ClientBuilder, Error> {
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
