//! A soak on loopback: many callers, everything that a cache can be asked for and told, and servers that are broken.
//!
//! ```text
//! cargo run --release -p stacks --example soak -- --seconds 600 --callers 64
//! ```
//!
//! Every octet that comes is compared with what was sent for that URI, user and variant, and nothing may come that is
//! older than a clear, a purge or a POST that was over when the request began. There are servers for HTTP/1.1 and
//! HTTP/2 that are well, at which no request may fail, and others that break off, lie and stall. `--seed` repeats a run,
//! as far as the threads let it.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use stacks::{Wire, tasks, tasks_left};
use tokio::task::JoinSet;
use tower::Layer;
use tower_client_cache::CacheLayer;

mod callers;
mod content;
mod faults;
mod origin;
mod pages;
mod tally;
mod trouble;

use callers::Caller;
use origin::Origins;
use tally::Tally;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What may be held: less than the pages take together, so that there are evictions.
const CAPACITY: usize = 8 << 20;

/// What may be taken beside, by servers, clients and runtime, and by each caller with both ends of its connections.
const BESIDE: usize = 8 << 20;
const EACH_CALLER: usize = 512 << 10;

/// What may be left beside when all but the cache is gone: its tables, and what has been counted here.
const LEFT_BESIDE: usize = 2 << 20;

struct Options {
    seconds: u64,
    callers: u64,
    seed: u64,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            seconds: 5,
            callers: 64,
            seed: fastrand::u64(..),
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or("an option has a value")?.parse()?;
            match word.as_str() {
                "--seconds" => options.seconds = value,
                "--callers" => options.callers = value,
                "--seed" => options.seed = value,
                _ => return Err(format!("{word} is none of --seconds, --callers, --seed").into()),
            }
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let Options {
        seconds,
        callers,
        seed,
    } = options;
    println!("{seconds} seconds, {callers} callers, seed {seed}");
    let (tasks_before, heap_before) = (tasks(), HEAP.current_usage());

    let origins = Arc::new(Origins::serve(seed).await);
    let layer = CacheLayer::new().capacity(CAPACITY);
    let handle = layer.handle();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut running = JoinSet::new();
    let clients = Wire::ALL.map(|wire| {
        let kept = wire.client_builder().build_http();
        // Where connections break, each request has its own.
        [layer.layer(kept), layer.layer(wire.client())]
    });
    for n in 0..callers {
        let caller = Caller::new(seed ^ n, clients.clone(), origins.clone());
        running.spawn(caller.ask_until(is_over.clone()));
    }
    drop(clients);
    let making = trouble::make(seed, handle.clone(), origins.clone(), is_over.clone());
    running.spawn(making);

    tokio::time::sleep(Duration::from_secs(seconds)).await;
    is_over.store(true, Ordering::SeqCst);
    let tally: Tally = running.join_all().await.into_iter().sum();
    let peak = HEAP.peak_usage();
    let stored = (handle.len(), handle.bytes());

    // What reads on in the background ends when nothing more can come.
    let origins = Arc::into_inner(origins).expect("everybody has ended");
    origins.stop();
    tasks_left(tasks_before).await;
    let left = HEAP.current_usage().saturating_sub(heap_before);

    tally.print();
    let bound = CAPACITY + BESIDE + EACH_CALLER * usize::try_from(callers)?;
    println!("peak heap: {peak} octets, of {bound} that it is bound to");
    let left_bound = CAPACITY + LEFT_BESIDE;
    println!("heap at the end: {left} octets, of {left_bound} that it is bound to");
    println!(
        "stored at the end: {} responses of {} octets, of {CAPACITY}",
        stored.0, stored.1
    );
    println!("tasks left: {}", tasks() - tasks_before);
    let stats = handle.stats();
    println!(
        "under way: {}, recorded: {}",
        stats.in_flight(),
        stats.recording()
    );
    println!("{stats:?}");

    let is_idle = (stats.in_flight(), stats.recording()) == (0, 0);
    let is_well = tally.others() == 0
        && peak <= bound
        && left <= left_bound
        && stored.1 <= CAPACITY
        && is_idle;
    println!("{}", if is_well { "all is well" } else { "NOT WELL" });
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
