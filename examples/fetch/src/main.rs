//! Gets URLs through a cache, and says what the cache did: to point the cache at a real site.
//!
//! ```text
//! cargo run -p fetch -- --repeat 2 https://www.rust-lang.org/
//! cargo run -p fetch -- --store news.cache --explain https://example.com/news
//! cargo run -p fetch -- --help
//! ```
//!
//! Each module is one thing: what it is [told](arguments), the [client] with the cache in it, one [exchange], and the
//! [store] that is kept between runs.

mod arguments;
mod background;
mod client;
mod exchange;
mod progress;
mod report;
mod store;
mod stream;
mod trail;

use std::fmt::Display;
use std::io::{Write, stderr};
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::signal;
use tower_client_cache::{CacheLayer, Mode as Everybody};

use crate::arguments::{Arguments, Mode};
use crate::background::Awaited;
use crate::exchange::Exchange;
use crate::report::Report;
use crate::store::Store;
use crate::stream::Unwritten;

/// What a shell says of who was interrupted.
const INTERRUPTED: u8 = 130;

/// And of who writes what nobody reads.
const UNREAD: u8 = 141;

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let code = runtime.block_on(run(&arguments));
    // Neither who reads what is written nor who looks up a name is waited for any more.
    runtime.shutdown_background();
    code.unwrap_or_else(|error| failed(&error))
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let report = if arguments.is_output_standard() {
        Report::Error
    } else {
        Report::Output
    };
    let background = Awaited::new();
    let cache = CacheLayer::background(background.clone()).default_request_body();
    let handle = cache.handle();
    let store = match &arguments.store {
        Some(path) => {
            let (store, restored) = Store::open(path, &handle)?;
            report.put_back(&restored).await?;
            Some(store)
        }
        None => None,
    };
    if arguments.mode == Mode::Offline {
        handle.set_mode(Everybody::Offline);
    }
    let explain = arguments.explain.then(|| (handle.clone(), report));
    let exchange = Exchange {
        client: client::around(&cache, arguments.timeout(), explain)?,
        mode: arguments.mode.of_requests(),
        fields: exchange::fields(&arguments.fields),
        output: arguments.output.clone(),
        report,
    };

    report.columns().await?;
    let (code, report) = tokio::select! {
        code = get_all(arguments, &exchange) => {
            background.finish(arguments.timeout()).await;
            (code, report)
        }
        // Standard output may be why there was nothing left but to interrupt it.
        _ = signal::ctrl_c() => (ExitCode::from(INTERRUPTED), Report::Error),
    };
    // Who was offline has got nothing to keep.
    if let Some(store) = store.filter(|_| arguments.mode != Mode::Offline) {
        let kept = store.keep(&handle)?;
        report.kept(&kept).await?;
    }
    Ok(code)
}

/// One after the other, and the others as well where one has failed, as long as somebody wants to know.
async fn get_all(arguments: &Arguments, exchange: &Exchange) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for url in &arguments.urls {
        for _ in 0..arguments.repeat {
            let Err(error) = exchange.get(url).await else {
                continue;
            };
            code = failed(&error);
            if is_unread(&error) {
                return code;
            }
        }
    }
    code
}

/// Says what has gone wrong, in one line with the causes. Where nobody reads what is said there is nothing to say.
fn failed(error: &anyhow::Error) -> ExitCode {
    if is_unread(error) {
        return ExitCode::from(UNREAD);
    }
    say(format_args!("{error:#}"));
    ExitCode::FAILURE
}

fn is_unread(error: &anyhow::Error) -> bool {
    let unwritten = error.downcast_ref::<Unwritten>();
    unwritten.is_some_and(Unwritten::is_unread)
}

/// On standard error. Where that cannot be written there is nobody to tell.
fn say(what: impl Display) {
    let _ = writeln!(stderr(), "fetch: {what}");
}
