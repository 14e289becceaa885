//! What a second thread adds: on one stored response, and on many.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use benches::{
    Calls, Contender, KIBIBYTE, Lane, Origin, Page, Room, URI, is_quick, target, thousands, uris,
};

const KEYS: usize = 100_000;
const ROOM: usize = 10_000;
const SKEW: f64 = 0.99;
const SPAN: Duration = Duration::from_millis(20);
const CHECKED_EVERY: usize = 16;

fn main() {
    let rounds = if is_quick() { 7 } else { 25 };
    println!("### Two threads\n");
    println!(
        "Exchanges a second of one thread and of two: the best of {rounds} rounds of {} ms, in each of which all \
         take their turns, for whatever else the machine does only takes away. Bare calls on one key have an \
         origin for each thread, and so show what the machine can do.\n",
        SPAN.as_millis()
    );
    one_key(rounds);
    many_keys(rounds);
}

fn one_key(rounds: usize) {
    let lane = |contender: Contender| {
        let origin = Origin::new(Page::fresh(KIBIBYTE));
        let client = contender.client(Room::AsItComes, origin);
        Lane::new(client, vec![URI], KIBIBYTE)
    };
    let mut pairs: Vec<_> = Contender::ALL
        .iter()
        .map(|contender| {
            let first = lane(*contender);
            let second = match contender {
                Contender::Bare => lane(*contender),
                _ => first.another(),
            };
            [first, second]
        })
        .collect();
    for pair in &mut pairs {
        let [first, second] = pair;
        thread::scope(|scope| {
            for lane in [first, second] {
                scope.spawn(|| lane.make(2000));
            }
        });
    }
    println!("| one key, 1 KiB | 1 thread, /s | 2 threads, /s | 2 : 1 |");
    println!("|---|---:|---:|---:|");
    let measured = take_turns(&mut pairs, rounds);
    for (contender, speeds) in Contender::ALL.iter().zip(&measured) {
        let name = contender.name();
        let (one, two, gain) = speeds.best();
        println!(
            "| {name} | {} | {} | {gain:.2} |",
            thousands(one),
            thousands(two)
        );
        if *contender == Contender::Ours {
            target(
                "3, hot key: 2 threads on one stored response",
                "at least 1.6 times the hits of one",
                format!("{gain:.2} times"),
                gain >= 1.6,
            );
        }
    }
    println!();
}

fn many_keys(rounds: usize) {
    let all = uris(KEYS);
    let sequence = zipf(KEYS, 1_000_000, SKEW);
    let sequence: Vec<_> = sequence.into_iter().map(|key| all[key]).collect();
    let warm_up = Duration::from_millis(if is_quick() { 500 } else { 1500 });
    let mut calls: Vec<Calls> = Vec::new();
    let mut pairs: Vec<_> = Contender::ALL
        .iter()
        .map(|contender| {
            let origin = Origin::new(Page::fresh(KIBIBYTE));
            calls.push(origin.calls());
            let client = contender.client(Room::Responses(ROOM), origin);
            let mut first = Lane::new(client, sequence.clone(), KIBIBYTE);
            let start = Instant::now();
            let mut made = 0;
            while start.elapsed() < warm_up && made < 400_000 {
                first.make(1000);
                made += 1000;
            }
            let second = first.another();
            [first, second]
        })
        .collect();
    println!(
        "| Zipf(0.99), 100,000 keys, room for 10,000 | 1 thread, /s | 2 threads, /s | 2 : 1 | hits |"
    );
    println!("|---|---:|---:|---:|---:|");
    let before: Vec<_> = calls.iter().map(Calls::count).collect();
    let measured = take_turns(&mut pairs, rounds);
    for (n, (contender, speeds)) in Contender::ALL.iter().zip(&measured).enumerate() {
        let name = contender.name();
        let (one, two, gain) = speeds.best();
        let calls = calls[n].count() - before[n];
        let hits = 100.0 * (1.0 - calls as f64 / speeds.made as f64);
        let (one, two) = (thousands(one), thousands(two));
        println!("| {name} | {one} | {two} | {gain:.2} | {hits:.1} % |");
    }
}

#[derive(Default, Clone)]
struct Speeds {
    one: Vec<f64>,
    two: Vec<f64>,
    made: usize,
}

impl Speeds {
    /// The best of one thread, the best of two, and what this is to that.
    fn best(&self) -> (f64, f64, f64) {
        let best = |speeds: &[f64]| speeds.iter().copied().fold(0.0, f64::max);
        let (one, two) = (best(&self.one), best(&self.two));
        (one, two, two / one)
    }
}

fn take_turns(pairs: &mut [[Lane; 2]], rounds: usize) -> Vec<Speeds> {
    let mut measured = vec![Speeds::default(); pairs.len()];
    for _ in 0..rounds {
        for ([first, second], speeds) in pairs.iter_mut().zip(&mut measured) {
            let (one, made) = run(&mut [first]);
            speeds.one.push(one);
            speeds.made += made;
            let (two, made) = run(&mut [first, second]);
            speeds.two.push(two);
            speeds.made += made;
        }
    }
    measured
}

/// How many exchanges a second these make, each on a thread of its own, and how many it were.
fn run(lanes: &mut [&mut Lane]) -> (f64, usize) {
    let barrier = Arc::new(Barrier::new(lanes.len()));
    let made = thread::scope(|scope| {
        let threads = lanes.iter_mut().map(|lane| {
            let barrier = barrier.clone();
            scope.spawn(move || {
                barrier.wait();
                let start = Instant::now();
                let mut made = 0;
                while start.elapsed() < SPAN {
                    lane.make(CHECKED_EVERY);
                    made += CHECKED_EVERY;
                }
                (made, made as f64 / start.elapsed().as_secs_f64())
            })
        });
        let threads: Vec<_> = threads.collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        let made = joined.map(|made| made.expect("no lane panics"));
        made.collect::<Vec<_>>()
    });
    let speed = made.iter().map(|(_, speed)| speed).sum();
    (speed, made.iter().map(|(made, _)| made).sum())
}

/// Keys of which the n-th is asked for as often as 1/n^skew says, the most popular anywhere among them.
fn zipf(keys: usize, count: usize, skew: f64) -> Vec<usize> {
    let mut sum = 0.0;
    let shares = (1..=keys).map(|rank| {
        sum += (rank as f64).powf(-skew);
        sum
    });
    let shares: Vec<f64> = shares.collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let draws = (0..count).map(|_| {
        let wanted = draw() * sum;
        let rank = shares.partition_point(|share| *share < wanted);
        rank.min(keys - 1) * 7919 % keys
    });
    draws.collect()
}
