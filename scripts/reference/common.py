"""Where the golden data lies and how it is written. Owns no model and no text."""

import json
import random
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
GOLDEN = REPO / "tests/golden"
NEWS = REPO / "scripts/train/data/news"
ARTICLE = REPO / "seeds/article.fa.txt"
LINES = Path(__file__).resolve().parent / "lines.tsv"

SEED = 20261124
EOS, UNK, PAD, ENGLISH = "</s>", "<unk>", "<pad>", ">>eng<<"


def rng(name):
    """A generator of its own for each use, so that one more draw here changes nothing there."""
    return random.Random(f"{SEED}/{name}")


def news_pairs():
    """(English, Persian) lines of the project's own news text."""
    pairs = []
    for path in sorted(NEWS.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            english, _, persian = line.partition("\t")
            if english and persian:
                pairs.append((english, persian))
    return pairs


def write_jsonl(path, rows):
    """One JSON value a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_json(path, value):
    """Indented as the transformers library does it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
