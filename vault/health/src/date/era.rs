//! The eras: their names and days. Decides which era a day lies in.

use jiff::civil::date;

use crate::date::Date;

/// A Japanese era since the Gregorian calendar came into use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// 明治, from 1868; its first year begins the year here.
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    /// Every era, the latest first.
    pub const ALL: [Self; 5] = [
        Self::Reiwa,
        Self::Heisei,
        Self::Showa,
        Self::Taisho,
        Self::Meiji,
    ];

    /// The era of a day; `None` before 1868.
    pub fn of(day: Date) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.first_day() <= day)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        match self {
            Self::Meiji => const { date(1868, 1, 1) },
            Self::Taisho => const { date(1912, 7, 30) },
            Self::Showa => const { date(1926, 12, 25) },
            Self::Heisei => const { date(1989, 1, 8) },
            Self::Reiwa => const { date(2019, 5, 1) },
        }
    }

    /// Whether any of the days from `from` to `to` lies in it.
    pub(super) fn touches(self, from: Date, to: Date) -> bool {
        let mut later = Self::ALL.into_iter().rev();
        let next = later.find(|era| era.first_day() > self.first_day());
        self.first_day() <= to && next.is_none_or(|next| from < next.first_day())
    }
}
