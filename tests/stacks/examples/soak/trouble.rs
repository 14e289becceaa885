//! One who clears, purges, expires and switches while others ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use tower_client_cache::{CacheHandle, Mode, Selector};

use crate::CAPACITY;
use crate::origin::Origins;
use crate::pages::PAGES;
use crate::tally::Tally;

/// Does so until it is over.
pub(crate) async fn make(
    seed: u64,
    handle: CacheHandle,
    origins: Arc<Origins>,
    is_over: Arc<AtomicBool>,
) -> Tally {
    let mut chance = Rng::with_seed(seed ^ u64::MAX);
    let mut tally = Tally::default();
    let versions = &origins.versions;
    while !is_over.load(Ordering::SeqCst) {
        let pause = Duration::from_millis(chance.u64(..20));
        tokio::time::sleep(pause).await;
        let page = chance.usize(..4 * PAGES);
        let uri = origins.uri(page);
        let then = versions.now();
        let what = match chance.u32(..100) {
            0..=4 => {
                handle.clear();
                versions.cleared(then);
                "clear"
            }
            5 => {
                handle.disable_and_clear();
                versions.cleared(then);
                handle.enable();
                "disable and clear"
            }
            6..=35 => {
                handle.purge(&uri);
                versions.gone(page, then);
                "purge of a page"
            }
            36..=38 => {
                handle.purge(Selector::origin(&uri));
                let first = page / PAGES * PAGES;
                (first..first + PAGES).for_each(|page| versions.gone(page, then));
                "purge of a server"
            }
            39..=40 => {
                handle.purge(Selector::filter(|held| held.body_len() > 100_000));
                "purge of what is large"
            }
            41..=65 => {
                handle.expire(&uri);
                "expire of a page"
            }
            66..=69 => {
                handle.expire(Selector::all());
                "expire of all"
            }
            70..=84 => {
                let modes = [
                    Mode::ReadOnly,
                    Mode::Refresh,
                    Mode::Bypass,
                    Mode::Offline,
                    Mode::Closed,
                ];
                let mode = chance.choice(modes).expect("one");
                let _held = handle.hold(mode);
                tokio::time::sleep(pause).await;
                mode.as_str()
            }
            85..=88 => {
                handle.set_capacity(CAPACITY / 4);
                tokio::time::sleep(pause).await;
                handle.set_capacity(CAPACITY);
                "less room"
            }
            89..=91 => {
                handle.remove_expired();
                "removal of what has expired"
            }
            _ => {
                let held: usize = handle.entries().map(|held| held.size()).sum();
                if held > 2 * CAPACITY {
                    tally.other(format!("{held} octets are listed"));
                }
                "list"
            }
        };
        tally.outcome(format!("command: {what}"));
        let held = handle.bytes();
        if held > CAPACITY {
            tally.other(format!("{held} octets are held"));
        }
    }
    tally
}
