//! One request, and what comes of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;
use tower_client_cache::CacheMode;

use crate::client::{Body, Client};
use crate::progress::Progress;
use crate::report::Report;
use crate::stream::{Stream, Unwritten};
use crate::trail::Trail;

/// Some sites do not answer those who do not say who they are.
const NAME: HeaderValue = HeaderValue::from_static("fetch (tower-client-cache)");

const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// How requests are made, and where what they get goes.
pub(crate) struct Exchange {
    pub(crate) client: Client,
    pub(crate) mode: CacheMode,
    pub(crate) fields: HeaderMap,
    pub(crate) output: Option<PathBuf>,
    pub(crate) report: Report,
}

/// The fields of each request: these, and a name. A part is asked for as it is, since what is a part of something compressed
/// cannot be decompressed.
pub(crate) fn fields(given: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in given {
        fields.append(name, value.clone());
    }
    fields.entry(USER_AGENT).or_insert(NAME);
    if fields.contains_key(RANGE) {
        fields.entry(ACCEPT_ENCODING).or_insert(IDENTITY);
    }
    fields
}

impl Exchange {
    /// Gets what is there, reads it to its end, and says so.
    ///
    /// # Errors
    ///
    /// What has gone wrong, with its causes, and the URL first. What went well before that was said.
    pub(crate) async fn get(&self, uri: &Uri) -> anyhow::Result<()> {
        let trail = Trail::default();
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = self.fields.clone();
        request.extensions_mut().insert(self.mode);
        request.extensions_mut().insert(trail.clone());

        let answer = self.client.clone().oneshot(request).await;
        let mut hops = trail.take();
        let answer = answer.map_err(|error| match error.downcast::<Unwritten>() {
            Ok(unwritten) => Error::new(*unwritten),
            Err(error) => Error::from_boxed(error),
        });
        let Some(last) = hops.pop() else {
            let asked = answer.map(|_| ());
            return asked.and_then(|()| bail!("no request was made"));
        };
        for hop in &hops {
            self.report.redirected(hop).await?;
        }
        let result = match answer {
            Ok(response) => self.read(response).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(octets) => {
                let all = last.began.elapsed();
                Ok(self.report.finished(&last, all, octets).await?)
            }
            Err(error) if hops.is_empty() => Err(error.context(uri.to_string())),
            Err(error) => Err(error.context(format!("{uri}: redirected to {}", last.uri))),
        }
    }

    /// How many octets there were.
    async fn read(&self, response: Response<Body>) -> anyhow::Result<u64> {
        let (head, mut body) = response.into_parts();
        let mut output = Output::to(self.output.as_deref()).await?;
        let mut progress = Progress::new(length(&head.headers));
        let mut octets = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Error::from_boxed(error)
                    .context(format!("the content broke off after {octets} octets"))
            })?;
            let Ok(data) = frame.into_data() else {
                continue; // trailers
            };
            let length = data.len() as u64;
            output.write(data).await?;
            octets += length;
            progress.add(length);
        }
        output.finish().await?;
        Ok(octets)
    }
}

/// Of the content, where it is known: what is decompressed has none.
fn length(fields: &HeaderMap) -> Option<u64> {
    fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Where the content goes.
enum Output<'a> {
    Nowhere,
    Standard,
    File(File, &'a Path),
}

impl<'a> Output<'a> {
    async fn to(path: Option<&'a Path>) -> anyhow::Result<Self> {
        match path {
            None => Ok(Self::Nowhere),
            Some(path) if path == Path::new("-") => Ok(Self::Standard),
            Some(path) => {
                let file = File::create(path).await;
                let file = file.with_context(|| path.display().to_string())?;
                Ok(Self::File(file, path))
            }
        }
    }

    async fn write(&mut self, data: Bytes) -> anyhow::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Standard => Ok(Stream::Output.write(data).await?),
            Self::File(file, path) => file
                .write_all(&data)
                .await
                .with_context(|| path.display().to_string()),
        }
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Nowhere | Self::Standard => Ok(()),
            Self::File(file, path) => file
                .flush()
                .await
                .with_context(|| path.display().to_string()),
        }
    }
}
