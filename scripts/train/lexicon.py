"""Step 3: a word-piece lexicon, by IBM model 1 (Brown et al. 1993) over the training pairs.

Writes `lexicon.npz`: t(English piece | Persian piece) and the reverse, as sparse triples. Training
uses it twice: Persian embeddings start as the mean of their likely translations, and cross-attention
is drawn towards the alignment it implies (guided alignment, Chen et al. 2016). With so few pairs
most of the training would otherwise be spent on finding out which word is which.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import common


def cells(pairs, vocabulary: int):
    """Every co-occurring (Persian, English) couple, by pair: key and the row that sums over it."""
    keys, english_rows, persian_rows, e_row, f_row = [], [], [], 0, 0
    for persian, english in pairs:
        grid = np.asarray(persian)[:, None] * vocabulary + np.asarray(english)[None, :]
        keys.append(grid.ravel().astype(np.int32))
        e = np.broadcast_to(np.arange(len(english))[None, :] + e_row, grid.shape)
        f = np.broadcast_to(np.arange(len(persian))[:, None] + f_row, grid.shape)
        english_rows.append(e.ravel().astype(np.int32))
        persian_rows.append(f.ravel().astype(np.int32))
        e_row, f_row = e_row + len(english), f_row + len(persian)
    return map(np.concatenate, (keys, english_rows, persian_rows))


def model_1(cell, row, given, iterations: int):
    """EM; t[key] = p(other piece | given piece), each row is explained by all its cells."""
    t = np.ones(len(given))
    for _ in range(iterations):
        score = t[cell]
        score /= np.bincount(row, score)[row] + 1e-12
        count = np.bincount(cell, score, minlength=len(given))
        # A little smoothing keeps a rare piece from explaining everything it once met.
        t = count / (np.bincount(given, count)[given] + 0.3)
    return t


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    rng = random.Random(args.seed)
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    vocabulary = tokenizer.get_vocab_size()
    rows = common.read_prepared(args.work / "train.tsv")
    # Technical prose is thinned out, or its sense of a word would win.
    rows = [r for r in rows if rng.random() < max(0.4, common.WEIGHTS.get(r[0], 1.0))]
    pairs = []
    for text in (rows, [(c, e, f.replace(common.ZWNJ, "")) for c, e, f in rows if c in ("news", "tico19")]):
        english = tokenizer.encode_batch([r[1] for r in text], add_special_tokens=False)
        persian = tokenizer.encode_batch([r[2] for r in text], add_special_tokens=False)
        pairs += [(f.ids, e.ids) for f, e in zip(persian, english) if len(f.ids) * len(e.ids) < 4000]

    keys, english_rows, persian_rows = cells(pairs, vocabulary)
    unique, cell = np.unique(keys, return_inverse=True)
    persian, english = unique // vocabulary, unique % vocabulary
    forward = model_1(cell, english_rows, persian, args.iterations)
    backward = model_1(cell, persian_rows, english, args.iterations)
    keep = (forward > 0.003) | (backward > 0.003)
    np.savez(
        args.work / "lexicon.npz",
        persian=persian[keep].astype(np.int32),
        english=english[keep].astype(np.int32),
        forward=forward[keep].astype(np.float32),
        backward=backward[keep].astype(np.float32),
    )
    print(f"{len(pairs)} pairs, {len(unique)} couples, {keep.sum()} kept")
    for word in ("▁گفت", "▁رئیس", "▁کشور", "▁آب", "▁روز"):
        i = tokenizer.token_to_id(word)
        best = np.flatnonzero(persian == i)
        best = best[np.argsort(-forward[best])][:5]
        print(word, [(tokenizer.id_to_token(int(english[b])), round(float(forward[b]), 2)) for b in best])


if __name__ == "__main__":
    main()
