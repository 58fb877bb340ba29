//! What is coming, told in time and written for calendars.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value as Json;
use techo_health::Date;
use techo_health::calendar::add_days;

use super::{Terminal, documented};

/// The day on which the program thinks it is, and some days on.
fn days_on(home: &Terminal, days: i64) -> String {
    let told = home.json("mother", &["remind"]).data();
    let today: Date = told["on"].as_str().unwrap().parse().unwrap();
    add_days(today, days).to_string()
}

#[test]
fn where_no_desktop_takes_a_notice_it_is_printed() {
    let home = Terminal::family();
    let tomorrow = days_on(&home, 1);
    let visit = ["add", "appointment", "歯科", "--date", &tomorrow];
    assert_eq!(home.json("mother", &visit).code, 0);
    // Whatever desktop there is on this machine is out of reach.
    let mut watch = home
        .command("mother")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("TMPDIR", home.path())
        .args(["--json", "remind", "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let read = BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line);
    watch.kill().unwrap();
    watch.wait().unwrap();
    read.unwrap();
    let notice: Json = serde_json::from_str(&line).unwrap();
    documented(&notice);
    assert_eq!(notice["schema"], "remind-notice/1");
    assert_eq!(notice["data"]["reminder"]["what"], "歯科");
    if cfg!(target_os = "linux") {
        assert_eq!(notice["data"]["shown"], false);
    }
}

#[test]
fn what_follows_from_private_records_is_told_and_stays_out_of_calendars() {
    let home = Terminal::family();
    let date = days_on(&home, -40);
    let mumps = ["add", "vaccination", "おたふくかぜ", "--date", &date];
    let written = |more: &[&str]| {
        let write = ["remind", "--days", "7300", "--ics", "family.ics"];
        assert_eq!(home.json("mother", &[&mumps, more].concat()).code, 0);
        let told = home.json("mother", &write).data();
        let all = told["reminders"].as_array().unwrap();
        let second = all.iter().find(|one| one["series"] == "mumps").unwrap();
        assert_eq!(second["dose"], "2");
        let uid = second["uid"].as_str().unwrap();
        let file = std::fs::read_to_string(home.path().join("family.ics")).unwrap();
        let kept_back = told["calendar"]["kept_back"].as_u64().unwrap();
        (kept_back, file.contains(uid))
    };
    assert_eq!(written(&["--sensitivity", "never-share"]), (1, false));
    // Once a record that may leave the vault tells of the same dose, so may what follows.
    assert_eq!(written(&[]), (0, true));
}
