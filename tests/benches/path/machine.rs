//! What the machine tells of time, memory and folders. It is the only place that reads a clock.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds that all processes of this machine agree on.
#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

/// Milliseconds since `from`.
pub(crate) fn since(from: u64) -> f64 {
    now().saturating_sub(from) as f64 / 1e6
}

/// Nanoseconds of a processor that this thread has had; what others do on the machine counts little.
/// The system writes it down a few times in a hundredth of a second: measure tenths.
pub(crate) fn processor() -> u64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = spent.split(' ').next().and_then(|text| text.parse().ok());
    spent.unwrap_or_else(now)
}

/// Waits; a bench has nothing else to wait for.
#[allow(
    clippy::disallowed_methods,
    reason = "a bench lets things come to rest"
)]
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// A line of `/proc/PID/status` in MiB: `VmHWM` is the high-water mark, `VmRSS` what is held now.
pub(crate) fn memory(pid: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let found = status.lines().find(|text| text.starts_with(line));
    let kib = found.and_then(|text| text.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// Bytes of all files below a folder.
pub(crate) fn size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.metadata().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}
