//! Promise 1, in whatever order things happen.

mod origin;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use support::{Clock, OriginBody, OriginError, request};
use tokio::sync::oneshot;
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheBody, CacheHandle, CacheLayer, Mode, Selector, StoredInfo, Tags};

use self::origin::{Asked, answer};
use crate::tasks::Tasks;

const URIS: [&str; 3] = ["http://o.test/a", "http://o.test/b", "http://o.test/b?c"];
const CAPACITY: usize = 8 * 1024;

type Answer = Result<Response<CacheBody<OriginBody>>, OriginError>;
type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// Numbers that look random and are the same each time: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        (!from.is_empty()).then(|| from.swap_remove(self.below(from.len())))
    }
}

/// For each URI the number of the last request that a clear, or an unsafe request, came after.
type Marks = [usize; URIS.len()];

/// A request, and what it must not be answered with.
struct Open {
    uri: usize,
    is_post: bool,
    is_sent: bool,
    cleared: usize,
    changed: usize,
    state: State,
}

enum State {
    Head(Answering),
    Body(usize, String, CacheBody<OriginBody>),
}

struct Scene {
    random: Random,
    asked: Arc<Mutex<Asked>>,
    tasks: Tasks,
    clock: Clock,
    handle: CacheHandle,
    send: Box<dyn FnMut(Request<Empty<Bytes>>) -> Answering>,
    open: Vec<Open>,
    cleared: Marks,
    changed: Marks,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let asked = Arc::<Mutex<Asked>>::default();
        let (tasks, clock) = (Tasks::default(), Clock::default());
        let layer = CacheLayer::background(tasks.clone())
            .clock(clock.clone())
            .capacity(CAPACITY);
        let handle = layer.handle();
        let origin = asked.clone();
        let mut client = layer.layer(service_fn(move |request: Request<Empty<Bytes>>| {
            let mut asked = origin.lock().expect("no panic");
            let response = answer(&mut asked, &request);
            let (gate, opened) = oneshot::channel();
            asked.heads.push(gate);
            async move {
                opened.await.map_err(|_| OriginError("gone"))?;
                Ok(response)
            }
        }));
        Self {
            random: Random(seed),
            asked,
            tasks,
            clock,
            handle,
            send: Box::new(move |request| Box::pin(client.call(request))),
            open: Vec::new(),
            cleared: Marks::default(),
            changed: Marks::default(),
        }
    }

    fn count(&self) -> usize {
        self.asked.lock().expect("no panic").count
    }

    fn step(&mut self) {
        let uri = self.random.below(URIS.len());
        match self.random.below(1000) {
            0..200 if self.open.len() < 8 => self.start(Method::GET, uri),
            200..205 => self.start(Method::POST, uri),
            205..350 => self.answer_head(),
            350..550 => self.send_frame(),
            550..560 => {
                let gone = self.random.take(&mut self.open);
                self.give_up(gone);
            }
            560..620 => self.work(),
            620..625 => self.clock.advance(3),
            625..627 => self.switch(),
            627..631 => self.handle.enable(),
            631 => self.clear(),
            632..640 => self.purge(uri),
            640..646 => self.expire(uri),
            646 => drop(self.handle.remove_expired()),
            _ => self.read_on(),
        }
        let held = self.handle.bytes() + self.handle.stats().recording();
        assert!(held <= CAPACITY, "{held}");
    }

    fn clear(&mut self) {
        let asked = self.count();
        if self.handle.is_enabled() {
            self.handle.clear();
        } else {
            self.handle.disable_and_clear();
        }
        self.cleared = [asked; URIS.len()];
    }

    fn purge(&mut self, uri: usize) {
        let asked = self.count();
        let (selector, are_meant) = self.selector(uri);
        self.handle.purge(selector);
        for uri in are_meant {
            self.cleared[uri] = asked;
        }
    }

    /// What has expired is answered with after the origin was asked about it.
    fn expire(&mut self, uri: usize) {
        let asked = self.count();
        let (selector, are_meant) = self.selector(uri);
        self.handle.expire(selector);
        for uri in are_meant {
            self.changed[uri] = asked;
        }
    }

    /// A selector that means this URI, and which it means at least.
    fn selector(&mut self, uri: usize) -> (Selector, Vec<usize>) {
        let of = Uri::from_static(URIS[uri]);
        let path = of.path().to_owned();
        let below = |other: &usize| Uri::from_static(URIS[*other]).path() == path;
        let all = 0..URIS.len();
        match self.random.below(8) {
            0 => (Selector::origin(&of), all.collect()),
            1 => (Selector::prefix(&of), all.filter(below).collect()),
            2 => (Selector::any_tag(["other", URIS[uri]]), vec![uri]),
            3 => {
                let is_meant = move |info: &StoredInfo| info.uri() == URIS[uri];
                (Selector::filter(is_meant), vec![uri])
            }
            4 => {
                let others = Selector::filter(move |info| info.uri() != URIS[uri]);
                (others.not(), vec![uri])
            }
            5 => {
                let tag = Selector::tag(URIS[uri]);
                (tag.and(Selector::since(SystemTime::UNIX_EPOCH)), vec![uri])
            }
            6 => (Selector::all(), all.collect()),
            _ => (Selector::uri(&of), vec![uri]),
        }
    }

    fn switch(&mut self) {
        let modes = [Mode::ReadOnly, Mode::Refresh, Mode::Bypass];
        let mode = modes[self.random.below(modes.len())];
        self.handle.set_mode(mode);
    }

    fn start(&mut self, method: Method, uri: usize) {
        let tokens: [&[_]; 3] = [
            &[],
            &[("authorization", "Bearer a")],
            &[("authorization", "Bearer b")],
        ];
        let is_post = method == Method::POST;
        let fields = tokens[self.random.below(tokens.len())];
        let mut request = request(method, URIS[uri], fields);
        request.extensions_mut().insert(Tags::new([URIS[uri]]));
        self.open.push(Open {
            uri,
            is_post,
            is_sent: false,
            cleared: self.cleared[uri],
            changed: self.changed[uri],
            state: State::Head((self.send)(request)),
        });
    }

    fn answer_head(&mut self) {
        let mut asked = self.asked.lock().expect("no panic");
        if let Some(gate) = self.random.take(&mut asked.heads) {
            // The request may have been given up.
            let _ = gate.send(());
        }
    }

    fn send_frame(&mut self) {
        let mut asked = self.asked.lock().expect("no panic");
        if let Some((mut rest, frames)) = self.random.take(&mut asked.bodies) {
            if let Some(data) = rest.pop_front() {
                frames.data(data);
                asked.bodies.push((rest, frames));
            } else if self.random.below(8) == 0 {
                frames.fail(OriginError("broken"));
            }
        }
    }

    fn work(&mut self) {
        let mut tasks = self.tasks.take();
        if let Some(mut task) = self.random.take(&mut tasks) {
            if task.as_mut().now_or_never().is_none() {
                tasks.push(task);
            }
        }
        tasks.into_iter().for_each(|task| self.tasks.put(task));
    }

    fn give_up(&mut self, gone: Option<Open>) {
        let asked = self.count();
        if let Some(open) = gone {
            if open.is_post && open.is_sent {
                self.changed[open.uri] = asked;
            }
        }
    }

    fn read_on(&mut self) {
        let Some(mut open) = self.random.take(&mut self.open) else {
            return;
        };
        match &mut open.state {
            State::Head(answering) => {
                let answer = answering.as_mut().now_or_never();
                open.is_sent = true;
                match answer {
                    None => self.open.push(open),
                    Some(Ok(response)) if !open.is_post => {
                        let asked = response.headers()["asked"].to_str().expect("a number");
                        let asked = asked.parse().expect("a number");
                        let body = response.into_body();
                        open.state = State::Body(asked, String::new(), body);
                        self.open.push(open);
                    }
                    Some(_) => self.give_up(Some(open)),
                }
            }
            State::Body(asked, text, body) => match body.frame().now_or_never() {
                Some(Some(Ok(frame))) => {
                    let data = frame.into_data().expect("content");
                    text.push_str(std::str::from_utf8(&data).expect("digits"));
                    self.open.push(open);
                }
                Some(None) => {
                    let made: usize = text.parse().expect("a whole number");
                    assert!(made > open.cleared, "{made}, cleared at {}", open.cleared);
                    assert!(
                        *asked > open.changed,
                        "{asked}, changed at {}",
                        open.changed
                    );
                }
                Some(Some(Err(_))) => {}
                None => self.open.push(open),
            },
        }
    }
}

/// Promise 1, 9111-7-1, 9111-4.4-1, C-59: a request is never answered with a body that the origin was
/// asked for before a clear, or a purge that means it, had returned, nor with one that it was last asked about before an
/// expiry had, or an unsafe request was answered; whatever the mode is meanwhile. A million steps.
#[test]
fn no_request_is_answered_with_what_was_asked_for_before_it_was_cleared() {
    for seed in 1..=40 {
        let mut scene = Scene::new(seed);
        for _ in 0..25_000 {
            scene.step();
        }
        let stats = scene.handle.stats();
        for (what, count) in [
            ("hits", stats.hits()),
            ("validated", stats.validated()),
            ("stored", stats.stores()),
            ("evictions", stats.evictions()),
        ] {
            assert!(count > 0, "{what}: {count} with {seed}");
        }
        scene.open.clear();
        drop(scene.tasks.take());
        let left = (
            scene.handle.stats().recording(),
            scene.handle.clear().in_flight(),
        );
        assert_eq!(left, (0, 0), "seed {seed}");
    }
}
