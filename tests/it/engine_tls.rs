//! An engine behind TLS: who trusts whom. The fake answers one thing only: its version.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dogwatch::engine::{Endpoint, Engine, EngineError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::real_engine::program;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"ApiVersion\": \"1.41\"}";

/// Makes `NAME/ca.pem`, `cert.pem` and `key.pem`, all by an authority of that name.
pub(crate) fn certificates(dir: &Path, name: &str) -> Option<PathBuf> {
    let dir = dir.join(name);
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(
        dir.join("names"),
        "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n",
    )
    .unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let commands = [
        format!("req -x509 {key} -keyout ca-key.pem -out ca.pem -days 2 -subj /CN={name}"),
        format!("req {key} -keyout key.pem -out request -subj /CN=peer"),
        "x509 -req -in request -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out cert.pem -days 2 -extfile names".to_owned(),
    ];
    for command in commands {
        let mut openssl = program("openssl");
        let output = openssl
            .args(command.split(' '))
            .current_dir(&dir)
            .output()
            .ok()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Some(dir)
}

async fn serve(certificates: &Path) -> u16 {
    let file = |name| certificates.join(name);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file("ca.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_file(file("cert.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(file("key.pem")).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((peer, _)) = listener.accept().await {
            if let Ok(mut peer) = acceptor.accept(peer).await {
                let mut request = [0; 1024];
                let read = peer.read(&mut request).await.unwrap();
                assert!(read > 0, "somebody asks");
                peer.write_all(ANSWER.as_bytes()).await.unwrap();
            }
        }
    });
    port
}

/// Two sets of certificates by different authorities; `None` without openssl.
pub(crate) fn two_authorities() -> Option<(TempDir, PathBuf, PathBuf)> {
    let dir = tempfile::tempdir().unwrap();
    let made = certificates(dir.path(), "ours").zip(certificates(dir.path(), "theirs"));
    let Some((ours, theirs)) = made else {
        eprintln!("NOT RUN: openssl is not there");
        return None;
    };
    Some((dir, ours, theirs))
}

async fn connect(port: u16, cert_dir: &Path) -> Result<Engine, EngineError> {
    let endpoint = Endpoint::Tls {
        host: "127.0.0.1".to_owned(),
        port,
        cert_dir: cert_dir.to_owned(),
    };
    Engine::connect(&endpoint).await
}

#[tokio::test]
async fn one_authority_for_both_is_trust() {
    let Some((_dir, ours, _)) = two_authorities() else {
        return;
    };
    connect(serve(&ours).await, &ours).await.unwrap();
}

#[tokio::test]
async fn an_engine_by_another_authority_is_not_trusted() {
    let Some((_dir, ours, theirs)) = two_authorities() else {
        return;
    };
    let error = connect(serve(&theirs).await, &ours).await.unwrap_err();
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("its certificate is not to be trusted"),
        "{error}"
    );
}

#[tokio::test]
async fn an_engine_that_does_not_trust_us_denies() {
    let Some((_dir, ours, theirs)) = two_authorities() else {
        return;
    };
    let port = serve(&theirs).await;
    // We trust them, but show what our own authority signed.
    std::fs::copy(theirs.join("ca.pem"), ours.join("ca.pem")).unwrap();
    let error = connect(port, &ours).await.unwrap_err();
    assert!(matches!(error, EngineError::Denied { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("does not accept our certificate"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let error = connect(1, Path::new("/nowhere")).await.unwrap_err();
    insta::assert_snapshot!(error, @"no engine at `tcp://127.0.0.1:1`: `/nowhere/ca.pem` cannot be used: I/O error: No such file or directory (os error 2); check `DOCKER_CERT_PATH`");
}
