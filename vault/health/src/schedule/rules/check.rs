//! Whether a rule pack hangs together; names the line that does not.

use std::collections::BTreeSet;

use crate::schedule::rules::{Class, Rules, Series, WindowRule};

/// Why a rule pack cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Not the TOML of a rule pack.
    #[error("line {line}: {reason}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// What the parser says; packs are public, so it holds no health data.
        reason: String,
    },
    /// A pack of another time.
    #[error("line {line}: the pack has format {format}; this version reads {FORMAT}")]
    Format {
        /// Counted from 1.
        line: usize,
        /// What the pack says.
        format: u32,
    },
    /// Something is named that the pack does not hold.
    #[error("line {line}: {name:?} names no {what} of the pack")]
    Unknown {
        /// Counted from 1.
        line: usize,
        /// What is meant.
        what: &'static str,
        /// What is written.
        name: String,
    },
    /// Something is there twice.
    #[error("line {line}: {name:?} is there twice")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// What is written.
        name: String,
    },
    /// A rule names no source.
    #[error("line {line}: {name:?} names no source")]
    NoSource {
        /// Counted from 1.
        line: usize,
        /// The rule.
        name: String,
    },
    /// A series that nothing can be forecast of.
    #[error("line {line}: {name:?} has no plan with a dose that fits its window")]
    NoPlan {
        /// Counted from 1.
        line: usize,
        /// The series.
        name: String,
    },
}

const FORMAT: u32 = 1;

pub(super) fn parse(text: &str) -> Result<Rules, RulesError> {
    let mut rules: Rules = toml::from_str(text).map_err(|error| RulesError::Unreadable {
        line: error.span().map_or(1, |span| line_at(text, span.start)),
        reason: error.message().to_owned(),
    })?;
    let check = Check {
        text,
        rules: &rules,
    };
    check.pack()?;
    for series in &rules.series {
        check.series(series)?;
    }
    rules.link();
    Ok(rules)
}

struct Check<'a> {
    text: &'a str,
    rules: &'a Rules,
}

impl Check<'_> {
    fn pack(&self) -> Result<(), RulesError> {
        let format = self.rules.pack.format;
        if format != FORMAT {
            let line = self.line("format");
            return Err(RulesError::Format { line, format });
        }
        self.unique(self.rules.series.iter().map(|series| series.id.as_str()))?;
        self.unique(
            self.rules
                .vaccine
                .iter()
                .map(|vaccine| vaccine.code.as_str()),
        )?;
        for vaccine in &self.rules.vaccine {
            self.all_series(&vaccine.code, vaccine.series.iter())?;
        }
        for between in &self.rules.between {
            self.sources(&between.flag, &between.sources)?;
        }
        if let Some(switching) = &self.rules.switching {
            self.sources(&switching.combined, &switching.sources)?;
            let parts = switching.parts.iter();
            self.all_series("combined", parts.chain([&switching.combined]))?;
        }
        Ok(())
    }

    fn series(&self, series: &Series) -> Result<(), RulesError> {
        self.sources(&series.id, &series.sources)?;
        let follows = series.follows.iter().map(|follows| &follows.series);
        let named = series
            .also_counts
            .iter()
            .chain(&series.late_until)
            .chain(follows);
        self.all_series(&series.id, named)?;
        let products = series.product.iter().map(|product| &product.code);
        let of_plans = series.plan.iter().flat_map(|plan| &plan.products);
        let parts = series.pair.iter().flatten();
        for code in products.chain(of_plans).chain(parts) {
            if self.rules.vaccine(code).is_none() {
                return Err(self.unknown(&series.id, "vaccine", code));
            }
        }
        let needs_plan = series.class != Class::Checkup;
        let has_plan = series.plan.iter().any(|plan| !plan.dose.is_empty());
        let empty = series.plan.iter().any(|plan| plan.dose.is_empty());
        let backwards = match series.window {
            WindowRule::FiscalYears { from, until } => until < from,
            WindowRule::Dates { from, until } => until < from,
            WindowRule::Gestation { from, until } => until < from,
            _ => false,
        };
        if needs_plan != has_plan || empty || backwards {
            return Err(RulesError::NoPlan {
                line: self.line(&series.id),
                name: series.id.clone(),
            });
        }
        Ok(())
    }

    fn all_series<'s>(
        &self,
        near: &str,
        names: impl Iterator<Item = &'s String>,
    ) -> Result<(), RulesError> {
        for name in names {
            if self.rules.series(name).is_none() {
                return Err(self.unknown(near, "series", name));
            }
        }
        Ok(())
    }

    fn sources(&self, rule: &str, sources: &[String]) -> Result<(), RulesError> {
        if sources.is_empty() {
            return Err(RulesError::NoSource {
                line: self.line(rule),
                name: rule.to_owned(),
            });
        }
        let known = &self.rules.sources;
        match sources.iter().find(|source| !known.contains_key(*source)) {
            Some(source) => Err(self.unknown(rule, "source", source)),
            None => Ok(()),
        }
    }

    fn unique<'s>(&self, names: impl Iterator<Item = &'s str>) -> Result<(), RulesError> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name.to_ascii_lowercase()) {
                let keys = ["id", "code"].map(|key| format!("{key} = \"{name}\""));
                let all = keys
                    .iter()
                    .flat_map(|key| self.text.match_indices(key.as_str()));
                let at = all.map(|(at, _)| at).nth(1).unwrap_or(0);
                return Err(RulesError::Twice {
                    line: line_at(self.text, at),
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn unknown(&self, near: &str, what: &'static str, name: &str) -> RulesError {
        let start = self.text.find(&format!("\"{near}\"")).unwrap_or(0);
        let rest = self.text.get(start..).unwrap_or_default();
        let offset = rest.find(&format!("\"{name}\"")).unwrap_or(0);
        RulesError::Unknown {
            line: line_at(self.text, start + offset),
            what,
            name: name.to_owned(),
        }
    }

    /// The line on which a rule is named.
    fn line(&self, name: &str) -> usize {
        let quoted = self.text.find(&format!("id = \"{name}\""));
        let quoted = quoted.or_else(|| self.text.find(&format!("\"{name}\"")));
        line_at(
            self.text,
            quoted.or_else(|| self.text.find(name)).unwrap_or(0),
        )
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.split(|byte| *byte == b'\n').count()
}
