//! The floor: what this machine can do at best for the same promise. Bare quinn with the product's
//! TLS and transport, one bidirectional stream for each client, one append-only file for each role
//! with shared `fdatasync`, the real envelopes, Automerge, and nothing else.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, Change, ObjType, ROOT, ReadDoc, ScalarValue};
use techo_health::{Fields, Value};
use techo_vault::crypto::{BookId, EpochKey, SigningKey, open_envelope, seal_entry};
use techo_wire::{Envelope, EnvelopeHash, UnverifiedEnvelope};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::machine;
use crate::process::{Wish, say, told};
use crate::quic;
use crate::record::{AT_ONCE, YEAR, fields};

const BOOK: BookId = BookId::from_bytes([2; 32]);
/// The message of an idle connection, once there and back.
const WORD: usize = 604;

fn epoch() -> EpochKey {
    EpochKey::from_bytes(&[3; 32])
}

/// Makes records and seals them.
pub(crate) struct Maker {
    document: Automerge,
    key: SigningKey,
    epoch: EpochKey,
    sequence: u64,
    previous: EnvelopeHash,
}

impl Maker {
    pub(crate) fn new(seed: u8) -> Self {
        let mut document = Automerge::new();
        document.set_actor([seed; 16].as_slice().into());
        Self {
            document,
            key: SigningKey::from_seed(&[seed; 32]),
            epoch: epoch(),
            sequence: 0,
            previous: EnvelopeHash::ZERO,
        }
    }

    /// One record: one change, one envelope.
    pub(crate) fn make(&mut self, fields: &Fields) -> Envelope {
        let mut transaction = self.document.transaction();
        let name = format!("{:032x}", self.sequence);
        let map = transaction.put_object(ROOT, name, ObjType::Map).unwrap();
        for (field, value) in fields {
            transaction
                .put(&map, field.as_str(), scalar(value))
                .unwrap();
        }
        transaction.commit_with(CommitOptions::default().with_time(0));
        let change = self.document.get_last_local_change().unwrap();
        self.seal(change.raw_bytes())
    }

    /// One envelope of any bytes.
    pub(crate) fn seal(&mut self, entry: &[u8]) -> Envelope {
        let sealed = seal_entry(
            &self.epoch,
            &BOOK,
            &self.key,
            self.sequence,
            self.previous,
            entry,
        );
        let envelope = sealed.unwrap();
        self.sequence += 1;
        self.previous = envelope.hash();
        envelope
    }
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(flag) => ScalarValue::Boolean(*flag),
        Value::Int(number) => ScalarValue::Int(*number),
        Value::Text(text) => ScalarValue::Str(text.as_str().into()),
    }
}

/// Verifies, opens and applies.
struct Taker {
    document: Automerge,
    epoch: EpochKey,
}

impl Taker {
    fn new() -> Self {
        Self {
            document: Automerge::new(),
            epoch: epoch(),
        }
    }

    fn take(&mut self, frames: &[u8]) -> usize {
        let mut changes = Vec::new();
        for frame in whole(frames) {
            let envelope = UnverifiedEnvelope::parse(frame).unwrap().verify().unwrap();
            let plain = open_envelope(&self.epoch, &BOOK, &envelope).unwrap();
            changes.push(Change::from_bytes(plain.to_vec()).unwrap());
        }
        let count = changes.len();
        self.document.apply_changes(changes).unwrap();
        count
    }
}

/// The frames in these bytes: length, envelope.
fn whole(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, more) = rest.split_first_chunk::<4>()?;
        let (frame, more) = more.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = more;
        Some(frame)
    })
}

fn frame(envelope: &Envelope) -> Vec<u8> {
    let bytes = envelope.as_bytes();
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// An append-only file.
struct Log(File);

impl Log {
    fn open(path: &Path) -> Self {
        Self(
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .unwrap(),
        )
    }

    fn commit(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.sync_data().unwrap();
    }
}

/// Whole frames off a stream, as many as have come.
struct Frames {
    stream: quinn::RecvStream,
    held: Vec<u8>,
}

impl Frames {
    fn new(stream: quinn::RecvStream) -> Self {
        let held = Vec::new();
        Self { stream, held }
    }

    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let length: usize = whole(&self.held).map(|frame| frame.len() + 4).sum();
            if length > 0 {
                let rest = self.held.split_off(length);
                return Some(std::mem::replace(&mut self.held, rest));
            }
            let mut chunks: [_; 256] = std::array::from_fn(|_| Vec::<u8>::new().into());
            let read = self.stream.read_chunks(&mut chunks).await.ok()??;
            for chunk in chunks.iter().take(read) {
                self.held.extend_from_slice(chunk);
            }
        }
    }
}

type Job = (Arc<[u8]>, oneshot::Sender<()>);

/// The bare relay: one thread makes durable what all connections bring, then it is passed on.
pub(crate) async fn relay(wish: &Wish) {
    let dir = Path::new(wish.text("dir")).to_owned();
    let endpoint = quic::server(wish.number("port"));
    let (jobs, mut queue) = mpsc::channel::<Job>(256);
    let (news, _) = broadcast::channel::<Arc<[u8]>>(65_536);
    let (telling, path) = (news.clone(), dir.join("log"));
    std::thread::spawn(move || {
        let (mut log, mut batch) = (Log::open(&path), Vec::new());
        while queue.blocking_recv_many(&mut batch, 512) > 0 {
            let bytes: Vec<&[u8]> = batch.iter().map(|(bytes, _)| bytes.as_ref()).collect();
            log.commit(&bytes.concat());
            for (bytes, done) in batch.drain(..) {
                telling.send(bytes).ok();
                done.send(()).ok();
            }
        }
    });
    say("ready");
    let accepting = tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(guest(incoming, jobs.clone(), news.subscribe(), dir.clone()));
        }
    });
    told().await;
    accepting.abort();
}

async fn guest(
    incoming: quinn::Incoming,
    jobs: mpsc::Sender<Job>,
    mut news: broadcast::Receiver<Arc<[u8]>>,
    dir: std::path::PathBuf,
) -> Option<()> {
    let connection = incoming.await.ok()?;
    let (mut send, mut receive) = connection.accept_bi().await.ok()?;
    let mut role = [0];
    receive.read_exact(&mut role).await.ok()?;
    match role {
        [b'W' | b'P'] => {
            drop(news);
            let acknowledged = role == *b"P";
            let mut frames = Frames::new(receive);
            let (order, mut pending) = mpsc::channel::<(usize, oneshot::Receiver<()>)>(64);
            tokio::spawn(async move {
                while let Some((count, done)) = pending.recv().await {
                    done.await.ok()?;
                    if acknowledged {
                        send.write_all(&vec![1; count]).await.ok()?;
                    }
                }
                Some(())
            });
            while let Some(bytes) = frames.next().await {
                if acknowledged {
                    // What a relay acknowledges it has verified.
                    for frame in whole(&bytes) {
                        UnverifiedEnvelope::parse(frame).ok()?.verify().ok()?;
                    }
                }
                let (tell, done) = oneshot::channel();
                let count = whole(&bytes).count();
                jobs.send((bytes.into(), tell)).await.ok()?;
                order.send((count, done)).await.ok()?;
            }
        }
        [b'R'] => {
            send.write_all(b"!").await.ok()?;
            while let Ok(bytes) = news.recv().await {
                send.write_all(&bytes).await.ok()?;
            }
        }
        [b'J'] => {
            drop(news);
            send.write_all(&std::fs::read(dir.join("log")).ok()?)
                .await
                .ok()?;
            drop(send.finish());
            connection.closed().await;
        }
        _ => {
            drop((news, jobs, dir));
            let mut word = [0; WORD];
            receive.read_exact(&mut word).await.ok()?;
            send.write_all(&word).await.ok()?;
            connection.closed().await;
        }
    }
    Some(())
}

/// The writing device.
pub(crate) async fn write(wish: &Wish) {
    let (count, rate): (usize, f64) = (wish.number("n"), wish.number("rate"));
    let mut log = Log::open(&Path::new(wish.text("dir")).join("a.log"));
    let mut maker = Maker::new(7);
    let (_, mut send, _receive) = quic::dial(wish.number("port"), b'W').await;
    say("ready");
    told().await;
    let (begin, mut times) = (machine::now(), Vec::with_capacity(count));
    if rate > 0.0 {
        let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
        for index in 0..count {
            beat.tick().await;
            times.push(machine::now());
            let bytes = frame(&maker.make(&fields(index, YEAR)));
            log.commit(&bytes);
            send.write_all(&bytes).await.unwrap();
        }
    } else {
        times.push(begin);
        for start in (0..count).step_by(AT_ONCE) {
            let batch = start..count.min(start + AT_ONCE);
            let frames = batch.map(|index| frame(&maker.make(&fields(index, YEAR))));
            let bytes = frames.collect::<Vec<_>>().concat();
            log.commit(&bytes);
            send.write_all(&bytes).await.unwrap();
        }
    }
    crate::report_times("sent", &times);
    told().await;
    drop(send.finish());
}

/// The reading device.
pub(crate) async fn watch(wish: &Wish) {
    let count: usize = wish.number("n");
    let mut log = Log::open(&Path::new(wish.text("dir")).join("b.log"));
    let mut taker = Taker::new();
    let (_, _send, mut receive) = quic::dial(wish.number("port"), b'R').await;
    receive.read_exact(&mut [0]).await.unwrap();
    let mut frames = Frames::new(receive);
    say("ready");
    let mut arrived = Vec::with_capacity(count);
    while arrived.len() < count {
        let bytes = frames.next().await.unwrap();
        log.commit(&bytes);
        let new = taker.take(&bytes);
        arrived.extend(std::iter::repeat_n(machine::now(), new));
    }
    crate::report_times("arrived", &arrived);
    told().await;
    say(format!(
        "peak {}",
        machine::memory(std::process::id(), "VmHWM")
    ));
}

/// A device that joins: everything from the beginning.
pub(crate) async fn join(wish: &Wish) {
    let count: usize = wish.number("n");
    let mut log = Log::open(&Path::new(wish.text("dir")).join("c.log"));
    say("ready");
    told().await;
    let begin = machine::now();
    let (connection, _send, receive) = quic::dial(wish.number("port"), b'J').await;
    let mut frames = Frames::new(receive);
    let mut all = Vec::new();
    while let Some(bytes) = frames.next().await {
        all.extend(bytes);
    }
    log.commit(&all);
    let mut taker = Taker::new();
    assert_eq!(taker.take(&all), count);
    assert_eq!(taker.document.length(ROOT), count);
    say(format!("ms {}", machine::since(begin)));
    say(format!("bytes {}", connection.stats().udp_rx.bytes));
    connection.close(0u32.into(), b"");
    told().await;
    say(format!(
        "peak {}",
        machine::memory(std::process::id(), "VmHWM")
    ));
}

/// Many connections, each with many envelopes on the way.
pub(crate) async fn append(wish: &Wish) {
    let (clients, count): (u8, usize) = (wish.number("clients"), wish.number("n"));
    let mut ready = Vec::new();
    for client in 0..clients {
        let mut maker = Maker::new(client);
        let frames: Vec<Vec<u8>> = (0..count).map(|_| frame(&maker.seal(&[7; 300]))).collect();
        ready.push((quic::dial(wish.number("port"), b'P').await, frames));
    }
    say("ready");
    told().await;
    let begin = machine::now();
    let mut running = tokio::task::JoinSet::new();
    for ((connection, mut send, mut receive), frames) in ready {
        running.spawn(async move {
            let writing = tokio::spawn(async move {
                for frame in frames {
                    send.write_all(&frame).await.unwrap();
                }
                send
            });
            receive.read_exact(&mut vec![0; count]).await.unwrap();
            drop(writing.await);
            connection.close(0u32.into(), b"");
        });
    }
    running.join_all().await;
    let seconds = machine::since(begin) / 1e3;
    say(format!(
        "rate {}",
        f64::from(clients) * count as f64 / seconds
    ));
    told().await;
}

/// Connections that said one word and are silent.
pub(crate) async fn idle(wish: &Wish) {
    let port: u16 = wish.number("port");
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut dialling = tokio::task::JoinSet::new();
    for _ in 0..wish.number::<usize>("n") {
        let kept = Arc::clone(&kept);
        if dialling.len() >= 16 {
            dialling.join_next().await;
        }
        dialling.spawn(async move {
            let (connection, mut send, mut receive) = quic::dial(port, b'I').await;
            let mut word = [1; WORD];
            send.write_all(&word).await.unwrap();
            receive.read_exact(&mut word).await.unwrap();
            kept.lock().unwrap().push((connection, send, receive));
        });
    }
    dialling.join_all().await;
    say("ready");
    told().await;
}
