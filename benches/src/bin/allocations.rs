//! `allocations MODE` prints how often an exchange allocates, and how many octets in all.

use std::env;
use std::error::Error;

use allocation_counter::measure;
use benches::{Exchanges, Mode};

const COUNT: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mode: Mode = env::args()
        .nth(1)
        .ok_or("usage: allocations MODE")?
        .parse()?;
    let mut exchanges = Exchanges::new(mode);
    let counted = measure(|| exchanges.make(COUNT));
    exchanges.check();
    let each = |total: u64| total as f64 / COUNT as f64;
    println!(
        "{} {}",
        each(counted.count_total),
        each(counted.bytes_total)
    );
    Ok(())
}
