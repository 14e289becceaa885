//! What it is told on its command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Uri};
use tower_client_cache::CacheMode;

/// Gets URLs through a cache, and says what the cache did.
///
/// Each request is one line: status, what the cache did in the words of RFC 9211, time until the head was there, time in
/// all, octets of the content, URL. A redirect is followed, and is a line of its own. It ends with 0 where all URLs were
/// answered, whatever the status; with 1 where one was not; with 2 where the arguments are wrong; with 130 where it was
/// interrupted, and 141 where nobody reads on.
#[derive(Parser)]
#[command(name = "fetch", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to get, one after the other
    #[arg(value_name = "URL", required = true, value_parser = url)]
    pub(crate) urls: Vec<Uri>,

    /// How often to get each
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,

    /// How the cache is to be used: Fetch's cache modes, or offline
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) mode: Mode,

    /// Say before each request what will be done, and why
    #[arg(long)]
    pub(crate) explain: bool,

    /// Keep the cache in this file between runs; what has to do with credentials is not written there
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,

    /// A field of the request, as 'name: value'; may be given several times
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = field)]
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,

    /// Write the content to this file; with '-' to standard output, and what is said to standard error
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Seconds to wait for a head, and then for each piece of the content
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
}

const EXAMPLES: &str = "\
Examples:
  fetch --repeat 2 https://www.rust-lang.org/
  fetch --store news.cache --explain https://example.com/news
  fetch --store news.cache --mode offline https://example.com/news";

/// How the cache is to be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As the rules have it
    #[default]
    Default,
    /// Neither look at what is stored nor store anything
    NoStore,
    /// Do not look at what is stored, and store the answer
    Reload,
    /// Validate what is stored, fresh or not
    NoCache,
    /// Take what is stored, however stale; ask the origin where nothing is
    ForceCache,
    /// Take what is stored, however stale; 504 where nothing is
    OnlyIfCached,
    /// The cache as a whole asks nobody: what is stored, or 504
    Offline,
}

impl Arguments {
    /// What it was told. Where that is wrong, or help is asked for, this says so and ends the process.
    pub(crate) fn read() -> Self {
        let arguments = Self::parse();
        if arguments.output.is_some() && arguments.urls.len() > 1 {
            let error = "'--output' is for the content of one URL";
            Self::command()
                .error(ErrorKind::ArgumentConflict, error)
                .exit();
        }
        if arguments.has_one_file() {
            let error = "'--output' and '--store' are one file";
            Self::command()
                .error(ErrorKind::ArgumentConflict, error)
                .exit();
        }
        arguments
    }

    /// Whether the content would take the place of the cache.
    fn has_one_file(&self) -> bool {
        let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let files = self.output.as_ref().zip(self.store.as_ref());
        !self.is_output_standard()
            && files.is_some_and(|(output, store)| real(output) == real(store))
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// Whether the content is written to standard output, so that nothing else is.
    pub(crate) fn is_output_standard(&self) -> bool {
        self.output.as_deref() == Some(Path::new("-"))
    }
}

impl Mode {
    /// Of each request.
    pub(crate) fn of_requests(self) -> CacheMode {
        match self {
            Self::Default | Self::Offline => CacheMode::Default,
            Self::NoStore => CacheMode::NoStore,
            Self::Reload => CacheMode::Reload,
            Self::NoCache => CacheMode::NoCache,
            Self::ForceCache => CacheMode::ForceCache,
            Self::OnlyIfCached => CacheMode::OnlyIfCached,
        }
    }
}

fn url(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            Err("credentials go into a field: -H 'authorization: …'".to_owned())
        }
        (Some("http" | "https"), Some(authority)) if !has_port(authority) => {
            Err("its port is no number from 1 to 65535".to_owned())
        }
        (Some("http" | "https"), Some(_)) => Ok(uri),
        _ => Err("it begins with neither http:// nor https://".to_owned()),
    }
}

/// Whether what stands for a port, if anything does, is one.
fn has_port(authority: &Authority) -> bool {
    let written = &authority.as_str()[authority.host().len()..];
    written.len() < 2 || authority.port_u16().is_some_and(|port| port > 0)
}

fn field(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("there is no colon in it")?;
    let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
    let value = HeaderValue::try_from(value.trim()).map_err(|error| error.to_string())?;
    if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
        return Err("a request without content has no such field".to_owned());
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clap_makes_of_it_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_url_is_absolute_and_without_credentials() {
        for text in [
            "http://example.com",
            "https://[::1]:8443/a?b#c",
            "http://[::1]/",
            "http://example.com:/",
            "http://example.com:65535/",
        ] {
            assert!(url(text).is_ok(), "{text}");
        }
        let wrong = [
            "",
            "/a",
            "example.com",
            "ftp://example.com/",
            "http://",
            "http://a b/",
            "https://u:p@example.com/",
            // hyper would take the port of the scheme.
            "http://example.com:65536/",
            "http://example.com:0/",
            "http://[::1]:99999/",
        ];
        for text in wrong {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_field_has_a_name_and_a_value() {
        let (name, value) = field("Accept:  text/html ").unwrap();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("accept", &b"text/html"[..])
        );
        assert!(field("x-empty:").unwrap().1.is_empty());
        let wrong = [
            "accept",
            ": a",
            "a b: c",
            "a: b\r\nc: d",
            "Content-Length: 5",
            "transfer-encoding: chunked",
        ];
        for text in wrong {
            assert!(field(text).is_err(), "{text}");
        }
    }
}
