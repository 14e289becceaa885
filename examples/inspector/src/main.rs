//! A page to look at a cache while it runs: an app that calls an upstream through the cache.
//!
//! ```text
//! cargo run -p inspector -- --port 8080
//! cargo run -p inspector -- --port 8080 --upstream http://127.0.0.1:8000
//! ```
//!
//! - `--port PORT`: where it listens, on 127.0.0.1 alone; 0, the default, is any free port. It prints one line that says
//!   which.
//! - `--upstream URL`: whom it asks. By default it brings an upstream of its own, whose pages say for how long they are
//!   fresh.
//! - `--until-stdin-closes`: it ends when its standard input does.

use std::process::ExitCode;

use http::Uri;
use inspector::{Inspector, upstream};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(mistake) => {
            eprintln!("{mistake}\ninspector [--port PORT] [--upstream URL] [--until-stdin-closes]");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> std::io::Result<()> {
    let upstream = match options.upstream {
        Some(upstream) => upstream,
        None => upstream::serve().await?,
    };
    let inspector = Inspector::bind(options.port, upstream).await?;
    println!("http://{}/_cache", inspector.address());
    let ends_with_stdin = options.until_stdin_closes;
    inspector
        .serve(async move {
            if ends_with_stdin {
                let mut nothing = Vec::new();
                let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
            } else {
                let _ = tokio::signal::ctrl_c().await;
            }
        })
        .await
}

#[derive(Default)]
struct Options {
    port: u16,
    upstream: Option<Uri>,
    until_stdin_closes: bool,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match &*word {
                "--port" => {
                    options.port = value()?
                        .parse()
                        .map_err(|_| "a port is a number".to_owned())?;
                }
                "--upstream" => {
                    let uri: Uri = value()?.parse().map_err(|_| "no URL".to_owned())?;
                    if uri.authority().is_none() {
                        return Err("an upstream is an absolute URL".to_owned());
                    }
                    options.upstream = Some(uri);
                }
                "--until-stdin-closes" => options.until_stdin_closes = true,
                _ => return Err(format!("{word} is not known")),
            }
        }
        Ok(options)
    }
}
