//! A growth chart in letters: the belt of the survey, its median and the child. Plain ASCII, whose
//! width every terminal agrees on.

use crate::chart::{Ages, Panel};

/// The lines of one panel, without its name.
pub(crate) fn panel(panel: &Panel, ages: Ages) -> Vec<String> {
    let mut grid = vec![vec![' '; COLUMNS]; ROWS];
    for column in 0..COLUMNS {
        let months = ages.months() * share(column, COLUMNS - 1);
        let at = |line: &[(f64, f64)]| nearest(line, months).map(|value| row(panel, value));
        let [lowest, _, _, median, _, _, greatest] = &panel.curves;
        let (Some(low), Some(middle), Some(high)) = (at(lowest), at(median), at(greatest)) else {
            continue;
        };
        for row in high..=low {
            mark(
                &mut grid,
                row,
                column,
                if row == middle { '=' } else { '.' },
            );
        }
    }
    for (months, value) in &panel.points {
        mark(&mut grid, row(panel, *value), column(*months, ages), 'o');
    }
    let mut labels = vec![" ".repeat(6); ROWS];
    for value in panel.axis.labels() {
        if let Some(label) = labels.get_mut(row(panel, value)) {
            *label = format!("{value:6}");
        }
    }
    let with_label = |(label, cells): (String, Vec<char>)| {
        format!(
            "{label} |{}",
            cells.into_iter().collect::<String>().trim_end()
        )
    };
    let mut lines: Vec<String> = labels.into_iter().zip(grid).map(with_label).collect();
    lines.push(format!("{}+{}", " ".repeat(7), "-".repeat(COLUMNS)));
    lines.push(age_labels(ages));
    lines
}

fn age_labels(ages: Ages) -> String {
    let mut line = vec![' '; COLUMNS + 10];
    let mut months = 0;
    while f64::from(months) <= ages.months() {
        let label = ages.label(months).to_string();
        for (at, c) in label.chars().enumerate() {
            if let Some(cell) = line.get_mut(8 + column(f64::from(months), ages) + at) {
                *cell = c;
            }
        }
        months += ages.step();
    }
    line.into_iter().collect()
}

fn mark(grid: &mut [Vec<char>], row: usize, column: usize, c: char) {
    if let Some(cell) = grid.get_mut(row).and_then(|line| line.get_mut(column)) {
        *cell = c;
    }
}

/// The value of the nearest sample, unless the curve has ended.
fn nearest(line: &[(f64, f64)], months: f64) -> Option<f64> {
    line.iter()
        .find(|(age, _)| *age + 1e-9 >= months)
        .map(|(_, value)| *value)
}

fn row(panel: &Panel, value: f64) -> usize {
    whole((1.0 - panel.axis.share(value)) * span(ROWS))
}

fn column(months: f64, ages: Ages) -> usize {
    whole((months / ages.months()).clamp(0.0, 1.0) * span(COLUMNS))
}

#[expect(clippy::cast_precision_loss, reason = "rows and columns of a terminal")]
fn span(count: usize) -> f64 {
    count.saturating_sub(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "rows and columns of a terminal")]
fn share(at: usize, last: usize) -> f64 {
    at as f64 / last as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the rows or columns"
)]
fn whole(value: f64) -> usize {
    value.round() as usize
}

const ROWS: usize = 17;
const COLUMNS: usize = 66;

#[cfg(test)]
mod tests {
    use techo_health::Sex;
    use techo_health::growth::{Measure, ReferenceId};

    use super::*;

    #[test]
    fn the_child_stands_in_the_belt_and_every_line_fits() {
        let reference = ReferenceId::Japan2023.reference().unwrap();
        let curve = reference.curve(Measure::Height, Sex::Male);
        let chart = Panel::new("身長", Measure::Height, curve, Ages::Infant, &[(6.5, 67.6)]);
        let lines = panel(&chart, Ages::Infant);
        assert!(lines.iter().all(|line| line.is_ascii() && line.len() <= 76));
        let with_child: Vec<&String> = lines.iter().filter(|line| line.contains('o')).collect();
        assert_eq!(with_child.len(), 1);
        let at = with_child[0].find('o').unwrap();
        assert_eq!(at, 8 + column(6.5, Ages::Infant));
        let around: String = with_child[0].chars().skip(at - 1).take(3).collect();
        assert!(around.chars().all(|c| "=.o".contains(c)), "{around}");
        assert!(lines.last().unwrap().contains("12"));
    }
}
