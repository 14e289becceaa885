//! Times relative to ours, which run beside: `cargo bench --features peers`.

use std::hint::black_box;
use std::time::Duration;

use benches::{
    Contender, KIBIBYTE, Lane, MEBIBYTE, Origin, Page, Peer, Room, URI, is_quick, median, target,
    thousands, uris,
};
use criterion::{Criterion, SamplingMode};

/// How long one contender runs until it is the other's turn.
const TURN: Duration = Duration::from_micros(100);

fn main() {
    let quick = is_quick();
    let milliseconds = |all: u64| Duration::from_millis(if quick { all / 3 } else { all });
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(10)
        .nresamples(2000)
        .warm_up_time(milliseconds(150))
        .measurement_time(milliseconds(600));
    let mut tables = vec![
        Table::new("hit of 1 KiB", Subject::Hit(KIBIBYTE)),
        Table::new("hit of 100 KiB", Subject::Hit(100 * KIBIBYTE)),
        Table::new("hit of 1 MiB", Subject::Hit(MEBIBYTE)),
        Table::new("hit of 10 MiB", Subject::Hit(10 * MEBIBYTE)),
        Table::new("forward of a `no-store`", Subject::Forward),
        Table::new("store on first sight, 1 KiB", Subject::Store),
    ];
    let keys = uris(200_000);
    for table in &mut tables {
        table.measure(&mut criterion, &keys);
    }
    let mut growth = Vec::new();
    for octets in [100 * KIBIBYTE, MEBIBYTE, 10 * MEBIBYTE] {
        let mut small = Subject::Hit(KIBIBYTE).lane(Contender::Ours, &keys);
        let mut large = Subject::Hit(octets).lane(Contender::Ours, &keys);
        let name = format!("ours, hit of {} KiB beside 1 KiB", octets / KIBIBYTE);
        growth.push(beside(
            &mut criterion,
            &name,
            "ours",
            &mut large,
            &mut small,
        ));
    }
    criterion.final_summary();
    print(&tables, &growth);
}

#[derive(Clone, Copy)]
enum Subject {
    Hit(usize),
    Forward,
    Store,
}

impl Subject {
    fn lane(self, contender: Contender, keys: &[&'static str]) -> Lane {
        let (page, uris) = match self {
            Self::Hit(octets) => (Page::fresh(octets), vec![URI]),
            Self::Forward => (Page::no_store(KIBIBYTE), vec![URI]),
            Self::Store => (Page::fresh(KIBIBYTE), keys.to_vec()),
        };
        // More than there are keys of others in between: what comes round again has been evicted.
        let room = Room::Responses(10_000);
        let client = contender.client(room, Origin::new(page));
        let mut lane = Lane::new(client, uris, page.octets);
        lane.make(if matches!(self, Self::Store) {
            12_000
        } else {
            100
        });
        lane
    }
}

struct Table {
    name: &'static str,
    subject: Subject,
    rows: Vec<(Contender, Sampled)>,
}

/// The median time in nanoseconds, and relative to what ran beside.
#[derive(Clone, Copy)]
struct Sampled {
    time: f64,
    ratio: f64,
}

impl Table {
    fn new(name: &'static str, subject: Subject) -> Self {
        Self {
            name,
            subject,
            rows: Vec::new(),
        }
    }

    fn measure(&mut self, criterion: &mut Criterion, keys: &[&'static str]) {
        for contender in Contender::ALL {
            // It stores what says `no-store`.
            let stores_all = *contender == Contender::Peer(Peer::AxumResponseCache);
            if matches!(self.subject, Subject::Forward) && stores_all {
                continue;
            }
            let mut ours = self.subject.lane(Contender::Ours, keys);
            let mut lane = self.subject.lane(*contender, keys);
            let sampled = beside(criterion, self.name, contender.name(), &mut lane, &mut ours);
            self.rows.push((*contender, sampled));
        }
    }

    fn of(&self, wanted: Contender) -> Option<Sampled> {
        let mut rows = self.rows.iter();
        let row = rows.find(|(contender, _)| *contender == wanted);
        row.map(|(_, sampled)| *sampled)
    }
}

/// Measures one contender, while another takes every other turn.
fn beside(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    lane: &mut Lane,
    other: &mut Lane,
) -> Sampled {
    let (mut samples, mut is_first) = (Vec::new(), false);
    let turn = lane.in_about(TURN);
    let turn_of_other = other.in_about(TURN);
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let (mut time, mut time_of_other, mut turns) = (Duration::ZERO, Duration::ZERO, 0);
            let mut left = usize::try_from(count).expect("it fits into memory");
            while left > 0 {
                let now = left.min(turn);
                // Neither is always the first.
                is_first = !is_first;
                if is_first {
                    time += lane.time(now);
                }
                time_of_other += other.time(turn_of_other);
                if !is_first {
                    time += lane.time(now);
                }
                left -= now;
                turns += turn_of_other;
            }
            let each = time.as_secs_f64() / count as f64;
            let each_of_other = time_of_other.as_secs_f64() / turns as f64;
            samples.push((each * 1e9, each / each_of_other));
            black_box(time)
        });
    });
    group.finish();
    let of = |part: fn(&(f64, f64)) -> f64| median(&samples.iter().map(part).collect::<Vec<_>>());
    Sampled {
        time: of(|sample| sample.0),
        ratio: of(|sample| sample.1),
    }
}

/// What is printed before this line is criterion's.
const REPORT: &str = "@report";

fn print(tables: &[Table], growth: &[Sampled]) {
    println!("{REPORT}");
    println!("### Times\n");
    println!(
        "Nanoseconds of an exchange, and in brackets how many times ours; ours ran beside each of the others, \
         turn by turn of {} µs. Medians of criterion's samples.\n",
        TURN.as_micros()
    );
    print!("| |");
    tables.iter().for_each(|table| print!(" {} |", table.name));
    print!("\n|---|");
    tables.iter().for_each(|_| print!("---:|"));
    println!();
    for contender in Contender::ALL {
        print!("| {} |", contender.name());
        for table in tables {
            match table.of(*contender) {
                Some(Sampled { time, ratio }) => print!(" {} ({ratio:.2}) |", thousands(time)),
                None => print!(" it stores it |"),
            }
        }
        println!();
    }
    let [_, mebibyte, ten] = growth else {
        unreachable!("three sizes are larger than 1 KiB");
    };
    println!("\nOurs beside ours: a hit of larger bodies relative to one of 1 KiB.\n");
    println!("| 100 KiB | 1 MiB | 10 MiB |\n|---:|---:|---:|");
    let row: Vec<_> = growth
        .iter()
        .map(|one| format!("{:.3}", one.ratio))
        .collect();
    println!("| {} |", row.join(" | "));
    let incumbents = [Peer::HttpCacheQuick, Peer::HttpCacheMoka].map(Contender::Peer);
    let least = |table: &Table| {
        let ratios = incumbents.iter().filter_map(|peer| table.of(*peer));
        ratios.map(|one| one.ratio).fold(f64::INFINITY, f64::min)
    };
    for (table, times) in [(&tables[0], 30.0), (&tables[2], 1000.0)] {
        let ratio = least(table);
        target(
            &format!(
                "headline: {} beside http-cache-tower, the better of both, time",
                table.name
            ),
            &format!("{times} times cheaper"),
            format!("{ratio:.1} times"),
            ratio >= times,
        );
    }
    target(
        "2, hits: 1 MiB beside 1 KiB, time",
        "at most 1.05 times",
        format!("{:.3} times (10 MiB: {:.3})", mebibyte.ratio, ten.ratio),
        mebibyte.ratio <= 1.05,
    );
}
