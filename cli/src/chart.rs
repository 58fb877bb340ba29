//! A growth chart as numbers: curves, points and axes. Knows nothing about paper or terminals.

use techo_health::growth::{Curve, Measure, PERCENTILES};

pub(crate) mod svg;
pub(crate) mod terminal;

/// A sheet: panels one below the other over the same ages.
#[derive(Debug)]
pub(crate) struct Chart {
    /// What the sheet shows, and of which survey and year.
    pub(crate) title: String,
    /// What stands below it.
    pub(crate) notes: Vec<String>,
    /// One for each measure.
    pub(crate) panels: Vec<Panel>,
    /// How the ages are labelled.
    pub(crate) ages: Ages,
}

/// The ages of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ages {
    /// 0 to 12 months, as on the first sheet of the handbook.
    Infant,
    /// 0 to 6 and a half years.
    Child,
}

impl Ages {
    /// The last month.
    pub(crate) fn months(self) -> f64 {
        match self {
            Self::Infant => 12.0,
            Self::Child => 78.0,
        }
    }

    /// The months between two labels.
    pub(crate) fn step(self) -> u32 {
        match self {
            Self::Infant => 1,
            Self::Child => 12,
        }
    }

    /// Months as this sheet labels them.
    pub(crate) fn label(self, months: u32) -> u32 {
        months / self.step()
    }
}

/// One measure.
#[derive(Debug)]
pub(crate) struct Panel {
    /// Its name.
    pub(crate) name: String,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// The curves of the survey, the lowest first: age in months and value.
    pub(crate) curves: [Vec<(f64, f64)>; 7],
    /// The child: age in months and value.
    pub(crate) points: Vec<(f64, f64)>,
    /// The axis of values.
    pub(crate) axis: Axis,
}

/// An axis from a round number to a round number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) step: f64,
}

impl Axis {
    /// Round numbers around everything shown.
    fn around(values: impl Iterator<Item = f64>, step: f64) -> Self {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if low > high {
            return Self {
                low: 0.0,
                high: step,
                step,
            };
        }
        Self {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    /// The values that are labelled.
    pub(crate) fn labels(self) -> impl Iterator<Item = f64> {
        (0_u32..=64)
            .map(move |n| self.step.mul_add(f64::from(n), self.low))
            .take_while(move |value| *value <= self.high + 1e-9)
    }

    /// How far up `value` lies, from 0 to 1.
    pub(crate) fn share(self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

impl Panel {
    /// The curves of `curve` as far as the sheet's ages go, and the child's points among them.
    pub(crate) fn new(
        name: &str,
        measure: Measure,
        curve: &Curve,
        ages: Ages,
        points: &[(f64, f64)],
    ) -> Self {
        let end = ages.months().min(curve.until());
        let mut curves: [Vec<(f64, f64)>; 7] = Default::default();
        for n in 0..=SAMPLES {
            let months = end * f64::from(n) / f64::from(SAMPLES);
            let centiles = curve.centiles(months).into_iter().flatten();
            for (line, value) in curves.iter_mut().zip(centiles) {
                line.push((months, value));
            }
        }
        let points: Vec<(f64, f64)> = points
            .iter()
            .copied()
            .filter(|(months, _)| *months <= ages.months())
            .collect();
        let everything = curves.iter().flatten().chain(&points);
        let axis = Axis::around(everything.map(|(_, value)| *value), step(measure, ages));
        Self {
            name: name.to_owned(),
            unit: measure.unit(),
            curves,
            points,
            axis,
        }
    }

    /// The curves with the percentile of each.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u8, &[(f64, f64)])> {
        PERCENTILES
            .into_iter()
            .zip(self.curves.iter().map(Vec::as_slice))
    }
}

fn step(measure: Measure, ages: Ages) -> f64 {
    match (measure, ages) {
        (Measure::Height, Ages::Infant) => 5.0,
        (Measure::Height, Ages::Child) => 10.0,
        (Measure::Weight, Ages::Infant) => 1.0,
        (Measure::Weight, Ages::Child) | (Measure::Head, _) => 2.0,
    }
}

/// Into how many parts a curve is cut.
const SAMPLES: u32 = 156;

#[cfg(test)]
mod tests {
    use techo_health::Sex;
    use techo_health::growth::ReferenceId;

    use super::*;

    #[test]
    fn a_panel_holds_all_curves_and_the_child() {
        let reference = ReferenceId::Japan2023.reference().unwrap();
        let curve = reference.curve(Measure::Weight, Sex::Female);
        let points = [(0.0, 1.4), (3.0, 6.0), (30.0, 12.0)];
        let panel = Panel::new("体重", Measure::Weight, curve, Ages::Infant, &points);
        assert!(panel.curves.iter().all(|line| line.len() == 157));
        assert_eq!(panel.points, [(0.0, 1.4), (3.0, 6.0)]);
        assert_eq!(
            panel.axis,
            Axis {
                low: 1.0,
                high: 11.0,
                step: 1.0
            }
        );
        assert_eq!(panel.axis.labels().count(), 11);
    }

    #[test]
    fn a_survey_that_ends_early_ends_the_curve() {
        let reference = ReferenceId::Japan2023.reference().unwrap();
        let curve = reference.curve(Measure::Head, Sex::Male);
        let panel = Panel::new("頭囲", Measure::Head, curve, Ages::Child, &[]);
        let ends = panel.lines().map(|(_, line)| line.last().unwrap().0);
        assert!(ends.into_iter().all(|months| (months - 36.0).abs() < 1e-9));
    }
}
