"""What a glossary does to translations: how often its terms are honoured, and what it costs in BLEU.

Terms and names of the project's lexicon (`scripts/train/data/lexicon`, CC0) that FLORES dev has with
the same English in the reference, in every sentence that has them; a random half of them, by seed.
FLORES dev is measured on, nothing is trained on it.

    cargo build --release
    python scripts/compare/glossary.py --flores ../shared/eval

prints the table and writes it into GLOSSARY.md beside this file.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LEXICON = REPO / "scripts/train/data/lexicon"
LETTERS = {"ي": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "ئ": "ی", "ؤ": "و"}
MARKS = re.compile("[\u0640\u064b-\u065f\u0670\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def folded(text):
    """As the tool compares letters; a half-space is a space."""
    text = MARKS.sub("", text).replace("\u200c", " ")
    text = "".join(LETTERS.get(c, c) for c in text)
    return " " + " ".join(re.sub(r"[^\w]+", " ", text).split()) + " "


def lexicon():
    """(Persian, English) of all files, the first English of a term only."""
    seen = {}
    for path in sorted(LEXICON.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) >= 2 and re.fullmatch(r"[A-Za-z][A-Za-z.' -]*[A-Za-z.]", fields[0]):
                seen.setdefault(fields[1].strip(), fields[0].strip())
    return seen


def terms(sources, references, seed):
    """Names, and nouns of six letters or more, with their English in every reference."""
    sources = [folded(text) for text in sources]
    whole = lambda word, text, flags=0: re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, flags)
    kept = []
    for persian, english in lexicon().items():
        needle = folded(persian)
        verb = english.startswith("to ")
        if verb or len(needle.strip()) < 3 or (english[0].islower() and len(english) < 6):
            continue
        rows = [row for row, text in enumerate(sources) if needle in text]
        flags = re.IGNORECASE if english[0].islower() else 0
        if rows and all(whole(english, references[row], flags) for row in rows):
            kept.append((persian, english))
    kept.sort()
    random.Random(seed).shuffle(kept)
    return kept[: (len(kept) + 1) // 2]


def run(binary, texts, arguments):
    """Answers of `tarjoman pipe`, and seconds."""
    rows = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    command = [str(binary), "pipe", "--sentences", "--quiet", *arguments]
    start = time.monotonic()
    done = subprocess.run(command, input=rows.encode(), stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()], time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--flores", type=Path, default=REPO / "../shared/eval")
    parser.add_argument("--binary", type=Path, default=REPO / "target/release/tarjoman")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--beams", type=int, nargs="+", default=[4, 1])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("GLOSSARY.md"))
    parser.add_argument("--show", type=int, default=0, help="print so many changed translations")
    args = parser.parse_args()
    from sacrebleu.metrics import BLEU, CHRF

    read = lambda name: (args.flores / name).read_text(encoding="utf-8").splitlines()
    sources, references = read("flores-dev.fa"), read("flores-dev.en")
    glossary = terms(sources, references, args.seed)
    names = sum(english[0].isupper() for _, english in glossary)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "terms.tsv"
        path.write_text("".join(f"{fa}\t{en}\n" for fa, en in glossary), encoding="utf-8")
        for beams in args.beams:
            common = ["--model", args.model, "--beams", str(beams)]
            plain, plain_time = run(args.binary, sources, common)
            kept, kept_time = run(args.binary, sources, [*common, "--glossary", str(path)])
            uses = [[t for s in row["sentences"] for t in s.get("terms", [])] for row in kept]
            mentions = sum(map(len, uses))
            honoured = sum(t["honoured"] for row in uses for t in row)
            before = sum(
                bool(re.search(rf"(?<!\w){re.escape(t['target'])}(?!\w)", row["translation"]))
                for row, used in zip(plain, uses)
                for t in used
            )
            out = [[row["translation"] for row in rows] for rows in (plain, kept)]
            changed = [i for i in range(len(out[0])) if out[0][i] != out[1][i]]
            stray = [i for i in changed if not uses[i]]
            if stray:
                sys.exit(f"rows {stray} have no term and changed")
            bleu = [BLEU().corpus_score(text, [references]).score for text in out]
            chrf = [CHRF().corpus_score(text, [references]).score for text in out]
            for i in changed[: args.show]:
                print(f"{sources[i]}\n- {out[0][i]}\n+ {out[1][i]}\n  {references[i]}")
                print("  " + ", ".join(t["target"] for t in uses[i]))
            lines.append(
                f"| {beams} | {sum(map(bool, uses))} | {mentions} | {100 * before / mentions:.1f} % "
                f"| {100 * honoured / mentions:.2f} % | {len(changed)} "
                f"| {bleu[0]:.2f} | {bleu[1]:.2f} | {chrf[0]:.2f} | {chrf[1]:.2f} "
                f"| {plain_time:.0f} s | {kept_time:.0f} s |"
            )
            print(lines[-1], flush=True)
    shown = args.model if args.model == "embedded" else Path(args.model).name
    text = f"""# A glossary on FLORES dev

Made by `python scripts/compare/glossary.py` (seed {args.seed}); model: {shown}. {len(glossary)} terms of the project's
lexicon, {names} of them names, whose English is in the reference of every sentence that has them: a random half of all
such terms. {len(sources)} sentences. A sentence without a term is the same to the byte, or the script fails. "By itself" is
how many mentions have the preferred English without a glossary. Times are of one run of the whole command:
a rough ratio, no measurement of speed.

| beams | sentences with terms | mentions | by itself | honoured | sentences changed | BLEU without | BLEU with | chrF without | chrF with | time without | time with |
|---|---|---|---|---|---|---|---|---|---|---|---|
""" + "\n".join(lines) + "\n"
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
