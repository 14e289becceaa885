//! What it says: one aligned line for each request.

use std::fmt::{self, Display};
use std::time::Duration;

use http::Uri;
use tower_client_cache::{Explanation, Restored, Snapshot};

use crate::stream::{Stream, Unwritten};
use crate::trail::{Head, Hop};

/// Where it is said.
#[derive(Clone, Copy)]
pub(crate) enum Report {
    Output,
    /// Beside content that is on standard output.
    Error,
}

impl Report {
    /// The names of the columns.
    pub(crate) async fn columns(self) -> Result<(), Unwritten> {
        let [head, all, octets] = ["head", "all", "octets"];
        self.say(format!(
            "{:<3}  {:<51}  {head:>9}  {all:>9}  {octets:>10}  url",
            "", "cache"
        ))
        .await
    }

    /// A request that was redirected: nobody reads its content.
    pub(crate) async fn redirected(self, hop: &Hop) -> Result<(), Unwritten> {
        self.line(hop, None).await
    }

    /// A request whose content was read, after this time and of so many octets.
    pub(crate) async fn finished(
        self,
        hop: &Hop,
        all: Duration,
        octets: u64,
    ) -> Result<(), Unwritten> {
        self.line(hop, Some((all, octets))).await
    }

    /// What will be done with a request, and why.
    pub(crate) async fn explain(self, uri: &Uri, explained: &Explanation) -> Result<(), Unwritten> {
        self.say(format!("{uri}: {}", explained.to_string().trim_end()))
            .await
    }

    /// What was in the store.
    pub(crate) async fn put_back(self, restored: &Restored) -> Result<(), Unwritten> {
        self.say(format!("put back: {}", restored.responses()))
            .await
    }

    /// What is in the store now.
    pub(crate) async fn kept(self, written: &Snapshot) -> Result<(), Unwritten> {
        let (responses, octets) = (written.responses(), written.bytes());
        let others = match written.left_out() {
            0 => String::new(),
            others => format!("; not kept: {others}, since they have to do with credentials"),
        };
        self.say(format!("kept: {responses}, in {octets} octets{others}"))
            .await
    }

    async fn say(self, line: String) -> Result<(), Unwritten> {
        let stream = match self {
            Self::Output => Stream::Output,
            Self::Error => Stream::Error,
        };
        stream.write((line + "\n").into()).await
    }

    async fn line(self, hop: &Hop, whole: Option<(Duration, u64)>) -> Result<(), Unwritten> {
        let Some(Head {
            status,
            cache,
            after,
        }) = hop.head
        else {
            return Ok(());
        };
        let cache = cache.map_or_else(String::new, |cache| cache.to_string());
        let (all, octets) = match whole {
            Some((all, octets)) => (Time(all).to_string(), octets.to_string()),
            None => Default::default(),
        };
        self.say(format!(
            "{}  {cache:<51}  {:>9}  {all:>9}  {octets:>10}  {}",
            status.as_u16(),
            Time(after).to_string(),
            hop.uri
        ))
        .await
    }
}

/// In the unit that it is read best in.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 0.9995 {
            write!(f, "{:.2} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_milliseconds_up_to_a_second() {
        let table = [
            (0, "0.00 ms"),
            (57, "0.06 ms"),
            (999_499, "999.50 ms"),
            (999_500, "1.00 s"),
            (61_250_000, "61.25 s"),
        ];
        for (micros, expected) in table {
            assert_eq!(Time(Duration::from_micros(micros)).to_string(), expected);
        }
    }
}
