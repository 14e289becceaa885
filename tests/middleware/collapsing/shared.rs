//! What is shared, and with whom.

use http::{Method, header};
use support::{Answer, Conversation, begun, get, reply, request};
use tower::Layer;
use tower_client_cache::{CacheLayer, CacheMode, CacheStatus, Forward};

use super::{Asking, answer, assert_collapsed, assert_waits, herd, waits};
use crate::{in_flight, text, until};

/// 9111-4-8, 9211-2.5-1, C-49
#[tokio::test]
async fn one_answer_of_the_origin_is_for_all_who_ask_at_the_same_time() {
    for method in [Method::GET, Method::HEAD] {
        let talk = Conversation::default();
        let head = reply(200).control("max-age=60");
        let is_get = method == Method::GET;
        let (gate, held) = if is_get { head.body("x") } else { head }.held();
        talk.origin.will(held);
        let ask = || waits(&talk, request(method.clone(), "/a", &[]));
        let mut first = ask();
        let mut others: [_; 9] = std::array::from_fn(|_| ask());
        assert_eq!(talk.origin.calls(), 1);
        gate.open();
        others.iter_mut().for_each(assert_waits);
        let first = answer(&mut first);
        assert_eq!(first.assert_stored().cache.collapsed(), None);
        for other in &mut others {
            let other = answer(other);
            assert_collapsed(&other, Forward::UriMiss);
            assert_eq!((&other.body, other.status), (&first.body, first.status));
            assert_eq!(other.field("date"), first.field("date"));
        }
        assert_eq!(talk.origin.calls(), 1, "{method}");
        let stats = talk.handle.stats();
        assert_eq!((stats.collapsed(), stats.hits()), (9, 0));
        assert_eq!(stats.forwarded(), 1);
        ask_again(&talk, method).await;
    }
}

async fn ask_again(talk: &Conversation, method: Method) {
    let again = talk.send(request(method, "/a", &[])).await;
    assert_eq!(again.assert_hit().cache.collapsed(), None);
}

/// 9211-2.5-1
#[tokio::test]
async fn the_field_says_what_was_collapsed() {
    let talk = Conversation::with(|layer| layer.cache_status("c"));
    let (gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let [mut first, mut second] = herd(&talk);
    gate.open();
    let said = |answer: Answer| answer.field("cache-status").unwrap();
    let of_first = said(answer(&mut first));
    assert_eq!(
        of_first,
        "\"c\"; fwd=uri-miss; fwd-status=200; stored; ttl=60"
    );
    assert_eq!(
        said(answer(&mut second)),
        "\"c\"; fwd=uri-miss; collapsed; ttl=60"
    );
}

/// Promise 4, C-49: the first has each frame as it comes; the others wait for the whole.
#[tokio::test]
async fn the_first_streams_and_the_others_have_it_when_it_is_whole() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    let mut others: [_; 3] = herd(&talk);
    frames.data("on");
    assert_eq!(text(&mut body), "on");
    others.iter_mut().for_each(assert_waits);
    frames.data("e");
    assert_eq!(text(&mut body), "e");
    others.iter_mut().for_each(assert_waits);
    drop(frames);
    assert!(crate::frame(&mut body).is_none());
    for other in &mut others {
        let other = answer(other);
        assert_collapsed(&other, Forward::UriMiss);
        assert_eq!(other.text(), "one");
    }
    assert_eq!(talk.origin.calls(), 1);
}

/// C-20, C-49: a 304 that is good for nothing is no answer yet.
#[tokio::test]
async fn a_request_that_is_sent_once_more_is_waited_for() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let tagged = |status, tag| reply(status).control("max-age=60").field("etag", tag);
    talk.origin.will(tagged(200, "\"a\"").body("one"));
    talk.get("/a").await.assert_stored();
    talk.clock.advance(61);
    let (gate, held) = tagged(304, "\"b\"").held();
    talk.origin.will(held);
    let mut herd: [Asking; 3] = std::array::from_fn(|_| begun(talk.send(get("/a", &[]))) as _);
    let (again, held) = tagged(200, "\"b\"").body("two").held();
    talk.origin.will(held);
    gate.open();
    herd.iter_mut().for_each(assert_waits);
    assert_eq!(talk.origin.calls(), 3);
    again.open();
    for asking in &mut herd {
        assert_eq!(answer(asking).text(), "two");
    }
    assert_eq!(talk.origin.calls(), 3);
}

/// 9111-3.3-1, C-49: what is missing of what is held in part is asked for once.
#[tokio::test]
async fn what_is_missing_is_asked_for_once_for_all() {
    let layer = CacheLayer::new().default_request_body();
    let talk = Conversation::through(layer.keep_incomplete(true).finish_abandoned(0));
    let tagged = |status| reply(status).control("max-age=60").field("etag", "\"1\"");
    let whole = tagged(200).field("accept-ranges", "bytes");
    let (frames, streamed) = whole.field("content-length", "10").streamed();
    talk.origin.will(streamed);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    frames.data("01234");
    text(&mut body);
    drop(body);
    let rest = tagged(206).field("content-range", "bytes 5-9/10");
    let (frames, streamed) = rest.field("content-length", "5").streamed();
    let (gate, held) = streamed.held();
    talk.origin.will(held);
    let mut herd: [Asking; 3] = std::array::from_fn(|_| begun(talk.send(get("/a", &[]))) as _);
    gate.open();
    herd.iter_mut().for_each(assert_waits);
    assert_eq!(talk.origin.last().field("range").unwrap(), "bytes=5-");
    frames.data("56789");
    drop(frames);
    for asking in &mut herd {
        assert_eq!(answer(asking).text(), "0123456789");
    }
    assert_eq!(talk.origin.calls(), 2);
}

/// 9111-4-8: what is stored and stale is asked about once, whatever the origin says of it.
#[tokio::test]
async fn a_stale_response_is_validated_once_for_all() {
    for (status, content) in [(304, "one"), (200, "two")] {
        let talk = Conversation::default();
        let tagged = |status| reply(status).control("max-age=60").field("etag", "\"e\"");
        talk.store(tagged(200).body("one")).await;
        talk.clock.advance(61);
        let new = tagged(status);
        let new = if status == 304 { new } else { new.body("two") };
        let (gate, held) = new.held();
        talk.origin.will(held);
        let mut herd: [_; 5] = herd(&talk);
        assert_eq!(talk.origin.calls(), 2);
        assert_eq!(talk.origin.last().field("if-none-match").unwrap(), "\"e\"");
        gate.open();
        let first = answer(&mut herd[0]);
        assert_eq!(first.assert_forwarded(Forward::Stale).text(), content);
        for other in &mut herd[1..] {
            let other = answer(other);
            assert_collapsed(&other, Forward::Stale);
            assert_eq!(other.text(), content);
        }
        assert_eq!(talk.origin.calls(), 2, "{status}");
    }
}

/// They are woken, and not only answered when somebody asks them.
#[tokio::test]
async fn those_who_wait_are_woken() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    talk.origin.will(held);
    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(talk.get("/a"))).collect();
    until(|| talk.origin.calls() == 1).await;
    gate.open();
    for task in tasks {
        assert_eq!(task.await.unwrap().text(), "x");
    }
    assert_eq!(talk.origin.calls(), 1);
    assert_eq!(talk.handle.stats().collapsed(), 99);
}

/// C-33, C-49: each user's request is one of its own.
#[tokio::test]
async fn nobody_waits_for_the_answer_to_another_user() {
    let talk = Conversation::default();
    let shared = Conversation::shared();
    for talk in [talk, shared] {
        let ask = |user: Option<&str>| {
            let fields: Vec<_> = user
                .map(|user| ("authorization", user))
                .into_iter()
                .collect();
            waits(&talk, get("/a", &fields))
        };
        let users = [None, Some("Bearer a"), Some("Bearer b")];
        let (mut first, mut gates) = (Vec::new(), Vec::new());
        for user in users {
            let control = "public, max-age=60";
            let content = user.unwrap_or("nobody").to_owned();
            let (gate, held) = reply(200).control(control).body(content).held();
            talk.origin.will(held);
            gates.push(gate);
            first.push(ask(user));
        }
        assert_eq!(talk.origin.calls(), 3, "nobody waits for another");
        let mut second = users.map(ask);
        assert_eq!(talk.origin.calls(), 3, "each waits for the own");
        for ((gate, first), second) in gates.into_iter().zip(&mut first).zip(&mut second) {
            gate.open();
            let (first, second) = (answer(first), answer(second));
            assert_collapsed(&second, Forward::UriMiss);
            assert_eq!(second.text(), first.text());
        }
    }
}

/// C-23: an answer to HEAD is of no use to a GET.
#[tokio::test]
async fn a_get_and_a_head_do_not_wait_for_each_other() {
    for methods in [[Method::GET, Method::HEAD], [Method::HEAD, Method::GET]] {
        let talk = Conversation::default();
        let (mut gates, mut asking) = (Vec::new(), Vec::new());
        for n in 1..=2 {
            let (gate, held) = reply(200).control("max-age=60").held();
            gates.push(gate);
            talk.origin.will(held);
            asking.push(waits(&talk, request(methods[n - 1].clone(), "/a", &[])));
            assert_eq!(talk.origin.calls(), n);
        }
    }
}

/// FETCH-5: that any age will do makes no difference where there is nothing.
#[tokio::test]
async fn a_request_that_takes_any_age_shares_as_others_do() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let ask = || {
        let mut asked = get("/a", &[]);
        asked.extensions_mut().insert(CacheMode::ForceCache);
        waits(&talk, asked)
    };
    let [mut first, mut second] = [ask(), ask()];
    gate.open();
    answer(&mut first).assert_stored();
    assert_collapsed(&answer(&mut second), Forward::UriMiss);
}

/// Every service of a layer and its clones are of one cache.
#[tokio::test]
async fn services_of_one_layer_share() {
    let talk = Conversation::default();
    let layer = CacheLayer::new().clock(talk.clock.clone());
    let clients = [
        layer.layer(talk.origin.clone()),
        layer.layer(talk.origin.clone()),
    ];
    let (gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let [first, second] =
        clients.map(|mut client| begun(tower::Service::call(&mut client, get("/a", &[]))));
    gate.open();
    first.await.unwrap();
    let second = second.await.unwrap();
    let status = second.extensions().get::<CacheStatus>().unwrap();
    assert!(status.is_collapsed());
    assert!(!second.headers().contains_key(header::CACHE_STATUS));
    assert_eq!(in_flight(&layer.handle()), 0);
}
