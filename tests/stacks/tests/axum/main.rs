//! axum on either side: the layer around one's own handlers, and the cached client in an app's state.

mod conditional;
mod gateway;
mod handlers;
mod placing;
mod served;
mod shared;
mod streaming;
mod upgrade;
