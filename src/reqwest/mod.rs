//! reqwest's client below the cache, and its types on both sides of it.

mod as_http;
mod as_reqwest;
mod client;
mod final_url;
mod request_ext;

pub use self::as_http::{AsHttp, AsHttpFuture};
pub use self::as_reqwest::{AsReqwest, AsReqwestFuture};
pub use self::client::{CachedClient, ClientFuture};
pub use self::final_url::{FinalUrl, final_uri};
pub use self::request_ext::RequestExt;
