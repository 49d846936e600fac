"""Step 0, for more text than is here: brings outside parallel text into the form of `--data`.

Reads what OPUS and others publish: two files with a sentence a line (`x.en x.fa`, also gzipped), or
one with English<TAB>Persian. Writes `NAME.tsv` beside the other data after dropping what is not in its
language (py3langid), and the copies. The rest of the cleaning is prepare.py's. Give the corpus a weight in
`common.py`; without one it counts once. Downloads nothing: fetch the files as their publishers say.
"""

import argparse
import gzip
import itertools
import os
from collections import Counter
from pathlib import Path

import common


def lines(path: Path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            yield line.strip()


def pairs(paths: list[Path]):
    if len(paths) == 2:
        english, persian = (lines(path) for path in paths)
        for number, (e, f) in enumerate(itertools.zip_longest(english, persian), 1):
            if e is None or f is None:
                raise SystemExit(f"line {number}: {paths[e is not None]} has ended and the other has not")
            yield e, f
    else:
        for line in lines(paths[0]):
            if line.count("\t") >= 1:
                yield tuple(line.split("\t")[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help="English and Persian, or one file with a tab")
    parser.add_argument("--name", required=True, help="of the corpus")
    parser.add_argument("--data", type=Path, default=common.DATA)
    parser.add_argument("--no-language-check", action="store_true")
    args = parser.parse_args()
    if len(args.files) > 2:
        parser.error("one file or two")
    if not args.no_language_check:
        import py3langid

        # Neighbours of Persian in the same script and of English in the same pages.
        py3langid.set_languages(["fa", "ar", "ur", "ps", "ku", "en", "fr", "de", "es", "tr", "ru", "it"])

    def language(text: str, wanted: str) -> bool:
        # Short lines say too little.
        return args.no_language_check or len(text) < 25 or py3langid.classify(text)[0] == wanted

    counts, seen = Counter(), set()
    out = args.data / f"{args.name}.tsv"
    with out.with_suffix(".tmp").open("w", encoding="utf-8") as file:
        for english, persian in pairs(args.files):
            english, persian = english.replace("\t", " "), persian.replace("\t", " ")
            # Persian is often written with Arabic letters; the check must not see them.
            persian_letters = persian.replace("ي", "ی").replace("ك", "ک")
            key = hash((english, persian_letters))
            if not english or not persian:
                reason = "empty"
            elif key in seen:
                reason = "copy"
            elif not language(english, "en") or not language(persian_letters, "fa"):
                reason = "language"
            else:
                reason = "kept"
                file.write(f"{english}\t{persian}\n")
            seen.add(key)
            counts[reason] += 1
    os.replace(out.with_suffix(".tmp"), out)
    print(f"{out.name}: {dict(counts)}")


if __name__ == "__main__":
    main()
