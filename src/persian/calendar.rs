//! Days of the Gregorian and the Solar Hijri calendar, and the names of their months. The
//! reckoning is `icu_calendar`'s, whose leap years are those of the astronomical calendar.

use icu_calendar::Date;
use icu_calendar::cal::{Gregorian, Persian};
use icu_calendar::types::RataDie;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year.
    pub year: i32,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

impl Day {
    /// A day of the Gregorian calendar; `None` where there is no such day.
    #[must_use]
    pub fn gregorian(year: i32, month: u8, day: u8) -> Option<Self> {
        Date::try_new_gregorian(year, month, day).ok()?;
        Some(Self { year, month, day })
    }

    /// A day of the Solar Hijri calendar; `None` where there is no such day.
    #[must_use]
    pub fn solar_hijri(year: i32, month: u8, day: u8) -> Option<Self> {
        let date = Date::try_new_persian(year, month, day).ok()?.to_calendar(Gregorian);
        Some(Self {
            year: date.year().extended_year(),
            month: date.month().ordinal,
            day: date.day_of_month().0,
        })
    }

    /// Reads `2025-10-21`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(str::trim);
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        Self::gregorian(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day of a moment, in UTC.
    #[must_use]
    pub fn of(time: std::time::SystemTime) -> Self {
        let seconds = time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // As far as a day of a file goes; the division makes it small.
        let days = i64::try_from(seconds / 86_400).unwrap_or(0);
        let epoch = Self { year: 1970, month: 1, day: 1 };
        let date = Date::from_rata_die(RataDie::new(epoch.number() + days), Gregorian);
        Self {
            year: date.year().extended_year(),
            month: date.month().ordinal,
            day: date.day_of_month().0,
        }
    }

    /// Its year in the Solar Hijri calendar.
    #[must_use]
    pub fn solar_hijri_year(self) -> i32 {
        Date::try_new_gregorian(self.year, self.month, self.day)
            .map_or(self.year - 621, |date| date.to_calendar(Persian).year().extended_year())
    }

    /// Days since some day long ago, to tell how far two days are apart.
    fn number(self) -> i64 {
        Date::try_new_gregorian(self.year, self.month, self.day)
            .map_or(0, |date| date.to_rata_die().to_i64_date())
    }

    /// How many days two days are apart.
    #[must_use]
    pub fn distance(self, other: Self) -> i64 {
        (self.number() - other.number()).abs()
    }

    /// Its day of the week, from 1 for Monday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // The first day of the count was a Monday.
        u8::try_from((self.number() - 1).rem_euclid(7) + 1).unwrap_or(1)
    }

    /// The English name of a day of the week.
    ///
    /// * `weekday`: from 1 for Monday
    #[must_use]
    pub fn weekday_name(weekday: u8) -> &'static str {
        const NAMES: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        NAMES[usize::from(weekday.clamp(1, 7)) - 1]
    }

    /// The English name of its month.
    #[must_use]
    pub fn month_name(self) -> &'static str {
        GREGORIAN_NAMES[usize::from(self.month.clamp(1, 12)) - 1]
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// English names of the Gregorian months.
pub(super) const GREGORIAN_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// English names of the Solar Hijri months.
pub(super) const SOLAR_NAMES: [&str; 12] = [
    "Farvardin",
    "Ordibehesht",
    "Khordad",
    "Tir",
    "Mordad",
    "Shahrivar",
    "Mehr",
    "Aban",
    "Azar",
    "Dey",
    "Bahman",
    "Esfand",
];

/// English names of the months of the Islamic lunar calendar.
pub(super) const LUNAR_NAMES: [&str; 12] = [
    "Muharram",
    "Safar",
    "Rabi al-Awwal",
    "Rabi al-Thani",
    "Jumada al-Awwal",
    "Jumada al-Thani",
    "Rajab",
    "Shaban",
    "Ramadan",
    "Shawwal",
    "Dhu al-Qadah",
    "Dhu al-Hijjah",
];

/// A calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// The calendar of Iran and Afghanistan.
    SolarHijri,
    /// The international calendar.
    Gregorian,
    /// The Islamic lunar calendar; its months begin as the moon is seen, so it can't be reckoned.
    LunarHijri,
}

/// Names of months: Iran's, Afghanistan's, and the Gregorian ones in both countries. `*`
/// marks those that are common words too: they need a sign beside them.
const NAMES: &[(Calendar, u8, &str)] = &[
    (Calendar::SolarHijri, 1, "فروردین *حمل"),
    (Calendar::SolarHijri, 2, "اردیبهشت *ثور"),
    (Calendar::SolarHijri, 3, "خرداد *جوزا"),
    (Calendar::SolarHijri, 4, "*تیر *سرطان"),
    (Calendar::SolarHijri, 5, "مرداد امرداد *اسد"),
    (Calendar::SolarHijri, 6, "شهریور *سنبله"),
    (Calendar::SolarHijri, 7, "مهر *میزان"),
    (Calendar::SolarHijri, 8, "آبان *عقرب"),
    (Calendar::SolarHijri, 9, "آذر *قوس"),
    (Calendar::SolarHijri, 10, "دی *جدی"),
    (Calendar::SolarHijri, 11, "بهمن *دلو"),
    (Calendar::SolarHijri, 12, "اسفند *حوت"),
    (Calendar::Gregorian, 1, "ژانویه جنوری"),
    (Calendar::Gregorian, 2, "فوریه فبروری فروری"),
    (Calendar::Gregorian, 3, "مارس مارچ"),
    (Calendar::Gregorian, 4, "آوریل اپریل آپریل"),
    (Calendar::Gregorian, 5, "*مه *می"),
    (Calendar::Gregorian, 6, "ژوئن جون ژوین"),
    (Calendar::Gregorian, 7, "ژوئیه ژوییه جولای جولای ژولای"),
    (Calendar::Gregorian, 8, "اوت آگوست اگست آگست"),
    (Calendar::Gregorian, 9, "سپتامبر سپتمبر"),
    (Calendar::Gregorian, 10, "اکتبر اکتوبر"),
    (Calendar::Gregorian, 11, "نوامبر نومبر"),
    (Calendar::Gregorian, 12, "دسامبر دسمبر"),
    (Calendar::LunarHijri, 1, "محرم"),
    (Calendar::LunarHijri, 2, "صفر"),
    (Calendar::LunarHijri, 3, "ربیعالاول"),
    (Calendar::LunarHijri, 4, "ربیعالثانی"),
    (Calendar::LunarHijri, 5, "جمادیالاول جمادیالاولی"),
    (Calendar::LunarHijri, 6, "جمادیالثانی"),
    (Calendar::LunarHijri, 7, "رجب"),
    (Calendar::LunarHijri, 8, "شعبان"),
    (Calendar::LunarHijri, 9, "رمضان"),
    (Calendar::LunarHijri, 10, "شوال"),
    (Calendar::LunarHijri, 11, "ذیالقعده ذیقعده"),
    (Calendar::LunarHijri, 12, "ذیالحجه ذیحجه"),
];

/// A month by its name, and whether the name is a common word too.
pub(super) fn month(name: &str) -> Option<(Calendar, u8, bool)> {
    let name = name.strip_suffix("ماه").filter(|stem| !stem.is_empty()).unwrap_or(name);
    NAMES.iter().find_map(|(calendar, month, names)| {
        let written = names.split(' ').find(|written| written.trim_start_matches('*') == name)?;
        Some((*calendar, *month, written.starts_with('*')))
    })
}
