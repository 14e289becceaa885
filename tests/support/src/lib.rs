//! What the tests share: a scripted origin, a clock that is set, a client that talks to both, and a
//! real server on loopback.

mod answer;
mod begun;
mod body;
mod clock;
mod conversation;
mod later;
mod loopback;
pub mod model;
mod origin;

pub use answer::Answer;
pub use begun::begun;
pub use body::{Frames, OriginBody, OriginError};
pub use clock::Clock;
pub use conversation::{Conversation, get, request};
pub use later::{Later, Task};
pub use loopback::Loopback;
pub use origin::{Gate, Origin, Reply, Seen, reply};
