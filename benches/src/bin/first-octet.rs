//! When the first octet comes of a body that the origin sends in 64 parts, 5 ms apart.

use std::error::Error;

use benches::{Contender, Room, SlowOrigin, is_quick, target, uris};
use tokio::runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = if is_quick() { 2 } else { 5 };
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let mut measured = vec![Vec::new(); Contender::ALL.len()];
    runtime.block_on(async {
        for uri in uris(rounds) {
            for (measured, contender) in measured.iter_mut().zip(Contender::ALL) {
                let mut client = contender.client(Room::AsItComes, SlowOrigin);
                let first = client.first_octet(uri).await;
                assert_eq!(first.octets, SlowOrigin::OCTETS);
                measured.push(first.after.as_secs_f64() * 1e3);
            }
        }
    });
    println!("### First octet of 64 × 16 KiB that come 5 ms apart\n");
    println!(
        "A miss, and how long it is until the first octet of the body: the least of {rounds}.\n"
    );
    println!("| | ms | later than a bare call, ms |");
    println!("|---|---:|---:|");
    let least = |measured: &[f64]| measured.iter().copied().fold(f64::INFINITY, f64::min);
    let bare = least(&measured[0]);
    for (contender, measured) in Contender::ALL.iter().zip(&measured) {
        let after = least(measured);
        println!(
            "| {} | {after:.2} | {:+.2} |",
            contender.name(),
            after - bare
        );
        if *contender == Contender::Ours {
            target(
                "4, forwards: first octet of a slow miss",
                "within 1 ms of a bare call",
                format!("{:+.2} ms", after - bare),
                after - bare <= 1.0,
            );
        }
    }
    Ok(())
}
