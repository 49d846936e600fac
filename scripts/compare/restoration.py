#!/usr/bin/env python3
"""What half-space restoration is worth to a model: BLEU and chrF on FLORES dev whose half-spaces are deleted, turned into
spaces, or kept, with restoration and without (`--no-half-space-restoration`). Writes scripts/compare/restoration.tsv and
the section of scripts/compare/persian.md that is made of it.

    cargo build --release
    pip install sacrebleu
    python scripts/compare/restoration.py --eval ../shared/eval

A sentence is a paragraph of one article; greedy search unless `--beams` says otherwise. `--sources deleted` measures
that alone, and keeps the other rows of the file only where they are of the same model and beams.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "scripts/compare/restoration.tsv"
REPORT = ROOT / "scripts/compare/persian.md"
HEADING = "## What restoration is worth to a model"
ZWNJ = "\u200c"
SOURCES = {
    "deleted": lambda line: line.replace(ZWNJ, ""),
    "spaces": lambda line: line.replace(ZWNJ, " "),
    "kept": lambda line: line,
}


def translate(binary, lines, options, restored):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "in.txt")
        path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
        command = [binary, "translate", path, "--model", options.model, "--beams", str(options.beams), "--format", "jsonl", "-q"]
        command += [] if restored else ["--no-half-space-restoration"]
        out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    found = [[] for _ in lines]
    for unit in map(json.loads, out.splitlines()):
        if "target" in unit:
            found[unit["block"]].append(unit["target"])
    return [" ".join(parts) for parts in found]


def model_name(binary, model):
    """What the binary says of its model, so that rows of two models never stand in one table."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "in.txt")
        path.write_text("سلام.\n", encoding="utf-8")
        command = [binary, "translate", path, "--model", model, "--format", "jsonl", "-q"]
        unit = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()[0])
    return f"{unit['model']} {unit['provenance']['revision'][:8]}"


def measured():
    """The rows of the table; none where nothing was measured."""
    if not TABLE.exists():
        return []
    return [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def section():
    """The section of the report, of what was measured last; empty where nothing was."""
    rows = measured()
    if not rows:
        return []
    model, beams, lines = rows[0][0], rows[0][1], rows[0][2]
    text = [HEADING, "", f"Made by `scripts/compare/restoration.py`: BLEU / chrF on the {lines} sentences of FLORES dev, model "
            f"`{model}`, {'greedy' if beams == '1' else beams + ' beams'}, half-spaces of the source deleted, turned into "
            "spaces, or kept.", "", "| half-spaces | as it is | restored | BLEU gained |", "|---|---|---|---|"]
    for _, _, _, source, plain_bleu, plain_chrf, bleu, chrf in rows:
        gained = float(bleu) - float(plain_bleu)
        text.append(f"| {source} | {plain_bleu} / {plain_chrf} | {bleu} / {chrf} | {gained:+.2f} |")
    return text


def main():
    import sacrebleu

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=pathlib.Path, default=ROOT / "../shared/eval", help="folder with flores-dev.fa and .en")
    parser.add_argument("--tarjoman", default=ROOT / "target/release/tarjoman")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--sources", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    options = parser.parse_args()
    persian, english = ((options.eval / f"flores-dev.{name}").read_text(encoding="utf-8").splitlines() for name in ("fa", "en"))
    key = [model_name(options.tarjoman, options.model), str(options.beams), str(len(persian))]
    rows = {row[3]: row for row in measured() if row[:3] == key}
    for source in options.sources:
        lines = [SOURCES[source](line) for line in persian]
        row = [*key, source]
        for restored in (False, True):
            made = translate(options.tarjoman, lines, options, restored)
            row += [f"{metric(made, [english]).score:.2f}" for metric in (sacrebleu.corpus_bleu, sacrebleu.corpus_chrf)]
            print(source, "restored" if restored else "as it is", *row[-2:], flush=True)
        rows[source] = row
    header = "# Made by scripts/compare/restoration.py: model, beams, sentences, half-spaces, BLEU and chrF as it is, restored."
    ordered = [rows[source] for source in SOURCES if source in rows]
    TABLE.write_text("\n".join([header, *("\t".join(row) for row in ordered)]) + "\n", encoding="utf-8")
    report = REPORT.read_text(encoding="utf-8").split(f"\n{HEADING}")[0].rstrip()
    REPORT.write_text(report + "\n\n" + "\n".join(section()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
