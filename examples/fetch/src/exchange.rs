//! One request, and what comes of it.

use std::fs::File;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use tower::ServiceExt;
use tower_client_cache::CacheMode;

use crate::client::{Body, Client};
use crate::progress::Progress;
use crate::report::Report;
use crate::trail::Trail;

/// Some sites do not answer those who do not say who they are.
const NAME: HeaderValue = HeaderValue::from_static("fetch (tower-client-cache)");

/// How requests are made, and where what they get goes.
pub(crate) struct Exchange {
    pub(crate) client: Client,
    pub(crate) mode: CacheMode,
    pub(crate) fields: HeaderMap,
    pub(crate) output: Option<PathBuf>,
    pub(crate) report: Report,
}

/// The fields of each request: these, and a name.
pub(crate) fn fields(given: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in given {
        fields.append(name, value.clone());
    }
    fields.entry(USER_AGENT).or_insert(NAME);
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
        let last = hops.pop().context("no request was made")?;
        for hop in &hops {
            self.report.redirected(hop)?;
        }
        let result = match answer {
            Ok(response) => self.read(response).await,
            Err(error) => Err(Error::from_boxed(error)),
        };
        match result {
            Ok(octets) => self.report.finished(&last, last.began.elapsed(), octets),
            Err(error) if hops.is_empty() => Err(error.context(uri.to_string())),
            Err(error) => Err(error.context(format!("{uri}: redirected to {}", last.uri))),
        }
    }

    /// How many octets there were.
    async fn read(&self, response: Response<Body>) -> anyhow::Result<u64> {
        let (head, mut body) = response.into_parts();
        let mut output = Output::to(self.output.as_deref())?;
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
            output.write(&data)?;
            octets += data.len() as u64;
            progress.add(data.len() as u64);
        }
        output.finish()?;
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
    fn to(path: Option<&'a Path>) -> anyhow::Result<Self> {
        match path {
            None => Ok(Self::Nowhere),
            Some(path) if path == Path::new("-") => Ok(Self::Standard),
            Some(path) => {
                let file = File::create(path).with_context(|| path.display().to_string())?;
                Ok(Self::File(file, path))
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Standard => stdout().write_all(data).map_err(standard),
            Self::File(file, path) => file
                .write_all(data)
                .with_context(|| path.display().to_string()),
        }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Standard => stdout().flush().map_err(standard),
            Self::Nowhere | Self::File(..) => Ok(()),
        }
    }
}

fn standard(error: io::Error) -> Error {
    Error::new(error).context("standard output")
}
