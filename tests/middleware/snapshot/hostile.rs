//! A snapshot by somebody who knows how one is made: whatever it says, nothing panics, and nothing is held beyond the
//! capacity.

use std::hash::Hasher;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use proptest::prelude::*;
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher13 as SipHasher13Of128};
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheLayer, CacheMode, Selector, Tags};

use super::damaged::{HEAD, OPENING, frames};
use super::{another, fresh, written};

const CHECKSUM: usize = 16;

/// A frame of this snapshot with whatever in it.
fn frame(mark: &[u8], number: u64, octets: &[u8]) -> Vec<u8> {
    let half = |at: usize| u64::from_le_bytes(mark[at..at + 8].try_into().expect("eight"));
    let mut head = SipHasher13::new_with_keys(half(0), half(8));
    head.write_u8(1);
    head.write_u64(number);
    head.write_u64(octets.len() as u64);
    let mut whole = SipHasher13Of128::new_with_keys(half(0), half(8));
    whole.write_u64(number);
    whole.write(octets);
    let sum = whole.finish128();
    let mut frame = [mark, &[1]].concat();
    for number in [number, octets.len() as u64, head.finish()] {
        frame.extend(number.to_le_bytes());
    }
    frame.extend(octets);
    frame.extend((u128::from(sum.h1) << 64 | u128::from(sum.h2)).to_le_bytes());
    frame
}

fn set(layer: CacheLayer) -> CacheLayer {
    layer.secret(&[7; 32]).keep_incomplete(true)
}

/// One of each kind, as a snapshot.
async fn of_each_kind() -> (Conversation, Vec<u8>) {
    let talk = Conversation::with(set);
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let (frames, streamed) = fresh("").field("trailer", "x-sum").streamed();
    frames.data("some");
    frames.trailers(trailers);
    drop(frames);
    let part = reply(206).control("max-age=60").field("etag", "\"1\"");
    let part = part.field("content-range", "bytes 2-4/10").body("234");
    for (path, fields, reply) in [
        ("/trailers", &[][..], streamed),
        (
            "/vary",
            &[("accept", "a")],
            fresh("1").field("vary", "accept"),
        ),
        ("/user", &[("authorization", "Basic x")], fresh("of a user")),
        ("/none", &[], reply(404).control("max-age=60")),
        ("/part", &[("range", "bytes=2-4")], part),
        (
            "/stale",
            &[],
            reply(200)
                .control("max-age=1, stale-while-revalidate=9, stale-if-error=60, no-cache=\"x-a\"")
                .field("x-a", "b")
                .field("last-modified", "Sun, 06 Nov 1994 08:00:00 GMT")
                .body("old"),
        ),
    ] {
        talk.origin.will(reply);
        let mut asked = get(path, fields);
        asked.extensions_mut().insert(Tags::new(["one", "two"]));
        talk.send(asked).await;
    }
    talk.origin.will(fresh("").field("content-length", "5"));
    talk.send(request(Method::HEAD, "/head", &[])).await;
    assert_eq!(talk.handle.len(), 7);
    let octets = written(&talk.handle);
    (talk, octets)
}

/// Does with it all that can be done.
async fn used(talk: &Conversation, octets: &[u8]) {
    let handle = &talk.handle;
    let Ok(report) = handle.restore(octets) else {
        return;
    };
    assert_eq!(report.responses(), handle.len());
    talk.origin
        .answers(|_| reply(200).control("no-store").body("new"));
    for round in 0..2 {
        for info in handle.entries() {
            let _ = format!("{info:?} {:?} {:?}", info.fields(), info.partition());
            let _ = (info.uri(), info.age(), info.fresh_for(), info.size());
            let _ = (info.tags().count(), info.vary().count(), info.body_len());
        }
        for path in [
            "/trailers",
            "/vary",
            "/user",
            "/none",
            "/part",
            "/stale",
            "/head",
        ] {
            for fields in [
                &[][..],
                &[("accept", "a"), ("authorization", "Basic x")],
                &[("range", "bytes=3-"), ("authorization", "Basic x")],
                &[("range", "bytes=0-1,2-3,-1")],
                &[("cache-control", "max-stale"), ("if-none-match", "*")],
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let asked = || request(method.clone(), path, fields);
                    let _ = format!("{} {:?}", handle.explain(&asked()), handle.peek(&asked()));
                    let mut cached = asked();
                    cached.extensions_mut().insert(CacheMode::ForceCache);
                    if let Ok(response) = talk.start(cached).await {
                        let _ = support::Answer::read(response).await;
                    }
                }
            }
        }
        let again = another(talk, set);
        let copied = again
            .handle
            .restore(&*written(handle))
            .expect("it was written here");
        assert!(copied.is_whole());
        talk.clock.advance(2);
        if round == 0 {
            handle.expire(Selector::all());
        }
    }
    assert!(handle.bytes() <= handle.capacity());
    handle.remove_expired();
    handle.purge(Selector::older_than(Duration::from_secs(3)).and(Selector::tag("one")));
    handle.purge(Selector::prefix(&Uri::from_static("http://o.test/p")));
    handle.purge(Selector::origin(&Uri::from_static("http://o.test")));
    handle.set_capacity(2000);
    assert!(handle.bytes() <= 2000);
    handle.clear();
    assert!(handle.is_empty() && handle.bytes() == 0);
}

/// Something else at a place.
fn changed(octets: &mut Vec<u8>, at: usize, how: u8) {
    let at = at % octets.len();
    let end = (at + 8).min(octets.len());
    let numbers = [
        u64::MAX,
        u64::MAX / 2,
        1 << 63,
        0,
        1 << 32,
        253_402_300_800,
        304,
        206,
        101,
        204,
        2,
    ];
    match how {
        0..11 => octets[at..end].copy_from_slice(&numbers[how as usize].to_le_bytes()[..end - at]),
        11 => octets[at] ^= 1,
        12 => octets[at] = octets[at].wrapping_add(1),
        13 => drop(octets.drain(at..end)),
        _ => {
            let piece = octets[at..end].to_vec();
            octets.splice(at..at, piece);
        }
    }
}

/// The frames of a snapshot in this order, each changed so.
fn changed_in(octets: &[u8], order: &[usize], change: impl Fn(usize, &mut Vec<u8>)) -> Vec<u8> {
    let places = frames(octets);
    let mark = &octets[OPENING..OPENING + 16];
    let mut all = octets[..OPENING].to_vec();
    for (number, place) in (0..).zip(order) {
        let mut image = octets[places[*place] + HEAD..places[place + 1] - CHECKSUM].to_vec();
        change(*place, &mut image);
        all.extend(frame(mark, number, &image));
    }
    all
}

/// A number beyond all measure, wherever there may be one.
#[tokio::test(start_paused = true)]
async fn however_large_a_number_is_it_breaks_nothing() {
    let (talk, octets) = of_each_kind().await;
    let order: Vec<_> = (0..7).collect();
    let longest = frames(&octets)
        .windows(2)
        .map(|ends| ends[1] - ends[0])
        .max();
    for at in 0..longest.expect("there are seven") {
        let all = changed_in(&octets, &order, |_, image| changed(image, at, 0));
        used(&another(&talk, set), &all).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_a_snapshot_says_it_breaks_nothing(
        changes in prop::collection::vec(prop::collection::vec((any::<usize>(), 0..15_u8), 1..3), 7),
        order in Just((0..7_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (talk, octets) = of_each_kind().await;
            let all = changed_in(&octets, &order, |place, image| {
                for (at, how) in &changes[place] {
                    changed(image, *at, *how);
                }
            });
            used(&another(&talk, set), &all).await;
        });
    }
}
