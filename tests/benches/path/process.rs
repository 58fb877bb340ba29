//! Every role is this program once more. It is told what to do by its arguments and a line on its
//! standard input, and answers with lines of `name value…`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;

/// What a role was asked, as `name=value` arguments.
pub(crate) struct Wish(BTreeMap<String, String>);

impl Wish {
    /// Reads the arguments behind the role's name.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Self {
        let split = |text: String| {
            let (name, value) = text.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self(arguments.filter_map(split).collect())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(crate) fn number<T: FromStr + Default>(&self, name: &str) -> T {
        self.text(name).parse().unwrap_or_default()
    }
}

/// Says a line to the parent.
pub(crate) fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Waits for the parent's next line. Blocks: on a thread of its own in a runtime.
pub(crate) fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// [`hear`], for roles that run on tokio.
pub(crate) async fn told() -> String {
    tokio::task::spawn_blocking(hear).await.unwrap()
}

/// A role that runs.
pub(crate) struct Role {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Role {
    /// Starts a role.
    pub(crate) fn start(name: &str, wishes: &[(&str, String)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("role")
            .arg(name)
            .args(wishes.iter().map(|(name, value)| format!("{name}={value}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().unwrap());
        Self { child, to, from }
    }

    /// Starts a role and waits for its first line.
    pub(crate) fn ready(name: &str, wishes: &[(&str, String)]) -> Self {
        let mut role = Self::start(name, wishes);
        role.wait("ready");
        role
    }

    /// Says a line to the role.
    pub(crate) fn tell(&mut self, line: &str) {
        if let Some(to) = &mut self.to {
            writeln!(to, "{line}").unwrap();
            to.flush().unwrap();
        }
    }

    /// Waits for the line that begins with `name`, and returns what stands behind it.
    pub(crate) fn words(&mut self, name: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.from.read_line(&mut line).unwrap();
            assert!(read > 0, "a role ended before it said `{name}`");
            let (first, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            if first == name {
                return rest.to_owned();
            }
        }
    }

    /// Waits for the line that begins with `name`, and returns its values.
    pub(crate) fn wait(&mut self, name: &str) -> Vec<f64> {
        let words = self.words(name);
        words
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    /// Waits for a line with one value.
    pub(crate) fn value(&mut self, name: &str) -> f64 {
        self.wait(name).first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets the role end in order: its standard input is closed.
    pub(crate) fn end(mut self) {
        drop(self.to.take());
        drop(self.child.wait());
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
