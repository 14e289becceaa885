//! Promise 1, for each verb of the handle and each stage that what it means may be at: a test for each pair.

use std::time::Duration;

use futures_util::FutureExt;
use http::{Method, Uri};
use support::{Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{CacheHandle, Invalidates, Selector, Tags};

use crate::{in_flight, text, until};

const CONTROL: &str = "max-age=60, stale-while-revalidate=60";

fn uri() -> Uri {
    Uri::from_static("http://o.test/a")
}

fn tag() -> Selector {
    Selector::tag("tag")
}

fn filter() -> Selector {
    Selector::filter(|info| info.fields().contains_key("meant"))
}

fn several() -> Selector {
    let old = Selector::older_than(Duration::from_secs(3600));
    Selector::prefix(&uri())
        .and(Selector::since(std::time::SystemTime::UNIX_EPOCH))
        .and(old.not())
}

/// What the verb leaves behind of what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Nothing,
    Stale,
}

struct Scene {
    talk: Conversation,
    verb: Verb,
    leaves: Leaves,
}

type Verb = fn(&Conversation);

impl Scene {
    fn new(verb: Verb, leaves: Leaves) -> Self {
        Self {
            talk: Conversation::default(),
            verb,
            leaves,
        }
    }

    fn asked() -> http::Request<http_body_util::Empty<bytes::Bytes>> {
        let mut asked = get("/a", &[]);
        asked.extensions_mut().insert(Tags::new(["tag"]));
        asked
    }

    fn reply(body: &'static str) -> Reply {
        reply(200)
            .control(CONTROL)
            .field("etag", "\"1\"")
            .field("meant", "1")
            .body(body)
    }

    /// Stores what is stale now.
    async fn store_stale(&self) {
        self.talk.origin.will(Self::reply("old"));
        self.talk.send(Self::asked()).await.assert_stored();
        self.talk.clock.advance(61);
    }

    fn act(&self) {
        (self.verb)(&self.talk);
    }

    /// Nothing older than the verb answers anybody; a new request is answered by the origin, and so is the next one by what
    /// that has brought.
    async fn ends(self) {
        until(|| in_flight(&self.talk.handle) == 0).await;
        let held = self.talk.handle.peek(&get("/a", &[]));
        match self.leaves {
            Leaves::Nothing => assert!(held.is_none(), "{held:?}"),
            Leaves::Stale => {
                let held = held.expect("it is kept, to be validated");
                assert!(held.is_stale(), "{held:?}");
            }
        }
        let calls = self.talk.origin.calls();
        self.talk.origin.will(Self::reply("new"));
        let new = self.talk.get("/a").await;
        assert_eq!((new.text(), self.talk.origin.calls()), ("new", calls + 1));
        assert_eq!(self.talk.get("/a").await.assert_hit().text(), "new");
    }

    async fn waiting_for_its_head(self) {
        let (gate, held) = Self::reply("late").held();
        self.talk.origin.will(held);
        let mut waiting = begun(self.talk.send(Self::asked()));
        self.act();
        gate.open();
        assert_eq!(
            (&mut waiting).await.text(),
            "late",
            "its caller still gets it"
        );
        self.ends().await;
    }

    async fn body_half_read(self) {
        let (frames, streamed) = Self::reply("").streamed();
        frames.data("half");
        self.talk.origin.will(streamed);
        let response = self.talk.start(Self::asked()).await.expect("a head");
        let mut body = response.into_body();
        assert_eq!(text(&mut body), "half");
        self.act();
        frames.data(" more");
        drop(frames);
        assert_eq!(text(&mut body), " more", "a body is never cut");
        assert!(crate::frame(&mut body).is_none());
        self.ends().await;
    }

    async fn not_modified_on_its_way(self) {
        self.store_stale().await;
        let (gate, held) = reply(304).control(CONTROL).field("etag", "\"1\"").held();
        self.talk.origin.will(held);
        let mut asked = Self::asked();
        let no_cache = http::HeaderValue::from_static("no-cache");
        asked.headers_mut().insert("cache-control", no_cache);
        let mut waiting = begun(self.talk.send(asked));
        self.act();
        gate.open();
        assert_eq!(
            (&mut waiting).await.text(),
            "old",
            "its caller still gets it"
        );
        self.ends().await;
    }

    async fn background_validation(self) {
        for will in [
            reply(304).control(CONTROL).field("etag", "\"1\""),
            Self::reply("newer"),
        ] {
            let scene = Self::new(self.verb, self.leaves);
            scene.store_stale().await;
            let (gate, held) = will.held();
            scene.talk.origin.will(held);
            scene.talk.send(Self::asked()).await.assert_hit();
            until(|| scene.talk.origin.calls() == 2).await;
            scene.act();
            gate.open();
            scene.ends().await;
        }
    }

    async fn collapsed_group(self) {
        let (gate, held) = Self::reply("leader").held();
        self.talk.origin.will(held);
        let mut leader = begun(self.talk.send(Self::asked()));
        let mut waiter = begun(self.talk.send(Self::asked()));
        assert_eq!(self.talk.origin.calls(), 1);
        self.act();
        let calls = self.talk.origin.calls();
        let (own, held) = Self::reply("own").held();
        self.talk.origin.will(held);
        assert!((&mut waiter).now_or_never().is_none(), "it asks for itself");
        assert_eq!(self.talk.origin.calls(), calls + 1);
        gate.open();
        assert_eq!((&mut leader).await.text(), "leader");
        let held = self.talk.handle.peek(&get("/a", &[]));
        assert!(
            held.is_none_or(|held| held.is_stale()),
            "the leader was asked for before"
        );
        own.open();
        assert_eq!(
            (&mut waiter).await.text(),
            "own",
            "it was asked for afterwards"
        );
        assert_eq!(self.talk.get("/a").await.assert_hit().text(), "own");
        self.talk.handle.clear();
        let nothing = Self {
            leaves: Leaves::Nothing,
            ..self
        };
        nothing.ends().await;
    }

    async fn abandoned_body(self) {
        let (frames, streamed) = Self::reply("").streamed();
        frames.data("half");
        self.talk.origin.will(streamed);
        let response = self.talk.start(Self::asked()).await.expect("a head");
        let mut body = response.into_body();
        assert_eq!(text(&mut body), "half");
        drop(body);
        until(|| self.talk.handle.stats().in_flight() == 1).await;
        self.act();
        // Where nothing would come of it nobody reads it any more.
        frames.data(" more");
        drop(frames);
        self.ends().await;
    }
}

macro_rules! matrix {
    ($($name:ident: $leaves:ident, $verb:expr;)*) => {$(
        mod $name {
            use super::*;

            const VERB: Verb = $verb;

            matrix!(@stages $leaves,
                waiting_for_its_head
                body_half_read
                not_modified_on_its_way
                background_validation
                collapsed_group
                abandoned_body
            );
        }
    )*};
    (@stages $leaves:ident, $($stage:ident)*) => {$(
        #[tokio::test]
        async fn $stage() {
            Scene::new(VERB, Leaves::$leaves).$stage().await;
        }
    )*};
}

fn invalidate(talk: &Conversation, selector: Selector) {
    let mut post = request(Method::POST, "/elsewhere", &[]);
    post.extensions_mut().insert(Invalidates(selector));
    talk.origin.will(reply(204));
    let done = talk.send(post).now_or_never();
    assert_eq!(done.expect("no waiting").status, 204);
}

fn purge(handle: &CacheHandle, selector: impl Into<Selector>) {
    handle.purge(selector);
}

fn expire(handle: &CacheHandle, selector: impl Into<Selector>) {
    handle.expire(selector);
}

matrix! {
    clear: Nothing, |talk| {
        talk.handle.clear();
    };
    disable_and_clear: Nothing, |talk| {
        talk.handle.disable_and_clear();
        talk.handle.enable();
    };
    purge_uri: Nothing, |talk| purge(&talk.handle, &uri());
    purge_request: Nothing, |talk| purge(&talk.handle, Selector::request(&get("/a", &[])));
    purge_origin: Nothing, |talk| purge(&talk.handle, Selector::origin(&uri()));
    purge_tag: Nothing, |talk| purge(&talk.handle, tag());
    purge_filter: Nothing, |talk| purge(&talk.handle, filter());
    purge_several: Nothing, |talk| purge(&talk.handle, several());
    purge_all: Nothing, |talk| purge(&talk.handle, Selector::all());
    invalidates: Nothing, |talk| invalidate(talk, tag());
    expire_uri: Stale, |talk| expire(&talk.handle, &uri());
    expire_tag: Stale, |talk| expire(&talk.handle, tag());
    expire_filter: Stale, |talk| expire(&talk.handle, filter());
    expire_several: Stale, |talk| expire(&talk.handle, several().or(tag()));
}
