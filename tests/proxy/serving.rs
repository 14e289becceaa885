//! Connections to either side, failures, and how it stops.

use super::*;

/// Whoever asks is answered, and may ask again over the same connection.
#[tokio::test]
async fn an_origin_that_is_gone_is_a_bad_gateway() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    drop(origin);
    let mut client = proxy.client().await;
    for _ in 0..3 {
        let (head, body) = client.ask(&get("/a")).await;
        assert_eq!(head.line(), "HTTP/1.1 502 Bad Gateway");
        assert_eq!(body, "");
    }
}

/// 9110-9.2.2-1: neither over a connection that was used before nor over a new one.
#[tokio::test]
async fn nothing_is_sent_twice() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;

    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    at_origin.send(answer("", "one")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "one");

    client.send(get("/a")).await;
    at_origin.head().await;
    drop(at_origin);
    let head = client.head().await;
    assert_eq!(head.line(), "HTTP/1.1 502 Bad Gateway");
    assert!(!origin.is_called());

    client.send(get("/a")).await;
    drop(origin.accept().await);
    let head = client.head().await;
    assert_eq!(head.line(), "HTTP/1.1 502 Bad Gateway");
    assert!(!origin.is_called());
}

/// 9111-4.2.4-1, 9111-5.2.2.2-1, 9111-5.2.2.4-1, 9111-5.2.2.8-1, 9111-5.2.2.10-2, C-22, C-39: what is stale is
/// reused where the origin is gone, and where no directive forbids it.
#[tokio::test]
async fn what_is_stale_is_reused_when_the_origin_is_gone() {
    let table = [
        ("max-age=0", "200 OK", "200 OK"),
        (
            "max-age=0, must-revalidate",
            "502 Bad Gateway",
            "504 Gateway Timeout",
        ),
        (
            "max-age=60, no-cache",
            "502 Bad Gateway",
            "504 Gateway Timeout",
        ),
        (
            "max-age=0, proxy-revalidate",
            "200 OK",
            "504 Gateway Timeout",
        ),
        ("max-age=0, s-maxage=0", "200 OK", "504 Gateway Timeout"),
    ];
    for (control, private, shared) in table {
        for (words, expected) in [(&[][..], private), (&["--shared"], shared)] {
            let origin = Origin::bind().await;
            let proxy = Between::before(&origin, words).await;
            let mut client = proxy.client().await;
            client.send(get("/a")).await;
            let mut at_origin = origin.accept().await;
            at_origin.head().await;
            let fields = format!("cache-control: {control}\r\netag: \"1\"\r\n");
            at_origin.send(answer(&fields, "one")).await;
            let head = client.head().await;
            assert_eq!(client.body(&head).await, "one");
            drop((at_origin, origin));

            let (head, body) = client.ask(&get("/a")).await;
            let line = format!("HTTP/1.1 {expected}");
            assert_eq!(head.line(), line, "{control} {words:?}");
            let is_reused = expected == "200 OK";
            assert_eq!(body, if is_reused { "one" } else { "" });
            assert_eq!(head.field("age").is_some(), is_reused);
        }
    }
}

/// C-32, C-34: what `--plain` is about, and nothing else.
#[tokio::test]
async fn the_plain_rules_make_less_of_cookies() {
    // Of a private cache a cookie makes another user, and of a shared one `Set-Cookie` makes a secret.
    for (answered, asked, is_shared) in [
        ("", "cookie: a=b\r\n", false),
        ("set-cookie: a=b\r\n", "", true),
    ] {
        for is_plain in [false, true] {
            let origin = Origin::bind().await;
            let words: Vec<_> = [(is_shared, "--shared"), (is_plain, "--plain")]
                .into_iter()
                .filter_map(|(is_on, word)| is_on.then_some(word))
                .collect();
            let proxy = Between::before(&origin, &words).await;
            let mut client = proxy.client().await;
            client.send(get("/a")).await;
            let mut at_origin = origin.accept().await;
            at_origin.head().await;
            let fields = format!("cache-control: max-age=60\r\n{answered}");
            at_origin.send(answer(&fields, "one")).await;
            let head = client.head().await;
            assert_eq!(client.body(&head).await, "one");

            drop((at_origin, origin));
            let again = format!("GET /a HTTP/1.1\r\nhost: o.test\r\n{asked}\r\n");
            let (head, _) = client.ask(&again).await;
            let expected = if is_plain {
                "200 OK"
            } else {
                "502 Bad Gateway"
            };
            assert_eq!(head.line(), format!("HTTP/1.1 {expected}"), "{words:?}");
        }
    }
}

/// 9111-4.3.4-4, C-20: what the origin says of another response is asked once more, without the question.
#[tokio::test]
async fn what_a_304_disowns_is_asked_for_once_more() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    let fields = "cache-control: max-age=0\r\netag: \"1\"\r\n";
    at_origin.send(answer(fields, "one")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "one");

    client.send(get("/a")).await;
    let asked = at_origin.head().await;
    assert_eq!(asked.field("if-none-match").as_deref(), Some("\"1\""));
    at_origin
        .send("HTTP/1.1 304 Not Modified\r\netag: \"2\"\r\n\r\n")
        .await;
    let asked = at_origin.head().await;
    assert_eq!(asked.field("if-none-match"), None);
    assert_eq!(asked.field("via").as_deref(), Some("1.1 proxy"));
    at_origin.send(page("two")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "two");
}

/// 9112-6.3-3: an answer that makes no sense is none, and one that switches protocols answers nobody.
#[tokio::test]
async fn an_answer_that_is_none_is_a_bad_gateway() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    for nonsense in [
        "220 mail.test ready\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n",
    ] {
        client.send(get("/a")).await;
        let mut at_origin = origin.accept().await;
        at_origin.head().await;
        at_origin.send(nonsense).await;
        let head = client.head().await;
        assert_eq!(head.line(), "HTTP/1.1 502 Bad Gateway", "{nonsense}");
        client.body(&head).await;
    }
}

/// 9112-8-1: the client can tell that the content is cut short.
#[tokio::test]
async fn a_response_that_breaks_off_breaks_off_for_the_client_too() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    at_origin
        .send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
        .await;
    drop(at_origin);
    let head = client.head().await;
    assert_eq!(head.field("content-length").as_deref(), Some("10"));
    assert_eq!(client.read_to_the_end().await, b"first");
}

/// Two requests, one connection to the origin; with the flag, two.
#[tokio::test]
async fn connections_to_the_origin_are_used_again_unless_they_shall_be_fresh() {
    for words in [&[][..], &["--fresh-connections"]] {
        let origin = Origin::bind().await;
        let proxy = Between::before(&origin, words).await;
        let mut client = proxy.client().await;
        let mut at_origin = None;
        for round in ["one", "two"] {
            client.send(get("/a")).await;
            let mut here = match at_origin.take() {
                Some(here) if words.is_empty() => here,
                _ => origin.accept().await,
            };
            here.head().await;
            here.send(answer("", round)).await;
            let head = client.head().await;
            assert_eq!(client.body(&head).await, round);
            at_origin = Some(here);
        }
        assert!(!origin.is_called());
    }
}

/// Both sides speak HTTP/1.0 if they like.
#[tokio::test]
async fn an_older_version_is_answered_and_asked() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send("GET /a HTTP/1.0\r\nhost: o.test\r\n\r\n").await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    assert_eq!(asked.line(), "GET /a HTTP/1.1");
    assert_eq!(asked.field("via").as_deref(), Some("1.0 proxy"));
    at_origin.send("HTTP/1.0 200 OK\r\n\r\nold").await;
    drop(at_origin);
    let head = client.head().await;
    assert!(head.line().ends_with(" 200 OK"), "{head:?}");
    assert_eq!(client.read_to_the_end().await, b"old");
}

/// It takes no new connections, and whoever waits gets the answer.
#[tokio::test]
async fn it_stops_when_it_has_answered() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let (mut idle, mut client) = (proxy.client().await, proxy.client().await);
    let (head, _) = {
        idle.send("GET * HTTP/1.1\r\nhost: o.test\r\n\r\n").await;
        (idle.head().await, ())
    };
    assert_eq!(head.line(), "HTTP/1.1 501 Not Implemented");
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;

    proxy.stop.send(()).expect("it serves");
    assert_eq!(idle.read_to_the_end().await, b"", "nobody waits there");
    at_origin.send(answer("", "late")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "late");
    assert_eq!(client.read_to_the_end().await, b"");
    soon(proxy.serving).await.expect("no panic");
    let refused = tokio::net::TcpStream::connect(proxy.address).await;
    assert!(refused.is_err(), "nobody listens");
}

#[test]
fn the_command_line() {
    fn read(line: &str) -> Result<Options, String> {
        Options::read(line.split_whitespace().map(str::to_owned))
    }
    let plain = Options {
        listen: 0,
        origin: 8000,
        ..Options::default()
    };
    assert_eq!(read("--listen 0 --origin 8000"), Ok(plain));
    let all = Options {
        listen: 1,
        origin: 2,
        is_shared: true,
        is_plain: true,
        uses_fresh_connections: true,
    };
    let line = "--fresh-connections --plain --origin 2 --shared --listen 1";
    assert_eq!(read(line), Ok(all));
    for (line, mistake) in [
        ("", "--listen is missing"),
        ("--listen 1", "--origin is missing"),
        ("--origin", "--origin: which port?"),
        ("--listen x", "--listen x: no port"),
        ("--listen 65536", "--listen 65536: no port"),
        ("--loud", "--loud: what is that?"),
    ] {
        assert_eq!(read(line), Err(mistake.to_owned()), "{line}");
    }
}
