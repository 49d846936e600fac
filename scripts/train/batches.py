"""Turns the prepared pairs into an endless, seeded stream of training batches.

Owns the weighting of corpora, the variation of sources (half-spaces, quotes, final stops, numbers,
joined sentences), BPE-dropout and bucketing by length. Knows nothing of the model.
"""

import random
import re
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import common
from common import PAD_ID, WEIGHTS, ZWNJ
from slots import Slots

NUMBER = re.compile(r"\d+")


def vary_half_spaces(text: str, rng: random.Random) -> str:
    """As written, all deleted (as many news sites publish), all spaces, or each at random."""
    if ZWNJ not in text:
        return text
    r = rng.random()
    if r < 0.55:
        return text
    if r < 0.75:
        return text.replace(ZWNJ, "")
    if r < 0.85:
        return text.replace(ZWNJ, " ")
    return "".join(rng.choice((ZWNJ, "", " ")) if c == ZWNJ else c for c in text)


def vary_quotes(text: str, rng: random.Random) -> str:
    if rng.random() < 0.7:
        return text
    opening, closing = rng.choice((("«", "»"), ('"', '"'), ("“", "”")))
    if text.count('"') % 2 == 0:
        parts = text.split('"')
        text = parts[0] + "".join((opening if i % 2 else closing) + p for i, p in enumerate(parts[1:], 1))
    return re.sub("[«“]", opening, re.sub("[»”]", closing, text))


def vary_numbers(english: str, persian: str, rng: random.Random) -> tuple[str, str]:
    """Other digits in numbers that both sides share, so that copying is learnt and not the number."""
    found = NUMBER.findall(english)
    if not found or rng.random() < 0.6 or len(set(found)) < len(found):
        return english, persian
    if sorted(found) != sorted(NUMBER.findall(persian)):
        return english, persian
    other = {}
    for number in found:
        if len(number) == 1 or number[0] == "0":
            other[number] = number
        elif len(number) == 4 and number[0] in "12":
            other[number] = number[:2] + str(rng.randrange(100)).zfill(2)
        else:
            other[number] = str(rng.randrange(10 ** (len(number) - 1), 10 ** len(number)))
    return tuple(NUMBER.sub(lambda m: other[m.group()], t) for t in (english, persian))


def vary(english: str, persian: str, rng: random.Random) -> tuple[str, str]:
    english, persian = vary_numbers(english, persian, rng)
    if rng.random() < 0.08 and english[-1] in ".!?" and persian[-1] in ".!؟":
        english, persian = english[:-1], persian[:-1]
    return english, vary_quotes(vary_half_spaces(persian, rng), rng)


class Batches:
    """`budget`: the most source or target tokens in a batch, padding included. `slots`: share of the
    news pairs whose names, places, days and offices are filled anew (slots.py)."""

    def __init__(
        self, work: Path, budget: int, bpe_dropout: float, seed: int, longest: int = 128, slots: float = 0.0
    ):
        self.slots, self.slot_share = (Slots() if slots else None), slots
        self.rows = common.read_prepared(work / "train.tsv")
        self.tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
        self.budget, self.bpe_dropout, self.seed, self.longest = budget, bpe_dropout, seed, longest

    def encode(self, texts: list[str]) -> list[list[int]]:
        return [e.ids for e in self.tokenizer.encode_batch(texts)]

    def draw(self, rng: random.Random) -> list[tuple[str, str]]:
        """The pairs of one pass, weighted and varied, some joined with the pair that follows."""
        pairs = []
        for i, (corpus, english, persian) in enumerate(self.rows):
            weight = WEIGHTS.get(corpus, 1.0)
            for _ in range(int(weight) + (rng.random() < weight % 1)):
                e, p = english, persian
                if self.slots and corpus == "news" and rng.random() < self.slot_share:
                    e, p = self.slots.fill(e, p, rng)
                join = 0.3 if len(e) < 60 else 0.1
                if corpus != "cldr" and rng.random() < join and i + 1 < len(self.rows):
                    after, e2, p2 = self.rows[i + 1]
                    if after == corpus and len(e) + len(e2) < 300 and e[-1] in ".!?":
                        e, p = f"{e} {e2}", f"{p} {p2}"
                pairs.append(vary(e, p, rng))
        return pairs

    def epoch(self, number: int):
        """Batches of one pass: (source, target, target length sum)."""
        rng = random.Random(self.seed * 1000 + number)
        pairs = self.draw(rng)
        rng.shuffle(pairs)
        # BPE-dropout on both sides in most of the text; the rest is segmented as it will be in use.
        cut = len(pairs) * 6 // 10
        encoded = []
        for part, dropout in ((pairs[:cut], self.bpe_dropout), (pairs[cut:], None)):
            self.tokenizer.model.dropout = dropout
            encoded += zip(self.encode([p[1] for p in part]), self.encode([p[0] for p in part]))
        self.tokenizer.model.dropout = None
        encoded = [p for p in encoded if max(len(p[0]), len(p[1])) <= self.longest]
        rng.shuffle(encoded)
        chunk = 200 * max(1, self.budget // 40)
        batches = []
        for start in range(0, len(encoded), chunk):
            window = sorted(encoded[start : start + chunk], key=lambda p: (len(p[0]), len(p[1])))
            batches += list(bucket(window, self.budget))
        rng.shuffle(batches)
        for batch in batches:
            yield tensors(batch)

    def forever(self, first: int):
        """(pass number, batch), from pass `first` on."""
        number = first
        while True:
            for batch in self.epoch(number):
                yield number, batch
            number += 1


def bucket(pairs, budget: int):
    batch, source, target = [], 0, 0
    for pair in pairs:
        source, target = max(source, len(pair[0])), max(target, len(pair[1]))
        if batch and (len(batch) + 1) * max(source, target) > budget:
            yield batch
            batch, source, target = [], len(pair[0]), len(pair[1])
        batch.append(pair)
    if batch:
        yield batch


def tensors(batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Source and target, `[batch, time]`, padded with PAD_ID."""
    sides = []
    for side in (0, 1):
        width = max(len(p[side]) for p in batch)
        grid = np.full((len(batch), width), PAD_ID, dtype=np.int64)
        for row, pair in enumerate(batch):
            grid[row, : len(pair[side])] = pair[side]
        sides.append(torch.from_numpy(grid))
    return tuple(sides)
