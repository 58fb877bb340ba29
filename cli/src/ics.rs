//! A calendar file (RFC 5545) out of reminders. It knows no records and reads no clock: dates, words and
//! the moment of writing come in, bytes go out. The file itself remembers what was written before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use icalendar::{
    Alarm, Calendar, CalendarComponent, Component as _, Event, EventLike as _, EventStatus,
    Property, Trigger,
};
use techo_health::Date;
use techo_vault::time::Timestamp;

/// One all-day event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Names it for ever, and nobody with it.
    pub(crate) uid: String,
    /// The day.
    pub(crate) date: Date,
    /// What is shown.
    pub(crate) summary: String,
    /// What is shown below.
    pub(crate) description: String,
}

/// What the file said before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Previous(BTreeMap<String, Before>);

#[derive(Debug, Clone)]
struct Before {
    date: Date,
    sequence: u32,
    cancelled: bool,
    summary: String,
}

/// The file is there and is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a calendar that techo wrote")]
pub(crate) struct NotOurs;

impl Previous {
    /// Reads the file that will be written over.
    pub(crate) fn read(text: &str) -> Result<Self, NotOurs> {
        let calendar: Calendar = text.parse().map_err(|_| NotOurs)?;
        if calendar.property_value("PRODID") != Some(PRODUCT) {
            return Err(NotOurs);
        }
        let events = calendar.components.iter().filter_map(|part| match part {
            CalendarComponent::Event(event) => before(event),
            _ => None,
        });
        Ok(Self(events.collect()))
    }
}

fn before(event: &Event) -> Option<(String, Before)> {
    let text = event.property_value("DTSTART")?;
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let before = Before {
        date: date.ok()?,
        sequence: event.get_sequence().unwrap_or(0),
        cancelled: event.get_status() == Some(EventStatus::Cancelled),
        summary: event.get_summary().unwrap_or_default().to_owned(),
    };
    Some((event.get_uid()?.to_owned(), before))
}

/// A calendar to be written.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    /// The events.
    pub(crate) entries: &'a [Entry],
    /// Every event that is still to come, shown or not: none of them is cancelled.
    pub(crate) alive: &'a BTreeSet<String>,
    /// What was written before.
    pub(crate) previous: &'a Previous,
    /// The day on which it is written.
    pub(crate) today: Date,
    /// The moment at which it is written.
    pub(crate) now: Timestamp,
}

impl Sheet<'_> {
    /// Writes the file. A date that has moved raises the sequence of its event; an event that has
    /// come to nothing is cancelled, so that calendars take it away.
    pub(crate) fn write(&self) -> Result<String, fmt::Error> {
        let mut calendar = Calendar::empty();
        for (key, value) in [
            ("VERSION", "2.0"),
            ("PRODID", PRODUCT),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
        ] {
            calendar.append_property(Property::new(key, value));
        }
        let mut written = BTreeSet::new();
        for entry in self.entries {
            if written.insert(entry.uid.as_str()) {
                calendar.push(self.event(entry)?);
            }
        }
        for (uid, before) in &self.previous.0 {
            let over = before.date < self.today;
            if !over && !self.alive.contains(uid) && !written.contains(uid.as_str()) {
                calendar.push(self.cancelled(uid, before));
            }
        }
        let text: String = (&calendar).try_into()?;
        Ok(without_stamps_in_alarms(&text))
    }

    fn event(&self, entry: &Entry) -> Result<Event, fmt::Error> {
        let before = self.previous.0.get(&entry.uid);
        let sequence = match before {
            Some(before) if before.date == entry.date && !before.cancelled => before.sequence,
            Some(before) => self.minute().max(before.sequence.saturating_add(1)),
            None => self.minute(),
        };
        let mut event = self.bare(&entry.uid, entry.date, sequence);
        event.status(EventStatus::Confirmed);
        event.summary(&entry.summary);
        event.description(&entry.description);
        for days in [7, 1] {
            let ahead = Property::new("TRIGGER", format!("P{days}D"));
            let ahead = Trigger::try_from(&ahead).map_err(|()| fmt::Error)?;
            let mut alarm = Alarm::display(&entry.summary, ahead);
            // The crate knows no days before; its own words for them would be seconds.
            alarm.add_property("TRIGGER", format!("-P{days}D"));
            alarm.add_property("UID", format!("{days}-{}", entry.uid));
            alarm.add_property("DTSTAMP", self.stamp());
            event.alarm(alarm);
        }
        Ok(event.done())
    }

    fn cancelled(&self, uid: &str, before: &Before) -> Event {
        let sequence = if before.cancelled {
            before.sequence
        } else {
            self.minute().max(before.sequence.saturating_add(1))
        };
        let mut event = self.bare(uid, before.date, sequence);
        event.status(EventStatus::Cancelled);
        event.summary(&before.summary);
        event.done()
    }

    fn bare(&self, uid: &str, date: Date, sequence: u32) -> Event {
        let mut event = Event::with_uid(uid);
        event.sequence(sequence);
        event.add_property("DTSTAMP", self.stamp());
        let next = date.tomorrow().unwrap_or(date);
        for (key, day) in [("DTSTART", date), ("DTEND", next)] {
            let mut property = Property::new(key, compact(day));
            property.add_parameter("VALUE", "DATE");
            event.append_property(property);
        }
        event.add_property("TRANSP", "TRANSPARENT");
        event.add_property("CLASS", "PRIVATE");
        event.done()
    }

    /// New events begin with the minute in which they are written: also after the file was lost,
    /// what is written later outranks what a calendar holds.
    fn minute(&self) -> u32 {
        let passed = self.now.millis().saturating_sub(YEAR_2026) / 60_000;
        u32::try_from(passed).unwrap_or(u32::MAX)
    }

    fn stamp(&self) -> String {
        let millis = i64::try_from(self.now.millis()).unwrap_or(i64::MAX);
        let stamp = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        let utc = jiff::tz::Offset::UTC.to_datetime(stamp);
        let (hour, minute, second) = (utc.hour(), utc.minute(), utc.second());
        format!("{}T{hour:02}{minute:02}{second:02}Z", compact(utc.date()))
    }
}

fn compact(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// The writer stamps alarms too, which have no stamp in RFC 5545.
fn without_stamps_in_alarms(text: &str) -> String {
    let mut within = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive("\r\n") {
        let bare = line.trim_end();
        within = (within || bare == "BEGIN:VALARM") && bare != "END:VALARM";
        if !(within && bare.starts_with("DTSTAMP:")) {
            kept.push_str(line);
        }
    }
    kept
}

const PRODUCT: &str = "-//Techo//Reminders//JA";
/// 2026-01-01T00:00:00Z.
const YEAR_2026: u64 = 1_767_225_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn entry(uid: &str, date: &str) -> Entry {
        Entry {
            uid: uid.to_owned(),
            date: day(date),
            summary: "予定".to_owned(),
            description: "1行目; 2つ目, と\\\n改行".to_owned(),
        }
    }

    fn write(entries: &[Entry], previous: &str, minute: u64) -> String {
        let previous = Previous::read(previous).unwrap_or_default();
        let alive = entries.iter().map(|entry| entry.uid.clone()).collect();
        let sheet = Sheet {
            entries,
            alive: &alive,
            previous: &previous,
            today: day("2026-11-22"),
            now: Timestamp::from_millis(YEAR_2026 + minute * 60_000),
        };
        sheet.write().unwrap()
    }

    fn sequence(text: &str, uid: &str) -> u32 {
        Previous::read(text).unwrap().0.get(uid).unwrap().sequence
    }

    #[test]
    fn every_line_is_as_the_standard_has_it() {
        let text = write(&[entry("a@techo", "2026-12-31")], "", 90);
        let expected = "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//Techo//Reminders//JA|CALSCALE:GREGORIAN|METHOD:PUBLISH|BEGIN:VEVENT|CLASS:PRIVATE|DESCRIPTION:1行目\\; 2つ目\\, と\\\\\\n改行|DTEND;VALUE=DATE:20270101|DTSTAMP:20260101T013000Z|DTSTART;VALUE=DATE:20261231|SEQUENCE:90|STATUS:CONFIRMED|SUMMARY:予定|TRANSP:TRANSPARENT|UID:a@techo|BEGIN:VALARM|ACTION:DISPLAY|DESCRIPTION:予定|TRIGGER:-P7D|UID:7-a@techo|END:VALARM|BEGIN:VALARM|ACTION:DISPLAY|DESCRIPTION:予定|TRIGGER:-P1D|UID:1-a@techo|END:VALARM|END:VEVENT|END:VCALENDAR|";
        assert_eq!(text.replace("\r\n", "|"), expected);
    }

    #[test]
    fn the_same_words_give_the_same_bytes() {
        let entries = [entry("a@techo", "2026-12-31")];
        assert_eq!(write(&entries, "", 5), write(&entries, "", 5));
    }

    #[test]
    fn the_sequence_rises_when_the_date_moves_and_only_then() {
        let first = write(&[entry("a", "2026-12-31")], "", 100);
        let again = write(&[entry("a", "2026-12-31")], &first, 200);
        assert_eq!((sequence(&first, "a"), sequence(&again, "a")), (100, 100));
        let moved = write(&[entry("a", "2027-01-05")], &again, 300);
        assert_eq!(sequence(&moved, "a"), 300);
        // Also within the same minute.
        let twice = write(&[entry("a", "2027-01-06")], &moved, 300);
        assert_eq!(sequence(&twice, "a"), 301);
    }

    #[test]
    fn what_came_to_nothing_is_cancelled_and_what_is_over_is_left_out() {
        let both = [
            entry("a", "2026-12-31"),
            entry("b", "2026-12-01"),
            entry("c", "2026-11-01"),
        ];
        let first = write(&both, "", 1);
        let text = write(&[entry("b", "2026-12-01")], &first, 2);
        let read = Previous::read(&text).unwrap().0;
        assert_eq!(read.keys().collect::<Vec<_>>(), ["a", "b"]);
        let gone = read.get("a").unwrap();
        assert!(gone.cancelled);
        assert_eq!(gone.sequence, 2);
        assert_eq!(text.matches("BEGIN:VALARM").count(), 2);
        let back = write(
            &[entry("a", "2026-12-31"), entry("b", "2026-12-01")],
            &text,
            3,
        );
        let back = Previous::read(&back).unwrap().0;
        assert!(!back.get("a").unwrap().cancelled);
        assert_eq!(back.get("a").unwrap().sequence, 3);
    }

    #[test]
    fn what_is_alive_but_not_shown_is_not_cancelled() {
        let first = write(&[entry("a", "2026-12-31"), entry("b", "2026-12-01")], "", 1);
        let previous = Previous::read(&first).unwrap();
        let alive = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let sheet = Sheet {
            entries: &[entry("b", "2026-12-01")],
            alive: &alive,
            previous: &previous,
            today: day("2026-11-22"),
            now: Timestamp::from_millis(YEAR_2026),
        };
        let text = sheet.write().unwrap();
        assert!(!text.contains("CANCELLED"));
        assert!(!text.contains("UID:a\r\n"));
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_not_written_over() {
        for text in [
            "",
            "hello",
            "BEGIN:VCALENDAR\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
        ] {
            assert!(Previous::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_are_folded_at_75_bytes() {
        let mut long = entry("a", "2026-12-31");
        long.description = "予防接種の予定".repeat(40);
        let text = write(&[long], "", 1);
        assert!(text.split("\r\n").all(|line| line.len() <= 75));
    }
}
