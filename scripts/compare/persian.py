#!/usr/bin/env python3
"""Sentence boundaries and half-spaces: tarjoman beside its peers, on the same data. Writes scripts/compare/persian.md,
and behind the table what is written by hand in scripts/compare/persian_notes.md and what `restoration.py` measured.

    cargo build --release
    python -m venv peers && peers/bin/pip install parsivar sentencex pysbd numpy scikit-learn filelock tqdm requests
    peers/bin/pip install --no-deps hazm==0.10.0 shekar==1.7.0 dadmatools==2.3.6
    peers/bin/python scripts/compare/persian.py --ud FOLDER --eval ../shared/eval/persian

FOLDER holds fa_perdt-ud-test.conllu and fa_seraji-ud-test.conllu. The test parts are for measuring only. hazm and
shekar import packages for neural models that are not used here; where those are absent, empty modules stand for them.
A peer that can't be imported is named as such. dadmatools needs PyTorch models from the network, LanguageTool Java.

What is counted is what `score_seg.py` and `score_zwnj.py` of the evaluation folder count.
"""
import argparse
import importlib.abc
import importlib.machinery
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import types
from unittest.mock import MagicMock

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZWNJ = "\u200c"
UNUSED = {"fasttext", "gensim", "smart_open", "onnxruntime", "tokenizers", "matplotlib", "wordcloud", "PIL", "bidi",
          "arabic_reshaper", "pandas", "sentencepiece", "pycrfsuite", "tabulate", "torch", "transformers", "html2text"}


class Unused(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for packages that a peer imports for what is not measured."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in UNUSED else None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        # A class where a peer inherits from one, something that takes any call elsewhere.
        module.__getattr__ = lambda name: type(name, (), {}) if name[:1].isupper() else MagicMock()
        return module

    def exec_module(self, module):
        pass


def tarjoman(binary, command, texts):
    """Runs a command on many texts at once: a marker paragraph before each."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "in.txt")
        path.write_text("\n\n".join(f"@@{i}@@\n\n{text}" for i, text in enumerate(texts)) + "\n", encoding="utf-8")
        start = time.perf_counter()
        out = subprocess.run([binary, command, path, "--json"], capture_output=True, check=True).stdout.decode()
        seconds = time.perf_counter() - start
    found, current = [[] for _ in texts], None
    for line in out.splitlines():
        unit = json.loads(line)
        marker = re.fullmatch(r"@@(\d+)@@", unit["source"])
        if marker:
            current = int(marker[1])
        elif current is not None:
            found[current].append(unit["model" if command == "normalize" else "source"])
    return found, seconds


def peers():
    """name -> (segmenter, normaliser), each text -> result or None; or the reason why not."""
    sys.meta_path.append(Unused())

    def hazm():
        import hazm

        normalizer = hazm.Normalizer()
        return hazm.sent_tokenize, normalizer.normalize

    def parsivar():
        from parsivar import Normalizer, Tokenizer

        return Tokenizer().tokenize_sentences, Normalizer().normalize

    def sentencex():
        import sentencex

        return (lambda text: list(sentencex.segment("fa", text))), None

    def pysbd():
        import pysbd

        segmenter = pysbd.Segmenter(language="fa", clean=False)
        return segmenter.segment, None

    def shekar():
        from shekar import Normalizer

        try:
            from shekar import SentenceTokenizer

            segmenter = SentenceTokenizer().tokenize
        except ImportError:
            segmenter = None
        normalizer = Normalizer()
        return (lambda text: list(segmenter(text))) if segmenter else None, normalizer

    def dadmatools():
        from dadmatools.normalizer import Normalizer

        return None, Normalizer(unify_chars=True).normalize

    found = {}
    for load in (hazm, parsivar, sentencex, pysbd, shekar, dadmatools):
        try:
            found[load.__name__] = load()
        except Exception as error:  # a peer that does not run here is part of the result
            found[load.__name__] = f"{type(error).__name__}: {error}"[:100]
    return found


def safely(function, text, otherwise):
    try:
        return function(text)
    except Exception:
        return otherwise


def sentences(path):
    return [line[9:].strip() for line in open(path, encoding="utf-8") if line.startswith("# text = ") and line[9:].strip()]


def hard_cases():
    records, cat = [], ""
    for line in (ROOT / "tests/fixtures/hard_news.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            cat = line[2:] or cat
            continue
        pieces = re.split("([|¦])", line.replace("\\n", "\n"))
        gold, marks = pieces[::2], pieces[1::2]
        optional = [i for i, mark in enumerate(marks) if mark == "¦"]
        records.append(dict(id=f"h{len(records)}", source="hard", cat=cat, text="".join(gold), gold=gold, optional=optional))
    return records


def documents(name, lines):
    return [
        dict(id=f"{name}{i}", source=name, cat="ud", text=" ".join(lines[i : i + 10]), gold=lines[i : i + 10])
        for i in range(0, len(lines), 10)
    ]


PLURAL = re.compile("(..+)(ها|های|هایی|هایم|هایش|هایشان|هایمان|هایت|ترین|تر)$")


def half_space_records(name, lines, attested, score):
    """Sentences with their half-spaces deleted, and turned into spaces. Where a treebank writes a word both ways,
    or joins an ending that may stand apart, both are right."""
    records = []
    for number, gold in enumerate(lines):
        letters, found = score.cells(gold)
        free = []
        for i, (start, end, places) in enumerate(found):
            word = "".join(letters[start:end])
            if not places and (PLURAL.match(word) or word in attested):
                free.append([start, end])
            if places and (word.startswith("به") and start + 2 in places or re.match("(آن|این)ها", word)):
                free.append([start, end])
            for size in (2, 3):
                if i + size <= len(found) and not places:
                    last = found[i + size - 1][1]
                    if "".join(letters[start:last]) in attested:
                        free.append([start, last])
        variants = {"clean": gold} if number % 4 == 0 else {}
        if ZWNJ in gold or number % 3 == 0:
            variants["delete"] = gold.replace(ZWNJ, "")
            variants["space"] = re.sub(rf"(?<=\w){ZWNJ}(?=\w)", " ", gold)
        for mode, text in variants.items():
            records.append(dict(id=f"{name}{number}-{mode}", source=name, mode=mode, input=text, gold=gold, free=free))
    return records


def prf(score_module, records, outputs):
    true = extra = missed = 0
    for record, output in zip(records, outputs):
        length, ends = len(score_module.solid(record["text"])), score_module.ends(record["gold"])
        loose = {ends[i] for i in record.get("optional", []) + record.get("free", [])} | {length, 0}
        gold, made = set(ends) - loose, score_module.sysends(record["text"], output) - loose
        true, extra, missed = true + len(gold & made), extra + len(made - gold), missed + len(gold - made)
    return 200 * true / max(1, 2 * true + extra + missed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ud", type=pathlib.Path, required=True, help="folder with the test parts of both treebanks")
    parser.add_argument("--eval", type=pathlib.Path, default=ROOT / "../shared/eval/persian", help="folder with the scorers")
    parser.add_argument("--tarjoman", default=ROOT / "target/release/tarjoman")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "scripts/compare/persian.md")
    parser.add_argument("--note", help="what is special about this run, for the table")
    options = parser.parse_args()
    sys.path.insert(0, str(options.eval.resolve()))
    import restoration
    import score_seg
    import score_zwnj

    parts = {name: sentences(options.ud / f"fa_{name}-ud-test.conllu") for name in ("seraji", "perdt")}
    boundary = {"hard news": hard_cases(), **{name: documents(name, lines) for name, lines in parts.items()}}
    attested = set()
    for line in (line for lines in parts.values() for line in lines):
        attested.update(word.replace(ZWNJ, "") for word in re.findall(r"[\w\u200c]+", line) if ZWNJ in word.strip(ZWNJ))
    for line in open(ROOT / "src/persian/lexicon/words.tsv", encoding="utf-8"):
        # Seen so in the project's own text; what only a list has is no measure, since tarjoman learns from lists.
        if "-" in line.split("\t")[0] and "c" in line.rstrip().split("\t")[-1]:
            attested.add(line.split("\t")[0].replace("-", ""))
    spaces = [r for name, lines in parts.items() for r in half_space_records(name, lines, attested, score_zwnj)]
    bulk = [line for lines in parts.values() for line in lines]
    size = sum(len(line.encode()) for line in bulk) / 1e6

    rows, notes = [], [f"- {options.note}"] if options.note else []

    def row(name, segment, normalize):
        """`segment` and `normalize`: texts -> results and seconds, or None."""
        cells = [name]
        for records in boundary.values():
            cells.append(f"{prf(score_seg, records, segment([r['text'] for r in records])[0]):.1f}" if segment else "-")
        cells.append(f"{size / segment(bulk)[1]:.2f}" if segment else "-")
        if normalize:
            outputs = normalize([r["input"] for r in spaces])[0]
            table = score_zwnj.score(spaces, {r["id"]: text for r, text in zip(spaces, outputs)})
            for mode in ("delete", "space"):
                result = table[f"mode:{mode}"]
                cells.append(" / ".join(f"{100 * result[key]:.1f}" for key in ("P", "R", "F1")))
            cells.append(f"{table['ALL']['brk']:.1f}")
            cells.append(f"{size / normalize(bulk)[1]:.2f}")
        else:
            cells += ["-"] * 4
        rows.append(cells)
        print(" | ".join(cells), flush=True)

    def joined(texts):
        found, seconds = tarjoman(options.tarjoman, "normalize", texts)
        return [" ".join(parts) for parts in found], seconds

    row("tarjoman", lambda texts: tarjoman(options.tarjoman, "segment", texts), joined)

    def many(function, otherwise):
        def run(texts):
            start = time.perf_counter()
            made = [safely(function, text, otherwise(text)) for text in texts]
            return made, time.perf_counter() - start

        return run

    for name, peer in peers().items():
        if isinstance(peer, str):
            notes.append(f"- {name} did not run: {peer}")
            continue
        segment, normalize = peer
        row(name, segment and many(segment, lambda text: [text]), normalize and many(normalize, lambda text: text))

    header = ["", *(f"boundary F1, {name}" for name in boundary), "segment MB/s", "deleted P / R / F1", "as space P / R / F1",
              "harmed words per 1,000", "restore MB/s"]
    lines = ["# Sentence boundaries and half-spaces beside peers", "",
             "Made by `scripts/compare/persian.py`; its header says how. Hard news: `tests/fixtures/hard_news.txt`, "
             f"{len(boundary['hard news'])} cases. The treebanks' test parts, joined by tens: {len(parts['seraji'])} "
             f"sentences of Seraji, {len(parts['perdt'])} of PerDT; half-spaces: {len(spaces)} records made of them. Speed "
             f"on {size:.1f} MB, one process, on a shared machine, to be compared within this table only; tarjoman's includes its "
             "start and JSON, and restoration is timed with segmentation and normalisation. Joined plurals and spellings that "
             "the project's corpus or a treebank has both ways count for nobody.", "",
             "| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows] + [""] + notes
    lines += ["", (ROOT / "scripts/compare/persian_notes.md").read_text(encoding="utf-8").rstrip(), ""]
    lines += restoration.section()
    options.out.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
