//! The manners of the middleware, beside the rules of HTTP: what it promises to whoever puts it into a
//! stack. Tests cite these promises by number, and requirement rows by their IDs.
//!
//! 1. Clear means clear: what the origin was asked for before is never served to a later request.
//! 2. Disable means disable, and leaves no traps for when the cache is enabled again.
//! 3. A hit never touches the inner service.
//! 4. A forward streams.
//! 5. The types of the inner service stay as they are.
//! 6. The store keeps within its bounds.

mod abandoned;
mod bodies;
mod bounds;
mod cancellation;
mod clear_site_data;
mod collapsing;
mod content;
mod copies;
mod corners;
mod events;
mod eviction;
mod explain;
mod extensions;
mod fence;
#[cfg(feature = "grpc")]
mod grpc;
mod handle;
mod hot;
mod inserting;
mod interleaving;
mod manners;
mod matrix;
mod modes;
mod origin;
mod outdated;
mod precedence;
mod purge;
mod readiness;
mod recording;
mod releasing;

mod runtimes;
mod saturation;
mod seeing;
mod selecting;
mod settings;
mod snapshot;
mod stats;
mod store;
mod switch;
mod tags;
mod tasks;
mod threads;
mod trailers;
mod wire;
mod wishes;
mod without;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Uri;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tower_client_cache::CacheHandle;

/// The next frame, which has to be there.
#[track_caller]
fn frame<B: Body + Unpin>(body: &mut B) -> Option<Result<Frame<B::Data>, B::Error>> {
    body.frame().now_or_never().expect("a frame is there")
}

/// The next frame, which has to be there and to be text.
#[track_caller]
fn text<B>(body: &mut B) -> String
where
    B: Body<Data = Bytes, Error: std::fmt::Debug> + Unpin,
{
    let frame = frame(body).expect("more of the body").expect("no error");
    let data = frame.into_data().expect("content");
    String::from_utf8(data.into()).expect("text")
}

/// Lets the other tasks of the test run until this is so.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came about");
}

/// How many exchanges with the origin are under way. A purge of what nobody asks for tells.
fn in_flight(handle: &CacheHandle) -> usize {
    let nowhere = Uri::from_static("http://nowhere.test/");
    handle.purge(&nowhere).in_flight()
}
