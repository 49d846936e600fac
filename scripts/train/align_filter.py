"""Step 3b: drops pairs whose words do not explain each other, by the word lexicon of step 3.

The score of a pair is the mean log-probability of its English pieces given its Persian ones under IBM
model 1, and the reverse; the worse of both counts. Written text and small hand-checked sets are trusted
and stay. Rewrites `train.tsv`, keeps what it dropped in `misaligned.tsv` for reading, and is safe to
run again (a pair that stays, stays).
"""

import argparse
import collections
import os
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import common

TRUSTED = ("news", "lexicon", "tico19", "tatoeba", "cldr")
FLOOR = 1e-4


class Scorer:
    def __init__(self, work: Path):
        self.tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
        raw = np.load(work / "lexicon.npz")
        keys = zip(raw["persian"].tolist(), raw["english"].tolist())
        self.table = {k: (a, b) for k, a, b in zip(keys, raw["forward"].tolist(), raw["backward"].tolist())}

    def __call__(self, english: list[int], persian: list[int]) -> float:
        grid = np.array([[self.table.get((f, e), (0.0, 0.0)) for e in english] for f in persian])
        # [persian, english, direction]; a mean over what a piece may come from, as in the model.
        forward = np.log(np.maximum(grid[:, :, 0].max(0), FLOOR)).mean()
        backward = np.log(np.maximum(grid[:, :, 1].max(1), FLOOR)).mean()
        return float(min(forward, backward))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--least", type=float, default=-5.5, help="pairs that score below are dropped")
    args = parser.parse_args()
    scorer = Scorer(args.work)
    rows = common.read_prepared(args.work / "train.tsv")
    english = scorer.tokenizer.encode_batch([r[1] for r in rows], add_special_tokens=False)
    persian = scorer.tokenizer.encode_batch([r[2].replace(common.ZWNJ, "") for r in rows], add_special_tokens=False)
    kept, dropped, counts = [], [], collections.Counter()
    for row, e, f in zip(rows, english, persian):
        good = row[0] in TRUSTED or len(e.ids) < 4 or scorer(e.ids, f.ids) >= args.least
        (kept if good else dropped).append(row)
        counts[row[0], good] += 1
    for name, part in (("misaligned.tsv", dropped), ("train.tsv", kept)):
        text = "".join("\t".join(row) + "\n" for row in part)
        (args.work / "filter.tmp").write_text(text, encoding="utf-8")
        os.replace(args.work / "filter.tmp", args.work / name)
    for (corpus, good), count in sorted(counts.items()):
        if not good:
            print(f"{corpus}: {count} of {count + counts[corpus, True]} dropped")
    print(f"{len(kept)} pairs stay")


if __name__ == "__main__":
    main()
