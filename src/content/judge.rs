//! What content has to be, to be part of a key.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};

use super::{Kind, METADATA};
#[cfg(feature = "grpc")]
use crate::grpc;

/// Says whether content is part of a key, and what else of the request is then.
#[derive(Clone, Default)]
pub(crate) enum Judge {
    /// Whatever it is: the request is safe.
    #[default]
    Any,
    /// Where the request is safe by what this says.
    If(Arc<SafeIf>),
    /// One message of gRPC, and beside what describes it this metadata.
    #[cfg(feature = "grpc")]
    Unary(Arc<[HeaderName]>),
}

type SafeIf = dyn Fn(&HeaderMap, &[u8]) -> bool + Send + Sync;

/// What content turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is part of the key.
    Key,
    /// It is not, and the request is safe all the same.
    #[cfg(feature = "grpc")]
    Safe,
    /// The request is not safe.
    Unsafe,
}

impl Judge {
    pub(crate) fn new(is_safe: impl Fn(&HeaderMap, &[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self::If(Arc::new(is_safe))
    }

    /// Whether a request is safe whatever its content.
    pub(crate) fn is_certain(&self) -> bool {
        !matches!(self, Self::If(_))
    }

    /// Whether content is waited for that is not there at once.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Any | Self::If(_) => true,
            // It may be a stream, and its answer as well.
            #[cfg(feature = "grpc")]
            Self::Unary(_) => false,
        }
    }

    /// What a request is that has these fields, and content that came in these frames.
    pub(crate) fn judge(&self, fields: &HeaderMap, frames: &[Bytes]) -> Judgement {
        match self {
            Self::Any => Judgement::Key,
            Self::If(is_safe) => {
                let is_safe = match frames {
                    [frame] => is_safe(fields, frame),
                    _ => is_safe(fields, &frames.concat()),
                };
                if is_safe {
                    Judgement::Key
                } else {
                    Judgement::Unsafe
                }
            }
            #[cfg(feature = "grpc")]
            Self::Unary(_) if grpc::is_one(frames) => Judgement::Key,
            #[cfg(feature = "grpc")]
            Self::Unary(_) => Judgement::Safe,
        }
    }

    /// The fields of a request that are part of its key.
    pub(crate) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let (described, chosen): (&'static [HeaderName], &[HeaderName]) = match self {
            Self::Any | Self::If(_) => (&METADATA, &[]),
            #[cfg(feature = "grpc")]
            Self::Unary(metadata) => (&grpc::METADATA, metadata),
        };
        described.iter().chain(chosen)
    }

    /// What a POST is of which it is part of the key.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Any | Self::If(_) => Kind::Post,
            #[cfg(feature = "grpc")]
            Self::Unary(_) => Kind::Grpc,
        }
    }
}

#[cfg(feature = "grpc")]
impl Judge {
    pub(crate) fn unary() -> Self {
        Self::Unary(Arc::default())
    }

    pub(crate) fn unary_with(metadata: impl IntoIterator<Item = HeaderName>) -> Self {
        Self::Unary(metadata.into_iter().collect())
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judge(..)")
    }
}
