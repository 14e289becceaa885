//! What is meant, whatever the cache.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Uri};

use super::Selector;
use crate::info::StoredInfo;
use crate::target::Target;

/// What is meant, whatever the cache.
#[derive(Clone)]
pub(super) enum Meaning {
    Nothing,
    All,
    /// In its normal form, and so without userinfo.
    Uri(Uri),
    Request(Arc<Request<()>>),
    /// The same as for a URI.
    Prefix(Uri),
    Origin(Box<[u8]>),
    Partition(Arc<[u8]>),
    Tags(Arc<[Box<str>]>),
    OlderThan(Duration),
    Since(SystemTime),
    Stale,
    /// Stale beyond use.
    Spent,
    Filter(Filter),
    Every(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

pub(super) type Filter = Arc<dyn Fn(&StoredInfo) -> bool + Send + Sync>;

impl From<Meaning> for Selector {
    fn from(meaning: Meaning) -> Self {
        Self { meaning }
    }
}

/// Without queries, which may be secrets of their own, and without anything else that may be.
impl fmt::Debug for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = |uri: &Uri| {
            let uri = uri.to_string();
            let (uri, query) = uri
                .split_once('?')
                .map_or((&*uri, ""), |(uri, _)| (uri, "?.."));
            format!("{uri}{query}")
        };
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::All => f.write_str("all"),
            Self::Uri(of) => f.write_str(&uri(of)),
            Self::Request(request) => {
                let (method, of) = (request.method(), Target::of_uri(request.uri()));
                let path = of.map(|of| of.without_query().to_text());
                write!(f, "{method} {}", path.as_deref().unwrap_or(".."))
            }
            Self::Prefix(of) => write!(f, "below {}", uri(of)),
            Self::Origin(origin) => write!(f, "all of {}", String::from_utf8_lossy(origin)),
            Self::Partition(_) => f.write_str("a partition"),
            Self::Tags(tags) => {
                f.write_str("tagged ")?;
                f.debug_list().entries(&**tags).finish()
            }
            Self::OlderThan(age) => write!(f, "older than {age:?}"),
            Self::Since(time) => write!(f, "since {time:?}"),
            Self::Stale => f.write_str("stale"),
            Self::Spent => f.write_str("spent"),
            Self::Filter(_) => f.write_str("filter"),
            Self::Every(every) => f.debug_tuple("And").field(every).finish(),
            Self::Any(any) => f.debug_tuple("Or").field(any).finish(),
            Self::Not(meaning) => f.debug_tuple("Not").field(meaning).finish(),
        }
    }
}
