//! What it says of what it gets.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::sites::{Site, page};
use crate::{Folder, fetch, text};

const STORED: &str = "fwd=uri-miss; fwd-status=200; stored";

#[tokio::test]
async fn a_page_that_is_got_again_is_a_hit() {
    let site = Site::fresh().await;
    let url = site.url("/news");
    let run = fetch(["--repeat", "3", &url]).await.succeeded();
    let hit = format!("200 hit 13 {url}");
    assert_eq!(
        run.lines(),
        [format!("200 {STORED} 13 {url}"), hit.clone(), hit]
    );
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn the_columns_are_aligned() {
    let site = Site::fresh().await;
    let run = fetch(["-n", "2", &site.url("/news")]).await.succeeded();
    let place = |line: &str, word: &str| line.find(word).unwrap();
    let lines: Vec<_> = run.output.lines().collect();
    assert_eq!(lines.len(), 3, "{run:?}");
    assert_eq!(place(lines[1], "http://"), place(lines[0], "url"));
    assert_eq!(place(lines[2], "http://"), place(lines[0], "url"));
    assert_eq!(place(lines[1], "fwd="), place(lines[0], "cache"));
    assert_eq!(place(lines[2], "hit"), place(lines[0], "cache"));
}

#[tokio::test]
async fn each_hop_of_a_redirect_is_a_line_and_stored_for_itself() {
    let site = Site::serve(|seen| match &*seen.path {
        "/old" => {
            let mut moved = page("max-age=60", "");
            *moved.status_mut() = StatusCode::MOVED_PERMANENTLY;
            moved
                .headers_mut()
                .insert("location", "/new".parse().unwrap());
            moved
        }
        _ => page("max-age=60", "news"),
    });
    let site = site.await;
    let (old, new) = (site.url("/old"), site.url("/new"));
    let run = fetch(["-n", "2", &old]).await.succeeded();
    let expected = [
        format!("301 fwd=uri-miss; fwd-status=301; stored {old}"),
        format!("200 {STORED} 4 {new}"),
        format!("301 hit {old}"),
        format!("200 hit 4 {new}"),
    ];
    assert_eq!(run.lines(), expected);
    assert_eq!(site.calls(), 2);
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin_and_the_mode_does() {
    let there = Site::fresh().await;
    let target = there.url("/there");
    let here = Site::serve(move |_| {
        let response = Response::builder().status(302).header("location", &target);
        response.body(Full::<Bytes>::default()).unwrap()
    });
    let here = here.await;
    let field = ["-H", "authorization: Bearer a", "-H", "x-one: 1"];
    let arguments = ["--mode", "reload", &here.url("/")];
    let run = fetch(field.into_iter().chain(arguments)).await.succeeded();
    assert_eq!(run.lines().len(), 2, "{run:?}");
    assert_eq!(here.seen()[0].field("authorization"), Some("Bearer a"));
    let seen = &there.seen()[0];
    assert_eq!(seen.field("authorization"), None);
    assert_eq!(seen.field("x-one"), Some("1"));
    assert_eq!(seen.field("cache-control"), Some("no-cache"));
}

/// "a" 1,000 times, by `gzip`.
const COMPRESSED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 76, 28, 5, 163, 96, 20, 12, 119, 0, 0, 3, 218, 56, 154,
    232, 3, 0, 0,
];

#[tokio::test]
async fn what_is_compressed_is_stored_so_and_counted_decompressed() {
    let site = Site::serve(move |_| {
        let mut page = page("max-age=60", COMPRESSED);
        let fields = page.headers_mut();
        fields.insert("content-encoding", "gzip".parse().unwrap());
        fields.insert("vary", "accept-encoding".parse().unwrap());
        page
    });
    let site = site.await;
    let url = site.url("/");
    let folder = Folder::new();
    let file = folder.path("content");
    let run = fetch(["-n", "2", "-o", text(&file), &url])
        .await
        .succeeded();
    assert_eq!(run.lines()[1], format!("200 hit 1000 {url}"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a".repeat(1000));
    assert!(
        site.seen()[0]
            .field("accept-encoding")
            .unwrap()
            .contains("gzip")
    );
}

/// Of what is compressed a part could not be decompressed.
#[tokio::test]
async fn a_part_is_one_of_the_content_itself() {
    let site = Site::serve(|seen| {
        let is_compressed = seen.field("accept-encoding") == Some("gzip");
        let mut page = match is_compressed {
            true => page("max-age=60", COMPRESSED),
            false => page("max-age=60", "a".repeat(1000)),
        };
        let fields = page.headers_mut();
        fields.insert("vary", "accept-encoding".parse().unwrap());
        if is_compressed {
            fields.insert("content-encoding", "gzip".parse().unwrap());
        } else if seen.field("range") == Some("bytes=10-19") {
            fields.insert("content-range", "bytes 10-19/1000".parse().unwrap());
            *page.status_mut() = http::StatusCode::PARTIAL_CONTENT;
            *page.body_mut() = "a".repeat(10).into();
        }
        page
    });
    let site = site.await;
    let (url, folder) = (site.url("/"), Folder::new());
    let store = folder.path("store");
    fetch(["--store", text(&store), &url]).await.succeeded();
    let part = ["--store", text(&store), "-H", "range: bytes=10-19", &url];
    let run = fetch(part).await.succeeded();
    assert!(run.line().starts_with("206 "), "{run:?}");
    assert!(run.line().ends_with(&format!(" 10 {url}")), "{run:?}");
}

#[tokio::test]
async fn content_on_standard_output_is_alone_there() {
    let site = Site::fresh().await;
    let run = fetch(["--output", "-", &site.url("/news")]).await;
    assert_eq!((run.code, &*run.output), (Some(0), "this is /news"));
    assert!(run.errors.contains(STORED), "{run:?}");
}

#[tokio::test]
async fn it_says_before_each_request_what_will_be_done() {
    let site = Site::fresh().await;
    let url = site.url("/news");
    let run = fetch(["-n", "2", "--explain", &url]).await.succeeded();
    let forward = format!("{url}: forward it (uri-miss)\n");
    let reuse = format!("{url}: answer with the stored response\n");
    let places = [
        &*forward,
        STORED,
        &*reuse,
        "it is fresh for",
        "200  hit; ttl=",
    ];
    let places = places.map(|text| {
        run.output
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {run:?}"))
    });
    assert!(places.is_sorted(), "{places:?}: {run:?}");
}

#[tokio::test]
async fn it_explains_the_request_that_the_cache_sees() {
    let site = Site::serve(|_| {
        let mut page = page("max-age=60", "news");
        page.headers_mut()
            .insert("vary", "accept-encoding".parse().unwrap());
        page
    });
    let site = site.await;
    let run = fetch(["-n", "2", "--explain", &site.url("/")])
        .await
        .succeeded();
    assert!(
        run.output
            .contains("it selects the stored 200, by accept-encoding"),
        "{run:?}"
    );
}

/// 9111-5.2.1.7-1
#[tokio::test]
async fn only_if_cached_is_504_where_nothing_is_stored() {
    let site = Site::fresh().await;
    let url = site.url("/news");
    let run = fetch(["--mode", "only-if-cached", &url]).await.succeeded();
    assert_eq!(run.line(), format!("504 detail=only-if-cached 0 {url}"));
    let run = fetch(["--mode", "offline", &url]).await.succeeded();
    assert_eq!(run.line(), format!("504 detail=offline 0 {url}"));
    assert_eq!(site.calls(), 0);
}

#[tokio::test]
async fn each_mode_is_that_of_fetch() {
    let site = Site::serve(|seen| {
        let mut page = page("max-age=60", "news");
        if seen.field("if-none-match").is_some() {
            *page.status_mut() = StatusCode::NOT_MODIFIED;
            *page.body_mut() = Full::default();
        }
        page.headers_mut().insert("etag", "\"1\"".parse().unwrap());
        page
    });
    let site = site.await;
    let table = [
        ("default", ["fwd=uri-miss; fwd-status=200; stored", "hit"]),
        ("no-store", ["fwd=bypass; fwd-status=200; detail=bypass"; 2]),
        ("reload", [STORED, "fwd=request; fwd-status=200; stored"]),
        (
            "no-cache",
            [
                "fwd=uri-miss; fwd-status=200; stored",
                "fwd=request; fwd-status=304; stored",
            ],
        ),
        (
            "force-cache",
            ["fwd=uri-miss; fwd-status=200; stored", "hit"],
        ),
    ];
    let url = site.url("/");
    for (mode, expected) in table {
        let run = fetch(["-n", "2", "--mode", mode, &url]).await.succeeded();
        assert_eq!(
            run.lines(),
            expected.map(|status| format!("200 {status} 4 {url}")),
            "{mode}"
        );
    }
}

#[tokio::test]
async fn no_bar_is_drawn_where_standard_error_is_no_terminal() {
    let site = Site::serve(|_| page("max-age=60", vec![b'a'; 3 * 1024 * 1024])).await;
    let url = site.url("/long");
    let run = fetch([&*url]).await.succeeded();
    assert_eq!(run.line(), format!("200 {STORED} 3145728 {url}"));
}
