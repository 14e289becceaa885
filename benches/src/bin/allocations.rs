//! `allocations MODE` prints how often an exchange allocates, and how many octets in all; what it takes to
//! build the request does not count.

use std::env;
use std::error::Error;

use allocation_counter::measure;
use benches::{Exchanges, Mode, URI, request};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mode: Mode = env::args()
        .nth(1)
        .ok_or("usage: allocations MODE")?
        .parse()?;
    let (few, many) = mode.workload.counts();
    let count = many - few;
    // As it is for whoever uses a cache; nothing is ever left to it.
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let _inside = runtime.enter();
    let mut exchanges = Exchanges::new(mode);
    exchanges.make(few);
    let counted = measure(|| exchanges.make(count));
    exchanges.check();
    let requests = measure(|| (0..count).for_each(|_| drop(request(URI))));
    let each = |total: u64| total as f64 / count as f64;
    println!(
        "{:.2} {:.0}",
        each(counted.count_total - requests.count_total),
        each(counted.bytes_total - requests.bytes_total)
    );
    Ok(())
}
