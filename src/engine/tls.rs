//! Certificates for an engine behind TLS. Only the engine's own authority is trusted: a public
//! one has no business vouching for a machine's root account.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::say;
use crate::text::{Clean, Redactor};

/// Reads `ca.pem`, `cert.pem` and `key.pem`; the error says which of them will not do and why.
pub(super) fn client_config(cert_dir: &Path) -> Result<ClientConfig, Clean> {
    let (ca, cert, key) = (
        cert_dir.join("ca.pem"),
        cert_dir.join("cert.pem"),
        cert_dir.join("key.pem"),
    );
    let mut roots = RootCertStore::empty();
    for authority in certificates(&ca)? {
        roots
            .add(authority)
            .map_err(|error| unusable(&ca, &error))?;
    }
    let chain = certificates(&cert)?;
    let secret = PrivateKeyDer::from_pem_file(&key).map_err(|error| unusable(&key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(cert_dir, &error))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, secret)
        .map_err(|error| unusable(&cert, &error))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Clean> {
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(file, &error))?;
    if found.is_empty() {
        return Err(unusable(file, &"there is no certificate in it"));
    }
    Ok(found)
}

fn unusable(file: &Path, error: &dyn Display) -> Clean {
    let redactor = Redactor::shapes_only();
    say!(
        "`{}` cannot be used: {}; check `DOCKER_CERT_PATH`",
        redactor.clean(&file.display().to_string()),
        redactor.clean(&error.to_string()),
    )
}
