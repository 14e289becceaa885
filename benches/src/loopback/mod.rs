//! An origin behind a socket, on the loopback.

mod remote;
mod server;

pub use remote::Remote;
pub use server::Server;
