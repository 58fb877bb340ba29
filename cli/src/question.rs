//! Questions to whoever sits at the terminal, one line each, until Ctrl-C. It understands no answer.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::output::{Output, tell};

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A line, without its end.
    Line(String),
    /// Ctrl-C, or nothing more to read.
    Stop,
}

/// Somebody who answers.
pub(crate) trait Answers {
    /// Asks for one line.
    fn ask(&mut self, question: &str) -> io::Result<Answer>;

    /// Says something between two questions.
    fn tell(&mut self, text: &str);
}

/// The terminal. From its first question on Ctrl-C is an answer and no longer ends the program.
#[derive(Debug)]
pub(crate) struct Terminal {
    runtime: Runtime,
    wanted: mpsc::Sender<()>,
    lines: UnboundedReceiver<io::Result<Answer>>,
    /// Whether a line was asked for that has not come yet: the next one answers the next question.
    reads: bool,
}

impl Terminal {
    /// Sits down at the terminal.
    pub(crate) fn open() -> io::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        let (wanted, asked) = mpsc::channel();
        let (sender, lines) = unbounded_channel();
        // It reads a line only when one is asked for, and takes none from whoever asks afterwards.
        thread::spawn(
            move || {
                while asked.recv().is_ok() && sender.send(line()).is_ok() {}
            },
        );
        Ok(Self {
            runtime,
            wanted,
            lines,
            reads: false,
        })
    }
}

impl Answers for Terminal {
    fn ask(&mut self, question: &str) -> io::Result<Answer> {
        if !std::mem::replace(&mut self.reads, true) {
            self.wanted.send(()).map_err(io::Error::other)?;
        }
        let lines = &mut self.lines;
        let answer = self.runtime.block_on(async {
            let mut stop = pin!(tokio::signal::ctrl_c());
            // It is listened for before the question can be read.
            if poll_fn(|now| Poll::Ready(stop.as_mut().poll(now).is_ready())).await {
                return Ok(None);
            }
            Output::prompt(question)?;
            tokio::select! {
                stopped = stop => stopped.map(|()| None),
                line = lines.recv() => line.unwrap_or(Ok(Answer::Stop)).map(Some),
            }
        })?;
        if let Some(answer) = answer {
            self.reads = false;
            return Ok(answer);
        }
        // The terminal shows ^C and stays in its line.
        tell("");
        Ok(Answer::Stop)
    }

    fn tell(&mut self, text: &str) {
        tell(text);
    }
}

fn line() -> io::Result<Answer> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(if read == 0 {
        Answer::Stop
    } else {
        Answer::Line(line)
    })
}
