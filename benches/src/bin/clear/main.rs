//! Emptying a large store while somebody reads.

use std::alloc::System;
use std::thread;
use std::time::{Duration, Instant};

use benches::{Client, Origin, Page, Reader, is_quick, median, target, thousands, uris};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tower::Layer;
use tower_client_cache::{CacheHandle, CacheLayer};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const OCTETS: usize = 64;
/// The reader asks for so many of them, over and over.
const READ: usize = 1000;

fn main() {
    let (count, rounds) = if is_quick() {
        (100_000, 3)
    } else {
        (1_000_000, 5)
    };
    let uris = uris(count);
    let cleared: Vec<_> = (0..rounds).map(|_| Cleared::measure(&uris)).collect();
    println!("### Clear\n");
    println!(
        "`clear()` of {} stored responses of {OCTETS} octets while a thread hits {READ} of them over and over; \
         and in the second before, in which nothing is cleared. The memory is given back when no more \
         than a hundredth of it is left. Milliseconds, of {rounds} rounds; the targets are held against the \
         least, for a busy machine only adds.\n",
        thousands(count as f64)
    );
    println!("| | least | median | most |");
    println!("|---|---:|---:|---:|");
    let row = |name: &str, of: fn(&Cleared) -> Duration| {
        let times = cleared
            .iter()
            .map(|cleared| of(cleared).as_secs_f64() * 1e3);
        let mut times: Vec<_> = times.collect();
        times.sort_by(f64::total_cmp);
        let (least, most) = (times[0], times[times.len() - 1]);
        println!(
            "| {name} | {least:.2} | {:.2} | {most:.2} |",
            median(&times)
        );
        least
    };
    let returned = row("until `clear()` returns", |cleared| cleared.returned);
    row("until the memory is given back", |cleared| {
        cleared.given_back
    });
    row("until `stats().releasing()` is zero", |cleared| {
        cleared.released
    });
    let stall = row("longest exchange of the reader until then", |cleared| {
        cleared.stall
    });
    row("longest exchange of the reader before", |cleared| {
        cleared.stall_before
    });
    println!();
    target(
        &format!("7, clear: of {} stored responses", thousands(count as f64)),
        "takes effect in less than 1 ms",
        format!("{returned:.2} ms"),
        returned < 1.0,
    );
    target(
        "7, clear: longest stall of a reader",
        "at most 5 ms",
        format!("{stall:.2} ms"),
        stall <= 5.0,
    );
}

/// How long it took.
struct Cleared {
    returned: Duration,
    given_back: Duration,
    released: Duration,
    stall: Duration,
    stall_before: Duration,
}

impl Cleared {
    fn measure(uris: &[&'static str]) -> Self {
        const GIBIBYTE: usize = 1024 * 1024 * 1024;

        let before = live();
        let layer = CacheLayer::new().capacity(16 * GIBIBYTE);
        let (handle, client) = (
            layer.handle(),
            layer.layer(Origin::new(Page::fresh(OCTETS))),
        );
        fill(&client, uris);
        assert_eq!(handle.len(), uris.len());
        let held = live() - before;
        let enough = before + held / 100;
        let reader = Reader::default();
        thread::scope(|scope| {
            scope.spawn(|| reader.read(client.another(), &uris[..READ]));
            reader.wait_for(10 * READ as u64);
            let cleared = Self::clear(&handle, &reader, enough);
            reader.is_done();
            cleared
        })
    }

    fn clear(handle: &CacheHandle, reader: &Reader, enough: isize) -> Self {
        const BEFORE: Duration = Duration::from_secs(1);

        thread::sleep(BEFORE);
        let stall_before = reader.take_longest();
        let start = Instant::now();
        let cleared = handle.clear();
        let returned = start.elapsed();
        assert!(cleared.responses() > READ);
        let (mut given_back, mut released) = (None, None);
        while given_back.is_none() || released.is_none() {
            thread::sleep(Duration::from_millis(1));
            let elapsed = start.elapsed();
            if live() <= enough {
                given_back.get_or_insert(elapsed);
            }
            if handle.stats().releasing() == 0 {
                released.get_or_insert(elapsed);
            }
        }
        Self {
            returned,
            given_back: given_back.unwrap_or_default(),
            released: released.unwrap_or_default(),
            stall: reader.take_longest(),
            stall_before,
        }
    }
}

fn fill(client: &dyn Client, uris: &[&'static str]) {
    thread::scope(|scope| {
        for uris in uris.chunks(uris.len().div_ceil(4)) {
            let mut client = client.another();
            scope.spawn(move || {
                for uri in uris {
                    client.exchange_beside_others(uri);
                }
            });
        }
    });
}

/// Octets that are allocated just now.
fn live() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}
