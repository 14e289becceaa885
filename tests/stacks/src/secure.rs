//! A site over TLS, on loopback, with a certificate of its own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use http::request::Parts;
use http::{Request, Response, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::page;

/// A real server that is spoken to over TLS, and remembers the heads of the requests it was sent. It stops when
/// it is dropped.
#[derive(Debug)]
pub struct SecureSite {
    authority: String,
    certificate: CertificateDer<'static>,
    seen: Arc<Mutex<Vec<Parts>>>,
    _tasks: JoinSet<()>,
}

impl SecureSite {
    /// Answers with this function, in one of these protocols: `h2`, `http/1.1`.
    pub async fn serve<F, Fut, B>(protocols: &[&str], answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key);
        let mut config = config.expect("the key is of the certificate");
        config.alpn_protocols = protocols.iter().map(|name| (*name).into()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heads = seen.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, heads, answer) = (acceptor.clone(), heads.clone(), answer.clone());
                connections.spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (head, body) = request.into_parts();
                        heads
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(head.clone());
                        let response = answer(Request::from_parts(head, body));
                        async move { Ok::<_, Infallible>(response.await) }
                    });
                    stream.set_nodelay(true).expect("it is a TCP socket");
                    // Who does not trust the certificate goes away here.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    // A client that goes away in the middle is no failure of the server's.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            authority: address.to_string(),
            certificate,
            seen,
            _tasks: tasks,
        }
    }

    /// Answers every request with a page that may be stored; its content is the path.
    pub async fn of_pages(protocols: &[&str]) -> Self {
        Self::serve(protocols, |request| {
            let content = request.uri().path().to_owned();
            async { page(content) }
        })
        .await
    }

    /// A URI at this site.
    pub fn uri(&self, path: &str) -> Uri {
        format!("https://{}{path}", self.authority)
            .parse()
            .expect("a URI")
    }

    /// `GET path`
    pub fn get<Q: Default>(&self, path: &str) -> Request<Q> {
        crate::get(self.uri(path))
    }

    /// The heads of the requests so far.
    pub fn seen(&self) -> Vec<Parts> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How a client trusts these sites and nobody else.
    pub fn trusted<'a>(sites: impl IntoIterator<Item = &'a Self>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        for site in sites {
            let certificate = site.certificate.clone();
            roots.add(certificate).expect("it is a certificate");
        }
        ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// What does the arithmetic, whatever else is linked in.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
