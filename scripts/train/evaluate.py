"""Step 7: BLEU and chrF on FLORES dev of an exported folder, beside the published anchors.

Scores the text with its half-spaces, and with every half-space deleted. Also translates the sample
article into a file, for reading. FLORES dev is for measuring only.
"""

import argparse
import json
import re
import time
from pathlib import Path

import sacrebleu
import torch
from tokenizers import Tokenizer
from transformers import MarianMTModel

import common
from common import ZWNJ
from train import translate

ANCHORS = ("bergamot-tiny", "microsoft", "google")


def scores(made: list[str], references: list[str]) -> dict:
    out = {}
    for metric in (sacrebleu.BLEU(), sacrebleu.CHRF()):
        result = metric.corpus_score(made, [references])
        out[metric.__class__.__name__] = round(result.score, 2)
        out[f"{metric.__class__.__name__} signature"] = str(metric.get_signature())
    return out


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
    for name, lines in sources.items():
        began = time.monotonic()
        made = run(lines)
        report[name] = scores(made, references) | {"seconds": round(time.monotonic() - began, 1)}
        (args.work / f"flores-dev.{name.replace(' ', '-')}.en").write_text("\n".join(made) + "\n")
    for name in ANCHORS:
        path = args.eval / f"flores-dev.{name}.en"
        if path.exists():
            report[name] = scores(common.sentences(path)[: args.first], references)
    print(json.dumps(report, indent=1))
    (args.work / "evaluate.json").write_text(json.dumps(report, indent=1) + "\n")

    if args.article.exists() and not args.intact_only:
        out = []
        for paragraph in common.sentences(args.article):
            parts = [s for s in re.split(r"(?<=[.!؟])\s+|(?<=[.!؟]»)\s+", paragraph.strip()) if s]
            out.append(" ".join(run(parts)) if parts else "")
        (args.work / "article.en.txt").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
