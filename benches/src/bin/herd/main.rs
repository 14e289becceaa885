//! Many who ask for the same at once.

mod origin;

use std::error::Error;
use std::time::Instant;

use benches::{Contender, KIBIBYTE, Page, Room, URI, is_quick, median, target};
use futures_util::future::join_all;
use origin::LateOrigin;
use tokio::runtime::{self, Runtime};

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = if is_quick() { 1 } else { 3 };
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    println!("### Herds\n");
    println!(
        "So many identical requests at once, for what is not stored; the origin answers each after 20 ms with \
         1 KiB. How often it is called, and when the last of them is answered, relative to one bare call: the \
         median of {rounds}. Known is what was asked for once before.\n"
    );
    let heads = HERDS.map(|herd| format!("{}: calls | last answer", herd.name));
    println!("| | {} |", heads.join(" | "));
    println!("|---{}|", "|---:".repeat(2 * HERDS.len()));
    let alone = Herd {
        name: "a bare call",
        size: 1,
        ..HERDS[0]
    };
    let (_, bare) = alone.ask_often(&runtime, Contender::Bare, 5);
    let mut ours = Vec::new();
    for contender in Contender::ALL {
        let asked = HERDS.map(|herd| {
            let (calls, took) = herd.ask_often(&runtime, *contender, rounds);
            (calls, took / bare)
        });
        let cells = asked.map(|(calls, took)| format!("{calls} | {took:.1}"));
        println!("| {} | {} |", contender.name(), cells.join(" | "));
        if *contender == Contender::Ours {
            ours.extend(asked);
        }
    }
    println!();
    for (herd, (calls, took)) in HERDS.iter().zip(ours) {
        herd.judge(calls, took);
    }
    Ok(())
}

/// Many identical requests at once.
#[derive(Clone, Copy)]
struct Herd {
    name: &'static str,
    size: usize,
    may_be_stored: bool,
    is_known: bool,
}

const HERDS: [Herd; 5] = [
    Herd {
        name: "100",
        size: 100,
        may_be_stored: true,
        is_known: false,
    },
    Herd {
        name: "1,000",
        size: 1000,
        may_be_stored: true,
        is_known: false,
    },
    Herd {
        name: "`no-store`, 100",
        size: 100,
        may_be_stored: false,
        is_known: false,
    },
    Herd {
        name: "`no-store`, 1,000",
        size: 1000,
        may_be_stored: false,
        is_known: false,
    },
    Herd {
        name: "known `no-store`, 1,000",
        size: 1000,
        may_be_stored: false,
        is_known: true,
    },
];

impl Herd {
    /// How often the origin is called, and how many seconds pass until the last is answered: medians.
    fn ask_often(self, runtime: &Runtime, contender: Contender, rounds: usize) -> (f64, f64) {
        let asked = (0..rounds).map(|_| self.ask(runtime, contender));
        let (calls, took): (Vec<_>, Vec<_>) = asked.unzip();
        (median(&calls), median(&took))
    }

    fn ask(self, runtime: &Runtime, contender: Contender) -> (f64, f64) {
        let page = if self.may_be_stored {
            Page::fresh(KIBIBYTE)
        } else {
            Page::no_store(KIBIBYTE)
        };
        let origin = LateOrigin::new(page);
        let mut client = contender.client(Room::AsItComes, origin.clone());
        if self.is_known {
            runtime.block_on(client.first_octet(URI));
        }
        let before = origin.calls();
        let mut clients: Vec<_> = (0..self.size).map(|_| client.another()).collect();
        let start = Instant::now();
        let asked = clients.iter_mut().map(|client| client.first_octet(URI));
        let answers = runtime.block_on(join_all(asked));
        let took = start.elapsed();
        assert!(answers.iter().all(|answer| answer.octets == KIBIBYTE));
        ((origin.calls() - before) as f64, took.as_secs_f64())
    }

    fn judge(self, calls: f64, took: f64) {
        if self.may_be_stored {
            target(
                &format!("8, collapsing: {} at once, calls to the origin", self.name),
                "1",
                calls,
                calls == 1.0,
            );
        } else if self.is_known {
            target(
                &format!("8, collapsing: {} at once, the last answer", self.name),
                "nobody queues: less than 1.5 times one bare call",
                format!("{took:.1} times"),
                took < 1.5,
            );
        }
    }
}
