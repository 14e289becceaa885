//! What goes wrong is one line that names the URL, and an exit code.

use tokio::net::TcpListener;

use crate::fetch;
use crate::sites::{Raw, Site};

/// A port that nobody listens on.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[tokio::test]
async fn an_origin_that_is_down_is_one_clear_line() {
    let url = nobody().await;
    let run = fetch([&*url]).await;
    let error = run.error();
    assert!(error.starts_with(&format!("fetch: {url}: ")), "{error}");
    assert!(error.contains("Connection refused"), "{error}");
    assert!(run.lines().is_empty());
}

#[tokio::test]
async fn the_others_are_got_where_one_has_failed() {
    let site = Site::fresh().await;
    let (down, up) = (nobody().await, site.url("/up"));
    let run = fetch([&*down, &*up]).await;
    assert!(run.error().contains(&down));
    assert!(run.line().ends_with(&up), "{run:?}");
}

#[tokio::test]
async fn an_error_behind_a_redirect_names_both() {
    let down = nobody().await;
    let location = down.clone();
    let site = Site::serve(move |_| {
        let response = http::Response::builder()
            .status(302)
            .header("location", &location);
        response.body(Default::default()).unwrap()
    });
    let site = site.await;
    let url = site.url("/moved");
    let run = fetch([&*url]).await;
    let expected = format!("fetch: {url}: redirected to {down}: ");
    assert!(run.error().starts_with(&expected), "{run:?}");
    assert!(run.line().starts_with("302 "), "{run:?}");
}

/// 9112-8-1, 9112-8-2
#[tokio::test]
async fn content_shorter_than_it_said_is_reported_and_not_stored() {
    let server = Raw::serve(
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\ncache-control: max-age=60\r\nconnection: close\r\n\r\n0123456789",
    );
    let server = server.await;
    let run = fetch(["--repeat", "2", server.url()]).await;
    assert_eq!(run.code, Some(1));
    let lines: Vec<_> = run.errors.lines().collect();
    assert_eq!(lines.len(), 2, "neither is a hit: {run:?}");
    let url = server.url();
    let expected = format!("fetch: {url}: the content broke off after 10 octets: ");
    assert!(
        lines.iter().all(|line| line.starts_with(&expected)),
        "{run:?}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let server = Raw::serve("").await;
    let run = fetch(["--timeout", "1", server.url()]).await;
    let error = run.error();
    assert_eq!(error, format!("fetch: {}: request timed out", server.url()));
}

#[tokio::test]
async fn wrong_arguments_exit_with_2_and_ask_nobody() {
    let site = Site::fresh().await;
    let url = &*site.url("/");
    let table: [(&[&str], &str); 12] = [
        (&[], "<URL>"),
        (
            &["example.com"],
            "it begins with neither http:// nor https://",
        ),
        (&["http://a b/"], "invalid uri character"),
        (
            &["http://user:password@example.com/"],
            "credentials go into a field",
        ),
        (&["--repeat", "0", url], "0 is not in"),
        (&["--mode", "sometimes", url], "only-if-cached"),
        (&["-H", "no colon", url], "there is no colon in it"),
        (&["http://127.0.0.1:99999/"], "its port is no number"),
        (&["-H", "content-length: 5", url], "no such field"),
        (&["--output", "file", url, url], "one URL"),
        (&["--output", "file", "--store", "file", url], "one file"),
        (&["--stor", "file", url], "--store"),
    ];
    for (arguments, reason) in table {
        let run = fetch(arguments.iter().copied()).await;
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.errors.contains(reason), "{arguments:?}: {run:?}");
        assert_eq!(run.output, "");
    }
    assert_eq!(site.calls(), 0);
}
