//! Where the passphrase and a card's password come from: a file, or a prompt. They are never an
//! argument and never shown.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use techo_vault::crypto::Passphrase;
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::lang::Lang;
use crate::output::{Output, tell};

/// Shorter ones are accepted, with advice.
const ADVISED: usize = 12;
/// More than anybody types.
const MAX_BYTES: u64 = 4096;

/// Where to get the passphrase.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    file: Option<PathBuf>,
    output: Output,
}

impl Source {
    /// From `file`, or else from whoever sits at the terminal.
    pub(crate) fn new(file: Option<PathBuf>, output: Output) -> Self {
        Self { file, output }
    }

    /// Whether nobody has to be asked.
    pub(crate) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// The passphrase of something that exists.
    pub(crate) fn existing(&self) -> Result<Passphrase, Failure> {
        match &self.file {
            Some(file) => from_file(file),
            None => self.prompt(self.output.lang().of("合言葉: ", "Passphrase: ")),
        }
    }

    /// The passphrase of something new: typed twice.
    pub(crate) fn fresh(&self) -> Result<Passphrase, Failure> {
        let lang = self.output.lang();
        if let Some(file) = &self.file {
            return from_file(file);
        }
        let first = self.prompt(lang.of("新しい合言葉: ", "New passphrase: "))?;
        let second = self.prompt(lang.of("もう一度: ", "Once more: "))?;
        if first != second {
            return Err(Failure::PassphrasesDiffer);
        }
        if first.characters() < ADVISED {
            advise(lang);
        }
        Ok(first)
    }

    fn prompt(&self, words: &str) -> Result<Passphrase, Failure> {
        if !self.output.can_ask() {
            return Err(Failure::NoPassphrase);
        }
        let typed = rpassword::prompt_password(words).map_err(|_| Failure::NoPassphrase)?;
        not_empty(Passphrase::new(typed))
    }
}

/// The first line of a file; it is wiped when dropped.
pub(crate) fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let mut line = Zeroizing::new(String::with_capacity(512));
    BufReader::new(file.take(MAX_BYTES))
        .read_line(&mut line)
        .map_err(failed)?;
    let text = line.strip_prefix('\u{feff}').unwrap_or(&line);
    Ok(Zeroizing::new(
        text.trim_end_matches(['\n', '\r']).to_owned(),
    ))
}

/// Asks for a card's password without showing what is typed.
pub(crate) fn unseen(output: Output, words: &str) -> Result<Zeroizing<String>, Failure> {
    if !output.can_ask() {
        return Err(Failure::NoCardPassword);
    }
    let typed = rpassword::prompt_password(words).map_err(|_| Failure::NoCardPassword)?;
    Ok(Zeroizing::new(typed))
}

fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    not_empty(Passphrase::new(first_line(path)?.to_string()))
}

fn not_empty(passphrase: Passphrase) -> Result<Passphrase, Failure> {
    if passphrase.is_empty() {
        Err(Failure::EmptyPassphrase)
    } else {
        Ok(passphrase)
    }
}

fn advise(lang: Lang) {
    tell(lang.of(
        "短い合言葉です。関係のない言葉をいくつか並べると、覚えやすく、当てられにくくなります。",
        "That is short. Several unrelated words are easier to remember and harder to guess.",
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Passphrase, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        std::fs::write(&path, bytes).unwrap();
        Source::new(Some(path), Output::new(Lang::En, false)).existing()
    }

    #[test]
    fn the_first_line_of_the_file_is_the_passphrase() {
        let expected = Passphrase::new("青い 傘 と犬".to_owned());
        for text in [
            "青い 傘 と犬",
            "青い 傘 と犬\n",
            "青い 傘 と犬\r\nsecond\n",
            "\u{feff}青い 傘 と犬\n",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn an_empty_or_missing_file_is_refused() {
        assert!(matches!(read(b"\nx"), Err(Failure::EmptyPassphrase)));
        let source = Source::new(
            Some("/nonexistent/pass".into()),
            Output::new(Lang::En, true),
        );
        assert!(matches!(source.fresh(), Err(Failure::File { .. })));
    }

    #[test]
    fn a_program_is_never_prompted() {
        let source = Source::new(None, Output::new(Lang::En, true));
        assert!(matches!(source.existing(), Err(Failure::NoPassphrase)));
    }
}
