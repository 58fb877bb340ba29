//! One frame onto one stream; it decides nothing.

use techo_wire::Frame;
use techo_wire::frame::encode_frame;

/// The stream or its connection is gone.
#[derive(Debug)]
pub(crate) struct Gone;

impl From<quinn::WriteError> for Gone {
    fn from(_: quinn::WriteError) -> Self {
        Self
    }
}

/// Sends one frame.
pub(crate) async fn write(send: &mut quinn::SendStream, frame: &Frame) -> Result<(), Gone> {
    write_times(send, frame, 1).await
}

/// Sends one frame so many times. Ours always fit: pages and receipts stay far below the cap.
pub(crate) async fn write_times(
    send: &mut quinn::SendStream,
    frame: &Frame,
    times: usize,
) -> Result<(), Gone> {
    let bytes = encode_frame(frame).map_err(|_| Gone)?.repeat(times);
    Ok(send.write_all(&bytes).await?)
}
