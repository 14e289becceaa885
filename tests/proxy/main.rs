//! `examples/proxy`: what it writes to the wire, to either side.

mod forwarding;
mod interim;
mod peer;
#[allow(dead_code, reason = "its main function is for the example")]
#[path = "../../examples/proxy.rs"]
mod proxy;
mod serving;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use peer::{Origin, Peer, soon};
use proxy::{Options, Proxy};

/// The proxy between a test and its origin.
struct Between {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Between {
    async fn start(options: Options) -> Self {
        let proxy = Proxy::bind(&options).await.expect("a free port");
        let (stop, stopped) = oneshot::channel::<()>();
        let address = proxy.address;
        let serving = tokio::spawn(proxy.serve(async {
            // It serves until the end where the sender is dropped.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Self {
            address,
            stop,
            serving,
        }
    }

    /// Before an origin, with the settings of the command line that are not about ports.
    async fn before(origin: &Origin, words: &[&str]) -> Self {
        let port = origin.port().to_string();
        let ports = ["--listen", "0", "--origin", &port];
        let words = ports.iter().chain(words).map(|word| (*word).to_owned());
        Self::start(Options::read(words).expect("options")).await
    }

    async fn client(&self) -> Peer {
        Peer::connect(self.address).await
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: o.test\r\n\r\n")
}

/// A response that is fresh for a minute.
fn page(content: &str) -> String {
    answer("cache-control: max-age=60\r\n", content)
}

fn answer(fields: &str, content: &str) -> String {
    let length = content.len();
    format!("HTTP/1.1 200 OK\r\n{fields}content-length: {length}\r\n\r\n{content}")
}
