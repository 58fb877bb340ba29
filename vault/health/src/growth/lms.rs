//! The LMS method: a distribution at one age as skewness, median and spread.

/// L, M and S of one age (Cole & Green 1992, as used by the WHO Child Growth Standards).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lms {
    /// The Box-Cox power that makes the distribution normal.
    pub l: f64,
    /// The median, in the unit of the measure.
    pub m: f64,
    /// The coefficient of variation.
    pub s: f64,
}

impl Lms {
    /// The value `z` standard deviations from the median.
    pub fn value(self, z: f64) -> f64 {
        if self.l.abs() < 1e-9 {
            self.m * (self.s * z).exp()
        } else {
            self.m * (self.l * self.s).mul_add(z, 1.0).powf(1.0 / self.l)
        }
    }

    /// How many standard deviations `value` lies from the median.
    pub fn z(self, value: f64) -> f64 {
        if self.l.abs() < 1e-9 {
            (value / self.m).ln() / self.s
        } else {
            ((value / self.m).powf(self.l) - 1.0) / (self.l * self.s)
        }
    }

    /// Between two ages, `share` of the way to `other`.
    pub(super) fn towards(self, other: Self, share: f64) -> Self {
        let mix = |from: f64, to: f64| share.mul_add(to - from, from);
        Self {
            l: mix(self.l, other.l),
            m: mix(self.m, other.m),
            s: mix(self.s, other.s),
        }
    }
}

/// The distances from the median of the 3rd, 10th, 25th, 50th, 75th, 90th and 97th percentile of a
/// normal distribution.
pub(super) const Z_OF_PERCENTILES: [f64; 7] = [
    -1.880_793_608_151_250_9,
    -1.281_551_565_544_600_4,
    -0.674_489_750_196_081_7,
    0.0,
    0.674_489_750_196_081_7,
    1.281_551_565_544_600_4,
    1.880_793_608_151_250_9,
];
