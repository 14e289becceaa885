//! What is measured against does what it is said to do.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benches::{Calls, Floor, KIBIBYTE, Origin, Page, Room, URI, request};
use bytes::Bytes;
use http::{Request, header};
use http_body::Body;
use http_body_util::Empty;
use tower::Service;

type FloorRfc = Floor<Origin, true, false>;

fn floor(page: Page) -> (FloorRfc, Calls) {
    let origin = Origin::new(page);
    let calls = origin.calls();
    (Floor::new(origin, Room::AsItComes), calls)
}

fn ask(floor: &mut FloorRfc, fields: &[(header::HeaderName, &'static str)]) -> (String, usize) {
    let mut request: Request<Empty<Bytes>> = request(URI);
    for (name, value) in fields {
        let value = header::HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(floor.call(request)).poll(cx) else {
        panic!("it answers at once");
    };
    let age = response.headers().get(header::AGE);
    let age = age.map_or("", |age| age.to_str().expect("an age is digits"));
    let age = age.to_owned();
    let (mut body, mut octets) = (pin!(response.into_body()), 0);
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(cx) {
        octets += frame.data_ref().map_or(0, Bytes::len);
    }
    (age, octets)
}

#[test]
fn what_is_stored_is_reused_with_its_age() {
    let age = Some(Duration::from_secs(90));
    let page = Page::fresh(KIBIBYTE);
    let (mut floor, calls) = floor(Page { age, ..page });
    assert_eq!(ask(&mut floor, &[]), (String::new(), KIBIBYTE));
    let (age, octets) = ask(&mut floor, &[]);
    assert!(
        age.parse::<u64>().is_ok_and(|age| (90..100).contains(&age)),
        "{age}"
    );
    assert_eq!((octets, calls.count()), (KIBIBYTE, 1));
}

#[test]
fn no_store_is_not_stored() {
    let (mut floor, calls) = floor(Page::no_store(KIBIBYTE));
    ask(&mut floor, &[]);
    ask(&mut floor, &[]);
    assert_eq!(calls.count(), 2);
}

#[test]
fn stale_responses_are_not_reused() {
    let age = Some(Duration::from_secs(3600));
    let page = Page::fresh(KIBIBYTE);
    let (mut floor, calls) = floor(Page { age, ..page });
    ask(&mut floor, &[]);
    ask(&mut floor, &[]);
    assert_eq!(calls.count(), 2);
}

#[test]
fn requests_that_ask_for_another_answer_are_forwarded() {
    for (name, value) in [
        (header::ACCEPT_ENCODING, "identity"),
        (header::CACHE_CONTROL, "x, No-Cache"),
        (header::CACHE_CONTROL, "max-age=80"),
        (header::CACHE_CONTROL, "min-fresh=3600"),
        (header::PRAGMA, "no-cache"),
        (header::AUTHORIZATION, "Basic QQ=="),
        (header::COOKIE, "a=b"),
        (header::RANGE, "bytes=0-1"),
        (header::IF_NONE_MATCH, "\"a\""),
    ] {
        let age = Some(Duration::from_secs(90));
        let page = Page::fresh(KIBIBYTE);
        let (mut floor, calls) = floor(Page { age, ..page });
        ask(&mut floor, &[]);
        ask(&mut floor, &[(name.clone(), value)]);
        assert_eq!(calls.count(), 2, "{name}: {value}");
    }
}

#[test]
fn what_does_not_fit_is_evicted() {
    let origin = Origin::new(Page::fresh(KIBIBYTE));
    let calls = origin.calls();
    let mut floor: FloorRfc = Floor::new(origin, Room::Octets(KIBIBYTE));
    ask(&mut floor, &[]);
    ask(&mut floor, &[]);
    assert_eq!(calls.count(), 2);
}
