//! The surveys: their curves as data, and how a value between two ages is read from them.

use crate::{
    growth::{
        ChartAge, Measure, Posture, Reading,
        lms::{Lms, Z_OF_PERCENTILES},
    },
    record::Sex,
};

/// Which survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceId {
    /// 令和5年乳幼児身体発育調査, the curves of the handbook.
    Japan2023,
    /// WHO Child Growth Standards, 2006.
    Who2006,
}

impl ReferenceId {
    /// Every survey.
    pub const ALL: [Self; 2] = [Self::Japan2023, Self::Who2006];

    /// The name in programs, with its year.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Japan2023 => "japan-2023",
            Self::Who2006 => "who-2006",
        }
    }

    /// The survey and its year, in Japanese; the attribution that its terms ask for.
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Japan2023 => "こども家庭庁「令和5年乳幼児身体発育調査」(2023年)を加工して作成",
            Self::Who2006 => "WHO Child Growth Standards(2006年)",
        }
    }

    /// The survey and its year, in English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Japan2023 => {
                "made from the 2023 national survey of infants' growth, Children and Families Agency of Japan"
            }
            Self::Who2006 => "WHO Child Growth Standards (2006)",
        }
    }

    /// The curves that come with Techo.
    pub fn reference(self) -> Result<Reference, GrowthError> {
        let text = match self {
            Self::Japan2023 => include_str!("../../growth/japan_2023.csv"),
            Self::Who2006 => include_str!("../../growth/who_2006.csv"),
        };
        Reference::parse(self, text)
    }
}

/// The curves of one survey.
#[derive(Debug, Clone)]
pub struct Reference {
    id: ReferenceId,
    curves: Vec<(Measure, Sex, Curve)>,
    empty: Curve,
}

/// One measure of one sex, from age to age.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    points: Vec<Point>,
    until: f64,
}

/// What the survey says of one age.
#[derive(Debug, Clone, Copy)]
struct Point {
    age: f64,
    lms: Lms,
    /// What the published percentiles are more than those of the LMS.
    rest: [f64; 7],
}

impl Reference {
    /// Reads curves: comments, one header line, one line for each age.
    pub fn parse(id: ReferenceId, text: &str) -> Result<Self, GrowthError> {
        let mut reference = Self {
            id,
            curves: Vec::new(),
            empty: Curve::default(),
        };
        let lines = text.lines().enumerate();
        let rows = lines.filter(|(_, line)| !line.starts_with('#')).skip(1);
        for (number, line) in rows {
            reference
                .take(line)
                .ok_or(GrowthError::Line { line: number + 1 })?;
        }
        Ok(reference)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut cells = line.split(',');
        let (measure, sex) = (cells.next()?, Sex::parse(cells.next()?)?);
        let numbers: Vec<f64> = cells.map(str::parse).collect::<Result<_, _>>().ok()?;
        let (age, until, published, [l, m, s]) = match *numbers.as_slice() {
            [age, l, m, s] => (age, age, None, [l, m, s]),
            [age, until, p3, p10, p25, p50, p75, p90, p97, l, m, s] => {
                let published = [p3, p10, p25, p50, p75, p90, p97];
                (age, until, Some(published), [l, m, s])
            }
            _ => return None,
        };
        let lms = Lms { l, m, s };
        let fitted = Z_OF_PERCENTILES.map(|z| lms.value(z));
        let mut rest = [0.0; 7];
        for (rest, (published, fitted)) in rest
            .iter_mut()
            .zip(published.unwrap_or(fitted).into_iter().zip(fitted))
        {
            *rest = published - fitted;
        }
        // Where lying ends and standing begins both stand at the same age.
        let measure = Measure::of_key(if measure == "length" {
            "height"
        } else {
            measure
        })?;
        let curve = self.curve_mut(measure, sex);
        if curve.points.last().is_some_and(|last| last.age > age) {
            return None;
        }
        curve.points.push(Point { age, lms, rest });
        curve.until = until.max(age);
        Some(())
    }

    fn curve_mut(&mut self, measure: Measure, sex: Sex) -> &mut Curve {
        let at = self
            .curves
            .iter()
            .position(|(of, who, _)| (*of, *who) == (measure, sex));
        let at = at.unwrap_or_else(|| {
            self.curves.push((measure, sex, Curve::default()));
            self.curves.len() - 1
        });
        self.curves
            .get_mut(at)
            .map_or(&mut self.empty, |(_, _, curve)| curve)
    }

    /// Which survey this is.
    pub fn id(&self) -> ReferenceId {
        self.id
    }

    /// The curve of a measure; one that covers no age if the survey has none.
    pub fn curve(&self, measure: Measure, sex: Sex) -> &Curve {
        self.curves
            .iter()
            .find(|(of, who, _)| (*of, *who) == (measure, sex))
            .map_or(&self.empty, |(_, _, curve)| curve)
    }

    /// What is added to a height that was measured in the other posture than the survey's.
    ///
    /// WHO: 0.7 cm between lying and standing, lying until 24 months (WHO Child Growth Standards,
    /// training course module C). The Japanese survey measures lying until two years as well, but
    /// gives no such number, so nothing is added.
    pub(super) fn posture_shift(&self, reading: &Reading, age: ChartAge) -> f64 {
        let lying = age.months < 24.0;
        match (self.id, reading.measure, reading.posture) {
            (ReferenceId::Who2006, Measure::Height, Some(Posture::Standing)) if lying => 0.7,
            (ReferenceId::Who2006, Measure::Height, Some(Posture::Lying)) if !lying => -0.7,
            _ => 0.0,
        }
    }
}

impl Curve {
    /// The age in months before which the curve ends; 0 for one that covers no age.
    pub fn until(&self) -> f64 {
        self.until
    }

    /// L, M and S at an age, between two ages of the survey in proportion; `None` beyond its end.
    pub fn lms(&self, months: f64) -> Option<Lms> {
        let (low, high, share) = self.around(months)?;
        Some(low.lms.towards(high.lms, share))
    }

    /// The seven percentiles at an age, in the unit of the measure; `None` beyond the survey's end.
    ///
    /// L, M and S are interpolated, and so is the little by which the published percentiles of the
    /// two ages differ from them: at an age of the survey these are the published numbers.
    pub fn centiles(&self, months: f64) -> Option<[f64; 7]> {
        let (low, high, share) = self.around(months)?;
        let lms = low.lms.towards(high.lms, share);
        let mut centiles = Z_OF_PERCENTILES.map(|z| lms.value(z));
        for (centile, (low, high)) in centiles.iter_mut().zip(low.rest.into_iter().zip(high.rest)) {
            *centile += share.mul_add(high - low, low);
        }
        Some(centiles)
    }

    /// The points before and after an age, and the share of the way between them. A band's last
    /// half has no point after it and stays as its middle is.
    fn around(&self, months: f64) -> Option<(Point, Point, f64)> {
        if !(0.0..=self.until).contains(&months) {
            return None;
        }
        let after = self.points.partition_point(|point| point.age <= months);
        let low = *self.points.get(after.checked_sub(1)?)?;
        let Some(&high) = self.points.get(after) else {
            return Some((low, low, 0.0));
        };
        Some((low, high, (months - low.age) / (high.age - low.age)))
    }
}

/// Why curves could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrowthError {
    /// A line of the table is not what the format says, or ages go back.
    #[error("line {line} of the growth table cannot be read")]
    Line {
        /// Which line, from 1.
        line: usize,
    },
}
