//! `instructions MODE N` makes N exchanges, for callgrind to count the instructions of. `instructions
//! MODE` prints how many there ought to be in two processes that are compared.

use std::env;
use std::error::Error;

use benches::{Exchanges, Mode};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mode: Mode = arguments
        .next()
        .ok_or("usage: instructions MODE [N]")?
        .parse()?;
    let Some(count) = arguments.next() else {
        let (few, many) = mode.workload.counts();
        println!("{few} {many}");
        return Ok(());
    };
    // As it is for whoever uses a cache; nothing is ever left to it.
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let _inside = runtime.enter();
    let mut exchanges = Exchanges::new(mode);
    exchanges.make(count.parse()?);
    exchanges.check();
    Ok(())
}
