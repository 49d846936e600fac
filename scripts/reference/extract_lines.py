"""Draws the sentences of lines.tsv from a folder of licensed parallel text; run once, result committed.

    python scripts/reference/extract_lines.py DATA_FOLDER

DATA_FOLDER holds tico19.tsv (CC0) and tatoeba.tsv (CC BY 2.0 FR), English<TAB>Persian.
"""

import sys
from pathlib import Path

from common import LINES, rng

COUNTS = {"tico19": 420, "tatoeba": 280}


def main():
    folder = Path(sys.argv[1])
    out = []
    for name, count in COUNTS.items():
        pairs = (folder / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        out += rng(f"lines/{name}").sample([p for p in pairs if len(p) < 500], count)
    LINES.write_text("\n".join(out) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
