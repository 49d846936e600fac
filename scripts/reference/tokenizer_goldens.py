"""Text to ids and ids to text as transformers' MarianTokenizer does them, over real and hostile lines.

    python scripts/reference/tokenizer_goldens.py [tokenizer.json OUT_FOLDER]

With the two arguments: the same from the tokenizers library for one tokenizer.json, 200 lines each way.
"""

import sys
from pathlib import Path

from common import ARTICLE, GOLDEN, pairs, rng, write_jsonl
from mbart50 import MBart50, Nllb
from multilingual import M2M100, MBART, MBART_JSON, NLLB, SOURCE, SPM
from tokenizers import Tokenizer
from transformers import M2M100Tokenizer, MarianTokenizer, MBart50Tokenizer, NllbTokenizer

ZWNJ, ZWJ = "\u200c", "\u200d"

HOSTILE = [
    "",
    " ",
    "     ",
    "\t",
    "\n",
    " \t \n ",
    "\u00a0",
    "\u3000",
    "\u200b",
    ZWNJ,
    ZWNJ * 5,
    "\ufeff",
    "\u2028\u2029",
    "\x00",
    "a\x00b",
    "\x01\x02\x7f\x80\x9f",
    "\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2069",
    "می‌روم به خانه‌ی آن‌ها",
    "می روم به خانه ی آن ها",
    "مي‌روم كتاب هاي علي كوچك",
    "كيف يك",
    "کـــتـــاب ـ خـــوب",
    "ﻛﺘﺎﺏ ﺧﻮﺏ ﺍﺳﺖ ﻻ ﷲ ﷺ ﷼ ﴾ ﴿",
    "کِتابِ خُوبِ مَن بَرایِ شُما اَست",
    "اَلسَّلامُ عَلَیکُم",
    "آ آ ٱ أ أ إ ؤ ئ ة ۀ هٔ ه‌ٔ",
    "۱۲۳۴۵۶۷۸۹۰ ١٢٣٤٥٦٧٨٩٠ 1234567890",
    "۱۲٬۳۴۵٫۶۷ ریال، ۵۰٪ و ۱۴۰۴/۰۷/۲۹",
    "«نقل قول» ؟ ؛ ، … – — ‹ › “ ” ‘ ’ „ ‚",
    "https://example.com/a/b?c=%D8%A7&d=e#f",
    "www.irna.ir/news/۸۵۹۷۱ و info@example.org",
    "@user #هشتگ_فارسی #hashtag",
    "😀",
    "😀😃😄 خبر 👨‍👩‍👧‍👦 🇮🇷 👍🏽 ❤️",
    "日本語と中文和한국어",
    "日",
    "سلام日本سلام",
    "日 本 語",
    "ᚠᚢᚦ ᚠᚢᚦ ᚠᚢᚦ",
    "𝒜𝓁𝑔𝑒𝒷𝓇𝒶 𝟙𝟚𝟛 ① ② Ⅳ ㎏ ㍿ ™ ℃ ½ ¼ ﬁ ﬂ ﬃ",
    "ｆｕｌｌ　ｗｉｄｔｈ　１２３",
    "ｶﾞｷﾞｸﾞ ㌔ ㌫",
    "e\u0301 é a\u030a å n\u0303 ñ",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307",
    "\u0301\u0302 start with marks",
    "क्षत्रिय नमस्ते ஸ்ரீ ไทย ລາວ",
    "ÀÉÎÕÜ ßẞ ıİ ŉ ǆ",
    "x² + y³ = z₁ ≤ ≥ ≠ ∞ √",
    "two  spaces   three    four",
    "  leading",
    "trailing  ",
    "  both  ",
    "tab\tin\tthe\tmiddle",
    "line\nbreak\r\nand more",
    "non\u00a0breaking\u2003em\u2009thin",
    "a" * 300,
    "ا" * 300,
    "کتاب" * 60,
    ("خیلی" + ZWNJ) * 40,
    "日" * 100,
    "😀" * 50,
    "!" * 100,
    "=" * 64 + " " + "-" * 64,
    "a1b2c3d4e5f6g7h8",
    "</s>",
    "<unk>",
    "<pad>",
    "<s>",
    "</s></s>",
    " </s> ",
    "a</s>b",
    "a </s> b",
    "سلام</s>دنیا <unk> پایان<pad>",
    "<</s>>",
    "</s",
    "< /s>",
    "</S>",
    "<unk><unk> <unk>",
    "<pad>text",
    "▁",
    "▁▁▁",
    "a▁b",
    "▁سلام ▁دنیا▁",
    " ▁ ",
    "text ▁",
    "<0x41>",
    "<0xD8><0xA7>",
    "⁇",
    " ⁇ ",
    "\ufffd",
    "\ufffe\uffff",
    ">>eng<<",
    ">>eng<< سلام دنیا",
    ">>eng<<سلام دنیا",
    " >>eng<< سلام",
    ">>xyz<< سلام",
    ">>eng سلام",
    ">> eng << سلام",
    ">><<",
    ">>a<<b<<c",
    "سلام >>eng<< دنیا",
    ">>eng<< >>eng<< سلام",
    "</s>>>eng<< سلام",
    "<date> 2025 <date>",
    "a<date>b",
    "<ctl> control",
    "میa می‌می‌ می",
    "کی‌یف و کی یف",
    "ي" * 20 + " " + "ك" * 20,
    "Hello, World! How are you?",
    "HELLO hello HeLLo",
    "don't can't it's I'm",
    "iPhone و Windows 11 با 5G",
    "متن with English وسط",
    "A",
    "ا",
    ".",
    "؟!",
    "1",
    "۱",
    "\u064b\u064c\u064d",
    "ﹰﹱﹲ ﭐﭑﭖ ﯾ ﮎ",
    "هٔ ۀ ه‍ ه" + ZWJ,
    "\U000e0041\U000e0042 tags",
    "\ue000\uf8ff private",
    "zero\u200bwidth\u2060joiner\ufeffmark",
]


# Tokens of the families that have a token a language, and what is nearly one.
LANGUAGES = [
    *(f"{a}{code}{b}" for code in ("__fa__", "pes_Arab", "fa_IR") for a in ("", "سلام ", "a") for b in ("", " b")),
    *["__en__ eng_Latn en_XX", "____fa____", "__fa_ _", "fa_IRfa_IR", "__xx__ xxx_Latn xx_XX", "pes_arab"],
    *["<mask>", "a <mask> b", "a \t <mask>b", "<mask><mask>", "<mask", "<madeupword0000>", "<s>a</s>"],
    *["ﬁ ｆｕｌｌ\u3000ｗｉｄｔｈ\u200b ½", "\ufeffسلام\ufeff", "ｶﾞｶﾞ ① ㎏", "__en__\u3000__en__"],
]


def mixed(count):
    """Strings that nobody would write: runs of characters drawn from unlike alphabets."""
    random = rng("tokenizer/mixed")
    alphabets = [
        "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "۰۱۲۳۴۵۶۷۸۹٠١٢٣0123456789",
        " \t\u00a0  ",
        ZWNJ + ZWJ + "\u200b\u200e\u200f",
        "يكىةأإؤئٱ" + "ـ",
        "\u064b\u064e\u064f\u0650\u0651\u0652\u0654\u0301\u0308\u20dd",
        ".,;:!?()[]{}«»؟؛،\"'-_/\\@#%&*+=<>|~^`$€£",
        "日本語中文한국어ไทยעברית",
        "😀👍🏽❤️🇮🇷👨‍👩‍👧",
        "ﻛﺘﺎﺏﷲﷺﻻ①②Ⅳ㎏™ﬁ½ＡＢ",
        "▁</s><unk>",
        "ÀéîõüßøåČžşğ",
    ]
    lines = []
    for _ in range(count):
        line = ""
        for _ in range(random.randint(1, 12)):
            alphabet = random.choice(alphabets)
            line += "".join(random.choices(alphabet, k=random.randint(1, 6)))
        lines.append(line)
    return lines


def damaged(lines, count):
    """Real lines with a slip of the keyboard: spaces doubled, letters lost, marks put in."""
    random = rng("tokenizer/damaged")
    slips = ["", "  ", ZWNJ, "ـ", "\u0651", "日", "</s>", "\t", "ي", "😀"]
    result = []
    for line in random.sample(lines, count):
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(line) + 1)
            line = line[:at] + random.choice(slips) + line[at + random.randint(0, 1) :]
        result.append(line)
    return result


def real_lines():
    """(English, Persian), the article counted as Persian."""
    english, persian = map(list, zip(*pairs(), strict=True))
    persian += [x for x in ARTICLE.read_text(encoding="utf-8").splitlines() if x]
    return english, persian


def source_lines(count):
    """Hostile, damaged and mixed lines, then `count` real ones, Persian before English."""
    english, persian = real_lines()
    real = [*persian[: count * 2 // 3], *english[: count - count * 2 // 3]]
    return [*HOSTILE, *mixed(120), *damaged(persian, 80), *real]


def write(folder, encode, decode, sources, targets, encode_target=None):
    """encode.jsonl and decode.jsonl."""
    write_jsonl(folder / "encode.jsonl", [{"text": t, "ids": encode(t)} for t in sources])
    ids = [(encode_target or encode)(t) for t in targets]
    random = rng("tokenizer/decode")
    top = max(i for row in ids for i in row)
    # What an untrained model might say: any ids in any order.
    ids += [[random.randint(0, top) for _ in range(random.randint(0, 20))] for _ in range(60)]
    write_jsonl(folder / "decode.jsonl", [{"ids": i, "text": decode(i)} for i in ids])
    print(f"{folder.name}: {len(sources)} to ids, {len(ids)} to text", flush=True)


def marian(name, real, targets):
    tokenizer = MarianTokenizer.from_pretrained(GOLDEN / name)
    english, persian = real_lines()
    write(
        GOLDEN / name,
        lambda text: tokenizer(text).input_ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        source_lines(real),
        [*english[:targets], *persian[: targets // 10], *HOSTILE, *mixed(40)],
        lambda text: tokenizer(text_target=text).input_ids,
    )


def multilingual(name, tokenizer, real, targets):
    """A family with a token a language: from Persian; to text, any of its tokens."""
    english, persian = real_lines()
    write(
        GOLDEN / name,
        lambda text: tokenizer(text).input_ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        [*LANGUAGES, *source_lines(real)],
        [*LANGUAGES[:20], *english[:targets], *persian[: targets // 10], *HOSTILE, *mixed(20)],
    )


def library(path, folder):
    """A tokenizer.json, 200 lines each way."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    english, persian = real_lines()
    write(
        folder,
        lambda text: tokenizer.encode(text).ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        [*HOSTILE[:100], *persian[:100]],
        [*english[:120], *HOSTILE[:20]],
    )


def main():
    if len(sys.argv) == 3:
        library(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    marian("marian-tiny", 780, 300)
    marian("spm-bpe", 150, 60)
    marian("spm-options", 150, 60)
    marian("spm-separate", 60, 40)
    for name, family, language in [
        (M2M100, M2M100Tokenizer, "fa"),
        (NLLB, NllbTokenizer, SOURCE[NLLB]),
        (MBART, MBart50, SOURCE[MBART]),
        (MBART_JSON, MBart50Tokenizer, SOURCE[MBART]),
    ]:
        tokenizer = family.from_pretrained(GOLDEN / name, src_lang=language)
        multilingual(name, tokenizer, 90, 60)
    # The SentencePiece model of the small NLLB with all of the languages, as it is without a tokenizer.json.
    multilingual("nllb-pieces", Nllb(GOLDEN / NLLB / SPM, src_lang=SOURCE[NLLB]), 180, 60)
    library(GOLDEN / "json-bpe/tokenizer.json", GOLDEN / "json-bpe")


if __name__ == "__main__":
    main()
