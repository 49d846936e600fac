"""Alignment error rate of a model on `tests/fixtures/alignment.tsv`, beside two baselines.

    cargo build --release
    python scripts/compare/alignment.py [--binary target/release/tarjoman] [--model NAME] [--lexicon lexicon.npz]

The English of the file is given to the model (`tarjoman align`), so that the words are the same for all.
Baselines: the diagonal, and IBM model 1 by the lexicon of `scripts/train/lexicon.py` (each English word to
the Persian word that explains its pieces best). AER, precision and recall as Och and Ney (2003) define them,
over words; punctuation counts as none.
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
FILE = REPO / "tests/fixtures/alignment.tsv"
WORD = re.compile(r"[^\W_]+(?:[\u200c'’\-][^\W_]+)*")


def words(text):
    return [match.span() for match in WORD.finditer(text)]


def place(name, text, spans):
    """The number of a word such as `the#2`."""
    word, _, count = name.partition("#")
    found = [at for at, (start, end) in enumerate(spans) if text[start:end] == word]
    return found[int(count or 1) - 1]


def read(path):
    """Persian, English, sure and possible links (the sure ones are possible too)."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        persian, english, links = line.split("\t")
        f, e = words(persian), words(english)
        sure, possible = set(), set()
        for link in links.split("|"):
            left, right = re.split("[=~]", link)
            pairs = {(place(a, persian, f), place(b, english, e)) for a in left.split() for b in right.split()}
            possible |= pairs
            if "=" in link:
                sure |= pairs
        rows.append((persian, english, f, e, sure, possible))
    return rows


def score(rows, links):
    found = sum(map(len, links))
    sure = sum(len(row[4]) for row in rows)
    in_sure = sum(len(own & row[4]) for own, row in zip(links, rows, strict=True))
    in_possible = sum(len(own & row[5]) for own, row in zip(links, rows, strict=True))
    return 1 - (in_sure + in_possible) / (found + sure), in_possible / max(1, found), in_sure / sure


def by_model(rows, binary, model):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.jsonl"
        lines = [{"schema": "tarjoman.aligned/1", "source": row[0], "target": row[1]} for row in rows]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        command = [str(binary), "align", str(path), "--quiet", *(["--model", model] if model else [])]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    links = []
    for row, line in zip(rows, map(json.loads, out.splitlines()), strict=True):
        assert (line["source"], line["target"]) == row[:2]
        # Bytes to the words that they share most with.
        owner = lambda text, spans, start, end: next(
            (
                at
                for at, (a, b) in enumerate(spans)
                if len(text[:a].encode()) < end and start < len(text[:b].encode())
            ),
            None,
        )
        pairs = ((owner(row[0], row[2], a, b), owner(row[1], row[3], c, d)) for a, b, c, d in line["alignment"])
        links.append({pair for pair in pairs if None not in pair})
    return links


def diagonal(rows):
    return [{(at * len(row[2]) // len(row[3]), at) for at in range(len(row[3]))} for row in rows]


def by_lexicon(rows, lexicon):
    import numpy as np
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(REPO / "models/fa-en-tiny/tokenizer.json"))
    raw = np.load(lexicon)
    table = dict(zip(zip(raw["persian"].tolist(), raw["english"].tolist()), raw["forward"].tolist(), strict=True))
    pieces = lambda word: tokenizer.encode(word, add_special_tokens=False).ids
    digits = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
    links = []
    for persian, english, f, e, *_ in rows:
        own = [pieces(persian[a:b].translate(digits)) for a, b in f]
        found = set()
        for at, (a, b) in enumerate(e):
            each = [sum(max(table.get((p, q), 0) for p in word) for q in pieces(english[a:b])) for word in own]
            if max(each) > 0:
                found.add((each.index(max(each)), at))
        links.append(found)
    return links


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", type=Path, default=REPO / "target/release/tarjoman")
    parser.add_argument("--model", help="default: the embedded one")
    parser.add_argument("--lexicon", type=Path, help="lexicon.npz of the training")
    args = parser.parse_args()
    rows = read(FILE)
    made = {"model": by_model(rows, args.binary, args.model), "diagonal": diagonal(rows)}
    if args.lexicon:
        made["IBM model 1"] = by_lexicon(rows, args.lexicon)
    print(f"{len(rows)} sentences, {sum(len(row[4]) for row in rows)} sure of {sum(len(row[5]) for row in rows)} links")
    print("| | AER | precision | recall |\n|---|---|---|---|")
    for name, links in made.items():
        print("| {} | {:.3f} | {:.3f} | {:.3f} |".format(name, *score(rows, links)))
        # The two constants of the linking were chosen on the first of these.
        for part, at in (("even", 0), ("odd", 1)):
            print("| {}, {} lines | {:.3f} | {:.3f} | {:.3f} |".format(name, part, *score(rows[at::2], links[at::2])))


if __name__ == "__main__":
    main()
