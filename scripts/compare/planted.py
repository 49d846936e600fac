"""Precision and recall of each check on planted errors: scripts/compare/CHECKS.md.

    cargo build --release
    python scripts/compare/planted.py --program target/release/tarjoman

The pairs are FLORES dev, ../shared/eval (CC BY-SA 4.0, not in this repository): the Persian and its English as the corpus has
it. Odd sentences were looked at while the checks were written; the table is about the even ones. For every kind of error a
copy of each pair in which it can be planted is spoilt, by chance with a fixed seed, at most 150 a kind; each kind has as many
pairs that are left as they are, taken from all of the half, so that a check that cries on everything gets a precision of one
half.

How what is planted is known, without asking the checks:

- names: words with a capital inside a sentence that stand in the English of the corpus and in what two other systems
  (Google, Microsoft) made of the Persian: three translators agree that they are in the source. Days, months, acronyms, and
  words that are written small anywhere in the corpus or in the project's own English (`World War`, `National`) are none;
  words with capitals in a row are one name. All mentions are taken out, and only where no word is left that begins with the same four letters (`Poland`, `Polish`).
- numbers: digits, and number words from three on, changed into another number of the same length or kind.
- negation: `not`, `n't`, `never`, `no` taken out. Quotation marks: both taken out. Untranslated: one to four words of the
  English replaced by as many of the Persian. Clause: what follows the last comma, `and`, `which` or `that` dropped, at least
  five words and at most half of the sentence. Sentence: the second sentence, or the last two thirds of one. Repetition: three to
  six words said again two or three times.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20251021
MOST = 150
NUMBERS = ["three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen", "twenty", "thirty"]
CALENDAR = set("monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
               "september october november december".split())
# Kind of error -> codes, any of which finds it.
CODES = {
    "number": ["number_missing", "number_changed", "number_added", "date_missing", "date_changed"],
    "name": ["name_missing"],
    "untranslated": ["untranslated"],
    "negation": ["negation_lost"],
    "quotation": ["quotation_lost"],
    "repetition": ["repetition"],
    "clause": ["too_short", "omission"],
    "sentence": ["too_short", "omission"],
}


def number(pair, rng):
    english = pair["en"]
    found = [match for match in re.finditer(r"\d+(?:[.,]\d+)*", english)]
    found += [match for match in re.finditer(r"\b(?:" + "|".join(NUMBERS) + r")\b", english)]
    if not found:
        return None
    match = rng.choice(found)
    old = match.group()
    while True:
        if old[0].isdigit():
            new = "".join(rng.choice("123456789") if c.isdigit() and rng.random() < 0.5 else c for c in old)
        else:
            new = rng.choice(NUMBERS)
        if new != old:
            return english[: match.start()] + new + english[match.end() :]


SMALL = set()


def names_of(pair):
    english = pair["en"]
    words = [(m.group(), m.start(), m.end()) for m in re.finditer(r"[^\W\d_]+(?:['’][^\W\d_]+)?", english)]
    others = [set(re.findall(r"[^\W\d_]+", other)) for other in pair["others"]]
    runs, run = [], []
    for index, (word, start, end) in enumerate(words):
        bare = re.sub(r"['’]s$", "", word)
        first = index == 0 or re.search(r"[.!?:]['\"”’)]*\s+['\"“‘(]*$", english[:start])
        good = (bare[0].isupper() and not bare.isupper() and len(bare) > 2 and not first and bare.lower() not in CALENDAR | SMALL
                and all(bare in other for other in others))
        # Words with capitals in a row are one name.
        if bare[0].isupper() and not first and run and english[run[-1][1][2] : start] in (" ", "-"):
            run.append((good, (word, start, end)))
        elif bare[0].isupper() and not first:
            run = [(good, (word, start, end))]
            runs.append(run)
        else:
            run = []
    return [[word for _, word in run] for run in runs if any(good for good, _ in run)]


def name(pair, rng):
    runs = names_of(pair)
    if not runs:
        return None
    run = rng.choice(runs)
    text = pair["en"][run[0][1] : run[-1][2]]
    # All mentions go, or the name would still be there.
    english = re.sub(r"\b(?:the |in |of |from |to |at )?" + re.escape(re.sub(r"['’]s$", "", text)) + r"(?:['’]s)?\b", "", pair["en"])
    for word, _, _ in run:
        english = re.sub(r"\b" + re.escape(re.sub(r"['’]s$", "", word)) + r"(?:['’]s)?\b", "", english)
    left = {plain[:4].lower() for plain in re.findall(r"[^\W\d_]+", english)}
    if any(word[:4].lower() in left for word, _, _ in run):
        return None
    return re.sub(r"\s+([,.;])", r"\1", re.sub(r"\s{2,}", " ", english)).strip()


def untranslated(pair, rng):
    english, persian = pair["en"].split(" "), pair["fa"].split(" ")
    count = rng.randint(1, min(4, len(english) - 1, len(persian)))
    words = [w for w in range(len(persian) - count + 1)
             if all(re.search(r"[\u0621-\u06cc]", word) for word in persian[w : w + count])]
    if not words:
        return None
    start, taken = rng.randrange(len(english) - count), rng.choice(words)
    return " ".join(english[:start] + persian[taken : taken + count] + english[start + count :])


def negation(pair, rng):
    english = pair["en"]
    new = re.sub(r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should) ?n[o']t\b", r"\1", english, count=1)
    if new == english:
        new = re.sub(r"\b(not|never|cannot|no|none|neither)\b ?", "", english, count=1)
    return new if new != english else None


def quotation(pair, rng):
    english = pair["en"]
    found = list(re.finditer(r"[\"“]([^\"”]+)[\"”]", english))
    if not found:
        return None
    match = rng.choice(found)
    return english[: match.start()] + match.group(1) + english[match.end() :]


def repetition(pair, rng):
    words = pair["en"].split(" ")
    count = rng.randint(3, 6)
    if len(words) <= count:
        return None
    start = rng.randrange(len(words) - count)
    said = words[start : start + count]
    return " ".join(words[: start + count] + said * rng.randint(2, 3) + words[start + count :])


def clause(pair, rng):
    english = pair["en"]
    words = len(english.split())
    for match in reversed(list(re.finditer(r", | and | which | that | because | while | when ", english))):
        dropped = len(english[match.start() :].split())
        if 5 <= dropped <= words / 2:
            return english[: match.start()].rstrip(" ,") + "."
    return None


def sentence(pair, rng):
    english = pair["en"]
    match = re.search(r"[.!?]['\"”]? (?=[A-Z])", english)
    if match:
        return english[: match.end()].strip()
    words = english.split()
    return " ".join(words[: len(words) // 3]) + "." if len(words) >= 12 else None


PLANT = {f.__name__: f for f in [number, name, untranslated, negation, quotation, repetition, clause, sentence]}


def load(folder, half):
    def lines(name):
        return (folder / f"flores-dev.{name}").read_text(encoding="utf-8").splitlines()

    others = list(zip(lines("google.en"), lines("microsoft.en")))
    pairs = [{"fa": fa.strip(), "en": en.strip(), "others": two}
             for fa, en, two in zip(lines("fa"), lines("en"), others)]
    return [pair for index, pair in enumerate(pairs) if half is None or index % 2 == half]


def own_pairs():
    """The project's own sentences, of which one translation is known."""
    for file in sorted((ROOT / "scripts/train/data/news").glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            english, _, persian = line.partition("\t")
            yield {"fa": persian, "en": english, "others": []}


def write_fixture(path, rng):
    """Planted errors for the tests, 30 a kind, and 240 pairs as they are; from the project's own sentences (CC0)."""
    pairs = [pair for pair in own_pairs() if len(pair["en"].split()) > 11]
    rng.shuffle(pairs)
    rows = [f"untouched\t{pair['fa']}\t{pair['en']}\n" for pair in pairs[:240]]
    pairs = pairs[240:]
    for kind, plant in PLANT.items():
        count = 0
        while count < 30:
            pair = pairs.pop()
            if spoilt := plant(pair, rng):
                rows.append(f"{kind}\t{pair['fa']}\t{spoilt}\n")
                count += 1
    path.write_text("# kind, Persian, English: made by scripts/compare/planted.py --fixture; CC0 1.0\n" + "".join(rows), encoding="utf-8")


def check(program, pairs):
    """The issues of each pair."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "pairs.tsv"
        file.write_text("".join(f"{fa}\t{en}\n" for fa, en in pairs), encoding="utf-8")
        done = subprocess.run([program, "check", "--json", "--quiet", file], capture_output=True, check=True, text=True)
    return [json.loads(line)["issues"] for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=ROOT / "target/release/tarjoman")
    parser.add_argument("--eval", type=pathlib.Path, default=ROOT.parent / "shared/eval")
    parser.add_argument("--half", type=int, default=1, help="0: the sentences that were looked at; 1: the others")
    parser.add_argument("--show", help="print what was missed and what was wrongly found of a kind")
    parser.add_argument("--out", type=pathlib.Path, help="such as scripts/compare/CHECKS.md")
    parser.add_argument("--fixture", type=pathlib.Path, help="write tests/fixtures/planted.tsv and do no more")
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    own = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "scripts/train/data/news").glob("*.tsv"))]
    if not arguments.fixture:
        own.append((arguments.eval / "flores-dev.en").read_text(encoding="utf-8"))
    for text in own:
        SMALL.update(re.findall(r"(?<![^\W\d_])[a-z]+(?![^\W\d_])", text))
    if arguments.fixture:
        write_fixture(arguments.fixture, rng)
        return
    pairs = load(arguments.eval, arguments.half)
    planted = []
    for kind, plant in PLANT.items():
        fit = []
        for pair in pairs:
            spoilt = plant(pair, rng)
            if spoilt and spoilt != pair["en"]:
                fit.append((kind, pair, spoilt))
        rng.shuffle(fit)
        planted += fit[:MOST]
    clean = check(arguments.program, [(pair["fa"], pair["en"]) for pair in pairs])
    found = check(arguments.program, [(pair["fa"], spoilt) for _, pair, spoilt in planted])

    def cries(issues, kind):
        return [issue for issue in issues if issue["code"] in CODES[kind] and issue.get("severity") != "note"]

    order = list(range(len(pairs)))
    rows = []
    for kind in PLANT:
        own = [index for index, item in enumerate(planted) if item[0] == kind]
        rng.shuffle(order)
        left = order[: len(own)]
        hits = sum(bool(cries(found[index], kind)) for index in own)
        false = sum(bool(cries(clean[index], kind)) for index in left)
        rate = sum(bool(cries(issues, kind)) for issues in clean) / len(clean)
        precision = hits / (hits + false) if hits else 0.0
        rows.append((kind, len(own), hits / max(len(own), 1), precision, rate))
        if arguments.show == kind:
            for index in own:
                if not cries(found[index], kind):
                    print("MISSED", planted[index][2], "|", planted[index][1]["en"], "|", planted[index][1]["fa"], "\n")
            for index, issues in enumerate(clean):
                for issue in cries(issues, kind):
                    print("FALSE", issue["code"], issue["message"], "|", pairs[index]["en"], "|", pairs[index]["fa"], "\n")
    doubtful = sum(any(issue.get("severity") != "note" for issue in issues) for issues in clean)
    table = "| planted | pairs | recall | precision | cries on untouched pairs | codes |\n|---|---|---|---|---|---|\n"
    for kind, count, recall, precision, rate in rows:
        codes = ", ".join(f"`{code}`" for code in CODES[kind])
        table += f"| {kind} | {count} | {recall:.2f} | {precision:.2f} | {rate:.1%} | {codes} |\n"
    table += f"\n{len(planted)} planted errors; of {len(pairs)} untouched pairs {doubtful / len(pairs):.1%} have a doubt of any kind.\n"
    print(table)
    if arguments.out:
        what = __doc__.split("\n", 1)[1].strip()
        arguments.out.write_text(f"# Checks on planted errors\n\nMade by `scripts/compare/planted.py`.\n\n{table}\n{what}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
