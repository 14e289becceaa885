//! A server that answers with octets, as they are written by a test: right ones or wrong ones.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::{Wire, tasks_left};

/// One step of an answer. After the last one the connection is kept for another request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Writes octets.
    Octets(Bytes),
    /// Writes octets so many times.
    Repeated(Bytes, usize),
    /// Writes octets until the client goes away.
    Endless(Bytes),
    /// Waits until the test [lets it go on](Upstream::go_on), or the client goes away.
    Stall,
    /// Says that nothing more comes, and waits for the client to go.
    Close,
    /// Resets the connection.
    Reset,
}

impl Step {
    /// Writes octets.
    pub fn octets(octets: impl Into<Bytes>) -> Self {
        Self::Octets(octets.into())
    }
}

/// A server for connections of one version of HTTP. It stops when it is dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    script: Arc<Script>,
    _tasks: JoinSet<()>,
}

/// Makes an answer of the head of a request.
type Answers = Box<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

struct Script {
    wire: Wire,
    otherwise: Option<Answers>,
    answers: Mutex<VecDeque<Vec<Step>>>,
    seen: Mutex<Vec<String>>,
    stalled: Semaphore,
    go_on: Notify,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("wire", &self.wire)
            .field("answers", &self.answers)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    /// Listens on a port of its own, and answers as it [is told](Self::will).
    pub async fn listen(wire: Wire) -> Self {
        Self::bind(wire, None).await
    }

    /// Listens on a port of its own, and answers with what this makes of the head of a request, which is not
    /// remembered.
    pub async fn answering(
        wire: Wire,
        answer: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::bind(wire, Some(Box::new(answer))).await
    }

    async fn bind(wire: Wire, otherwise: Option<Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let script = Arc::new(Script {
            wire,
            otherwise,
            answers: Mutex::default(),
            seen: Mutex::default(),
            stalled: Semaphore::new(0),
            go_on: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        let answers = script.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {} // has ended, and takes memory
                let script = answers.clone();
                connections.spawn(async move {
                    // A client that goes away in the middle is no failure of the server's.
                    let _ = script.serve(stream).await;
                });
            }
        });
        Self {
            address,
            script,
            _tasks: tasks,
        }
    }

    /// Answers the next request that has no answer yet with these steps.
    pub fn will(&self, steps: impl IntoIterator<Item = Step>) {
        let steps = steps.into_iter().collect();
        lock(&self.script.answers).push_back(steps);
    }

    /// A URI at this server.
    pub fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address)
            .parse()
            .expect("a URI")
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        lock(&self.script.seen).len()
    }

    /// The heads of the requests so far; empty ones over HTTP/2, where they are not text.
    pub fn seen(&self) -> Vec<String> {
        lock(&self.script.seen).clone()
    }

    /// Waits until an answer stalls. Each stall is told once.
    pub async fn is_stalled(&self) {
        let stalled = self.script.stalled.acquire().await;
        stalled.expect("it is never closed").forget();
    }

    /// Waits until there is no task on this runtime but the one that listens: no connection, and nobody's work.
    ///
    /// # Panics
    ///
    /// Where that does not come about.
    pub async fn is_left_alone(&self) {
        tasks_left(1).await;
    }

    /// Lets one answer that stalls go on, or the next one that does.
    pub fn go_on(&self) {
        self.script.go_on.notify_one();
    }
}

impl Script {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut unread = Vec::new();
        while let Some(head) = self.wire.next_request(&mut stream, &mut unread).await? {
            let steps = if let Some(answer) = &self.otherwise {
                answer(&head)
            } else {
                lock(&self.seen).push(head);
                let steps = lock(&self.answers).pop_front();
                steps.expect("an answer for each request")
            };
            for step in steps {
                if !self.take(step, &mut stream).await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether the connection is still of use.
    async fn take(&self, step: Step, stream: &mut TcpStream) -> io::Result<bool> {
        match step {
            Step::Octets(octets) => stream.write_all(&octets).await?,
            Step::Repeated(octets, times) => {
                for _ in 0..times {
                    stream.write_all(&octets).await?;
                }
            }
            Step::Endless(octets) => loop {
                stream.write_all(&octets).await?;
            },
            Step::Stall => {
                self.stalled.add_permits(1);
                tokio::select! {
                    () = self.go_on.notified() => {}
                    () = gone(stream) => return Ok(false),
                }
            }
            Step::Close => {
                stream.shutdown().await?;
                gone(stream).await;
                return Ok(false);
            }
            Step::Reset => {
                stream.set_zero_linger()?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Reads until the client goes away.
async fn gone(stream: &mut TcpStream) {
    let mut octets = [0; 1024];
    while !matches!(stream.read(&mut octets).await, Ok(0) | Err(_)) {}
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
