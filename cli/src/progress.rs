//! Shows that long work goes on, on standard error; nothing when nobody watches.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// A line that moves while work goes on, and is wiped when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    what: String,
}

impl Progress {
    /// Begins to show `what`.
    pub(crate) fn begin(output: Output, what: &str) -> Self {
        let watched = !output.is_json() && std::io::stderr().is_terminal();
        let bar = if watched {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        if watched {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self {
            bar,
            what: what.to_owned(),
        }
    }

    /// Shows how much is done.
    pub(crate) fn reached(&self, count: usize) {
        self.bar.set_message(format!("{} {count}", self.what));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
