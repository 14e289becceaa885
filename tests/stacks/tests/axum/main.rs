//! axum on either side: the layer around one's own handlers, and the cached client in an app's state.

mod handlers;
