//! Makes the client and the server of `proto/atlas.proto`, and a list of its methods that a cache may answer.

use std::path::PathBuf;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let atlas = protox::compile(["atlas.proto"], ["proto"])?;

    // Whether a method is safe stands in its definition, and nowhere on the wire.
    let mut safe = Vec::new();
    for file in &atlas.file {
        for service in &file.service {
            let unary = |streams: Option<bool>| streams != Some(true);
            for method in &service.method {
                let level = method
                    .options
                    .clone()
                    .unwrap_or_default()
                    .idempotency_level();
                if level.as_str_name() == "NO_SIDE_EFFECTS"
                    && unary(method.client_streaming)
                    && unary(method.server_streaming)
                {
                    safe.push(format!(
                        "/{}.{}/{}",
                        file.package(),
                        service.name(),
                        method.name()
                    ));
                }
            }
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("safe_methods.rs"), format!("&{safe:?}"))?;

    tonic_prost_build::configure().compile_fds(atlas)?;
    Ok(())
}
