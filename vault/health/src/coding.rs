//! Codes by which standards name what a record holds. Only codes with a source stand in the tables.

/// A code of a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// Whose code it is.
    pub system: CodeSystem,
    /// The code.
    pub code: &'static str,
}

/// Whose codes records use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeSystem {
    /// MEDIS, as `JP_Observation_BodyMeasurement` of FHIR JP Core lists them.
    Medis,
    /// LOINC.
    Loinc,
}

impl CodeSystem {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Medis => "MEDIS",
            Self::Loinc => "LOINC",
        }
    }
}

/// A MEDIS code.
pub(crate) const fn medis(code: &'static str) -> Coding {
    Coding {
        system: CodeSystem::Medis,
        code,
    }
}

/// A LOINC code.
pub(crate) const fn loinc(code: &'static str) -> Coding {
    Coding {
        system: CodeSystem::Loinc,
        code,
    }
}
