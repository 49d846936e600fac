"""Slot filling: another name, place, day, month or office where both sides of a pair hold one.

Owns the lists (`data/slots/*.tsv`, and people from `data/lexicon/people_*.tsv`) and the exchange.
`batches.py` fills slots anew in every pass, so nothing is stored; run alone, this prints examples
and how many pairs have a slot.
"""

import argparse
import random
import re
from pathlib import Path

import common

# A man's name where the English goes on with "she" would teach a wrong pronoun.
PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself|Mr|Mrs|Ms)\b", re.I)
LETTER = r"[\w\u200c]"


class Slots:
    """Lists of (English, Persian) of one kind; a filler is only exchanged for one of its kind."""

    def __init__(self, folder: Path | None = None, normalise=None):
        folder = folder or common.NEWS.with_name("slots")
        normalise = normalise or common.Normaliser()
        self.kinds: dict[str, list[tuple[str, str]]] = {
            path.stem: [(e, normalise(f)) for e, f in common.read_raw(path)]
            for path in sorted(folder.glob("*.tsv"))
        }
        people = {}
        for path in sorted(folder.with_name("lexicon").glob("people_*.tsv")):
            for english, persian in common.read_raw(path):
                if re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", english) and len(persian.split()) == 2:
                    people[english] = normalise(persian)
        self.kinds["people"] = list(people.items())
        self.kind_of = {e: (kind, f) for kind, rows in self.kinds.items() for e, f in rows}
        longest_first = sorted(self.kind_of, key=len, reverse=True)
        self.pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def find(self, english: str, persian: str) -> list[tuple[str, str, str]]:
        """(kind, English, Persian) of what stands exactly once on each side."""
        found = []
        once = self.pattern.findall(english)
        for filler in once:
            kind, other = self.kind_of[filler]
            if once.count(filler) > 1 or (kind == "people" and PRONOUN.search(english)):
                continue
            if filler in ("May", "March") or persian.count(other) != 1:
                continue
            if re.search(rf"(?<!{LETTER}){re.escape(other)}(?!{LETTER})", persian):
                found.append((kind, filler, other))
        # «پنج‌شنبه» holds «شنبه»: a filler inside another is no filler.
        return [a for a in found if not any(a is not b and a[2] in b[2] for b in found)]

    def fill(self, english: str, persian: str, rng: random.Random) -> tuple[str, str]:
        """The pair with each of its slots filled anew, at even odds."""
        chosen = {}
        for kind, old_english, old_persian in self.find(english, persian):
            new_english, new_persian = rng.choice(self.kinds[kind])
            clash = new_english in english or new_persian in persian or new_english in chosen
            # "a" and "an" stand before some of them.
            if clash or (new_english[0] in "AEIOUaeiou") != (old_english[0] in "AEIOUaeiou"):
                continue
            if rng.random() < 0.5:
                chosen[new_english] = (old_english, old_persian, new_persian)
        for new_english, (old_english, old_persian, new_persian) in chosen.items():
            english = re.sub(rf"(?<![\w-]){re.escape(old_english)}(?![\w-])", new_english, english, count=1)
            persian = re.sub(rf"(?<!{LETTER}){re.escape(old_persian)}(?!{LETTER})", new_persian, persian, count=1)
        return english, persian


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--show", type=int, default=12)
    args = parser.parse_args()
    slots, rng = Slots(), random.Random(1)
    rows = [r for r in common.read_prepared(args.work / "train.tsv") if r[0] == "news"]
    having = [r for r in rows if slots.find(r[1], r[2])]
    print({kind: len(rows) for kind, rows in slots.kinds.items()})
    print(f"{len(having)} of {len(rows)} news pairs have a slot")
    for _, english, persian in rng.sample(having, args.show):
        print("\n" + english, persian, *slots.fill(english, persian, rng), sep="\n")


if __name__ == "__main__":
    main()
