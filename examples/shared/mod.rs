//! What the examples share: a server on loopback, colours, and how an example fails.

mod screen;
mod server;

use std::fmt::Debug;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::timeout;
use tower_client_cache::CacheStatus;

pub(crate) use screen::{Colour, heading, paint};
pub(crate) use server::Server;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs an example. It fails with a message where something it shows does not hold, and where it does
/// not come to its end.
pub(crate) async fn run(example: impl Future<Output = Result<(), Error>>) -> ExitCode {
    let failure = match timeout(Duration::from_secs(30), example).await {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => "it has not come to its end in 30 seconds".to_owned(),
    };
    eprintln!("\nfailed: {failure}");
    ExitCode::FAILURE
}

/// Fails, with both values, unless what was found is what was expected.
pub(crate) fn check<T: PartialEq + Debug>(
    step: &str,
    what: &str,
    found: T,
    expected: T,
) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{step}: {what}: expected {expected:?}, found {found:?}").into())
}

/// Fails unless this is how the status begins. Behind it stands how long the response stays fresh.
pub(crate) fn check_status(step: &str, found: &CacheStatus, expected: &str) -> Result<(), Error> {
    let found = found.to_string();
    if found.starts_with(expected) {
        return Ok(());
    }
    Err(format!("{step}: CacheStatus: expected {expected:?}, found {found:?}").into())
}
