//! `techo timeline`.

use techo_vault::vault::TimelineItem;

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
    let mut items = vault.timeline(member.as_ref().map(|member| &member.id));
    if let Some(kind) = &args.kind {
        items.retain(|item| item.kind == *kind);
    }
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
        } else {
            page.line(say!(lang, "{n}件", "{n} records", n = items.len()));
        }
    })?;
    Ok(())
}
