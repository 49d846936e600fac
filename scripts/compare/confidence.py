"""Finds the score below which a translation of the embedded model is doubted (src/quality/checks/confidence.rs).

    pip install sacrebleu
    python scripts/compare/confidence.py --program target/release/tarjoman

Translates FLORES dev (../shared/eval), and calls the tenth with the lowest chrF bad. For limits on the score it prints what
share of the sentences is doubted, what share of the bad ones is among them, and how many of the doubted are bad.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import sacrebleu

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=ROOT / "target/release/tarjoman")
    parser.add_argument("--eval", type=pathlib.Path, default=ROOT.parent / "shared/eval")
    parser.add_argument("--jsonl", type=pathlib.Path, help="translated already, a paragraph a line of FLORES")
    arguments = parser.parse_args()
    persian, english = ((arguments.eval / f"flores-dev.{side}").read_text(encoding="utf-8").splitlines() for side in ("fa", "en"))
    if arguments.jsonl:
        text = arguments.jsonl.read_text(encoding="utf-8")
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "flores.txt"
            file.write_text("\n\n".join(line.strip() for line in persian) + "\n", encoding="utf-8")
            command = [arguments.program, "translate", file, "--model", "embedded", "--no-second-try", "--quiet", "--format", "jsonl"]
            text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    blocks = {}
    for line in map(json.loads, text.splitlines()):
        blocks.setdefault(line["block"], []).append(line)
    # A line of FLORES may be more than one sentence; then there is no chrF of each.
    scored = [(lines[0]["score"], sacrebleu.sentence_chrf(lines[0]["target"], [english[block]]).score)
              for block, lines in blocks.items() if len(lines) == 1 and lines[0]["score"] is not None]
    bad = sorted(chrf for _, chrf in scored)[len(scored) // 10]
    print(f"{len(scored)} sentences; the worst tenth has a chrF below {bad:.1f}\n")
    print("| limit | doubted | bad ones found | doubted that are bad |\n|---|---|---|---|")
    for share in (0.02, 0.05, 0.1, 0.15, 0.2):
        limit = sorted(score for score, _ in scored)[int(share * len(scored))]
        low = [chrf for score, chrf in scored if score < limit]
        hits = sum(chrf < bad for chrf in low)
        print(f"| {limit:.2f} | {len(low) / len(scored):.0%} | {hits / (len(scored) / 10):.0%} | {hits / max(len(low), 1):.0%} |")


if __name__ == "__main__":
    main()
