"""Checks calendar files that `techo remind --ics` wrote with a parser that is not ours.

BEFORE and AFTER are two states of one file, the second written after dates had moved; TOLD_BEFORE and TOLD_AFTER are what
`--json` told at the same times. WHAT is `appointment`, or a kind and its series or checkup (`vaccination/mumps`): it must be new,
or have moved. No word may stand in either file.
"""

import argparse
import datetime
import json
import sys

import icalendar


def events(path):
    data = open(path, "rb").read()
    assert data.endswith(b"END:VCALENDAR\r\n"), "the last line"
    assert all(line.endswith(b"\r") for line in data.split(b"\n")[:-1]), "every line ends with CRLF"
    assert all(len(line.rstrip(b"\r")) <= 75 for line in data.split(b"\n")), "lines are folded"
    calendar = icalendar.Calendar.from_ical(data)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"] and calendar["METHOD"] == "PUBLISH"
    found = {}
    for event in calendar.walk("VEVENT"):
        assert not event.errors, event.errors
        uid = str(event["UID"])
        assert uid not in found, "a UID is there twice"
        assert uid.endswith("@techo") and len(uid) == 38, uid
        start, end = event.decoded("DTSTART"), event.decoded("DTEND")
        assert type(start) is datetime.date, "an all-day civil date"
        assert end - start == datetime.timedelta(days=1)
        assert event.decoded("DTSTAMP").utcoffset() == datetime.timedelta(0), "stamped in UTC"
        assert int(event["SEQUENCE"]) >= 0
        alarms = [alarm for alarm in event.walk("VALARM")]
        for alarm in alarms:
            assert alarm["ACTION"] == "DISPLAY" and alarm["DESCRIPTION"] and "DTSTAMP" not in alarm
        ahead = sorted(alarm.decoded("TRIGGER").days for alarm in alarms)
        cancelled = event["STATUS"] == "CANCELLED"
        assert ahead == ([] if cancelled else [-7, -1]), ahead
        found[uid] = (start, int(event["SEQUENCE"]), cancelled)
    return found


def told(path):
    """What the program told at the same time: by UID, what for and on which day."""
    reminders = json.load(open(path, encoding="utf-8"))["data"]["reminders"]
    found = {}
    for one in reminders:
        what = "/".join(filter(None, [one["kind"], one.get("series") or one.get("checkup")]))
        found[one["uid"]] = (what, datetime.date.fromisoformat(one["date"]))
    return found


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("before", "after", "told_before", "told_after"):
        asked.add_argument(name)
    asked.add_argument("--new", action="append", default=[], metavar="WHAT")
    asked.add_argument("--moved", action="append", default=[], metavar="WHAT")
    asked.add_argument("--words", nargs="*", default=[])
    asked = asked.parse_args()

    before, after = events(asked.before), events(asked.after)
    assert before, "there is something to check"
    told_before, told_after = told(asked.told_before), told(asked.told_after)
    for file, list_ in ((before, told_before), (after, told_after)):
        for uid, (start, _, cancelled) in file.items():
            assert cancelled or list_[uid][1] == start, "an event stands on the day that was told"
        kept_back = [what for uid, (what, _) in list_.items() if uid not in file]
        assert kept_back == ["appointment"], f"only the private visit stays in the vault: {kept_back}"
    moved = set()
    for uid, (start, sequence, cancelled) in after.items():
        if uid in before:
            was = before[uid]
            if (was[0], was[2]) == (start, cancelled):
                assert sequence == was[1], "nothing moved, the sequence stays"
            else:
                assert sequence > was[1], "what moved has a higher sequence"
                moved.add(uid)
    assert moved, "a date has moved between the two files"
    for what in asked.moved:
        assert any(told_after[uid][0] == what for uid in moved if uid in told_after), f"{what} has moved"
    for what in asked.new:
        assert all(other != what for other, _ in told_before.values()), f"{what} was not there before"
        new = [uid for uid, (other, _) in told_after.items() if other == what]
        assert new and all(uid in after and uid not in before for uid in new), f"{what} is there now"
    for path in (asked.before, asked.after):
        text = open(path, encoding="utf-8").read().replace("\r\n ", "")
        for word in asked.words:
            assert word not in text, f"{word} stands in {path}"
    print(f"{len(before)} and {len(after)} events, {len(moved)} moved: sound to icalendar {icalendar.__version__}")


main()
