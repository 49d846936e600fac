//! The word lists of segmentation. Data for a linguist: one idea a list, no rules.

/// After these a full stop is part of the word, and a sentence goes on. Single letters
/// (initials, `ص.`, `د.`) need no entry.
pub(super) const ABBREVIATIONS: &[&str] = &[
    "آیت", "حجت", "رک", "نک", "صص", "قس", "الخ", "شم", "تلف", "Mr", "Mrs", "Ms", "Dr", "Prof",
    "St", "Jr", "Sr", "Gen", "Col", "Lt", "Sgt", "Capt", "Sen", "Rep", "Gov", "Pres", "vs", "No",
    "Nos", "Vol", "pp", "Fig", "al", "cf", "Inc", "Ltd", "Co", "Corp", "Jan", "Feb", "Mar", "Apr",
    "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec", "Ave", "approx",
];

/// Names of Latin letters in Persian script: initials, as in «فرانکلین دی. روزولت». Those
/// that are common words or endings (او، وی، زد، ام، ای) are left out.
pub(super) const LETTER_NAMES: &[&str] = &[
    "بی",
    "سی",
    "دی",
    "اف",
    "جی",
    "اچ",
    "آی",
    "کی",
    "ال",
    "پی",
    "کیو",
    "آر",
    "اس",
    "تی",
    "یو",
    "دبلیو",
    "ایکس",
    "وای",
];

/// Before a letter name these show that it is a word: «تا ۱۵ دی.», «در دی.».
pub(super) const NOT_BEFORE_INITIALS: &[&str] =
    &["ماه", "در", "از", "به", "تا", "برای", "با", "را", "و", "هر", "این", "آن"];

/// Verbs of saying, as they stand before or behind a quotation.
pub(super) const SAYING: &[&str] = &[
    "گفت",
    "گفتند",
    "گفته",
    "گفتم",
    "می‌گوید",
    "میگوید",
    "می‌گویند",
    "میگویند",
    "می‌گفت",
    "گوید",
    "افزود",
    "افزودند",
    "می‌افزاید",
    "پرسید",
    "پرسیدند",
    "پرسیدم",
    "می‌پرسد",
    "نوشت",
    "نوشتند",
    "نوشته",
    "می‌نویسد",
    "مینویسد",
    "خواند",
    "سرود",
];

/// The verbs of «فریاد زد»، «پاسخ داد»، «اعلام کرد»: they announce a quotation that follows
/// them, and say nothing behind one.
pub(super) const LIGHT_VERBS: &[&str] = &["زد", "زدند", "داد", "دادند", "کرد", "کردند"];

/// The nouns of such verbs: behind a quotation they tell who said it.
pub(super) const SAYING_NOUNS: &[&str] = &[
    "پاسخ",
    "جواب",
    "فریاد",
    "تأکید",
    "تاکید",
    "تصریح",
    "اعلام",
    "اظهار",
    "توصیف",
    "عنوان",
    "خاطرنشان",
    "یادآور",
    "هشدار",
    "اعتراف",
    "ادامه",
    "تکرار",
    "توضیح",
    "خطاب",
    "بیان",
    "نقل",
];

/// Words that begin a new sentence after a quotation or an era (ه.ش.).
pub(super) const STARTERS: &[&str] = &[
    "او",
    "وی",
    "این",
    "آن",
    "آنها",
    "آن‌ها",
    "ایشان",
    "اما",
    "ولی",
    "همچنین",
    "البته",
    "پس",
    "سپس",
    "پیشتر",
    "پیش‌تر",
    "هنوز",
    "من",
    "ما",
];

/// Words that go on with the sentence after a quotation or an ellipsis.
pub(super) const GOES_ON: &[&str] = &["و", "که", "را", "تا", "یا", "نیز", "هم", "است", "بود", "شد"];

/// Words before which a long sentence may be cut.
pub(super) const CONJUNCTIONS: &[&str] = &[
    "و",
    "که",
    "اما",
    "ولی",
    "یا",
    "تا",
    "زیرا",
    "چون",
    "چرا",
    "اگر",
    "هرچند",
    "درحالی‌که",
    "بلکه",
    "لذا",
    "and",
    "but",
    "that",
    "or",
];

/// Verbs that end a thought before an ellipsis.
pub(super) const FINAL_VERBS: &[&str] = &[
    "است",
    "بود",
    "شد",
    "کرد",
    "رفت",
    "آمد",
    "داد",
    "گفت",
    "ماند",
    "نیست",
    "نبود",
    "نشد",
    "شدند",
    "کردند",
    "بودند",
    "هستند",
    "دارد",
    "داشت",
    "می‌شود",
    "می‌کند",
    "گرفت",
    "رسید",
];

/// Nouns that a lettered part follows: «گزینه الف».
pub(super) const LETTERED: &[&str] =
    &["گزینه", "بند", "قسمت", "بخش", "گروه", "ردیف", "جدول", "پیوست", "شق"];

/// With a comma behind them these announce a quotation: «به گفته او، …».
pub(super) const SOURCES: &[&str] =
    &["گفته", "گفتهٔ", "گفتۀ", "نوشته", "نوشتهٔ", "نوشتۀ", "باور", "اعتقاد", "قول", "روایت"];

/// News agencies, as they stand in a dateline.
pub(super) const AGENCIES: &[&str] = &[
    "ایرنا",
    "ایسنا",
    "فارس",
    "مهر",
    "تسنیم",
    "ایلنا",
    "میزان",
    "واحد مرکزی خبر",
    "خبرگزاری",
    "رویترز",
    "آسوشیتدپرس",
    "فرانس پرس",
    "پژواک",
    "طلوع",
    "آوا",
    "باختر",
    "بی‌بی‌سی",
    "بی بی سی",
];
