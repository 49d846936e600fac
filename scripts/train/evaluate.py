"""Step 7: BLEU and chrF on FLORES dev of an exported folder, in a table beside the anchors.

Scores the text with its half-spaces, with every half-space deleted, and with each turned into a space;
says how many numbers and names come through. Also translates the sample article into a file, for
reading. FLORES dev is for measuring only.
"""

import argparse
import collections
import json
import re
import time
from pathlib import Path

import sacrebleu
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import MarianMTModel

import common
from common import ZWNJ
from slots import Slots
from train import translate

ANCHORS = ("bergamot-tiny", "microsoft", "google")
# Systems whose outputs are not at hand: BLEU as the evaluation of the Firefox models published it.
PUBLISHED = {"Argos Translate (published)": 28.4, "NLLB (published)": 30.1}


def scores(made: list[str], references: list[str]) -> dict:
    out = {}
    for metric in (sacrebleu.BLEU(), sacrebleu.CHRF()):
        result = metric.corpus_score(made, [references])
        out[metric.__class__.__name__] = round(result.score, 2)
        out[f"{metric.__class__.__name__} signature"] = str(metric.get_signature())
    return out


def survival(sources: list[str], made: list[str], references: list[str], slots: Slots) -> dict:
    """Share, in percent, of what the source and the reference both hold that is in the translation:
    numbers in digits, and names that `slots` lists."""
    kept, wanted = collections.Counter(), collections.Counter()
    for source, out, reference in zip(sources, made, references):
        numbers = set(re.findall(r"\d+", source)) & set(re.findall(r"\d+", reference))
        names = {english for _, english, _ in slots.find(reference, source)}
        for kind, values in (("numbers", numbers), ("names", names)):
            wanted[kind] += len(values)
            kept[kind] += sum(bool(re.search(rf"(?<!\w){re.escape(v)}(?!\w)", out)) for v in values)
    return {kind: round(100 * kept[kind] / max(1, wanted[kind]), 1) for kind in wanted}


def table(report: dict) -> str:
    """The report as Markdown."""
    rows = ["| FLORES dev | BLEU | chrF | numbers kept | names kept |", "|---|---|---|---|---|"]
    for name, row in report.items():
        if isinstance(row, dict):
            cells = [row.get(key, "") for key in ("BLEU", "CHRF", "numbers", "names")]
            rows.append(" | ".join([f"| {name}", *(str(c) for c in cells)]) + " |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--model", type=Path, default=common.REPO / "models/fa-en-tiny")
    parser.add_argument("--eval", type=Path, default=common.EVAL)
    parser.add_argument("--article", type=Path, default=common.REPO / "../shared/article.fa.txt")
    parser.add_argument("--table", type=Path, default=common.TABLE)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--length-penalty", type=float, default=None, help="default: the folder's own")
    parser.add_argument("--first", type=int, default=None, help="only the first sentences")
    parser.add_argument("--intact-only", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    model = MarianMTModel.from_pretrained(args.model, dtype=torch.float32).to(args.device)
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    normalise = common.Normaliser(args.table)
    options = {} if args.length_penalty is None else {"length_penalty": args.length_penalty}

    def run(lines):
        return translate(model, tokenizer, [normalise(s) for s in lines], args.device, args.beams, **options)

    persian = common.sentences(args.eval / "flores-dev.fa")[: args.first]
    references = common.sentences(args.eval / "flores-dev.en")[: args.first]
    report = {"sentences": len(persian), "beams": args.beams}
    sources = {"half-spaces intact": persian}
    if not args.intact_only:
        sources["half-spaces deleted"] = [s.replace(ZWNJ, "") for s in persian]
        sources["half-spaces as spaces"] = [s.replace(ZWNJ, " ") for s in persian]
    slots, normalised = Slots(normalise=normalise), [normalise(s) for s in persian]
    for name, lines in sources.items():
        began = time.monotonic()
        made = run(lines)
        seconds = round(time.monotonic() - began, 1)
        report[name] = scores(made, references) | survival(normalised, made, references, slots)
        report[name] |= {"seconds": seconds, "words/s": round(sum(len(s.split()) for s in lines) / seconds, 1)}
        (args.work / f"flores-dev.{name.replace(' ', '-')}.en").write_text("\n".join(made) + "\n")
    for name in ANCHORS:
        path = args.eval / f"flores-dev.{name}.en"
        if path.exists():
            made = common.sentences(path)[: args.first]
            report[name] = scores(made, references) | survival(normalised, made, references, slots)
    for name, bleu in PUBLISHED.items():
        report[name] = {"BLEU": bleu}
    print(table(report))
    weights = args.model / "model.safetensors"
    report["parameters"] = sum(parameter.numel() for parameter in load_file(weights).values())
    report["bytes"] = weights.stat().st_size
    text = json.dumps(report, indent=1) + "\n"
    (args.work / "evaluate.json").write_text(text)
    if args.first is None and not args.intact_only:
        # What the README says of the model: `scripts/compare/all.py --write` takes it from there.
        (args.model / "evaluate.json").write_text(text)

    if args.article.exists() and not args.intact_only:
        out = []
        for paragraph in common.sentences(args.article):
            parts = [s for s in re.split(r"(?<=[.!؟])\s+|(?<=[.!؟]»)\s+", paragraph.strip()) if s]
            out.append(" ".join(run(parts)) if parts else "")
        (args.work / "article.en.txt").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
