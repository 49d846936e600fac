#!/usr/bin/env python3
"""Builds the lexicon of half-space restoration, `src/persian/lexicon/*.tsv`.

    pip install hazm==0.10.0 --no-deps
    pip download shekar==1.7.0 --no-deps && unzip shekar-1.7.0-*.whl shekar/data/files/compound_words.csv
    git clone https://github.com/b00f/lilak
    git clone https://github.com/UniversalDependencies/UD_Persian-PerDT
    git clone https://github.com/UniversalDependencies/UD_Persian-Seraji
    python scripts/persian/build_lexicon.py --lilak lilak/src/data/lexicon \
        --compounds shekar/data/files/compound_words.csv \
        --treebank UD_Persian-PerDT/fa_perdt-ud-dev.conllu UD_Persian-Seraji/fa_seraji-ud-dev.conllu

Only the development parts of the treebanks are read; what comes from them goes to a file of its own, which has
their licence. `--treebank` left out and `--out` elsewhere gives the lexicon to measure on the development parts.

A line is FORM, WEIGHT, TAGS. `-` in a form stands for a half-space. The weight is log2(1 + count), where a count is
the number of times in the project's corpus (or the treebank), or, for words that are not there, hazm's frequency
class. Tags: `a` adjective or adverb, `n` noun, `h` ends in a silent heh, `c` was seen with its half-spaces in running
text, `p` is preferred to the form without half-spaces, `s` is joined when written with a space too, `d` likewise, but
only in a text that has lost other half-spaces so.

parts.tsv has second parts of compounds: PART, WEIGHT, TAGS. The weight is log2 of how much oftener words have a
half-space before it than none; tag `b`: it hardly stands alone.
"""
import argparse
import collections
import importlib.util
import math
import pathlib
import re
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "src/persian/lexicon"
Z = "\u200c"
WORD = re.compile(r"[\u0621-\u063a\u0641-\u064a\u066e-\u06d3\u200c]+")
FOLD = {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "ۂ": "ه"}
MARKS = re.compile("[\u0640\u064b-\u065f\u0670]")

# Second parts that hardly stand alone: a list has them joined, and so a space before them is joined too.
BOUND = """گیری گیر سازی ساز بندی بند گذاری گذار گذاران گرایی گرا گرایان شناسی شناس شناسان پردازی پرداز فروشی فروش
نویسی نویس رسانی رسان یابی یاب سنجی سنج زنی زن زدایی طلبی طلب طلبان خواهی خواه خواهان پذیری پذیر ناپذیر آمیز
ریزی ریز کشی کش بینی بین گویی گو جویی جو پوشی دوزی آوری آور افزایی افزا افزار اندازی انداز کننده کنندگان دهنده
دهندگان نامه خانه گاه گونه وار مند ستیز ستیزی باوری باور نشین نشینی نشینان نگر نگری محور محوری مآب پرست پرستی
پرور پروری خیز خیزی بخش بار بردار برداری دار داران مدار مداری یافته نیافته انگیز انگیزی کن پاش آلود فام گری گر
ورزی ورز خوار خواری سوز سوزی دان سرا زدگی زده شکن شکنی رو روی رانی ران یاری یار چی گران تراز سنجان نورد نوردی
نورد گردی گرد شویی شوی سرایی فشانی بانی بان کاران کار کاری داری سالاری سالار وزیری شنبه لله الله المللی العاده
الدین السلام الاسلام القاعده انداز اندرکار اندرکاران آمیزی""".split()
FIRST = "بی هم پیش غیر ضد نیم شبه فرا بین پسا چند تک خود پاد ابر پیرا درون برون آنتی نیمه".split()
# Free phrases that lists write as one word; in running text they are mostly verbs or stand apart.
LOOSE = re.compile(r"-(شده|شد|است|بود|کرده|کرد|و|را|که|از|به|در|تا|با|بن|ابن|من|آن|این)$|^(به|در|از|با|بر|هر|این|آن|چه|که|و|را|تا|یک|همین|همان|هیچ)-|-و-|^(یک|دو|سه|چهار|پنج|شش|هفت|هشت|نه|ده|چند)-.+ه$")


# A heh after a consonant is silent, but for a few words (توجه, شبه) that Lilak knows.
SILENT = re.compile("[^اوی-].*[^اوی-]ه$")


def fold(text):
    text = MARKS.sub("", "".join(FOLD.get(c, c) for c in text))
    return re.sub(f"{Z}+", "-", text.strip(Z))


def words(text):
    return [word for word in (fold(word) for word in WORD.findall(text)) if word.replace("-", "")]


def own_corpus():
    for path in sorted((ROOT / "scripts/train/data").glob("*/*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) > 1:
                yield words(fields[1])


def treebank(paths):
    for path in paths:
        for line in open(path, encoding="utf-8"):
            if line.startswith("# text = "):
                yield words(line[9:])


def hazm_folder():
    spec = importlib.util.find_spec("hazm")
    if spec is None:
        sys.exit("hazm is not installed: pip install hazm==0.10.0 --no-deps")
    return pathlib.Path(spec.submodule_search_locations[0]) / "data"


def read_hazm(path):
    """Words with a frequency (the others are unchecked), their class and tags."""
    for line in open(path, encoding="utf-8"):
        word, frequency, tags = (line.rstrip("\n").split("\t") + ["", ""])[:3]
        if int(frequency or 0) > 0 and WORD.fullmatch(word) and "PS" not in tags:
            yield fold(word), int(frequency), "a" if {"AJ", "ADV"} & set(tags.split(",")) else ""


def read_compounds(*paths):
    """Words with half-spaces from lists without frequencies."""
    for path in paths:
        for line in open(path, encoding="utf-8"):
            word = line.split("\t")[0].strip()
            if Z in word.strip(Z) and WORD.fullmatch(word):
                word = fold(word)
                if all(len(part) > 1 for part in word.split("-")) and not REGULAR.search(word):
                    yield word


def preferred(form, single, listed, lilak):
    """Whether a word that lists and texts have with and without its half-spaces is to get them. The weights are those of
    a logistic regression over the development parts of the treebanks, rounded; the first two are lower than there: one
    too many does harm, and what no text has is mostly written without."""
    solid = form.replace("-", "")
    score = (1.4 if single[form] else 0.2) + 0.5 * math.log1p(single[form]) - math.log1p(single[solid])
    score += 0.6 * (form in listed) + 0.6 * (form in lilak)
    score -= 1.2 * (solid in listed) + 1.2 * (solid in lilak)
    return score > 0


def read_lilak(path):
    for line in open(path, encoding="utf-8"):
        fields = line.rstrip("\n").split(",")
        if line.startswith("#") or len(fields) < 5 or not WORD.fullmatch(fields[0]):
            continue
        if fields[1] == "verb":
            continue
        word = fold(fields[0])
        if re.match(r"(..+)?(می|نمی)-", word) and fields[1] == "adjective":
            continue  # participles of the conjugation
        tags = "a" if fields[1].startswith("adj") or fields[1] == "adverb" else ""
        if fields[1].startswith("noun"):
            tags += "n"
        yield word, tags + ("h" if fields[3] == "1" and word.endswith("ه") else "")


def read_lilak_verbs(path):
    """Past and present stems, from the forms می‌STEM + م."""
    forms = {fields[0] for fields in (line.split(",") for line in open(path, encoding="utf-8")) if fields[1:2] == ["verb"]}
    for form in forms:
        if not form.startswith("می" + Z) or not form.endswith("م") or form.endswith("یم") and form[:-2] + "م" in forms:
            continue
        stem = form[3:-1]
        if Z in stem or len(stem) < 2:
            continue
        if f"می{Z}{stem}" in forms:
            yield fold(stem), ""
        elif f"می{Z}{stem}د" in forms:
            yield "", fold(stem)


def weight(count):
    return min(15, round(math.log2(1 + count)))


def counts(sentences):
    """Counts of words, and of pairs and triples of words as `a b`."""
    single, phrases = collections.Counter(), collections.Counter()
    for sentence in sentences:
        single.update(sentence)
        for size in (2, 3):
            phrases.update(" ".join(sentence[i : i + size]) for i in range(len(sentence) - size + 1))
    return single, phrases


# Inflection that the affix model knows: such forms are kept only when they are frequent or ambiguous.
REGULAR = re.compile(
    r"-(ها|های|هایی|هایم|هایت|هایش|هایمان|هایتان|هایشان|تر|ترین|ای|ام|ات|اش|اند|ایم|اید|مان|تان|شان)$|^(بر|در|باز|فرو|وا|فرا|ور|سر)?ن?می-"
)


# Determiners, numerals and months: joined only where texts have it so.
NEVER = re.compile(
    "^(ای|همان|هیچ|این|آن|هر|قابل|سوء|چه|همه)-|-ماه$"
    "|^(یک|دو|سه|چهار|پنج|شش|هفت|هشت|نه|.*ده|بیست|سی|چهل|پنجاه|صد|دویست)-"
)


# Scores, in logits; higher than a half because a space too few breaks two words.
SURE_JOIN, LIKELY_JOIN = 0.8, 0.1


class Lists(typing.NamedTuple):
    """What the lists have: words of Lilak, of hazm with a frequency, of hazm without one, and how many words
    have a second part behind a half-space."""

    lilak: set
    listed: set
    unchecked: set
    seconds: dict


def joined(form, single, phrases, lists):
    """The tag of a form whose space is a lost half-space: `s`, `d` or none. The weights are those of a logistic
    regression over the development parts of the treebanks."""
    parts = form.split("-")
    if form.endswith("-شنبه"):
        return "s"
    here, apart, solid = single[form], phrases[" ".join(parts)], form.replace("-", "")
    # An ending is a lost half-space wherever the corpus does not have it apart.
    if REGULAR.search(form):
        return "s" if here > 2 * apart else "d" if here >= apart and not LOOSE.search(form) else ""
    # روسای جمهور: an ezafe leads to a word of its own.
    if re.match(".+ای-", form) and here <= 2 * apart:
        return ""
    # Words that a list joins may be two words: ولی عصر. Only parts that hardly stand alone make them one.
    # What texts have apart and never joined harms two words.
    score = 1.2 + 0.6 * math.log1p(here) - 0.6 * math.log1p(apart)
    score -= 0 if here else 1.2 if apart else 0.1
    score -= 0.2 * math.log1p(single[parts[0]]) + 0.4 * math.log1p(single[parts[-1]])
    score += 1.3 * (form in lists.listed) + 0.5 * (form in lists.unchecked)
    score += 1.4 * (parts[-1] in BOUND) + (parts[0] in FIRST)
    score -= bool(LOOSE.search(form)) + 1.1 * bool(NEVER.search(form))
    score -= 0.7 * (solid in lists.listed or solid in lists.lilak)
    score += 0.2 * math.log1p(lists.seconds.get(parts[-1], (0, 0))[0])
    return "s" if score > SURE_JOIN else "d" if score > LIKELY_JOIN else ""


def tag(part, single, phrases, lists, solids=frozenset(), once=None):
    """Adds the tags that need to know other forms, and drops forms that the affix model knows.

    `once`: counts that go with those of `phrases`, where `single` weighs a treebank more."""
    once = once or single
    solid = {form for form in part if "-" not in form} | solids
    for form in list(part):
        if form.endswith("ه") and (form not in lists.lilak or "-" in form) and SILENT.search(form):
            part[form][1].add("h")
        if "-" not in form:
            continue
        if REGULAR.search(form) and part[form][0] < 3 and form.replace("-", "") not in solid:
            clash = re.search(r"-(های|ای|ایم)$", form)
            if not clash:
                del part[form]
                continue
        if re.search("-های?-", form):
            del part[form]
            continue
        if single[form]:
            part[form][1].add("c")
        part[form][1].update(joined(form, once, phrases, lists))
        if form.replace("-", "") in solid and preferred(form, single, lists.listed, lists.lilak):
            part[form][1].add("p")


UNJOINED = "ادذرزژوآ"


def is_joined_by_mistake(word, table, own):
    """اسمها, مناسبتر: an ending joined to a word that the lists have, where the corpus has it apart at least as often."""
    match = re.fullmatch(f"(.+[^{UNJOINED}-])(ها|های|هایی|تر|ترین)", word)
    return match and match[1] in table and own[word] <= own[f"{match[1]}-{match[2]}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lilak", required=True, help="Lilak's src/data/lexicon")
    parser.add_argument("--compounds", required=True, help="shekar's data/files/compound_words.csv")
    parser.add_argument("--treebank", nargs="*", default=[], help="development parts of UD treebanks")
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    hazm = hazm_folder()

    own, own_phrases = counts(own_corpus())
    bank, bank_phrases = counts(treebank(options.treebank))

    table = {}  # form -> [count, tags]

    def add(form, count, tags):
        entry = table.setdefault(form, [0, set()])
        entry[0] = max(entry[0], count)
        entry[1].update(tags)

    lilak = set()
    for word, tags in read_lilak(options.lilak):
        lilak.add(word)
        add(word, own[word] or 0, tags)
    listed = set()
    for word, frequency, tags in read_hazm(hazm / "words.dat"):
        listed.add(word)
        add(word, own[word] or min(frequency / 100000, 16), tags)
    unchecked = set(read_compounds(hazm / "words.dat", options.compounds))
    for word in unchecked:
        add(word, own[word], "")
    for word, count in own.items():
        if word in table or count > 1 or "-" in word:
            add(word, count, "")
    for word in list(table):
        # نهصد: lists part it as though it were نه and صد.
        if is_joined_by_mistake(word, table, own) or word.startswith("نه-صد"):
            del table[word]
    parts = part_counts(set(own) | set(table) | unchecked, table)
    lists = Lists(lilak, listed, set(read_compounds(hazm / "words.dat")) - listed, parts)
    tag(table, own, own_phrases, lists)
    both, both_phrases = own + bank + bank + bank, own_phrases + bank_phrases
    # A treebank is little text: what it has counts three times.
    bank_table = {word: [own[word] + 3 * bank[word], set()] for word in bank}
    for word in bank_table:
        if word in table:
            bank_table[word][0] = max(bank_table[word][0], table[word][0])
            bank_table[word][1].update(table[word][1] & set("anh"))
    for word in list(bank_table):
        if is_joined_by_mistake(word, table, own):
            del bank_table[word]
    solid = {word for word in table if "-" not in word}
    for word in list(table):
        # A spelling of the lists that the treebanks have otherwise.
        if "-" in word and word.replace("-", "") in bank_table:
            bank_table.setdefault(word, [table[word][0], table[word][1] & set("anh")])
    tag(bank_table, both, both_phrases, lists, solid, own + bank)
    for word, entry in list(bank_table.items()):
        if word in table and weight(table[word][0]) == weight(entry[0]) and table[word][1] == entry[1]:
            del bank_table[word]
        elif word in table and "-" not in word:
            del bank_table[word]
    write(options.out / "words.tsv", table, """# Words of half-space restoration, made by scripts/persian/build_lexicon.py; its header says what the columns are.
# From hazm 0.10.0, data/words.dat (MIT, Copyright 2013 Alireza Nourian), shekar 1.7.0, data/files/compound_words.csv (MIT,
# Copyright 2024 Ahmad Amirivojdan), Lilak, src/data/lexicon (Apache License 2.0, Copyright 2015 Mostafa Sedaghat Joo), and this project's own corpus, scripts/train/data (CC0 1.0).
""")
    write(options.out / "treebanks.tsv", bank_table, """# Words of half-space restoration, made by scripts/persian/build_lexicon.py; its header says what the columns are.
# Derived from the development parts of UD_Persian-PerDT and UD_Persian-Seraji.
# Licence of this file: CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/
""")
    write_parts(options.out / "parts.tsv", parts, own)
    verbs = set()
    for line in open(hazm / "verbs.dat", encoding="utf-8"):
        past, _, present = line.strip().partition("#")
        if present:
            verbs.add((fold(past), fold(present)))
    known = {stem for pair in verbs for stem in pair}
    verbs.update(pair for pair in read_lilak_verbs(options.lilak) if not known & set(pair) - {""})
    with open(options.out / "verbs.tsv", "w", encoding="utf-8") as out:
        out.write("# Past and present stems of verbs, from hazm 0.10.0, data/verbs.dat (MIT, Copyright 2013 Alireza Nourian),\n")
        out.write("# and from Lilak, src/data/lexicon (Apache License 2.0, Copyright 2015 Mostafa Sedaghat Joo).\n")
        out.writelines(f"{past}\t{present}\n" for past, present in sorted(verbs))


# What is an ending, a numeral or a common word, and no part of a compound.
ENDING = re.compile(
    "(و.*|دوم|سوم|چهارم|پنجم|ششم|هفتم|هشتم|نهم|دهم|صدم|هزارم|هزار.*|صد.*|میلی.*|حال|خاطر|طور|وقت|ها|های|هایی|هایم|هایت|هایش|هایمان|هایتان|هایشان|هاست|تر|تری|ترین|ترند|ترینشان|ای|ام|ات|اش|اند|ایم|اید|مان|تان|شان|است|می|نمی|یک|تا|که|در|از|به|را|و|بن)$"
)


def part_counts(words, known):
    """second part -> how many words have a half-space before it, how many none. Behind letters that aren't joined a
    half-space shows nothing: such words don't count."""
    has, lacks = collections.Counter(), collections.Counter()
    for word in words:
        first, _, second = word.rpartition("-")
        if len(first) > 1 and len(second) > 1 and first[-1] not in UNJOINED and not REGULAR.search(word):
            has[second] += 1
    for word in words:
        for cut in range(2, len(word) - 1):
            first, second = word[:cut], word[cut:]
            if "-" not in word and second in has and first[-1] not in UNJOINED and first in known:
                lacks[second] += 1
    return {part: (count, lacks[part]) for part, count in has.items() if count > 3 and not ENDING.fullmatch(part)}


def write_parts(path, parts, own):
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Second parts of compounds, made by scripts/persian/build_lexicon.py from the words of words.tsv.\n")
        for part, (has, lacks) in sorted(parts.items()):
            bits = round(math.log2((has + 0.5) / (lacks + 0.5)))
            if bits > 0:
                out.write(f"{part}\t{bits}\t{'b' if max(own[part] * 5, 8) <= has else ''}\n")


def write(path, table, header):
    with open(path, "w", encoding="utf-8") as out:
        out.write(header)
        for form in sorted(table):
            count, tags = table[form]
            out.write(f"{form}\t{weight(count)}\t{''.join(sorted(tags))}\n")
    print(path, len(table), path.stat().st_size)


if __name__ == "__main__":
    main()
