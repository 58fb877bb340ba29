//! What the surveys published, copied from their tables by hand, against what comes out of ours.

use super::*;
use crate::calendar::add_days;

/// −3, −2, −1, 0, 1, 2, 3 SD of the z-score tables of the WHO Child Growth Standards (weight-for-age,
/// length/height-for-age, head circumference-for-age, birth to 5 years), by months of age.
const WHO: &str = "\
weight male 0 2.1 2.5 2.9 3.3 3.9 4.4 5.0
weight male 12 6.9 7.7 8.6 9.6 10.8 12.0 13.3
weight male 60 12.4 14.1 16.0 18.3 21.0 24.2 27.9
weight female 0 2.0 2.4 2.8 3.2 3.7 4.2 4.8
weight female 12 6.3 7.0 7.9 8.9 10.1 11.5 13.1
weight female 60 12.1 13.7 15.8 18.2 21.2 24.9 29.5
height male 0 44.2 46.1 48.0 49.9 51.8 53.7 55.6
height male 12 68.6 71.0 73.4 75.7 78.1 80.5 82.9
height male 60 96.1 100.7 105.3 110.0 114.6 119.2 123.9
height female 0 43.6 45.4 47.3 49.1 51.0 52.9 54.7
height female 12 66.3 68.9 71.4 74.0 76.6 79.2 81.7
height female 60 95.2 99.9 104.7 109.4 114.2 118.9 123.7
head male 0 30.7 31.9 33.2 34.5 35.7 37.0 38.3
head male 12 42.2 43.5 44.8 46.1 47.4 48.6 49.9
head male 60 46.3 47.7 49.2 50.7 52.2 53.7 55.2
head female 0 30.3 31.5 32.7 33.9 35.1 36.2 37.4
head female 12 40.8 42.2 43.5 44.9 46.3 47.6 49.0
head female 60 45.7 47.1 48.5 49.9 51.3 52.8 54.2
";

/// The first and the last band of every measure of 令和5年乳幼児身体発育調査 (e-Stat tables 1 to 3): an age
/// within the band, then the seven percentiles.
const JAPAN: &str = "\
weight male 0 2.32 2.58 2.80 3.06 3.31 3.56 3.81
weight male 75 16.28 17.25 18.37 19.85 21.64 23.62 26.04
weight female 0 2.22 2.46 2.70 2.95 3.21 3.44 3.66
weight female 75 15.52 16.58 17.85 19.53 21.63 24.00 27.01
height male 0 45.2 46.7 48.1 49.4 50.7 51.7 52.7
height male 75 106.3 108.8 111.5 114.5 117.6 120.4 123.2
height female 0 44.5 46.0 47.4 48.8 50.0 51.1 52.0
height female 75 105.4 108.1 110.9 114.1 117.3 120.2 123.2
head male 0 31.1 32.0 32.8 33.7 34.6 35.3 36.1
head male 33 47.0 47.8 48.6 49.5 50.5 51.3 52.3
head female 0 30.8 31.7 32.5 33.3 34.1 34.8 35.5
head female 33 46.0 46.9 47.8 48.7 49.6 50.4 51.2
";

/// One line of a table: of what, of whom, at which age, and seven values.
struct Line {
    measure: Measure,
    sex: Sex,
    months: f64,
    values: [f64; 7],
}

fn lines(table: &str) -> Vec<Line> {
    let line = |text: &str| {
        let mut cells = text.split(' ');
        Line {
            measure: Measure::of_key(cells.next().unwrap()).unwrap(),
            sex: Sex::parse(cells.next().unwrap()).unwrap(),
            months: cells.next().unwrap().parse().unwrap(),
            values: std::array::from_fn(|_| cells.next().unwrap().parse().unwrap()),
        }
    };
    table.lines().map(line).collect()
}

#[test]
fn values_at_each_standard_deviation_are_those_that_who_published() {
    let who = who();
    for line in lines(WHO) {
        let lms = who.curve(line.measure, line.sex).lms(line.months).unwrap();
        for (z, value) in (-3..=3).map(f64::from).zip(line.values) {
            // Published to one decimal.
            assert!(
                (lms.value(z) - value).abs() < 0.0501,
                "{:?} {:?} {} {z}",
                line.measure,
                line.sex,
                line.months
            );
        }
    }
}

#[test]
fn a_child_measured_on_the_day_has_the_z_score_that_who_published() {
    let (who, born) = (who(), day("2020-01-01"));
    for line in lines(WHO) {
        // A month has 30.4375 days: a birthday is up to a quarter of a day away.
        #[expect(clippy::cast_possible_truncation, reason = "five years of days")]
        let days = (line.months * DAYS_OF_A_MONTH).floor() as i64;
        let child = Child {
            born,
            sex: line.sex,
            gestation: None,
        };
        for (at, z) in (-3..=3).map(f64::from).enumerate() {
            let reading = Reading {
                measure: line.measure,
                value: line.values[at],
                posture: None,
                day: add_days(born, days),
            };
            let placed = place(&who, &child, &reading).unwrap();
            // What rounding to one decimal, and that quarter of a day, can make of it.
            let (low, high) = (at.saturating_sub(1), (at + 1).min(6));
            let steps = if high - low == 2 { 2.0 } else { 1.0 };
            let slack = 0.06 * steps / (line.values[high] - line.values[low]);
            let told = format!("{:?} {:?} {} {z}", line.measure, line.sex, line.months);
            assert!((placed.z - z).abs() < slack, "{told}: {}", placed.z);
        }
    }
}

#[test]
fn the_first_and_the_last_band_of_the_survey_were_copied_rightly() {
    let japan = japan();
    for line in lines(JAPAN) {
        let curve = japan.curve(line.measure, line.sex);
        let found = curve.centiles(line.months).unwrap();
        for (found, published) in found.iter().zip(line.values) {
            assert!((found - published).abs() < 1e-9, "{published}");
        }
    }
}
