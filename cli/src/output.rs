//! What the program prints: pages for people or JSON for programs. The only place that writes to
//! standard output; it never prints a secret, and nothing that would steer the terminal.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;

use crate::lang::Lang;

mod page;

pub(crate) use page::{Page, Table};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    lang: Lang,
    json: bool,
}

/// One answer as programs get it (docs/json.md).
#[derive(Serialize)]
struct Answer<'a, T: Serialize> {
    schema: &'a str,
    data: &'a T,
}

impl Output {
    /// Prints in `lang`, or JSON.
    pub(crate) fn new(lang: Lang, json: bool) -> Self {
        Self { lang, json }
    }

    /// The language of people.
    pub(crate) fn lang(self) -> Lang {
        self.lang
    }

    /// Whether a program reads the answer.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether somebody sits at a terminal and can be asked.
    pub(crate) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints one answer: `data` under `schema` as one line of JSON, or the page that `people` read.
    pub(crate) fn show<T: Serialize>(
        self,
        schema: &str,
        data: &T,
        people: impl FnOnce(&mut Page),
    ) -> io::Result<()> {
        if self.json {
            let mut line = answer(schema, data)?;
            line.push('\n');
            return write(&line);
        }
        let mut page = Page::default();
        people(&mut page);
        write(page.text())
    }

    /// Prints text that is itself the result, such as a proof or an address, in every mode.
    pub(crate) fn raw(text: &str) -> io::Result<()> {
        write(text)
    }

    /// Says something to people beside the answer; programs are not told.
    pub(crate) fn aside(self, text: &str) {
        if !self.json {
            tell(text);
        }
    }

    /// Asks a yes-or-no question; no answer is no.
    pub(crate) fn ask(question: &str) -> io::Result<bool> {
        let answer = Self::line(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "はい" | "ｙ"))
    }

    /// Asks for a line of text.
    pub(crate) fn line(question: &str) -> io::Result<String> {
        Self::prompt(question)?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(answer)
    }

    /// Shows a question whose answer is read elsewhere.
    pub(crate) fn prompt(question: &str) -> io::Result<()> {
        let mut terminal = io::stderr().lock();
        terminal.write_all(page::harmless(question).as_bytes())?;
        terminal.flush()
    }
}

/// One line for programs.
pub(crate) fn answer<T: Serialize>(schema: &str, data: &T) -> serde_json::Result<String> {
    serde_json::to_string(&Answer { schema, data })
}

/// Writes and flushes, so that whoever reads a pipe sees each answer when it is given.
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match done {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a line to standard error. There is nobody left to tell if that fails.
pub(crate) fn tell(text: &str) {
    let mut line = page::harmless(text);
    line.push('\n');
    drop(io::stderr().lock().write_all(line.as_bytes()));
}
