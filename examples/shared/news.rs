//! The other side of `clear_the_cache`: an origin, and a proxy before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use tokio::sync::Notify;
use tower::ServiceExt;
use tower_client_cache::{CacheLayer, CacheStatus};

use crate::shared::{Error, Server};
use crate::{Session, new_session};

/// An origin that has the news, and sees which requests reach it.
pub(crate) struct News {
    pub(crate) server: Server,
    pub(crate) desk: Arc<Desk>,
}

#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) edition: AtomicUsize,
    answers: AtomicUsize,
    pub(crate) is_asked: Notify,
    pub(crate) may_answer: Notify,
}

/// What has come of a request.
pub(crate) struct Seen {
    pub(crate) origin_was_asked: bool,
    pub(crate) cache: CacheStatus,
    /// The number of the origin's answer that the fields come from.
    pub(crate) answer: usize,
    pub(crate) body: String,
}

impl News {
    pub(crate) async fn start() -> Result<Self, Error> {
        let desk = Arc::new(Desk::default());
        desk.edition.store(1, Ordering::SeqCst);
        let asked = desk.clone();
        let server = Server::start(move |request| {
            let desk = asked.clone();
            async move { desk.answer(request).await }
        });
        Ok(Self {
            server: server.await?,
            desk,
        })
    }

    pub(crate) async fn get(&self, session: &Session) -> Result<Seen, Error> {
        self.send(session, Request::get(self.server.uri("/news")))
            .await
    }

    pub(crate) async fn send(
        &self,
        session: &Session,
        request: request::Builder,
    ) -> Result<Seen, Error> {
        let before = self.server.requests();
        let response = session.clone().oneshot(request.body(Empty::new())?).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = head.headers.get("x-answer").ok_or("no news")?;
        Ok(Seen {
            origin_was_asked: self.server.requests() > before,
            cache: *head.extensions.get().ok_or("there is no CacheStatus")?,
            answer: answer.to_str()?.parse()?,
            body: String::from_utf8(body.to_vec())?,
        })
    }
}

impl Desk {
    /// Answers with the edition, or with 304 where the client has it.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
        if request.uri().path() == "/held" {
            self.is_asked.notify_one();
            self.may_answer.notified().await;
        }
        let edition = self.edition.load(Ordering::SeqCst);
        let tag = format!("\"{edition}\"");
        let has_it = request.headers().get(header::IF_NONE_MATCH) == Some(&tag.parse()?);
        let answer = Response::builder()
            .header("cache-control", "max-age=60")
            .header("etag", tag)
            .header("x-answer", self.answers.fetch_add(1, Ordering::SeqCst) + 1);
        let answer = if has_it {
            answer
                .status(StatusCode::NOT_MODIFIED)
                .body(Full::default())
        } else {
            answer.body(Full::from(format!("edition {edition}")))
        };
        Ok(answer?)
    }
}

/// A server that asks another one, through a cache of its own.
pub(crate) async fn start_proxy(origin: String) -> Result<Server, Error> {
    let session = new_session(&CacheLayer::new());
    let server = Server::start(move |asked: Request<Incoming>| {
        let mut onward = Request::get(&origin);
        for (name, value) in asked.headers() {
            if name != header::HOST {
                onward = onward.header(name, value);
            }
        }
        let session = session.clone();
        async move { Ok(session.oneshot(onward.body(Empty::new())?).await?) }
    });
    Ok(server.await?)
}
