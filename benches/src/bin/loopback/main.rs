//! Requests a second over a socket.

use std::error::Error;
use std::time::{Duration, Instant};

use benches::{
    Client, Contender, KIBIBYTE, Page, Remote, Room, Server, is_quick, median, thousands,
};
use futures_util::future::join_all;
use tokio::runtime::{self, Runtime};

const IN_FLIGHT: [usize; 2] = [1, 32];

fn main() -> Result<(), Box<dyn Error>> {
    let (rounds, span) = if is_quick() {
        (3, Duration::from_millis(50))
    } else {
        (9, Duration::from_millis(150))
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = Server::start(Page::fresh(KIBIBYTE))?;
    let uri = server.uri(0);
    let mut clients: Vec<_> = Contender::ALL
        .iter()
        .map(|contender| contender.client(Room::AsItComes, Remote::new()))
        .collect();
    for client in &mut clients {
        for in_flight in IN_FLIGHT {
            speed(&runtime, &**client, uri, in_flight, span / 4);
        }
    }
    let mut speeds = vec![IN_FLIGHT.map(|_| Vec::new()); clients.len()];
    for _ in 0..rounds {
        for (at, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            for (client, speeds) in clients.iter().zip(&mut speeds) {
                speeds[at].push(speed(&runtime, &**client, uri, in_flight, span));
            }
        }
    }
    println!("### Requests over the loopback\n");
    println!(
        "Requests a second of one thread that asks a server of HTTP/1.1 for the same 1 KiB, which caches have \
         stored; and relative to a bare call in the same round. The median of {rounds} rounds, in each of which \
         all take their turns.\n"
    );
    println!("| | 1 in flight, /s | : bare | 32 in flight, /s | : bare |");
    println!("|---|---:|---:|---:|---:|");
    for (contender, of) in Contender::ALL.iter().zip(&speeds) {
        let cells = [0, 1].map(|at| {
            let ratios = of[at].iter().zip(&speeds[0][at]);
            let ratios: Vec<_> = ratios.map(|(one, bare)| one / bare).collect();
            let (speed, ratio) = (median(&of[at]), median(&ratios));
            format!("{} | {ratio:.2}", thousands(speed))
        });
        println!("| {} | {} | {} |", contender.name(), cells[0], cells[1]);
    }
    Ok(())
}

/// How many exchanges a second are made, so many at a time.
fn speed(
    runtime: &Runtime,
    client: &dyn Client,
    uri: &'static str,
    in_flight: usize,
    span: Duration,
) -> f64 {
    let start = Instant::now();
    let one_after_the_other = |_| {
        let mut client = client.another();
        async move {
            let mut made = 0;
            while start.elapsed() < span {
                let answer = client.first_octet(uri).await;
                assert_eq!(answer.octets, KIBIBYTE);
                made += 1;
            }
            made
        }
    };
    let made = runtime.block_on(join_all((0..in_flight).map(one_after_the_other)));
    let made: usize = made.iter().sum();
    made as f64 / start.elapsed().as_secs_f64()
}
