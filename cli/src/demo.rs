//! The story of a family, a city and a clinic, played by separate processes in one folder. It checks
//! at every step that what must be so is so, and knows no more than a person at the terminal would.

mod folder;
mod process;
mod stage;
mod story;
mod papers;
mod search;

use std::path::Path;

use folder::Folder;
use stage::Stage;

use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::say;

/// Plays the story in `keep`, or in a folder that is removed afterwards.
pub(crate) fn run(desk: &Desk, keep: Option<&Path>) -> Result<(), Failure> {
    let folder = Folder::make(keep)?;
    let lang = desk.lang();
    desk.out.aside(&say!(
        lang,
        "フォルダー: {f}",
        "Folder: {f}",
        f = folder.path().display()
    ));
    let mut stage = Stage::set(desk, folder.path())?;
    let played = story::play(&mut stage);
    let port = stage.port();
    drop(stage);
    match &played {
        Err(_) => {
            let left = folder.leave();
            desk.out.aside(&say!(
                lang,
                "調べるために残しました: {f}",
                "Left for you to look at: {f}",
                f = left.display()
            ));
        }
        Ok(()) if keep.is_some() => {
            let left = folder.leave();
            desk.out.aside(&papers::next_steps(lang, &left, port));
        }
        Ok(()) => folder.remove()?,
    }
    played
}
