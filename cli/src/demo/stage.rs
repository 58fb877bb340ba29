//! The stage: one folder, one relay, and a way to let each actor type a command in a process of
//! their own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use serde_json::Value as Json;

use super::papers;
use super::process::{Running, Said, run};
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::Lang;

/// Where the story plays.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    desk: &'a Desk,
    program: PathBuf,
    root: PathBuf,
    relay: Option<Running>,
    /// `HOST:PORT#KEY`, once the relay has run.
    address: String,
    scene: usize,
}

#[derive(Serialize)]
struct Scene<'a> {
    scene: usize,
    text: &'a str,
}

impl<'a> Stage<'a> {
    /// Makes the folders and puts the papers into them.
    pub(super) fn set(desk: &'a Desk, root: &Path) -> Result<Self, Failure> {
        let stage = Self {
            desk,
            program: std::env::current_exe()?,
            root: root.to_owned(),
            relay: None,
            address: String::new(),
            scene: 0,
        };
        for (name, bytes) in papers::all() {
            let path = stage.path(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(stage)
    }

    /// The language of the narrator.
    pub(super) fn lang(&self) -> Lang {
        self.desk.lang()
    }

    /// A place in the folder.
    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Reads a file of the story.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path(name);
        fs::read(&path).map_err(|source| Failure::File { path, source })
    }

    /// Writes a file of the story.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        fs::write(&path, bytes).map_err(|source| Failure::File { path, source })
    }

    /// Says what happens next.
    pub(super) fn scene(&mut self, text: &str) -> Result<(), Failure> {
        self.scene += 1;
        let scene = Scene {
            scene: self.scene,
            text,
        };
        self.desk.out.show("demo/1", &scene, |page| {
            page.gap();
            page.line(format!("{}. {text}", scene.scene));
        })?;
        Ok(())
    }

    /// Shows what somebody saw.
    pub(super) fn note(&self, text: &str) -> Result<(), Failure> {
        let scene = Scene {
            scene: self.scene,
            text,
        };
        self.desk.out.show("demo/1", &scene, |page| {
            for line in text.lines() {
                page.line(format!("   {line}"));
            }
        })?;
        Ok(())
    }

    /// Starts the relay, at the same address as before if it has run.
    pub(super) fn start_relay(&mut self) -> Result<(), Failure> {
        let listen = match self.port() {
            Some(port) => format!("127.0.0.1:{port}"),
            None => "127.0.0.1:0".to_owned(),
        };
        let mut command = self.command("relay");
        command.args(["relay", "run", "--dir", "relay", "--listen", &listen]);
        let running = Running::start(command)?;
        self.address.clone_from(&running.first_line);
        self.relay = Some(running);
        Ok(())
    }

    /// Stops the relay: everybody is offline.
    pub(super) fn stop_relay(&mut self) {
        self.relay = None;
    }

    /// The relay's address.
    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    /// The relay's port, once it has one.
    pub(super) fn port(&self) -> Option<u16> {
        let (host, _) = self.address.split_once('#')?;
        host.rsplit_once(':')?.1.parse().ok()
    }

    /// Lets an actor type a command; it must succeed.
    pub(super) fn types<S: AsRef<OsStr>>(
        &self,
        actor: &str,
        words: &[S],
    ) -> Result<String, Failure> {
        let said = self.tries(actor, words)?;
        if said.code == Some(0) {
            Ok(said.out)
        } else {
            Err(Self::failed(actor, words, &said))
        }
    }

    /// Lets an actor type a command and reads the answer as a program would.
    pub(super) fn asks<S: AsRef<OsStr>>(&self, actor: &str, words: &[S]) -> Result<Json, Failure> {
        let json = OsStr::new("--json");
        let words: Vec<&OsStr> = std::iter::once(json)
            .chain(words.iter().map(AsRef::as_ref))
            .collect();
        let said = self.types(actor, &words)?;
        let last = said.lines().last().unwrap_or_default();
        let answer: Json = serde_json::from_str(last).map_err(std::io::Error::from)?;
        Ok(answer.get("data").cloned().unwrap_or(Json::Null))
    }

    /// Lets an actor type a command that must end with this exit code; returns what it was told.
    pub(super) fn fails<S: AsRef<OsStr>>(
        &self,
        actor: &str,
        words: &[S],
        code: i32,
    ) -> Result<String, Failure> {
        let said = self.tries(actor, words)?;
        if said.code == Some(code) {
            Ok(said.err)
        } else {
            Err(Self::failed(actor, words, &said))
        }
    }

    /// Says that something is so, or stops the story.
    pub(super) fn must(holds: bool, what: &str, seen: &str) -> Result<(), Failure> {
        if holds {
            return Ok(());
        }
        Err(Failure::Demo {
            step: what.to_owned(),
            seen: seen.to_owned(),
        })
    }

    fn tries<S: AsRef<OsStr>>(&self, actor: &str, words: &[S]) -> Result<Said, Failure> {
        let mut command = self.command(actor);
        command.args(words);
        Ok(run(command)?)
    }

    fn failed<S: AsRef<OsStr>>(actor: &str, words: &[S], said: &Said) -> Failure {
        let typed: Vec<_> = words
            .iter()
            .map(|word| word.as_ref().to_string_lossy())
            .collect();
        let code = said
            .code
            .map_or_else(|| "—".to_owned(), |code| code.to_string());
        Failure::Demo {
            step: format!("{actor}: techo {}", typed.join(" ")),
            seen: format!("exit {code}: {}{}", said.err, said.out),
        }
    }

    /// A process for an actor: in the story's folder, with its own vault and passphrase.
    fn command(&self, actor: &str) -> Command {
        let mut command = Command::new(&self.program);
        let secret = if actor == "city" {
            "secrets/city"
        } else {
            "secrets/family"
        };
        command
            .current_dir(&self.root)
            .env("TECHO_VAULT", self.path(actor))
            .env("TECHO_STATE", self.path("state"))
            .env("TECHO_PASSPHRASE_FILE", self.path(secret))
            .env_remove("RUST_LOG")
            .args(["--lang", self.lang().of("ja", "en")]);
        command
    }
}
