"""Plots the learning curve, from curve.tsv to an SVG: held-out loss and FLORES dev BLEU over updates, and
where text was added."""

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)

from common import WORK  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, default=None, help="default: curve.svg in --work")
    options = parser.parse_args()

    with (options.work / "curve.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    updates = [int(row["updates"]) for row in rows]
    measured = [row for row in rows if row["dev200_bleu"]]

    figure, losses = plt.subplots(figsize=(7, 4))
    losses.plot(updates, [float(row["train_loss"]) for row in rows], color="0.7", label="training loss")
    losses.plot(updates, [float(row["held_out_loss"]) for row in rows], color="tab:blue", label="held-out loss")
    losses.set_xlabel("updates")
    losses.set_ylabel("loss (label smoothing 0.1)")
    scores = losses.twinx()
    scores.plot(
        [int(row["updates"]) for row in measured],
        [float(row["dev200_bleu"]) for row in measured],
        "o-",
        color="tab:orange",
        label="BLEU, first 200 of FLORES dev",
    )
    scores.set_ylim(bottom=0)
    before = None
    for row in rows:
        pairs = row.get("pairs") or None
        if pairs and pairs != before:
            losses.axvline(int(row["updates"]), color="0.85", linestyle=":")
            label = f"{int(pairs):,} pairs"
            losses.annotate(label, (int(row["updates"]), 0.02), xycoords=("data", "axes fraction"), rotation=90, fontsize=7)
        before = pairs or before
    scores.set_ylabel("BLEU")
    lines = [*losses.get_lines(), *scores.get_lines()]
    losses.legend(lines, [line.get_label() for line in lines], frameon=False)
    figure.tight_layout()
    figure.savefig(options.out or options.work / "curve.svg")


if __name__ == "__main__":
    main()
