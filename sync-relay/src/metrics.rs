//! What an operator may watch: counts of the whole relay, on a loopback port, never a box, a feed
//! or an address.

use crate::error::RelayError;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest head of a request that is read.
const MAX_HEAD: usize = 8_192;
/// Requests answered at once; others wait.
const GUESTS: usize = 8;

/// Counts since the relay started. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    opened: AtomicU64,
    closed: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    batches: AtomicU64,
    kept: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    failing: AtomicBool,
}

impl Metrics {
    /// A connection was made.
    pub(crate) fn opened(&self) {
        add(&self.0.opened, 1);
    }

    /// A connection ended, after so many bytes of datagrams.
    pub(crate) fn closed(&self, sent: u64, received: u64) {
        add(&self.0.closed, 1);
        add(&self.0.sent, sent);
        add(&self.0.received, received);
    }

    /// A batch is durable.
    pub(crate) fn committed(&self, kept: u64, refused: u64) {
        add(&self.0.batches, 1);
        add(&self.0.kept, kept);
        add(&self.0.refused, refused);
        self.0.failing.store(false, Ordering::Relaxed);
    }

    /// A batch could not be kept.
    pub(crate) fn failed(&self) {
        add(&self.0.failed, 1);
        self.0.failing.store(true, Ordering::Relaxed);
    }

    /// The counts in Prometheus' text format 0.0.4.
    fn text(&self) -> String {
        let at = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.0;
        let (opened, closed) = (at(&counts.opened), at(&counts.closed));
        let healthy = u64::from(!counts.failing.load(Ordering::Relaxed));
        let lines = [
            (
                "connections",
                "gauge",
                "Connections open now.",
                opened.saturating_sub(closed),
            ),
            ("connections_total", "counter", "Connections made.", opened),
            (
                "sent_bytes_total",
                "counter",
                "Bytes of datagrams sent on connections that ended.",
                at(&counts.sent),
            ),
            (
                "received_bytes_total",
                "counter",
                "Bytes of datagrams received on connections that ended.",
                at(&counts.received),
            ),
            (
                "batches_total",
                "counter",
                "Batches made durable.",
                at(&counts.batches),
            ),
            ("writes_total", "counter", "Writes kept.", at(&counts.kept)),
            (
                "refusals_total",
                "counter",
                "Writes refused.",
                at(&counts.refused),
            ),
            (
                "failures_total",
                "counter",
                "Batches that the store failed to keep.",
                at(&counts.failed),
            ),
            (
                "healthy",
                "gauge",
                "Whether the store kept the last batch.",
                healthy,
            ),
        ];
        let mut text = String::new();
        for (name, kind, help, value) in lines {
            // Writing to a string cannot fail.
            write!(
                text,
                "# HELP techo_relay_{name} {help}\n# TYPE techo_relay_{name} {kind}\n\
                 techo_relay_{name} {value}\n"
            )
            .ok();
        }
        text
    }

    fn answer(&self, head: &[u8]) -> String {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let (status, body) = match line {
            b"GET /metrics HTTP/1.1" | b"GET /metrics HTTP/1.0" => ("200 OK", self.text()),
            b"GET /healthz HTTP/1.1" | b"GET /healthz HTTP/1.0" => {
                if self.0.failing.load(Ordering::Relaxed) {
                    ("503 Service Unavailable", "the store fails\n".to_owned())
                } else {
                    ("200 OK", "ok\n".to_owned())
                }
            }
            _ => ("404 Not Found", String::new()),
        };
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// Listens on a loopback address; any other is refused.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, RelayError> {
    if !address.ip().is_loopback() {
        return Err(RelayError::MetricsInPublic { address });
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| RelayError::Listen { address, source })
}

/// Answers until it is aborted.
pub(crate) async fn serve(listener: TcpListener, metrics: Metrics) {
    let mut guests = JoinSet::new();
    loop {
        if guests.len() >= GUESTS {
            guests.join_next().await;
        }
        if let Ok((stream, _)) = listener.accept().await {
            let metrics = metrics.clone();
            guests.spawn(async move {
                // Who does not ask in time gets no answer.
                drop(tokio::time::timeout(PATIENCE, guest(stream, metrics)).await);
            });
        }
    }
}

async fn guest(stream: TcpStream, metrics: Metrics) -> std::io::Result<()> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1_024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_HEAD {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => head.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let answer = metrics.answer(&head);
    let mut rest = answer.as_bytes();
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    async fn ask(address: SocketAddr, path: &'static str) -> String {
        let asking = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: relay\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        asking.await.unwrap()
    }

    #[tokio::test]
    async fn counts_and_health_are_told_on_the_loopback() {
        let metrics = Metrics::default();
        let listener = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, metrics.clone()));
        metrics.opened();
        metrics.opened();
        metrics.closed(700, 90);
        metrics.committed(5, 1);
        let told = ask(address, "/metrics").await;
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
        for line in [
            "connections 1",
            "connections_total 2",
            "sent_bytes_total 700",
            "writes_total 5",
        ] {
            assert!(told.contains(&format!("\ntecho_relay_{line}\n")), "{line}");
        }
        assert!(ask(address, "/healthz").await.ends_with("\r\n\r\nok\n"));
        metrics.failed();
        assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 503"));
        assert!(ask(address, "/secret").await.starts_with("HTTP/1.1 404"));
        serving.abort();
    }

    #[tokio::test]
    async fn metrics_are_not_told_in_public() {
        let refused = listen(([0, 0, 0, 0], 0).into()).await;
        assert!(matches!(refused, Err(RelayError::MetricsInPublic { .. })));
    }
}
