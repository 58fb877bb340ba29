//! Where a relay is and which key it must show; it resolves and dials nothing.

use crate::id::RelayKey;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Why something is no relay address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The `#KEY` part is missing or no key.
    #[error("the relay key after # is missing or mistyped")]
    Key,
    /// The port is missing, zero or no number.
    #[error("the port is missing or no number from 1 to 65535")]
    Port,
    /// The host is neither a name nor an IP address (IPv6 in brackets).
    #[error("the host is neither a name nor an IP address")]
    Host,
}

/// A relay's host, port and pinned key, as text `HOST:PORT#KEY`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayAddress {
    host: String,
    port: u16,
    key: RelayKey,
}

impl RelayAddress {
    /// Makes an address; a name becomes lower-case, an IP address takes its shortest form.
    pub fn new(host: &str, port: u16, key: RelayKey) -> Result<Self, AddressError> {
        if port == 0 {
            return Err(AddressError::Port);
        }
        Ok(Self {
            host: normal_host(host)?,
            port,
            key,
        })
    }

    /// The host: a lower-case name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The UDP port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The key that the relay must show.
    pub const fn key(&self) -> RelayKey {
        self.key
    }
}

fn normal_host(host: &str) -> Result<String, AddressError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(ip.to_string());
    }
    let host = host.to_ascii_lowercase();
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name that ends in a number would be taken for an IPv4 address by some resolvers.
    let last_is_number = host
        .rsplit('.')
        .next()
        .is_none_or(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if host.len() > 253 || !host.split('.').all(label_fits) || last_is_number {
        return Err(AddressError::Host);
    }
    Ok(host)
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}#{}", self.host, self.port, self.key)
        } else {
            write!(f, "{}:{}#{}", self.host, self.port, self.key)
        }
    }
}

impl FromStr for RelayAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, key) = text.split_once('#').ok_or(AddressError::Key)?;
        let key = key.parse().map_err(|_| AddressError::Key)?;
        let (host, port) = place.rsplit_once(':').ok_or(AddressError::Port)?;
        if port.starts_with(['0', '+']) {
            return Err(AddressError::Port);
        }
        let port = port.parse().map_err(|_| AddressError::Port)?;
        let host = match host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(v6) => v6
                .parse::<Ipv6Addr>()
                .map_err(|_| AddressError::Host)?
                .to_string(),
            None if host.parse::<Ipv4Addr>().is_err() && host.contains(':') => {
                return Err(AddressError::Host);
            }
            None => host.to_owned(),
        };
        Self::new(&host, port, key)
    }
}

impl<C> Encode<C> for RelayAddress {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(4)?
            .u8(1)?
            .str(&self.host)?
            .u16(self.port)?
            .bytes(self.key.as_bytes())?
            .ok()
    }
}

impl<'b, C> Decode<'b, C> for RelayAddress {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, decode::Error> {
        if d.array()? != Some(4) || d.u8()? != 1 {
            return Err(decode::Error::message("version of a relay address"));
        }
        let host = d.str()?;
        let port = d.u16()?;
        let address = Self::new(host, port, RelayKey::decode(d, c)?)
            .map_err(|_| decode::Error::message("relay address"))?;
        if address.host != host {
            return Err(decode::Error::message("host in other than its normal form"));
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;
    use proptest::prelude::*;

    fn key() -> RelayKey {
        RelayKey::from_bytes([9; 32])
    }

    #[test]
    fn names_and_both_kinds_of_ip_survive_text_and_cbor() {
        for (host, text) in [
            ("Relay.Example.jp", "relay.example.jp:4433#"),
            ("127.0.0.1", "127.0.0.1:4433#"),
            ("2001:db8:0::1", "[2001:db8::1]:4433#"),
            ("localhost", "localhost:4433#"),
        ] {
            let address = RelayAddress::new(host, 4433, key()).unwrap();
            assert_eq!(address.to_string(), format!("{text}{}", key()));
            assert_eq!(address.to_string().parse(), Ok(address.clone()));
            let bytes = canonical::encode(&address);
            assert_eq!(canonical::decode::<RelayAddress>(&bytes).unwrap(), address);
        }
    }

    #[test]
    fn what_is_no_address_says_which_part() {
        let k = key();
        for (text, error) in [
            ("relay:4433".to_owned(), AddressError::Key),
            ("relay:4433#abc".to_owned(), AddressError::Key),
            (format!("relay#{k}"), AddressError::Port),
            (format!("relay:0#{k}"), AddressError::Port),
            (format!("relay:+1#{k}"), AddressError::Port),
            (format!("relay:70000#{k}"), AddressError::Port),
            (format!("::1:4433#{k}"), AddressError::Host),
            (format!("[::1:4433#{k}"), AddressError::Host),
            (format!(":4433#{k}"), AddressError::Host),
            (format!("a b:4433#{k}"), AddressError::Host),
            (format!("300.1.1.1:4433#{k}"), AddressError::Host),
        ] {
            assert_eq!(text.parse::<RelayAddress>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_host_in_another_spelling_is_refused_in_cbor() {
        let mut bytes = canonical::encode(&RelayAddress::new("relay", 1, key()).unwrap());
        bytes[3] = b'R';
        assert!(canonical::decode::<RelayAddress>(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn what_parses_prints_so_that_it_parses_again(text in "[a-z0-9.:\\[\\]-]{1,20}") {
            if let Ok(address) = format!("{text}#{}", key()).parse::<RelayAddress>() {
                prop_assert_eq!(address.to_string().parse::<RelayAddress>(), Ok(address));
            }
        }
    }
}
