"""Checks calendar files that `techo remind --ics` wrote with a parser that is not ours.

    check_ics.py BEFORE AFTER [WORD ...]

BEFORE and AFTER are two states of one file, the second written after a date had moved. No WORD may stand in either.
"""

import datetime
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


def main():
    before, after = events(sys.argv[1]), events(sys.argv[2])
    assert before, "there is something to check"
    moved = 0
    for uid, (start, sequence, cancelled) in after.items():
        if uid in before:
            was = before[uid]
            if (was[0], was[2]) == (start, cancelled):
                assert sequence == was[1], "nothing moved, the sequence stays"
            else:
                assert sequence > was[1], "what moved has a higher sequence"
                moved += 1
    assert moved, "a date has moved between the two files"
    for path in sys.argv[1:3]:
        text = open(path, encoding="utf-8").read().replace("\r\n ", "")
        for word in sys.argv[3:]:
            assert word not in text, f"{word} stands in {path}"
    print(f"{len(before)} and {len(after)} events, {moved} moved: sound to icalendar {icalendar.__version__}")


main()
