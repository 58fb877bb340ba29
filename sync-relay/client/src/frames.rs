//! Frames off a QUIC stream; it reads no further ahead than one chunk.

use crate::error::ClientError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use techo_wire::{Frame, FrameReader};

const CHUNK: usize = 64 << 10;

/// Counts bytes in either direction, so that a deadline can tell slow from stuck.
pub(crate) type Progress = Arc<AtomicU64>;

#[derive(Debug)]
pub(crate) struct Incoming {
    stream: quinn::RecvStream,
    reader: FrameReader,
    progress: Progress,
}

impl Incoming {
    pub(crate) fn new(stream: quinn::RecvStream, progress: Progress) -> Self {
        Self {
            stream,
            reader: FrameReader::default(),
            progress,
        }
    }

    /// The next frame, or `None` at the end of the stream. Keeps its place when cancelled.
    pub(crate) async fn next_frame(&mut self) -> Result<Option<Frame>, ClientError> {
        loop {
            if let Some(frame) = self.reader.next_frame().map_err(ClientError::misbehaved)? {
                return Ok(Some(frame));
            }
            match self.stream.read_chunk(CHUNK, true).await? {
                Some(chunk) => {
                    self.progress
                        .fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
                    self.reader.push(&chunk.bytes);
                }
                None if self.reader.is_empty() => return Ok(None),
                None => return Err(ClientError::Closed(None)),
            }
        }
    }
}

/// Writes all of `bytes`, counting as they leave.
pub(crate) async fn write_all(
    stream: &mut quinn::SendStream,
    bytes: &[u8],
    progress: &Progress,
) -> Result<(), ClientError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = stream.write(rest).await?;
        progress.fetch_add(written as u64, Ordering::Relaxed);
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
}
