//! What happens, in order. Each scene checks what it shows.

mod family;
mod city;
mod others;

use serde_json::Value as Json;

use super::stage::Stage;
use crate::error::Failure;

type Done = Result<(), Failure>;

/// Plays the whole story.
pub(super) fn play(stage: &mut Stage<'_>) -> Done {
    family::founding(stage)?;
    city::enrolment(stage)?;
    city::publication(stage)?;
    family::pairing(stage)?;
    family::apart(stage)?;
    family::together(stage)?;
    city::correction(stage)?;
    family::ahead(stage)?;
    family::growth(stage)?;
    others::clinic(stage)?;
    others::secrecy(stage)
}

/// Whether this stands at that place of an answer.
fn is(answer: &Json, place: &str, expected: impl Into<Json>) -> bool {
    answer.pointer(place) == Some(&expected.into())
}

/// The text at that place of an answer.
fn text<'a>(answer: &'a Json, place: &str) -> &'a str {
    answer
        .pointer(place)
        .and_then(Json::as_str)
        .unwrap_or_default()
}

fn timeline(stage: &Stage<'_>, actor: &str) -> Result<Json, Failure> {
    stage.asks(actor, &["timeline"])
}

fn same_timelines(stage: &Stage<'_>) -> Done {
    let (phone, tablet) = (timeline(stage, "mother")?, timeline(stage, "tablet")?);
    let seen = format!("{phone}\n{tablet}");
    Stage::must(
        phone == tablet && phone != Json::Null,
        "both timelines are the same",
        &seen,
    )
}

/// The id of the record in which a text stands.
fn record_with(stage: &Stage<'_>, actor: &str, text: &str) -> Result<String, Failure> {
    let items = timeline(stage, actor)?;
    let list = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let found = list.iter().find(|item| item.to_string().contains(text));
    let id = found
        .and_then(|item| item.pointer("/id")?.as_str())
        .map(str::to_owned);
    id.ok_or_else(|| Failure::Demo {
        step: format!("{actor}: timeline"),
        seen: items.to_string(),
    })
}

/// What a family that wants its records in the open would write to a file.
fn plain_export(stage: &Stage<'_>, name: &str) -> Done {
    let mut plain = stage.types("mother", &["--json", "timeline"])?;
    plain.push_str(&stage.types("mother", &["--json", "member", "list"])?);
    plain.push_str(&stage.types("mother", &["--json", "device", "list"])?);
    stage.write(name, plain.as_bytes())
}
