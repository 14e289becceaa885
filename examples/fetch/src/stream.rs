//! Standard output and standard error.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write, stderr, stdout};

use bytes::Bytes;
use tokio::task::spawn_blocking;

/// Where something is written that somebody else reads, or does not.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Output,
    Error,
}

impl Stream {
    /// Writes all of it, on another thread: whoever reads may take long, and who is interrupted meanwhile does not wait for
    /// them.
    pub(crate) async fn write(self, data: Bytes) -> Result<(), Unwritten> {
        let written = spawn_blocking(move || match self {
            Self::Output => {
                let mut output = stdout().lock();
                output.write_all(&data).and_then(|()| output.flush())
            }
            Self::Error => stderr().write_all(&data),
        });
        let written = written.await.unwrap_or_else(|error| Err(error.into()));
        written.map_err(|error| Unwritten {
            stream: self,
            error,
        })
    }
}

/// Something could not be written.
#[derive(Debug)]
pub(crate) struct Unwritten {
    stream: Stream,
    error: io::Error,
}

impl Unwritten {
    /// Whether nobody reads it any more, as in `fetch … | head`.
    pub(crate) fn is_unread(&self) -> bool {
        self.error.kind() == ErrorKind::BrokenPipe
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stream {
            Stream::Output => "standard output",
            Stream::Error => "standard error",
        })
    }
}

impl Error for Unwritten {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
