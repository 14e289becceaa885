//! What happens while something is put back is held against it.

use std::io::{self, Read};
use std::time::Duration;

use http::{Method, Uri};
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheHandle, Mode, Rule, Selector, Tags};

use super::{another, fresh, written};

/// Does something when what comes after the opening is asked for.
struct Meanwhile<'a, F> {
    opening: &'a [u8],
    rest: &'a [u8],
    act: Option<F>,
}

impl<F: FnOnce()> Read for Meanwhile<'_, F> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        if !self.opening.is_empty() {
            return self.opening.read(octets);
        }
        if let Some(act) = self.act.take() {
            act();
        }
        self.rest.read(octets)
    }
}

type Act = fn(&CacheHandle);

fn uri() -> Uri {
    Uri::from_static("http://o.test/a")
}

async fn stored() -> (Conversation, Vec<u8>) {
    let talk = Conversation::default();
    talk.origin.will(fresh("old").field("etag", "\"1\""));
    let mut asked = get("/a", &[]);
    asked.extensions_mut().insert(Tags::new(["news"]));
    talk.send(asked).await.assert_stored();
    let octets = written(&talk.handle);
    (talk, octets)
}

/// Promises 1 and 2
#[tokio::test]
async fn what_is_removed_or_forbidden_meanwhile_is_not_put_back() {
    let (talk, octets) = stored().await;
    let acts: [(&str, Act); 12] = [
        ("clear", |handle| {
            handle.clear();
        }),
        ("uri", |handle| {
            handle.purge(&uri());
        }),
        ("tag", |handle| {
            handle.purge(Selector::tag("news"));
        }),
        ("origin", |handle| {
            handle.purge(Selector::origin(&uri()));
        }),
        ("prefix", |handle| {
            handle.purge(Selector::prefix(&uri()));
        }),
        ("filter", |handle| {
            handle.purge(Selector::filter(|info| info.body_len() == 3));
        }),
        ("all but", |handle| {
            handle.purge(!Selector::tag("other"));
        }),
        ("request", |handle| {
            handle.purge(Selector::request(&get("/a", &[])));
        }),
        ("keys", |handle| {
            handle.set_rules([Rule::new().ignore_query(["x"])]);
        }),
        ("read only", |handle| handle.set_mode(Mode::ReadOnly)),
        ("disabled", CacheHandle::disable),
        ("no room", |handle| handle.set_capacity(100)),
    ];
    for (what, act) in acts {
        let other = another(&talk, |layer| layer);
        let (opening, rest) = octets.split_at(super::damaged::OPENING);
        let act = Some(|| act(&other.handle));
        let reader = Meanwhile { opening, rest, act };
        let report = other.handle.restore(reader).expect("a snapshot");
        assert_eq!((report.responses(), report.refused()), (0, 1), "{what}");
        assert!(other.handle.is_empty(), "{what}");
    }
}

/// It was received when it says, and not when it is put back.
#[tokio::test]
async fn what_was_received_before_is_put_back_though_what_has_come_since_is_purged() {
    let (talk, octets) = stored().await;
    let other = another(&talk, |layer| layer);
    let (opening, rest) = octets.split_at(super::damaged::OPENING);
    let received = talk.handle.entries().next().unwrap().response_time();
    for (later, restored) in [(1, 1), (0, 0)] {
        other.handle.clear();
        other.clock.advance(10);
        let act = Some(|| {
            other
                .handle
                .purge(Selector::since(received + Duration::from_secs(later)));
        });
        let reader = Meanwhile { opening, rest, act };
        let report = other.handle.restore(reader).expect("a snapshot");
        assert_eq!(report.responses(), restored, "{later}");
    }
}

#[tokio::test]
async fn what_is_expired_meanwhile_is_put_back_stale() {
    let (talk, octets) = stored().await;
    let other = another(&talk, |layer| layer);
    let (opening, rest) = octets.split_at(super::damaged::OPENING);
    let act = Some(|| {
        other.handle.expire(Selector::tag("news"));
    });
    let report = other.handle.restore(Meanwhile { opening, rest, act });
    assert_eq!(report.expect("a snapshot").responses(), 1);
    let info = other.handle.entries().next().expect("it is stored");
    assert!(info.is_stale());
    other.origin.will(reply(304));
    other.get("/a").await.assert_validated();
}

/// 9111-4.4-1
#[tokio::test]
async fn what_is_made_wrong_meanwhile_is_not_put_back() {
    let (talk, octets) = stored().await;
    let other = another(&talk, |layer| layer);
    let (opening, rest) = octets.split_at(super::damaged::OPENING);
    let act = Some(|| {
        other.origin.will(reply(204));
        let deleted = other.send(request(Method::DELETE, "/a", &[]));
        futures_executor::block_on(deleted);
    });
    let report = other.handle.restore(Meanwhile { opening, rest, act });
    assert_eq!(report.expect("a snapshot").refused(), 1);
    assert!(other.handle.is_empty());
}

/// Promise 2: of the modes at the beginning and in the end the stricter counts.
#[tokio::test]
async fn what_is_begun_where_storing_is_forbidden_is_not_put_back() {
    let (talk, octets) = stored().await;
    for mode in [Mode::ReadOnly, Mode::Bypass] {
        let other = another(&talk, |layer| layer);
        let (opening, rest) = octets.split_at(super::damaged::OPENING);
        let held = other.handle.hold(mode);
        let act = Some(|| drop(held));
        let report = other.handle.restore(Meanwhile { opening, rest, act });
        assert_eq!(report.expect("a snapshot").refused(), 1, "{mode}");
        assert!(other.handle.is_empty(), "{mode}");
    }
}
