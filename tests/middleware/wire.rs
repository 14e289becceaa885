//! What an origin sends beside its final response, over a real connection.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, Forward, NotStored};

/// The answers to requests for these paths, from an origin that sends these octets on its first connection and says
/// `other` on every later one; and how much is stored then.
async fn answers(paths: &[&str], octets: &'static str) -> (Vec<Answer>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let other = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nother";
        let mut open = Vec::new();
        for sent in std::iter::once(octets).chain(std::iter::repeat(other)) {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(sent.as_bytes()).await;
            open.push(stream);
        }
    });
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let layer = CacheLayer::new();
    let client = layer.layer(client);
    let ask = |path: &str| {
        let uri = format!("http://{address}{path}");
        let request = Request::get(uri).body(Empty::new()).expect("a request");
        let answer = client.clone().oneshot(request);
        async {
            Answer::read(answer.await.expect("a head"))
                .await
                .expect("a body")
        }
    };
    let mut answers = Vec::new();
    for path in paths {
        answers.push(ask(path).await);
    }
    serving.abort();
    (answers, layer.handle().len())
}

/// 9112-6.3-4
#[tokio::test]
async fn octets_after_the_end_of_a_response_are_no_response() {
    let (answers, stored) = answers(
        &["/a", "/b"],
        "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 5\r\n\r\nhello\
         HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 4\r\n\r\nevil",
    )
    .await;
    let [first, second] = &answers[..] else {
        panic!("two answers");
    };
    assert_eq!(first.assert_stored().text(), "hello");
    second.assert_forwarded(Forward::UriMiss);
    assert_eq!(second.text(), "other");
    assert_eq!(stored, 1);
}

/// 8297-2-1, 9111-3-2, 9110-15.2-1, EDGE-41: any number of heads may come first, and none of their fields counts
#[tokio::test]
async fn what_an_interim_response_says_is_not_said_of_the_final_one() {
    let (answers, stored) = answers(
        &["/a"],
        "HTTP/1.1 100 Continue\r\ncache-control: max-age=60\r\n\r\n\
         HTTP/1.1 103 Early Hints\r\ncache-control: max-age=60\r\netag: \"e\"\r\nlink: </x>\r\n\r\n\
         HTTP/1.1 103 Early Hints\r\nexpires: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n\
         HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-final: 1\r\n\r\nhello",
    )
    .await;
    let first = &answers[0];
    assert_eq!((first.status.as_u16(), first.text()), (200, "hello"));
    first.assert_not_stored(NotStored::NoValidator);
    assert_eq!(stored, 0);
    for name in ["cache-control", "etag", "expires", "link"] {
        assert_eq!(first.field(name), None, "{name}");
    }
    assert_eq!(first.field("x-final").as_deref(), Some("1"));
}

/// 8297-2-1, 9111-3-2: nor is a response kept out because of them
#[tokio::test]
async fn a_final_response_is_stored_whatever_came_before_it() {
    let (answers, stored) = answers(
        &["/a"],
        "HTTP/1.1 103 Early Hints\r\ncache-control: no-store\r\nx-early: 1\r\n\r\n\
         HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncache-control: max-age=60\r\n\r\nhello",
    )
    .await;
    assert_eq!(answers[0].assert_stored().field("x-early"), None);
    assert_eq!(stored, 1);
}
