//! What can go wrong between a client and a relay, split by blame.

use techo_wire::ErrorCode;
use techo_wire::frame::FrameError;
use techo_wire::receipt::ReceiptError;

/// Why a relay could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The name does not resolve, or no packet goes there.
    #[error("the relay cannot be reached")]
    Unreachable(#[source] std::io::Error),
    /// No answer in time.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// The connection is gone.
    #[error("the connection to the relay was lost")]
    Closed(#[source] Option<quinn::ConnectionError>),
    /// Somebody answered who does not hold the pinned key.
    #[error("the relay showed another key than the one expected")]
    WrongRelayKey,
    /// The relay speaks no version that is known here.
    #[error("the relay speaks another version")]
    Version,
    /// The relay refused the request.
    #[error("the relay refused: {code}")]
    Refused {
        /// Why.
        code: ErrorCode,
        /// The next sequence that it would take, if it told.
        expected: Option<u64>,
    },
    /// The relay broke the protocol.
    #[error("the relay misbehaved")]
    PeerMisbehaved(#[source] Misbehaviour),
    /// A request that does not fit a frame.
    #[error("the request is too large")]
    TooLarge,
    /// TLS or a socket could not be set up on this side.
    #[error("QUIC could not be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How a relay broke the protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// It sent no frame.
    #[error("it sent no frame")]
    Frame(#[from] FrameError),
    /// It sent a frame that answers nothing.
    #[error("it sent a frame that does not belong here")]
    Unexpected,
    /// Its receipt does not verify.
    #[error("its receipt does not hold")]
    Receipt(#[from] ReceiptError),
    /// Its receipt is about something else than the request.
    #[error("its receipt does not cover the request")]
    ReceiptContents,
    /// It named another key in its Welcome than in TLS.
    #[error("it names another key than it shows")]
    Welcome,
}

impl ClientError {
    /// Whether the same request may succeed later, unchanged.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Closed(_) => true,
            Self::Refused { code, .. } => {
                matches!(
                    code,
                    ErrorCode::Busy | ErrorCode::Storage | ErrorCode::ShuttingDown
                )
            }
            Self::WrongRelayKey
            | Self::Version
            | Self::PeerMisbehaved(_)
            | Self::TooLarge
            | Self::Setup(_) => false,
        }
    }

    pub(crate) fn misbehaved(how: impl Into<Misbehaviour>) -> Self {
        Self::PeerMisbehaved(how.into())
    }
}

/// TLS alert 120: no application protocol in common.
const NO_APPLICATION_PROTOCOL: u8 = 120;

impl From<quinn::ConnectionError> for ClientError {
    fn from(error: quinn::ConnectionError) -> Self {
        use quinn::ConnectionError as E;
        match &error {
            E::TimedOut => Self::TimedOut,
            E::VersionMismatch => Self::Version,
            E::TransportError(e) if e.code == no_protocol() => Self::Version,
            E::ConnectionClosed(close) if close.error_code == no_protocol() => Self::Version,
            E::ApplicationClosed(close) => {
                match ErrorCode::from_number(close.error_code.into_inner()) {
                    Some(code) => Self::Refused {
                        code,
                        expected: None,
                    },
                    None => Self::Closed(Some(error)),
                }
            }
            _ => Self::Closed(Some(error)),
        }
    }
}

fn no_protocol() -> quinn::TransportErrorCode {
    quinn::TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL)
}

impl From<quinn::WriteError> for ClientError {
    fn from(error: quinn::WriteError) -> Self {
        match error {
            quinn::WriteError::ConnectionLost(lost) => lost.into(),
            _ => Self::Closed(None),
        }
    }
}

impl From<quinn::ReadError> for ClientError {
    fn from(error: quinn::ReadError) -> Self {
        match error {
            quinn::ReadError::ConnectionLost(lost) => lost.into(),
            _ => Self::Closed(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_may_heal_is_retried() {
        let refused = |code| ClientError::Refused {
            code,
            expected: None,
        };
        assert!(ClientError::TimedOut.is_retryable());
        assert!(ClientError::Closed(None).is_retryable());
        assert!(refused(ErrorCode::Storage).is_retryable());
        assert!(!refused(ErrorCode::Fork).is_retryable());
        assert!(!ClientError::WrongRelayKey.is_retryable());
        assert!(!ClientError::misbehaved(Misbehaviour::Unexpected).is_retryable());
    }
}
