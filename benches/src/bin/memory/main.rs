//! What a stored response takes that came from a socket.

use std::alloc::System;
use std::error::Error;
use std::thread;
use std::time::Duration;

use benches::{
    Client, Contender, KIBIBYTE, Page, Remote, Room, Server, is_quick, target, thousands,
};
use futures_util::future::join_all;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::{self, Runtime};
use tower::Layer;
use tower_client_cache::CacheLayer;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CONNECTIONS: usize = 8;
const GIBIBYTE: usize = KIBIBYTE * KIBIBYTE * KIBIBYTE;
const ROUNDS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let count = if is_quick() { 10_000 } else { 100_000 };
    let world = World::new(count)?;
    let raw = world.raw_octets();
    println!("### Memory of stored responses from sockets\n");
    println!(
        "Octets of the heap for each of {} stored responses of 1 KiB and twelve fields, which came over \
         {CONNECTIONS} connections of HTTP/1.1: what is allocated and not yet freed, less what the same \
         requests leave allocated without a cache. Raw are method, URI, names and values of fields, and body: \
         {}. Hot are all of them, on one thread, each with a copy; there is room for all copies here, of \
         which one part in 32 of the capacity may consist. Hits are of the same requests once more.\n",
        thousands(count as f64),
        thousands(raw as f64)
    );
    println!("| | octets | : raw | it says itself | it says : octets | hits |");
    println!("|---|---:|---:|---:|---:|---:|");
    let without = world.ask_for_all(&*Contender::Bare.client(Room::AsItComes, Remote::new()));
    let each = |octets: isize| (octets - without) as f64 / count as f64;

    let layer = CacheLayer::new().capacity(8 * GIBIBYTE);
    let handle = layer.handle();
    let client: Box<dyn Client> = Box::new(layer.layer(Remote::new()));
    let before = live();
    let cold = each(world.ask_for_all(&*client));
    let said = handle.bytes() as f64 / count as f64;
    let hits = world.hits(&*client);
    print("ours", cold, raw, Some(said), hits);
    for _ in 0..ROUNDS {
        world.ask_for_all(&*client);
    }
    let hot = each(live() - before);
    let said_hot = handle.bytes() as f64 / count as f64;
    print("ours, hot", hot, raw, Some(said_hot), world.hits(&*client));
    let much = (live() - before) / 50;
    drop((client, layer, handle));
    // Somebody else gives it back.
    while live() > before + much {
        thread::sleep(Duration::from_millis(1));
    }

    for contender in Contender::ALL {
        let Contender::Peer(_) = contender else {
            continue;
        };
        let client = contender.client(Room::Responses(2 * count), Remote::new());
        let octets = each(world.ask_for_all(&*client));
        print(contender.name(), octets, raw, None, world.hits(&*client));
    }
    println!();
    judge(cold / raw as f64, said / cold, said_hot / hot);
    Ok(())
}

fn print(name: &str, octets: f64, raw: usize, said: Option<f64>, hits: f64) {
    let said = said.map_or(String::from(" | "), |said| {
        format!("{} | {:.3}", thousands(said), said / octets)
    });
    let ratio = octets / raw as f64;
    println!(
        "| {name} | {} | {ratio:.2} | {said} | {hits:.0} % |",
        thousands(octets)
    );
}

fn judge(ratio: f64, said: f64, said_hot: f64) {
    target(
        "5, memory: heap of a stored response of 1 KiB from a socket",
        "at most 1.8 times the raw octets",
        format!("{ratio:.2} times"),
        ratio <= 1.8,
    );
    let percent = |said: f64| 100.0 * (said - 1.0);
    let (said, said_hot) = (percent(said), percent(said_hot));
    target(
        "5, memory: `bytes()` beside the heap",
        "within 5 %",
        format!("{said:+.1} %, of hot ones {said_hot:+.1} %"),
        said.abs() <= 5.0 && said_hot.abs() <= 5.0,
    );
}

/// A server, who asks it, and what for.
struct World {
    runtime: Runtime,
    uris: Vec<&'static str>,
    page: Page,
    server: Server,
}

impl World {
    fn new(count: usize) -> Result<Self, Box<dyn Error>> {
        let page = Page::fresh(KIBIBYTE);
        let server = Server::start(page)?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            uris: (0..count).map(|page| server.uri(page)).collect(),
            page,
            server,
        })
    }

    /// What is said and sent of one page.
    fn raw_octets(&self) -> usize {
        let page = self.page.with(());
        let fields = page.headers().iter();
        let fields = fields.map(|(name, value)| name.as_str().len() + value.len());
        "GET".len() + self.uris[0].len() + fields.sum::<usize>() + self.page.octets
    }

    /// How many of all, in percent, are answered without the server.
    fn hits(&self, client: &dyn Client) -> f64 {
        let before = self.server.calls();
        self.ask_for_all(client);
        let calls = self.server.calls() - before;
        100.0 * (1.0 - calls as f64 / self.uris.len() as f64)
    }

    /// Asks for all of them, some at a time. How much more is allocated when the answers are read and gone
    /// than before.
    fn ask_for_all(&self, client: &dyn Client) -> isize {
        let before = live();
        let share = self.uris.len().div_ceil(CONNECTIONS);
        let asking = self.uris.chunks(share).map(|uris| {
            let mut client = client.another();
            async move {
                for uri in uris {
                    let answer = client.first_octet(uri).await;
                    assert_eq!(answer.octets, KIBIBYTE);
                }
            }
        });
        self.runtime.block_on(join_all(asking));
        live() - before
    }
}

/// Octets that are allocated just now.
fn live() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}
