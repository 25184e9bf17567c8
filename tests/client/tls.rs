//! The client asks who the server is, unless told not to, and offers HTTP/2.
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use scw_iam::api::ErrorKind;

use crate::scripted::{id, quick};

/// What came of one handshake: the protocol that was agreed upon, or `None` when there was no agreement on anything.
type Handshake = Option<Vec<u8>>;

/// Starts a server whose certificate nobody has signed. It shakes hands, and hangs up.
fn start() -> (SocketAddr, Receiver<Handshake>) {
    let certificate = CertificateDer::from_slice(include_bytes!("fixtures/untrusted.crt.der"));
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("fixtures/untrusted.key.der")[..]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (done, handshakes) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut tls) =
                (stream.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
            let agreed = tls.complete_io(&mut stream).is_ok() && !tls.is_handshaking();
            // In TLS 1.3 a client says no only after the server has finished: with its next message.
            let agreed = agreed && tls.complete_io(&mut stream).is_ok();
            if done.send(agreed.then(|| tls.alpn_protocol().unwrap_or_default().to_vec())).is_err() {
                return;
            }
        }
    });
    (address, handshakes)
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_refused_at_once_and_nothing_is_sent() {
    let (address, handshakes) = start();
    let client = quick(&format!("https://{address}")).build().unwrap();
    let failed = client.get_group(&id(1).parse().unwrap()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.attempts()), (ErrorKind::Certificate, 1));
    assert!(!failed.may_have_happened());
    assert_eq!(handshakes.recv().unwrap(), None);
}

#[tokio::test]
async fn insecure_takes_any_certificate_and_http_2_is_agreed_upon() {
    let (address, handshakes) = start();
    let client = quick(&format!("https://{address}")).insecure().build().unwrap();
    let failed = client.get_group(&id(1).parse().unwrap()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Interrupted, "the server hangs up: {failed}");
    assert_eq!(handshakes.recv().unwrap(), Some(b"h2".to_vec()));
}
