//! What it says: one aligned line for each request.

use std::fmt::{self, Display};
use std::io::{Write, stderr, stdout};
use std::time::Duration;

use anyhow::Context;
use http::Uri;
use tower_client_cache::{Explanation, Restored, Snapshot};

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
    pub(crate) fn columns(self) -> anyhow::Result<()> {
        let [head, all, octets] = ["head", "all", "octets"];
        self.say(format_args!(
            "{:<3}  {:<51}  {head:>9}  {all:>9}  {octets:>10}  url",
            "", "cache"
        ))
    }

    /// A request that was redirected: nobody reads its content.
    pub(crate) fn redirected(self, hop: &Hop) -> anyhow::Result<()> {
        self.line(hop, None)
    }

    /// A request whose content was read, after this time and of so many octets.
    pub(crate) fn finished(self, hop: &Hop, all: Duration, octets: u64) -> anyhow::Result<()> {
        self.line(hop, Some((all, octets)))
    }

    /// What will be done with a request, and why.
    pub(crate) fn explain(self, uri: &Uri, explained: &Explanation) -> anyhow::Result<()> {
        self.say(format_args!("{uri}: {}", explained.to_string().trim_end()))
    }

    /// What was in the store.
    pub(crate) fn put_back(self, restored: &Restored) -> anyhow::Result<()> {
        self.say(format_args!("put back: {}", restored.responses()))
    }

    /// What is in the store now.
    pub(crate) fn kept(self, written: &Snapshot) -> anyhow::Result<()> {
        let (responses, octets) = (written.responses(), written.bytes());
        match written.left_out() {
            0 => self.say(format_args!("kept: {responses}, in {octets} octets")),
            others => self.say(format_args!(
                "kept: {responses}, in {octets} octets; not kept: {others}, since they have to do with credentials"
            )),
        }
    }

    fn say(self, what: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Output => writeln!(stdout(), "{what}").context("standard output"),
            Self::Error => writeln!(stderr(), "{what}").context("standard error"),
        }
    }

    fn line(self, hop: &Hop, whole: Option<(Duration, u64)>) -> anyhow::Result<()> {
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
        self.say(format_args!(
            "{}  {cache:<51}  {:>9}  {all:>9}  {octets:>10}  {}",
            status.as_u16(),
            Time(after).to_string(),
            hop.uri
        ))
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
