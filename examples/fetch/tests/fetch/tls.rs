//! HTTPS, with the certificates that the system trusts.

use std::convert::Infallible;
use std::fs;
use std::sync::{Arc, Mutex};

use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::generate_simple_self_signed;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::sites::page;
use crate::{Folder, command, run, text};

/// A site that speaks TLS, with a certificate of its own.
struct Site {
    url: String,
    certificate: String,
    versions: Arc<Mutex<Vec<Version>>>,
    _tasks: JoinSet<()>,
}

impl Site {
    /// It offers these protocols.
    async fn serve(protocols: &[&str]) -> Self {
        let own = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}/",
            listener.local_addr().unwrap().port()
        );
        let versions = Arc::new(Mutex::new(Vec::new()));
        let noted = versions.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, noted) = (acceptor.clone(), noted.clone());
                connections.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return; // it does not trust the certificate
                    };
                    let service = service_fn(move |request: http::Request<_>| {
                        noted.lock().unwrap().push(request.version());
                        async { Ok::<_, Infallible>(page("max-age=60", "news")) }
                    });
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            url,
            certificate: own.cert.pem(),
            versions,
            _tasks: tasks,
        }
    }
}

#[tokio::test]
async fn it_speaks_http_2_where_the_site_does_and_http_1_otherwise() {
    let table = [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
    ];
    for (protocols, version) in table {
        let (site, folder) = (Site::serve(protocols).await, Folder::new());
        let trusted = folder.path("trusted.pem");
        fs::write(&trusted, &site.certificate).unwrap();
        let mut command = command(["-n", "2", &site.url]);
        command
            .env("SSL_CERT_FILE", text(&trusted))
            .env_remove("SSL_CERT_DIR");
        let run = run(command).await.succeeded();
        assert_eq!(run.lines()[1], format!("200 hit 4 {}", site.url));
        assert_eq!(*site.versions.lock().unwrap(), [version]);
    }
}

#[tokio::test]
async fn a_site_that_is_not_trusted_is_not_asked() {
    let (site, folder) = (Site::serve(&["http/1.1"]).await, Folder::new());
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let trusted = folder.path("trusted.pem");
    fs::write(&trusted, other.cert.pem()).unwrap();
    let mut command = command([&*site.url]);
    command
        .env("SSL_CERT_FILE", text(&trusted))
        .env_remove("SSL_CERT_DIR");
    let run = run(command).await;
    assert!(run.error().contains("invalid peer certificate"), "{run:?}");
    assert_eq!(*site.versions.lock().unwrap(), []);
}
