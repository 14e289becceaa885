//! Exchanges to be measured: a client, a cache or none, and an origin in the same process.

mod client;
mod contender;
mod exchanges;
mod floor;
mod lane;
#[cfg(feature = "peers")]
mod loopback;
mod mode;
mod origin;
#[cfg(feature = "peers")]
mod peers;
mod reader;
mod report;
mod slow;

pub use client::{Client, FirstOctet, request};
#[cfg(feature = "peers")]
pub use contender::Peer;
pub use contender::{Contender, Room};
pub use exchanges::Exchanges;
pub use floor::Floor;
pub use lane::Lane;
#[cfg(feature = "peers")]
pub use loopback::{Remote, Server};
pub use mode::{Mode, Workload};
pub use origin::{Calls, Origin, Page};
pub use reader::Reader;
pub use report::{is_quick, median, target, thousands};
pub use slow::SlowOrigin;

/// Where all pages are found; as long as a URI of the list in [`uris`].
pub const URI: &str = "http://origin.test/articles/2024/caching?page=2000000";

/// As many different URIs, which live as long as the process.
#[must_use]
pub fn uris(count: usize) -> Vec<&'static str> {
    let uri = |n| format!("http://origin.test/articles/2024/caching?page={n:07}");
    (0..count).map(|n| &*uri(n).leak()).collect()
}

pub const KIBIBYTE: usize = 1024;
pub const MEBIBYTE: usize = 1024 * 1024;
