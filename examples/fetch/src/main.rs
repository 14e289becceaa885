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
mod trail;

use std::process::ExitCode;

use tokio::signal;
use tower_client_cache::{CacheLayer, Mode as Everybody};

use crate::arguments::{Arguments, Mode};
use crate::background::Awaited;
use crate::exchange::Exchange;
use crate::report::Report;
use crate::store::Store;

/// What a shell says of who was interrupted.
const INTERRUPTED: u8 = 130;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::read()).await {
        Ok(code) => code,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
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
            report.put_back(&restored)?;
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

    report.columns()?;
    let code = tokio::select! {
        code = get_all(arguments, &exchange) => {
            background.finish(arguments.timeout()).await;
            code
        }
        _ = signal::ctrl_c() => ExitCode::from(INTERRUPTED),
    };
    // Who was offline has got nothing to keep.
    if let Some(store) = store.filter(|_| arguments.mode != Mode::Offline) {
        let kept = store.keep(&handle)?;
        report.kept(&kept)?;
    }
    Ok(code)
}

/// One after the other, and the others as well where one has failed.
async fn get_all(arguments: &Arguments, exchange: &Exchange) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for url in &arguments.urls {
        for _ in 0..arguments.repeat {
            if let Err(error) = exchange.get(url).await {
                say(&error);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// In one line, with the causes.
fn say(error: &anyhow::Error) {
    eprintln!("fetch: {error:#}");
}
