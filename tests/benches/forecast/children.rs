//! Children that never lived: each `n` gives the same one everywhere.

use std::fmt::Write as _;

/// What a child is usually given and on which day of life.
const USUAL: [(&str, i32); 18] = [
    ("DPTIPVHib", 62),
    ("PCV20", 62),
    ("HepB", 62),
    ("RV1", 62),
    ("DPTIPVHib", 93),
    ("PCV20", 93),
    ("HepB", 93),
    ("RV1", 93),
    ("DPTIPVHib", 124),
    ("PCV20", 124),
    ("BCG", 160),
    ("HepB", 210),
    ("MR", 370),
    ("VAR", 370),
    ("PCV20", 380),
    ("MUMPS", 380),
    ("DPTIPVHib", 400),
    ("JE", 1_100),
];

/// The question for child `n`: between one and eighteen doses, of the ages of one to four years.
pub(crate) fn line(n: u32) -> String {
    let spread = n.wrapping_mul(2_654_435_761);
    let born = i32::try_from(spread % 1_400).unwrap();
    let late = i32::try_from(spread / 7 % 20).unwrap();
    let given = usize::try_from(spread / 11 % 18).unwrap() + 1;
    let start: i32 = 19_000;
    let mut doses = String::new();
    for (vaccine, day) in USUAL.iter().take(given) {
        let comma = if doses.is_empty() { "" } else { "," };
        let date = civil(start + born + day + late);
        write!(doses, r#"{comma}{{"vaccine":"{vaccine}","date":"{date}"}}"#).unwrap();
    }
    let sex = if n.is_multiple_of(2) {
        "female"
    } else {
        "male"
    };
    let birth = civil(start + born);
    let on = civil(start + born + 1_150);
    format!(r#"{{"id":{n},"birth_date":"{birth}","sex":"{sex}","doses":[{doses}],"on":"{on}"}}"#)
}

/// The day that many days after 1970-01-01.
fn civil(days: i32) -> String {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
