//! What would be done with a request, and why.

mod steps;
mod words;

use std::fmt;

use crate::cache_status::{Forward, Outcome};
use crate::info::{PartitionId, StoredInfo};
use crate::mode::{CacheMode, Mode};

/// What would be done with a request now: see [`CacheHandle::explain`](crate::CacheHandle::explain).
///
/// [`Display`](fmt::Display) prints it line by line. Nothing in it is secret but what the response itself says, and the
/// query of the URI; [`Debug`] prints neither.
///
/// ```
/// use http::Request;
/// use tower_client_cache::{CacheLayer, Forward, Verdict};
///
/// let handle = CacheLayer::new().handle();
/// let explained = handle.explain(&Request::get("https://example.com/news").body(())?);
/// assert_eq!(explained.verdict(), Verdict::Forward(Forward::UriMiss));
/// for step in explained.steps() {
///     println!("{} ({})", step.text(), step.section()); // or all of it: println!("{explained}")
/// }
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone)]
pub struct Explanation {
    uri: Option<String>,
    partition: Option<PartitionId>,
    mode: Mode,
    request_mode: CacheMode,
    stored: Option<StoredInfo>,
    verdict: Verdict,
    steps: Vec<Step>,
}

/// What would be done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It would be answered with the stored response.
    Reuse,
    /// It would be answered with the stored response, which is stale, and that would be validated in the background;
    /// where there is none, or no validation may run now, the origin would be asked first, or nobody (RFC 5861 §3).
    ReuseAndValidate,
    /// The origin would be asked whether the stored response is still good, for this reason (RFC 9111 §4.3).
    Validate(Forward),
    /// It would be forwarded, for this reason.
    Forward(Forward),
    /// Its content would be read first, since it is part of the key (RFC 10008 §2.7): what would be done then is not
    /// known here.
    ReadContent,
    /// It would be answered with 504: the origin may not be asked. [`Outcome::Unsatisfiable`] says that the request does
    /// not allow it, [`Outcome::Offline`] that the cache's mode does not.
    Refuse(Outcome),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reuse => f.write_str("answer with the stored response"),
            Self::ReuseAndValidate => {
                f.write_str("answer with the stored response, and validate it in the background")
            }
            Self::Validate(reason) => {
                write!(f, "ask the origin whether it is still good ({reason})")
            }
            Self::Forward(reason) => write!(f, "forward it ({reason})"),
            Self::ReadContent => f.write_str("read its content first"),
            Self::Refuse(_) => f.write_str("answer 504"),
        }
    }
}

/// One of the steps by which it comes to that. [`Debug`] leaves the query of a URI out.
#[derive(Clone, PartialEq, Eq)]
pub struct Step {
    section: &'static str,
    text: String,
    /// The text without what may be a secret, where there is such.
    redacted: Option<String>,
}

impl Step {
    /// Where the standard says so, such as `RFC 9111 §4.2.3`; or what of this crate does.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.section
    }

    /// What is so, in words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("section", &self.section)
            .field("text", self.redacted.as_ref().unwrap_or(&self.text))
            .finish()
    }
}

impl Explanation {
    /// The URI that it would be looked for by, as it stands in the cache key; `None` where it would not be.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// Whose responses would be looked at, where these are not for everybody.
    #[must_use]
    pub fn partition(&self) -> Option<PartitionId> {
        self.partition
    }

    /// The cache's mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The request's own.
    #[must_use]
    pub fn request_mode(&self) -> CacheMode {
        self.request_mode
    }

    /// The stored response that it selects.
    #[must_use]
    pub fn stored(&self) -> Option<&StoredInfo> {
        self.stored.as_ref()
    }

    /// What would be done.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// How it comes to that, in this order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        for Step { section, text, .. } in &self.steps {
            writeln!(f, "  {section:<17}  {text}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("verdict", &self.verdict)
            .field("mode", &self.mode)
            .field("request_mode", &self.request_mode)
            .field("stored", &self.stored)
            .finish_non_exhaustive()
    }
}
