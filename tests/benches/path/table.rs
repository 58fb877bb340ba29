//! Medians, spreads and the table.

/// Samples of one measure, a number for each run.
#[derive(Default, Clone)]
pub(crate) struct Runs(pub(crate) Vec<f64>);

impl Runs {
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The value below which `part` of the samples lie.
    pub(crate) fn at(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted
            .get((last as f64 * part).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    fn shown(&self, unit: &str) -> String {
        if self.0.is_empty() {
            return "–".to_owned();
        }
        let (low, high) = (number(self.at(0.0)), number(self.at(1.0)));
        let middle = number(self.median());
        if self.0.len() == 1 {
            format!("{middle} {unit}")
        } else {
            format!("{middle} [{low}–{high}] {unit}")
        }
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// What a measure is held against.
pub(crate) enum Target {
    /// At most this many times the floor.
    AtMost(f64),
    /// At least this part of the floor.
    AtLeast(f64),
    /// At most this, whatever the floor does.
    Bound(f64),
    /// For information.
    Told,
}

/// Prints the head of the table.
pub(crate) fn head() {
    line("measure", "product", "floor", "ratio", "target");
    line("---", "---", "---", "---", "---");
}

fn line(measure: &str, product: &str, floor: &str, ratio: &str, target: &str) {
    println!("| {measure} | {product} | {floor} | {ratio} | {target} |");
}

/// Prints one measure.
pub(crate) fn row(measure: &str, unit: &str, product: &Runs, floor: &Runs, target: &Target) {
    let (ours, best) = (product.median(), floor.median());
    let ratio = ours / best;
    let (wanted, met) = match *target {
        Target::AtMost(most) => (format!("≤ {most} ×"), ratio <= most),
        Target::AtLeast(least) => (format!("≥ {least} ×"), ratio >= least),
        Target::Bound(most) => (format!("≤ {most} {unit}"), ours <= most),
        Target::Told => (String::new(), true),
    };
    let met = match (target, met) {
        (Target::Told, _) => "",
        (_, true) => " ✓",
        (_, false) => " ✗",
    };
    let ratio = if floor.0.is_empty() {
        String::new()
    } else {
        format!("{ratio:.2}")
    };
    let (product, floor) = (product.shown(unit), floor.shown(unit));
    line(measure, &product, &floor, &ratio, &format!("{wanted}{met}"));
}
