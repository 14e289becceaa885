//! `instructions MODE N` makes N exchanges, for callgrind to count the instructions of.

use std::env;
use std::error::Error;

use benches::{Exchanges, Mode};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(mode), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: instructions MODE N".into());
    };
    let (mode, count): (Mode, usize) = (mode.parse()?, count.parse()?);
    let mut exchanges = Exchanges::new(mode);
    exchanges.make(count);
    exchanges.check();
    Ok(())
}
