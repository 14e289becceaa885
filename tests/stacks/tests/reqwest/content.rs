//! Who decodes content, and what is stored of it.

use http::{HeaderValue, header};
use stacks::{Site, page};
use tower::{ServiceBuilder, ServiceExt};
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::{self as adapter, AsHttp, AsReqwest, CachedClient};
use tower_http::decompression::DecompressionLayer;

use super::{http, plain, read, status, url};

/// Ten thousand times the letter a, as gzip writes it.
const COMPRESSED: [u8; 46] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 13, 0, 0, 0, 194, 160, 172, 239, 95, 194, 28,
    110, 64, 1, 0, 0, 0, 0, 0, 0, 0, 0, 192, 191, 1, 151, 212, 126, 70, 16, 39, 0, 0,
];

const LENGTH: usize = 10_000;

/// A page that is compressed for who accepts it, and as it is for others.
async fn compressed() -> Site {
    Site::serve(async |request| {
        let accepted = request.headers().get(header::ACCEPT_ENCODING);
        let mut response = if accepted.is_some_and(|accepted| accepted == "gzip") {
            let mut response = page(&COMPRESSED[..]);
            let gzip = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
            response
        } else {
            page("a".repeat(LENGTH))
        };
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().insert(header::VARY, vary);
        response
    })
    .await
}

/// EDGE-52: reqwest decodes below the cache, and what is stored is what came out of it.
#[tokio::test]
async fn what_reqwest_decodes_is_stored_decoded() {
    let site = compressed().await;
    let client = CachedClient::new(http(), CacheLayer::new());
    for is_hit in [false, true] {
        let response = client.get(url(&site, "/a")).await.expect("a head");
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), None);
        let (status, content) = read(response).await;
        assert_eq!((status.is_hit(), content.len()), (is_hit, LENGTH));
    }
    assert_eq!(site.seen()[0].headers[header::ACCEPT_ENCODING], "gzip");
    assert!(
        client.handle().bytes() > LENGTH,
        "it is stored at its length"
    );
}

/// 9111-4.1-1: `Vary` compares what the caller has put on the request, not what reqwest adds.
#[tokio::test]
async fn what_reqwest_accepts_by_itself_is_not_what_vary_compares() {
    let site = compressed().await;
    let client = CachedClient::new(http(), CacheLayer::new());
    read(client.get(url(&site, "/a")).await.expect("a head")).await;
    let asked = http()
        .get(url(&site, "/a"))
        .header("accept-encoding", "gzip");
    let (status, _) = read(client.send(asked).await.expect("a head")).await;
    assert!(!status.is_hit(), "to the origin it was the same request");
    assert_eq!(site.calls(), 2);
}

/// The octets of a range are those of what is stored, which is not what the origin would count.
#[tokio::test]
async fn a_range_of_what_was_decoded_is_of_decoded_octets() {
    let site = compressed().await;
    let client = CachedClient::new(http(), CacheLayer::new());
    read(client.get(url(&site, "/a")).await.expect("a head")).await;
    let part = http().get(url(&site, "/a")).header("range", "bytes=9000-");
    let response = client.send(part).await.expect("a head");
    let range = &response.headers()[header::CONTENT_RANGE];
    assert_eq!(range, "bytes 9000-9999/10000", "the origin's has 46");
    let (status, content) = read(response).await;
    assert_eq!((status.is_hit(), content.len()), (true, 1000));
}

/// PRJ-L-3: above the cache it is stored as the origin sent it, and decoded for each caller.
#[tokio::test]
async fn decompression_above_the_cache_leaves_the_stored_response_small() {
    let site = compressed().await;
    let layer = CacheLayer::new().final_uri(adapter::final_uri);
    let handle = layer.handle();
    let client = ServiceBuilder::new()
        .layer_fn(AsReqwest::new)
        .layer(DecompressionLayer::new())
        .layer(layer)
        .layer_fn(AsHttp::new)
        .service(plain().no_gzip().build().expect("a client"));
    for is_hit in [false, true] {
        let request = http().get(url(&site, "/a")).build().expect("a request");
        let response = client.clone().oneshot(request).await.expect("a head");
        assert_eq!(status(&response).is_hit(), is_hit);
        assert_eq!(read(response).await.1.len(), LENGTH);
    }
    assert!(handle.bytes() < LENGTH, "{} octets", handle.bytes());
    assert_eq!(site.calls(), 1);
}
