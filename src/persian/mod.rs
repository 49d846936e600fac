//! Persian text, as pure functions: what the model reads ([`normalize()`], [`restore()`]) and
//! how it differs from what is displayed ([`changes()`]), where sentences begin and end
//! ([`segment()`]), where a sentence that is too long for a model may be cut
//! ([`split_long()`]), what [`dates()`], [`years()`] and [`numbers()`] it has, and where [`Terms`] stand in it.
//! Does not know documents or models.

mod calendar;
mod changes;
mod dates;
mod foreign;
mod function_words;
mod languages;
mod normalize;
mod numbers;
mod segment;
mod split;
mod stops;
mod terms;
mod tokens;
mod words;
mod years;
mod zwnj;

pub use calendar::{Calendar, Day};
pub use changes::{Change, changes};
pub use dates::{Resolved, WrittenDate, dates, weekday};
pub use foreign::is_foreign;
pub use function_words::is_function_word;
pub use languages::languages;
pub use normalize::normalize;
pub use numbers::{Number, NumberKind, numbers};
pub use segment::segment;
pub use split::split_long;
pub use terms::{TermMatch, Terms};
pub use tokens::{Kind as TokenKind, Token, split as tokens};
pub use years::{WrittenYears, years};
pub use zwnj::{HalfSpace, half_spaces, is_common, is_word, restore};
