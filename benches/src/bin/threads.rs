//! What a second thread adds: on one stored response, and on many.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use benches::{
    Calls, Contender, KIBIBYTE, Lane, Origin, Page, Room, URI, is_quick, median, target, thousands,
    uris,
};

const KEYS: usize = 100_000;
const ROOM: usize = 10_000;
const SKEW: f64 = 0.99;
const CHECKED_EVERY: usize = 16;

fn main() {
    let rounds = if is_quick() { 3 } else { 9 };
    println!("### Two threads\n");
    println!(
        "Exchanges a second of two threads, relative to one thread: the median of {rounds} rounds, in each of \
         which all take their turns. Bare calls on one key have an origin for each thread, and so show what \
         the machine can do.\n"
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
    let measured = take_turns(&mut pairs, rounds, Duration::from_millis(40));
    for (contender, speeds) in Contender::ALL.iter().zip(&measured) {
        let name = contender.name();
        let (one, two, gain) = speeds.medians();
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
    let measured = take_turns(&mut pairs, rounds, Duration::from_millis(60));
    for (n, (contender, speeds)) in Contender::ALL.iter().zip(&measured).enumerate() {
        let name = contender.name();
        let (one, two, gain) = speeds.medians();
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
    /// Of one thread, of two, and of what two are to one in the same round.
    fn medians(&self) -> (f64, f64, f64) {
        let gains = self.one.iter().zip(&self.two).map(|(one, two)| two / one);
        let gains: Vec<_> = gains.collect();
        (median(&self.one), median(&self.two), median(&gains))
    }
}

fn take_turns(pairs: &mut [[Lane; 2]], rounds: usize, span: Duration) -> Vec<Speeds> {
    let mut measured = vec![Speeds::default(); pairs.len()];
    for _ in 0..rounds {
        for ([first, second], speeds) in pairs.iter_mut().zip(&mut measured) {
            let (one, made) = run(&mut [first], span);
            speeds.one.push(one);
            speeds.made += made;
            let (two, made) = run(&mut [first, second], span);
            speeds.two.push(two);
            speeds.made += made;
        }
    }
    measured
}

/// How many exchanges a second these make, each on a thread of its own, and how many it were.
fn run(lanes: &mut [&mut Lane], span: Duration) -> (f64, usize) {
    let barrier = Arc::new(Barrier::new(lanes.len()));
    let made = thread::scope(|scope| {
        let threads = lanes.iter_mut().map(|lane| {
            let barrier = barrier.clone();
            scope.spawn(move || {
                barrier.wait();
                let start = Instant::now();
                let mut made = 0;
                while start.elapsed() < span {
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
