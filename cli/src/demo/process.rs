//! Child processes with deadlines: run to the end, or kept until dropped. It never sleeps: it waits
//! for lines and ends.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Longer than any step takes on a slow machine.
const DEADLINE: Duration = Duration::from_mins(2);

/// What a process said before it ended.
#[derive(Debug)]
pub(super) struct Said {
    /// Its exit code; `None` if it was killed.
    pub(super) code: Option<i32>,
    /// Standard output.
    pub(super) out: String,
    /// Standard error.
    pub(super) err: String,
}

/// Runs a process to its end.
pub(super) fn run(mut command: Command) -> io::Result<Said> {
    let mut child = Killed(piped(&mut command).spawn()?);
    let out = collect(child.0.stdout.take());
    let err = collect(child.0.stderr.take());
    // Both pipes close when the process ends.
    let out = out.recv_timeout(DEADLINE).map_err(late)?;
    let err = err.recv_timeout(DEADLINE).map_err(late)?;
    let code = child.0.wait()?.code();
    Ok(Said { code, out, err })
}

/// A process that goes on until it is dropped.
#[derive(Debug)]
pub(super) struct Running {
    _child: Killed,
    /// The first line that it said.
    pub(super) first_line: String,
}

impl Running {
    /// Starts a process and waits for its first line.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = Killed(piped(&mut command).spawn()?);
        // Read to the end, or the process would stop at a full pipe.
        drop(collect(child.0.stderr.take()));
        let lines = first_line(child.0.stdout.take());
        let first_line = lines.recv_timeout(DEADLINE).map_err(late)?;
        if first_line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self {
            _child: child,
            first_line,
        })
    }
}

/// A process that does not outlive this.
#[derive(Debug)]
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn piped(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
}

fn late(_: RecvTimeoutError) -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            drop(pipe.read_to_end(&mut bytes));
        }
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
}

fn first_line(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let Some(pipe) = pipe else { return };
        let mut reader = BufReader::new(pipe);
        let mut line = String::new();
        drop(reader.read_line(&mut line));
        drop(sender.send(line.trim_end().to_owned()));
        drop(io::copy(&mut reader, &mut io::sink()));
    });
    receiver
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_is_heard_on_both_pipes_and_its_end_is_known() {
        let said = run(shell("echo out; echo err >&2; exit 3")).unwrap();
        assert_eq!(
            (said.code, said.out.as_str(), said.err.as_str()),
            (Some(3), "out\n", "err\n")
        );
    }

    #[test]
    fn a_running_process_is_known_by_its_first_line_and_ends_with_its_guard() {
        let running = Running::start(shell("echo $$; exec cat /dev/zero >/dev/null")).unwrap();
        let alive = format!("kill -0 {}", running.first_line);
        assert_eq!(run(shell(&alive)).unwrap().code, Some(0));
        drop(running);
        assert_ne!(run(shell(&alive)).unwrap().code, Some(0));
    }

    #[test]
    fn a_process_that_says_nothing_did_not_start() {
        assert!(Running::start(shell("exit 1")).is_err());
    }
}
