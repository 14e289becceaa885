//! Hit ratios on sequences of requests that are generated: policies of eviction simulated, the caches of
//! others, and ours as it is.

mod list;
mod policies;
mod random;
mod sequence;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use benches::{is_quick, target, thousands};
use policies::{
    Lru, Moka, Ours, Policy, QuickCache, S3Fifo, Sieve, Slru, beside_the_body, optimal,
};
use sequence::{OBJECTS, Sequence};

/// How many points ours may have fewer than S3-FIFO.
const FEWER: f64 = 1.5;

fn main() {
    let count = if is_quick() { 200_000 } else { 1_000_000 };
    let beside_the_body = beside_the_body();
    let sequences = Sequence::all(count, beside_the_body);
    println!("### Hit ratios of the eviction\n");
    println!(
        "Percent, of {} requests for {} objects. All have the same room, in octets: what ours needs for 1 % or \
         10 % of them, {beside_the_body} beside the body of each. Bodies have 1 KiB, or, where sizes are mixed, \
         as a lognormal distribution has it (median 4 KiB). Ours is the cache as it is, asked by requests; \
         copies of what is hot are in its room, too. The others are policies alone.\n",
        thousands(count as f64),
        thousands(OBJECTS as f64)
    );
    println!(
        "| | LRU | SLRU | SIEVE | quick_cache | moka | S3-FIFO | ours | ours − S3-FIFO | optimal |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut least = [f64::INFINITY; 2];
    for (sequence, ratios) in sequences.iter().zip(ratios(&sequences, beside_the_body)) {
        let [lru, slru, sieve, quick_cache, moka, s3_fifo, ours, optimal] = ratios;
        let name = &sequence.name;
        let difference = ours - s3_fifo;
        println!(
            "| {name} | {lru:.1} | {slru:.1} | {sieve:.1} | {quick_cache:.1} | {moka:.1} | {s3_fifo:.1} | {ours:.1} | {difference:+.1} | {optimal:.1} |"
        );
        let least = &mut least[usize::from(name.starts_with("loop"))];
        *least = least.min(difference);
    }
    println!();
    for (of, least) in ["the sequence", "the loop"].iter().zip(least) {
        target(
            &format!("6, eviction: hit ratio, {of} on which ours does worst"),
            &format!("at most {FEWER} points below S3-FIFO"),
            format!("{least:+.1} points"),
            least >= -FEWER,
        );
    }
}

/// Of each sequence; each thread takes the next one.
fn ratios(sequences: &[Sequence], beside_the_body: u32) -> Vec<[f64; 8]> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut taken = Vec::new();
        while let Some(sequence) = sequences.get(next.fetch_add(1, Ordering::Relaxed)) {
            taken.push((sequence, ratios_of(sequence, beside_the_body)));
        }
        taken
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let taken = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        let taken = joined.map(|taken| taken.expect("no thread panics"));
        taken.flatten().collect::<Vec<_>>()
    });
    let of = |sequence: &Sequence| {
        let mut taken = taken.iter();
        let found = taken.find(|(taken, _)| std::ptr::eq(*taken, sequence));
        found.expect("all are taken").1
    };
    sequences.iter().map(of).collect()
}

fn ratios_of(sequence: &Sequence, beside_the_body: u32) -> [f64; 8] {
    let Sequence {
        requests,
        sizes,
        room,
        objects,
        ..
    } = sequence;
    let (count, room) = (sizes.len(), *room);
    // It does much better where it need not weigh.
    let moka = if sizes.iter().all(|size| *size == sizes[0]) {
        Moka::of_objects(*objects)
    } else {
        Moka::of_octets(room)
    };
    let hits = |mut policy: Box<dyn Policy>| {
        let asked = requests
            .iter()
            .filter(|object| policy.ask(**object, sizes[**object as usize]));
        asked.count()
    };
    let hits = [
        hits(Box::new(Lru::new(count, room))),
        hits(Box::new(Slru::new(count, room))),
        hits(Box::new(Sieve::new(count, room))),
        hits(Box::new(QuickCache::new(*objects, room))),
        hits(Box::new(moka)),
        hits(Box::new(S3Fifo::new(count, room))),
        hits(Box::new(Ours::new(beside_the_body, room))),
        optimal(requests, sizes, room),
    ];
    hits.map(|hits| 100.0 * hits as f64 / requests.len() as f64)
}
