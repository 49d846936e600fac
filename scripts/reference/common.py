"""Where the golden data lies and how it is written. Owns no model and no text."""

import json
import random
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
GOLDEN = REPO / "tests/golden"
ARTICLE = REPO / "seeds/article.fa.txt"
LINES = Path(__file__).resolve().parent / "lines.tsv"

SEED = 20261124
EOS, UNK, PAD, ENGLISH = "</s>", "<unk>", "<pad>", ">>eng<<"


def rng(name):
    """A generator of its own for each use, so that one more draw here changes nothing there."""
    return random.Random(f"{SEED}/{name}")


def pairs():
    """English and Persian sentences of lines.tsv."""
    lines = LINES.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]


def write_jsonl(path, rows):
    """One JSON value a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def golden_case(name, options, found):
    """The line of `generate.jsonl` of one case of options.

    * `found`: of each row its sequences and their scores
    """
    return {
        "name": name,
        "options": options,
        "sequences": [sequences for sequences, _ in found],
        "scores": [[float(f"{s:.7g}") for s in scores] for _, scores in found],
    }


def write_json(path, value):
    """Indented as the transformers library does it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
