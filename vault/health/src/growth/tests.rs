use proptest::prelude::*;

use super::*;

mod published;

fn japan() -> Reference {
    ReferenceId::Japan2023.reference().unwrap()
}

fn who() -> Reference {
    ReferenceId::Who2006.reference().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn child(gestation: Option<&str>) -> Child {
    Child {
        born: day("2024-10-01"),
        sex: Sex::Female,
        gestation: gestation.map(|text| text.parse().unwrap()),
    }
}

/// The lines of a table: measure, sex, numbers.
fn rows(text: &str) -> Vec<(&str, Sex, Vec<f64>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let mut cells = line.split(',');
            let (measure, sex) = (cells.next().unwrap(), cells.next().unwrap());
            let numbers = cells.map(|cell| cell.parse().unwrap()).collect();
            (measure, Sex::parse(sex).unwrap(), numbers)
        })
        .collect()
}

#[test]
fn every_band_of_the_survey_reads_back_as_it_was_published() {
    let japan = japan();
    let rows = rows(include_str!("../../growth/japan_2023.csv"));
    for sex in [Sex::Female, Sex::Male] {
        for (measure, bands) in [("weight", 24), ("height", 24), ("head", 17)] {
            let own = rows.iter().filter(|row| (row.0, row.1) == (measure, sex));
            assert_eq!(own.count(), bands, "{measure} {sex:?}");
        }
    }
    for (measure, sex, numbers) in rows {
        let curve = japan.curve(Measure::of_key(measure).unwrap(), sex);
        let found = curve.centiles(numbers[0]).unwrap();
        for (found, published) in found.iter().zip(&numbers[2..9]) {
            assert!((found - published).abs() < 1e-9, "{measure} {sex:?}");
        }
        // The fit alone stays within the survey's rounding and a little more.
        let lms = curve.lms(numbers[0]).unwrap();
        for (z, published) in lms::Z_OF_PERCENTILES.iter().zip(&numbers[2..9]) {
            assert!(
                (lms.value(*z) - published).abs() < 0.065,
                "{measure} {sex:?}"
            );
        }
    }
}

#[test]
fn every_published_percentile_lies_at_the_edge_that_it_names() {
    let japan = japan();
    for (measure, sex, numbers) in rows(include_str!("../../growth/japan_2023.csv")) {
        let measure = Measure::of_key(measure).unwrap();
        let centiles = japan.curve(measure, sex).centiles(numbers[0]).unwrap();
        let least = if measure == Measure::Weight {
            0.01
        } else {
            0.1
        };
        for (at, value) in numbers[2..9].iter().enumerate() {
            let edge = PERCENTILES[at];
            let above = among(value + least / 2.0, &centiles);
            let below = among(value - least / 2.0, &centiles);
            match edge {
                3 => assert_eq!((below, above), (Place::Below, Place::Between(3, 10))),
                97 => assert_eq!((below, above), (Place::Between(90, 97), Place::Above)),
                _ => assert_eq!(
                    (below, above),
                    (
                        Place::Between(PERCENTILES[at - 1], edge),
                        Place::Between(edge, PERCENTILES[at + 1])
                    )
                ),
            }
        }
    }
}

#[test]
fn the_medians_of_who_are_exact_at_birth_one_and_five_years() {
    let who = who();
    let median = |measure, sex, age| who.curve(measure, sex).lms(age).unwrap();
    let boys = median(Measure::Weight, Sex::Male, 0.0);
    assert_eq!((boys.l, boys.m, boys.s), (0.3487, 3.3464, 0.14602));
    let girls = median(Measure::Head, Sex::Female, 0.0);
    assert_eq!((girls.m, girls.s), (33.8787, 0.03496));
    assert!((median(Measure::Weight, Sex::Male, 12.0).z(9.6479)).abs() < 1e-4);
    assert!((median(Measure::Weight, Sex::Male, 60.0).z(18.3366)).abs() < 1e-4);
}

#[test]
fn at_two_years_the_curve_goes_over_from_lying_to_standing() {
    let who = who();
    let boys = who.curve(Measure::Height, Sex::Male);
    assert!((boys.lms(23.999).unwrap().m - 87.8161).abs() < 0.01);
    assert!((boys.lms(24.0).unwrap().m - 87.1161).abs() < 1e-9);
    let height = |value, posture, on| Reading {
        measure: Measure::Height,
        value,
        posture,
        day: day(on),
    };
    let toddler = child(None);
    let shown = |measured: &Reading| place(&who, &toddler, measured).unwrap().value;
    assert!((shown(&height(70.0, Some(Posture::Standing), "2025-10-01")) - 70.7).abs() < 1e-9);
    assert!((shown(&height(70.0, Some(Posture::Lying), "2025-10-01")) - 70.0).abs() < 1e-9);
    assert!((shown(&height(90.0, Some(Posture::Lying), "2027-04-01")) - 89.3).abs() < 1e-9);
    assert!((shown(&height(90.0, None, "2027-04-01")) - 90.0).abs() < 1e-9);
    let japanese = place(
        &japan(),
        &toddler,
        &height(70.0, Some(Posture::Standing), "2025-10-01"),
    );
    assert!((japanese.unwrap().value - 70.0).abs() < 1e-9);
}

#[test]
fn a_child_born_early_is_counted_from_the_expected_date_until_two() {
    let early = child(Some("32w0d"));
    let at = |on| early.age_on(day(on));
    assert_eq!(at("2024-11-25"), Err(NotPlaced::BeforeTerm));
    assert_eq!(
        at("2024-11-26"),
        Ok(ChartAge {
            months: 0.0,
            corrected: true
        })
    );
    let last = at("2026-10-01").unwrap();
    assert!(last.corrected && (last.months - (730.0 - 56.0) / DAYS_OF_A_MONTH).abs() < 1e-9);
    assert!(!at("2026-10-02").unwrap().corrected);
    assert!(
        !child(Some("37w0d"))
            .age_on(day("2024-11-01"))
            .unwrap()
            .corrected
    );
    assert!(
        child(Some("36w6d"))
            .age_on(day("2024-11-01"))
            .unwrap()
            .corrected
    );
    assert_eq!(
        child(None).age_on(day("2024-09-30")),
        Err(NotPlaced::BeforeBirth)
    );
}

#[test]
fn beyond_the_survey_nothing_is_claimed() {
    let heavy = |value, on| Reading {
        measure: Measure::Weight,
        value,
        posture: None,
        day: day(on),
    };
    let placed = |measured: &Reading| place(&japan(), &child(None), measured);
    assert!(placed(&heavy(20.0, "2031-03-25")).is_ok());
    assert_eq!(placed(&heavy(20.0, "2031-04-10")), Err(NotPlaced::TooOld));
    assert_eq!(
        placed(&heavy(0.0, "2025-04-01")),
        Err(NotPlaced::NotPositive)
    );
    assert_eq!(japan().curve(Measure::Head, Sex::Male).centiles(36.1), None);
    assert!(who().curve(Measure::Weight, Sex::Male).lms(60.1).is_none());
}

#[test]
fn a_table_with_a_fault_is_refused_with_its_line() {
    let parse = |text: &str| Reference::parse(ReferenceId::Who2006, text).map(|_| ());
    let head = "# note\nmeasure,sex,age,l,m,s\nweight,male,1,1,4,0.1\n";
    assert_eq!(parse(head), Ok(()));
    for bad in [
        "weight,male,0,1,4,0.1",
        "weight,male,2,1,x,0.1",
        "girth,male,2,1,4,1",
        "weight",
    ] {
        let text = format!("{head}{bad}\n");
        assert_eq!(parse(&text), Err(GrowthError::Line { line: 4 }), "{bad}");
    }
}

#[test]
fn a_measurement_is_read_in_the_unit_of_the_curves() {
    let measured = |quantity: &str, value: &str, unit: &str| history::Measured {
        quantity: crate::Quantity::new(quantity),
        value: value.parse().unwrap(),
        unit: unit.to_owned(),
        date: day("2024-10-01"),
        posture: Some("standing".to_owned()),
        sources: Vec::new(),
    };
    let reading = Reading::of(&measured("体重", "3215", "g")).unwrap();
    assert_eq!((reading.measure, reading.value), (Measure::Weight, 3.215));
    assert_eq!(reading.posture, Some(Posture::Standing));
    assert_eq!(Reading::of(&measured("体重", "3215", "stone")), None);
    assert_eq!(Reading::of(&measured("体温", "36.8", "Cel")), None);
}

proptest! {
    #[test]
    fn percentiles_rise_at_every_age(months in 0.0_f64..78.0, girl: bool) {
        let sex = if girl { Sex::Female } else { Sex::Male };
        for reference in [japan(), who()] {
            for measure in Measure::ALL {
                if let Some(centiles) = reference.curve(measure, sex).centiles(months) {
                    prop_assert!(centiles.is_sorted_by(|low, high| low < high));
                }
            }
        }
    }

    #[test]
    fn a_value_and_its_distance_say_the_same(l in -2.0_f64..3.0, s in 0.02_f64..0.2, z in -3.0_f64..3.0) {
        let lms = Lms { l, m: 10.0, s };
        prop_assume!(l * s * z > -0.9);
        prop_assert!((lms.z(lms.value(z)) - z).abs() < 1e-6);
    }

    #[test]
    fn heavier_never_means_a_lower_place(grams in 500_u32..40_000, on in 0_i64..2_300) {
        let japan = japan();
        let at = |value| {
            let measured = Reading { measure: Measure::Weight, value, posture: None, day: crate::calendar::add_days(day("2024-10-01"), on) };
            let rank = |place| match place { Place::Below => 0, Place::Between(low, _) => low, Place::Above => 97 };
            place(&japan, &child(None), &measured).map(|placed| rank(placed.place)).unwrap()
        };
        prop_assert!(at(f64::from(grams) / 1e3) <= at(f64::from(grams + 10) / 1e3));
    }
}
