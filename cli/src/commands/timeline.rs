//! `techo timeline`.

use techo_vault::book::MemberId;
use techo_vault::vault::{TimelineItem, Vault};

use super::item::Printer;
use crate::args::TimelineArgs;
use crate::desk::Desk;
use crate::error::Failure;
use crate::handbook;
use crate::lang::say;

pub(super) fn run(desk: &Desk, args: &TimelineArgs) -> Result<(), Failure> {
    let vault = desk.open()?;
    let member = args
        .member
        .as_deref()
        .map(|name| vault.find_member(name))
        .transpose()?;
    let items = chosen(&vault, member.as_ref().map(|member| &member.id), args);
    let members = vault.members();
    let same = members
        .iter()
        .flat_map(|member| handbook::same(member, &items))
        .collect();
    let lang = desk.lang();
    desk.out.show("timeline/1", &items, |page| {
        let printer = Printer::new(lang, &members, &items).with_same(same);
        for member in &members {
            let own: Vec<&TimelineItem> = items
                .iter()
                .filter(|item| item.member == member.id)
                .collect();
            if own.is_empty() {
                continue;
            }
            page.line(say!(lang, "■ {n}", "■ {n}", n = printer.name(&member.id)));
            for item in own {
                printer.item(page, item);
            }
            page.gap();
        }
        if items.is_empty() {
            page.line(lang.of("記録はまだありません。", "No records yet."));
        } else if args.latest.is_some() {
            page.line(say!(
                lang,
                "新しい{n}件(すべては techo timeline)",
                "The newest {n} (all: techo timeline)",
                n = items.len()
            ));
        } else {
            page.line(say!(lang, "{n}件", "{n} records", n = items.len()));
        }
    })?;
    Ok(())
}

/// The records asked for, in the order of the timeline. The newest of all kinds are read without
/// opening the documents of every year; those of one kind may lie anywhere.
fn chosen(vault: &Vault, member: Option<&MemberId>, args: &TimelineArgs) -> Vec<TimelineItem> {
    let Some(count) = args.latest.map(usize::from) else {
        let mut items = vault.timeline(member);
        items.retain(|item| args.kind.as_ref().is_none_or(|kind| item.kind == *kind));
        return items;
    };
    let mut items = match &args.kind {
        None => vault.latest(member, count),
        Some(kind) => {
            let mut items = vault.latest(member, usize::MAX);
            items.retain(|item| item.kind == *kind);
            items.truncate(count);
            items
        }
    };
    items.reverse();
    items.sort_by_key(|item| item.date.is_none());
    items
}
