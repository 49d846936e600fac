"""What every step shares: default folders, the Persian normaliser, reading and writing pairs.

The normaliser follows the same table as the program (`src/persian/normalize.tsv`), so that a model
sees in training exactly the characters that it will see in use. Owns no cleaning and no sampling.
"""

import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
DATA = REPO / "../shared/data"
NEWS = REPO / "scripts/train/data/news"
EVAL = REPO / "../shared/eval"
WORK = REPO / "../train-work"
TABLE = REPO / "src/persian/normalize.tsv"

ZWNJ = "\u200c"
EOS, UNK, PAD = "</s>", "<unk>", "<pad>"
EOS_ID, UNK_ID, PAD_ID = 0, 1, 2

# Share of the corpora in training: how often a pair is drawn in one pass over the data. News-like
# text is repeated, technical prose is thinned out. 0 leaves a corpus out (places: see README.md).
WEIGHTS = {
    "news": 3.0,
    "lexicon": 1.0,
    "tico19": 3.0,
    "tatoeba": 2.0,
    "massive": 1.0,
    "cldr": 0.5,
    "hfcourse": 0.3,
    "reactfa": 0.2,
    "reactdev": 0.2,
    "comprust": 0.2,
    "mscourses": 0.3,
    "tldr": 0.1,
    "places": 0.0,
}


def _points(text: str) -> str:
    return "".join(chr(int(p[2:], 16)) for p in text.split())


class Normaliser:
    """Applies the character table, then the white-space and half-space rules."""

    def __init__(self, table: Path = TABLE):
        self.map: dict[int, str] = {}
        for line in Path(table).read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            source, target = (line.split("\t") + [""])[:2]
            target = _points(target)
            first, _, last = source.strip().partition("..")
            low = int(first[2:], 16)
            high = int((last or first)[2:], 16)
            for c in range(low, high + 1):
                # In a range the replacement starts an equal run: digit to digit.
                shifted = chr(ord(target) + c - low) if last and target else target
                self.map.setdefault(c, shifted)

    def __call__(self, text: str) -> str:
        text = text.translate(self.map)
        text = re.sub(r"\s+", " ", text)
        text = re.sub(f"{ZWNJ}+", ZWNJ, text)
        text = re.sub(f"{ZWNJ}?( ){ZWNJ}?", r"\1", text)
        return text.strip(f" {ZWNJ}")


def corpora(data: Path = DATA, news: Path = NEWS) -> list[tuple[str, Path]]:
    """(corpus name, file) of everything there is; the project's own text goes by its folder's name."""
    found = [(p.stem, p) for p in sorted(Path(data).glob("*.tsv"))]
    for folder in (Path(news), Path(news).with_name("lexicon")):
        found += [(folder.name, p) for p in sorted(folder.glob("*.tsv"))]
    return found


def read_raw(path: Path):
    """English, Persian of each line that has both."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("#") or "\t" not in line:
            continue
        english, persian = line.rstrip("\r").split("\t")[:2]
        yield english, persian


def read_prepared(path: Path) -> list[tuple[str, str, str]]:
    """(corpus, English, Persian) of a file that prepare.py wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]


def sentences(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
