//! What can be typed about growth.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Whose growth, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct GrowthArgs {
    /// Whose: name, part of it, or id.
    #[arg(long)]
    pub(crate) member: Option<String>,
    /// Compare with this survey.
    #[arg(long, value_enum, default_value = "japan")]
    pub(crate) reference: ReferenceArg,
    /// Write the curves as a picture (SVG).
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Only this: height, weight or head [default: all that was measured].
    #[arg(long, value_enum)]
    pub(crate) measure: Option<MeasureArg>,
    /// The ages on the chart [default: the first year while all was measured in it].
    #[arg(long, value_enum)]
    pub(crate) ages: Option<AgesArg>,
    /// Only the table, without the chart.
    #[arg(long)]
    pub(crate) table: bool,
}

/// A survey, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferenceArg {
    /// The 2023 national survey, the curves of the handbook.
    Japan,
    /// WHO Child Growth Standards.
    Who,
}

/// A measure, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MeasureArg {
    /// Height.
    Height,
    /// Weight.
    Weight,
    /// Head circumference.
    Head,
}

/// The ages of a chart, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgesArg {
    /// 0 to 12 months.
    Infant,
    /// 0 to 6 and a half years.
    Child,
}
