//! The gateway behind TLS, as Discord's is: whom the program trusts, and whom it does not.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::engine_tls::two_authorities;
use crate::support::fake_discord::{FakeDiscord, TOKEN};
use crate::support::program::Place;
use crate::support::server::{Server, free_port};
use crate::support::wire::awaited;

/// Takes TLS off and passes on what comes; gives its own address, and how many did not trust it.
async fn tls_before(url: &str, certificates: &Path) -> (String, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_file(certificates.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let behind = url.trim_start_matches("ws://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    tokio::spawn(async move {
        while let Ok((peer, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let Ok(mut peer) = acceptor.accept(peer).await else {
                    count.fetch_add(1, Ordering::Relaxed);
                    return;
                };
                let mut gateway = TcpStream::connect(behind).await.unwrap();
                copy_bidirectional(&mut peer, &mut gateway).await.ok();
            });
        }
    });
    (format!("wss://{address}"), refused)
}

#[test]
fn a_certificate_of_a_known_authority_is_trusted_and_no_other() {
    let Some((_directory, ours, theirs)) = two_authorities() else {
        return;
    };
    let place = Place::without_engine();
    let discord = place.block_on(FakeDiscord::start());
    let plain = discord.gateway.url();
    let config = format!(
        "watch: {{ events: false }}\n\
         chat: {{ discord: {{ api_url: \"{}\", token: \"{TOKEN}\" }} }}\n",
        discord.api_url()
    );
    let (stranger, refused) = place.block_on(tls_before(&plain, &theirs));
    discord.gateway.is_behind(stranger);
    let trusted = ours.join("ca.pem").display().to_string();
    let server = Server::start_with(&place, free_port(), &config, &[("SSL_CERT_FILE", &trusted)]);
    // and does not give up at the first
    let tried = || (refused.load(Ordering::Relaxed) > 1).then_some(());
    place.block_on(awaited(tried)).expect("it tries again");
    assert_eq!(discord.gateway.log().connections, 0);
    assert_eq!(server.ask("GET", "/readyz", &[], "").code, 503);

    let (friend, _) = place.block_on(tls_before(&plain, &ours));
    discord.gateway.is_behind(friend);
    let known = || (discord.gateway.log().identified == 1).then_some(());
    place.block_on(awaited(known)).expect("a session begins");
}
