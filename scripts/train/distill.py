"""Step 1b, for a full-scale run: a bigger model's translations of Persian text, as training pairs.

Sequence-level knowledge distillation (Kim and Rush 2016): a small model learns more from what a big one
writes than from people's freer translations. Reads Persian text, a sentence or paragraph a line, sends it
through `tarjoman pipe` with the teacher given by `--model`, and writes `NAME.tsv` beside the other data.
Stop and start at will: what is in `NAME.jsonl` is not translated again. Drops what is no translation:
empty, Persian letters left, as good as a copy, a phrase over and over, much too long or short, numbers lost,
or a mean log-probability below `--least-score`. prepare.py does the rest of the cleaning.
"""

import argparse
import collections
import json
import os
import re
import subprocess
from pathlib import Path

import common

NUMBER = re.compile(r"\d+")


def fault(persian: str, row: dict, normalise, least_score: float) -> str | None:
    """Why an answer of the teacher is not wanted, or None."""
    english = (row.get("translation") or "").strip()
    if "error" in row or not english:
        return "no translation"
    if re.search(r"[\u0600-\u06ff]", english):
        return "Persian left"
    words = english.lower().split()
    if len(words) > 8 and max(collections.Counter(zip(words, words[1:], words[2:])).values()) > 2:
        return "repetition"
    if len(persian) > 12 and not 0.5 < len(english) / len(persian) < 2.0:
        return "length"
    if any(n not in NUMBER.findall(english) for n in NUMBER.findall(normalise(persian)) if len(n) > 1):
        return "numbers"
    if row.get("score") is not None and row["score"] < least_score:
        return "score"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path, help="Persian, a sentence or paragraph a line")
    parser.add_argument("--name", required=True, help="of the corpus that is written")
    parser.add_argument("--model", required=True, help="the teacher, as `tarjoman translate --model` takes it")
    parser.add_argument("--tarjoman", default="tarjoman", help="the program")
    parser.add_argument("--option", action="append", default=[], help="passed on, e.g. --option=--beams=4")
    parser.add_argument("--least-score", type=float, default=-1.5)
    parser.add_argument("--data", type=Path, default=common.DATA)
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--table", type=Path, default=common.TABLE)
    args = parser.parse_args()
    normalise = common.Normaliser(args.table)
    args.work.mkdir(parents=True, exist_ok=True)

    answers = args.work / f"{args.name}.jsonl"
    done = {}
    if answers.exists():
        for line in answers.read_text(encoding="utf-8").splitlines():
            # The last line of a run that was cut off may be half a line.
            try:
                row = json.loads(line)
                done[row["text"]] = row
            except (json.JSONDecodeError, KeyError):
                continue
    texts = list(dict.fromkeys(t.strip() for t in args.text.read_text(encoding="utf-8").splitlines() if t.strip()))
    asked = [t for t in texts if t not in done]
    if asked:
        request = args.work / f"{args.name}.request.jsonl"
        rows = (json.dumps({"id": i, "text": t}, ensure_ascii=False) for i, t in enumerate(asked))
        request.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
        command = [args.tarjoman, "pipe", "--model", args.model, *args.option]
        with request.open(encoding="utf-8") as stdin, answers.open("a", encoding="utf-8") as out:
            out.write("\n" if done else "")
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True, encoding="utf-8")
            for line in process.stdout:
                out.write(line)
                out.flush()
                row = json.loads(line)
                done[row.get("text", asked[row["id"]])] = row
            # A failed row is in the answers as such; only a run that stopped short is an error.
            if process.wait() and sum(t in done for t in texts) < len(texts):
                raise SystemExit(f"{' '.join(command)} stopped early; run this again to go on")

    counts, pairs = collections.Counter(), []
    for persian in texts:
        reason = fault(persian, done[persian], normalise, args.least_score)
        counts[reason or "kept"] += 1
        if reason is None:
            pairs.append((" ".join(done[persian]["translation"].split()), persian))
    out = args.data / f"{args.name}.tsv"
    out.with_suffix(".tmp").write_text("".join(f"{e}\t{f}\n" for e, f in pairs), encoding="utf-8")
    os.replace(out.with_suffix(".tmp"), out)
    print(f"{out.name}: {dict(counts)}")


if __name__ == "__main__":
    main()
