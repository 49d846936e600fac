"""Step 1: collect, clean, normalise and split the parallel text.

Writes `train.tsv` and `valid.tsv` (corpus, English, Persian) and `prepare.json` (what was kept and
why the rest was not). The held-out pairs are chosen by a hash of the English text, so a pair never
moves between the two when text is added and the step is run again. Leaves out every pair that
shares 8 words in a row, in either language, with FLORES dev or with the sample article.
"""

import argparse
import collections
import hashlib
import html
import json
import os
import re
import unicodedata
from pathlib import Path

import common
from common import ZWNJ, Normaliser

ENGLISH_TABLE = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "…": "...", "\u00a0": " ",
     "\u200b": "", "\u200c": "", "\u200e": "", "\u200f": "", "\ufeff": "", "−": "-", "‑": "-"}
)
# What the English side may hold; anything else is code, an emoji or another script.
ENGLISH_OK = re.compile(r"^[\x20-\x7e\u00c0-\u024f£€°–—§±×½¼¾²³·]+$")
PERSIAN_OK = re.compile(r"^[\x20-\x7e\u00c0-\u024f\u0600-\u06ff\u200c«»“”‘’…–—€£°§±×·‹›]+$")
EMOJI = re.compile(r"[\U0001f000-\U0001faff\u2190-\u27bf\u2b00-\u2bff\ufe0f\u20e3]+")
CODE = re.compile(r"[{}\\|<>=`~^]|\w\(|::|->|\w_\w|--\w|\w/\w+/|https?:|www\.|\.\w+\(|\$[A-Za-z]")
ARABIC = re.compile(r"[\u0600-\u06ff]")
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def strip_markup(text: str) -> str:
    text = html.unescape(html.unescape(text))
    text = re.sub(r"\{/[^}]*/\}|\{#[^}]*\}", " ", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\[!\w+\]", " ", text)
    text = re.sub(r"</?[A-Za-z][^<>]*>", " ", text)
    text = re.sub(r"`([^`]*)`", r"\1", text)
    text = re.sub(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", "", text)
    text = EMOJI.sub(" ", text)
    text = re.sub(r"^\s*(?:#+|[-*+•>]|\d+[.)]|[۰-۹]+[.)])\s+", "", text)
    return re.sub(r"\s+", " ", text).strip()


def clean_english(text: str) -> str:
    text = unicodedata.normalize("NFC", strip_markup(text)).translate(ENGLISH_TABLE)
    return re.sub(r"\s+", " ", text).strip()


def clean_persian(text: str, normalise: Normaliser) -> str:
    return normalise(unicodedata.normalize("NFC", strip_markup(text)))


def grams(text: str, n: int = 8):
    words = re.findall(r"\w+", text.replace(ZWNJ, " ").lower())
    return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}


def fault(corpus: str, english: str, persian: str) -> str | None:
    """Why a cleaned pair is not wanted, or None."""
    if not english or not persian:
        return "empty"
    if not ENGLISH_OK.match(english) or not PERSIAN_OK.match(persian):
        return "characters"
    if corpus != "news" and (CODE.search(english) or CODE.search(persian)):
        return "code"
    latin, arabic = len(LATIN.findall(persian)), len(ARABIC.findall(persian))
    if arabic == 0 or latin > arabic or not LATIN.search(english):
        return "script"
    e, p = len(english), len(persian)
    if max(e, p) > 500 or max(len(english.split()), len(persian.split())) > 90:
        return "length"
    if max(e, p) > 12 and not 0.45 < p / e < 1.9:
        return "ratio"
    return None


def held_out(corpus: str, english: str) -> bool:
    share = 30 if corpus in ("news", "tico19", "tatoeba") else 10
    return int(hashlib.sha1(english.encode()).hexdigest()[:8], 16) % 1000 < share


def write(path: Path, rows):
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join("\t".join(r) + "\n" for r in rows), encoding="utf-8")
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=common.DATA)
    parser.add_argument("--news", type=Path, default=common.NEWS)
    parser.add_argument("--eval", type=Path, default=common.EVAL)
    parser.add_argument("--article", type=Path, default=common.REPO / "../shared/article.fa.txt")
    parser.add_argument("--table", type=Path, default=common.TABLE)
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--valid-pairs", type=int, default=500)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    normalise = Normaliser(args.table)

    banned = set()
    for name, cleaner in (("en", clean_english), ("fa", lambda t: clean_persian(t, normalise))):
        for line in common.sentences(args.eval / f"flores-dev.{name}"):
            banned |= grams(cleaner(line))
    for line in common.sentences(args.article) if args.article.exists() else []:
        banned |= grams(clean_persian(line, normalise))

    counts = collections.defaultdict(collections.Counter)
    train, valid, seen, per_english = [], [], set(), collections.Counter()
    for corpus, path in common.corpora(args.data, args.news):
        if common.WEIGHTS.get(corpus, 1.0) <= 0:
            counts[corpus]["left out"] += 1
            continue
        for english, persian in common.read_raw(path):
            english, persian = clean_english(english), clean_persian(persian, normalise)
            reason = fault(corpus, english, persian)
            key = (english.lower(), persian.replace(ZWNJ, ""))
            if reason is None and key in seen:
                reason = "duplicate"
            if reason is None and per_english[key[0]] >= 3:
                reason = "many translations"
            if reason is None and not banned.isdisjoint(grams(english) | grams(persian)):
                reason = "overlap with evaluation"
            counts[corpus][reason or "kept"] += 1
            if reason:
                continue
            seen.add(key)
            per_english[key[0]] += 1
            (valid if held_out(corpus, english) else train).append((corpus, english, persian))

    valid.sort(key=lambda r: hashlib.sha1(r[1].encode()).hexdigest())
    write(args.work / "train.tsv", train)
    write(args.work / "valid.tsv", valid[: args.valid_pairs])
    report = {"train": len(train), "valid": min(len(valid), args.valid_pairs), "corpora": counts}
    (args.work / "prepare.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
