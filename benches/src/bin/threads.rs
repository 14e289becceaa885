//! What a second thread adds: on one stored response, and on many.

use std::fs;
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
         take their turns, for whatever else the machine does only takes away. *By processor* is by the time \
         they had a processor, of all rounds: what a busy machine takes away does not show, nor does waiting \
         for a lock asleep. Bare calls on one key have an origin for each thread, and so show what the machine \
         can do.\n",
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
    println!("| one key, 1 KiB | 1 thread, /s | 2 threads, /s | 2 : 1 | by processor |");
    println!("|---|---:|---:|---:|---:|");
    let measured = take_turns(&mut pairs, rounds);
    for (contender, speeds) in Contender::ALL.iter().zip(&measured) {
        let name = contender.name();
        let ((one, two, gain), undisturbed) = (speeds.best(), speeds.undisturbed());
        println!(
            "| {name} | {} | {} | {gain:.2} | {undisturbed:.2} |",
            thousands(one),
            thousands(two)
        );
        if *contender == Contender::Ours {
            target(
                "3, hot key: 2 threads on one stored response",
                "at least 1.6 times the hits of one",
                format!(
                    "{gain:.2} times ({undisturbed:.2} by processor; bare calls {:.2} and {:.2})",
                    measured[0].best().2,
                    measured[0].undisturbed()
                ),
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
        "| Zipf(0.99), 100,000 keys, room for 10,000 | 1 thread, /s | 2 threads, /s | 2 : 1 | by processor | hits |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let before: Vec<_> = calls.iter().map(Calls::count).collect();
    let measured = take_turns(&mut pairs, rounds);
    for (n, (contender, speeds)) in Contender::ALL.iter().zip(&measured).enumerate() {
        let name = contender.name();
        let ((one, two, gain), undisturbed) = (speeds.best(), speeds.undisturbed());
        let calls = calls[n].count() - before[n];
        let hits = 100.0 * (1.0 - calls as f64 / speeds.made() as f64);
        let (one, two) = (thousands(one), thousands(two));
        println!("| {name} | {one} | {two} | {gain:.2} | {undisturbed:.2} | {hits:.1} % |");
    }
}

#[derive(Default, Clone)]
struct Speeds {
    one: Vec<Run>,
    two: Vec<Run>,
}

/// What some threads did at once.
#[derive(Clone, Copy)]
struct Run {
    made: usize,
    /// Exchanges a second.
    speed: f64,
    /// How long they had a processor, together, in seconds.
    busy: f64,
}

impl Speeds {
    /// The best of one thread, the best of two, and what this is to that.
    fn best(&self) -> (f64, f64, f64) {
        let best = |runs: &[Run]| runs.iter().map(|run| run.speed).fold(0.0, f64::max);
        let (one, two) = (best(&self.one), best(&self.two));
        (one, two, two / one)
    }

    /// What two are to one where both have a processor of their own all the time.
    fn undisturbed(&self) -> f64 {
        let each = |runs: &[Run]| {
            let made: usize = runs.iter().map(|run| run.made).sum();
            made as f64 / runs.iter().map(|run| run.busy).sum::<f64>()
        };
        2.0 * each(&self.two) / each(&self.one)
    }

    fn made(&self) -> usize {
        let runs = self.one.iter().chain(&self.two);
        runs.map(|run| run.made).sum()
    }
}

fn take_turns(pairs: &mut [[Lane; 2]], rounds: usize) -> Vec<Speeds> {
    let mut measured = vec![Speeds::default(); pairs.len()];
    for _ in 0..rounds {
        for ([first, second], speeds) in pairs.iter_mut().zip(&mut measured) {
            speeds.one.push(run(&mut [first]));
            speeds.two.push(run(&mut [first, second]));
        }
    }
    measured
}

/// Lets these make exchanges, each on a thread of its own.
fn run(lanes: &mut [&mut Lane]) -> Run {
    let barrier = Arc::new(Barrier::new(lanes.len()));
    let runs = thread::scope(|scope| {
        let threads = lanes.iter_mut().map(|lane| {
            let barrier = barrier.clone();
            scope.spawn(move || {
                barrier.wait();
                let (start, busy) = (Instant::now(), busy());
                let mut made = 0;
                while start.elapsed() < SPAN {
                    lane.make(CHECKED_EVERY);
                    made += CHECKED_EVERY;
                }
                Run {
                    made,
                    speed: made as f64 / start.elapsed().as_secs_f64(),
                    busy: self::busy() - busy,
                }
            })
        });
        let threads: Vec<_> = threads.collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        let runs = joined.map(|run| run.expect("no lane panics"));
        runs.collect::<Vec<_>>()
    });
    let both = runs.into_iter().reduce(|one, other| Run {
        made: one.made + other.made,
        speed: one.speed + other.speed,
        busy: one.busy + other.busy,
    });
    both.expect("there is a lane")
}

/// For how many seconds this thread has had a processor, as Linux reckons; nothing elsewhere.
fn busy() -> f64 {
    let read = fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = read.ok().and_then(|text| {
        let first = text.split(' ').next()?;
        first.parse::<f64>().ok()
    });
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
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
