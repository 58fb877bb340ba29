//! A growth chart as a picture that looks like the handbook's page: a belt, its lines, the child.
//! Readable without colour, and described in words for those who hear it.

use svg::Document;
use svg::node::element::path::Data;
use svg::node::element::{Circle, Description, Group, Line, Path, Rectangle, Text, Title};

use crate::chart::{Ages, Chart, Panel};

/// Draws the sheet.
pub(crate) fn draw(chart: &Chart, words: &Words) -> String {
    let panels = f64::from(u32::try_from(chart.panels.len()).unwrap_or(u32::MAX));
    let foot = TOP + panels * (PANEL + GAP) - GAP;
    let notes = f64::from(u32::try_from(chart.notes.len()).unwrap_or(u32::MAX));
    let height = foot + 60.0 + notes * 18.0;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("role", "img")
        .set("font-family", FONTS)
        .set("font-size", 13)
        .add(Title::new(chart.title.as_str()))
        .add(Description::new().add(svg::node::Text::new(words.description.as_str())))
        .add(rectangle((0.0, 0.0), (WIDTH, height)).set("fill", "#ffffff"))
        .add(label((LEFT, 34.0), &chart.title).set("font-size", 18));
    let mut top = TOP;
    for panel in &chart.panels {
        document = document.add(draw_panel(panel, chart.ages, top));
        top += PANEL + GAP;
    }
    document = document
        .add(label((LEFT + INNER / 2.0, foot + 40.0), words.ages).set("text-anchor", "middle"));
    let mut line = foot + 62.0;
    for note in &chart.notes {
        document = document.add(
            label((LEFT, line), note)
                .set("font-size", 11)
                .set("fill", "#444444"),
        );
        line += 18.0;
    }
    document.to_string()
}

/// What a sheet says beside its numbers.
pub(crate) struct Words {
    /// The name of the axis of ages.
    pub(crate) ages: &'static str,
    /// The picture in words: every value and its place.
    pub(crate) description: String,
}

fn draw_panel(panel: &Panel, ages: Ages, top: f64) -> Group {
    let x = |months: f64| LEFT + INNER * (months / ages.months()).clamp(0.0, 1.0);
    let y = |value: f64| top + PANEL * (1.0 - panel.axis.share(value));
    let mut group = Group::new();
    for value in panel.axis.labels() {
        group = group
            .add(rule((LEFT, y(value)), (LEFT + INNER, y(value)), "#dddddd"))
            .add(
                label((LEFT - 8.0, y(value) + 4.0), &format!("{value}")).set("text-anchor", "end"),
            );
    }
    let mut months = 0;
    while f64::from(months) <= ages.months() {
        let at = x(f64::from(months));
        let text = ages.label(months).to_string();
        group = group
            .add(rule((at, top), (at, top + PANEL), "#dddddd"))
            .add(label((at, top + PANEL + 16.0), &text).set("text-anchor", "middle"));
        months += ages.step();
    }
    let [lowest, .., greatest] = &panel.curves;
    let belt = greatest.iter().chain(lowest.iter().rev());
    group = group.add(
        Path::new()
            .set(
                "d",
                path(belt.map(|(age, value)| (x(*age), y(*value)))).close(),
            )
            .set("fill", "#f6d8c8")
            .set("fill-opacity", "0.7"),
    );
    for (percentile, line) in panel.lines() {
        let width = if percentile == 50 { 2.0 } else { 0.8 };
        group = group.add(
            Path::new()
                .set(
                    "d",
                    path(line.iter().map(|(age, value)| (x(*age), y(*value)))),
                )
                .set("fill", "none")
                .set("stroke", "#b05a3c")
                .set("stroke-width", width),
        );
        if let Some((age, value)) = line.last() {
            let text = percentile.to_string();
            group = group.add(label((x(*age) + 5.0, y(*value) + 4.0), &text).set("font-size", 10));
        }
    }
    let points: Vec<(f64, f64)> = panel
        .points
        .iter()
        .map(|(age, value)| (x(*age), y(*value)))
        .collect();
    group = group.add(
        Path::new()
            .set("d", path(points.iter().copied()))
            .set("fill", "none")
            .set("stroke", "#1c3f6e")
            .set("stroke-width", 1.5),
    );
    for (at, level) in points {
        group = group.add(
            Circle::new()
                .set("cx", at)
                .set("cy", level)
                .set("r", 4)
                .set("fill", "#1c3f6e"),
        );
    }
    let name = format!("{} ({})", panel.name, panel.unit);
    group
        .add(
            rectangle((LEFT, top), (INNER, PANEL))
                .set("fill", "none")
                .set("stroke", "#555555"),
        )
        .add(
            label((LEFT + 10.0, top + 22.0), &name)
                .set("font-size", 15)
                .set("font-weight", "bold"),
        )
}

fn path(mut points: impl Iterator<Item = (f64, f64)>) -> Data {
    let tenth = |(x, y): (f64, f64)| ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0);
    let Some(first) = points.next() else {
        return Data::new();
    };
    points.fold(Data::new().move_to(tenth(first)), |data, point| {
        data.line_to(tenth(point))
    })
}

fn rule(from: (f64, f64), to: (f64, f64), stroke: &str) -> Line {
    Line::new()
        .set("x1", from.0)
        .set("y1", from.1)
        .set("x2", to.0)
        .set("y2", to.1)
        .set("stroke", stroke)
}

fn rectangle(at: (f64, f64), size: (f64, f64)) -> Rectangle {
    Rectangle::new()
        .set("x", at.0)
        .set("y", at.1)
        .set("width", size.0)
        .set("height", size.1)
}

fn label(at: (f64, f64), text: &str) -> Text {
    Text::new(text).set("x", at.0).set("y", at.1)
}

const FONTS: &str =
    "'Noto Sans CJK JP', 'Noto Sans JP', 'Hiragino Sans', 'Yu Gothic', Meiryo, sans-serif";
const WIDTH: f64 = 800.0;
const LEFT: f64 = 60.0;
const INNER: f64 = 690.0;
const TOP: f64 = 52.0;
const PANEL: f64 = 400.0;
const GAP: f64 = 34.0;

#[cfg(test)]
mod tests {
    use techo_health::Sex;
    use techo_health::growth::{Measure, ReferenceId};

    use super::*;

    #[test]
    fn a_sheet_says_in_words_what_it_shows_and_a_name_cannot_become_markup() {
        let reference = ReferenceId::Japan2023.reference().unwrap();
        let curve = reference.curve(Measure::Weight, Sex::Female);
        let points = [(0.0, 3.1), (6.0, 7.2)];
        let panel = Panel::new("体重", Measure::Weight, curve, Ages::Infant, &points);
        let chart = Chart {
            title: "<script>花</script> & Co".to_owned(),
            notes: vec!["令和5年".to_owned()],
            panels: vec![panel],
            ages: Ages::Infant,
        };
        let words = Words {
            ages: "月齢(か月)",
            description: "7.2 kg: 25〜50".to_owned(),
        };
        let sheet = draw(&chart, &words);
        assert!(!sheet.contains("<script"), "{sheet}");
        for part in [
            "role=\"img\"",
            "<desc>",
            "7.2 kg: 25〜50",
            "令和5年",
            "体重 (kg)",
        ] {
            assert!(sheet.contains(part), "{part}");
        }
        // One belt, seven curves, the child's line; and the child's two points.
        assert_eq!(sheet.matches("<path").count(), 9);
        assert_eq!(sheet.matches("<circle").count(), 2);
    }
}
