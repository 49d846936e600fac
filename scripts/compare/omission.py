"""How well dropped clauses are found: precision and recall of `omission`, on references with a clause
taken out by this script.

    cargo build --release
    python scripts/compare/omission.py ../shared/eval/flores-dev.fa ../shared/eval/flores-dev.en

From each English sentence that has one, a clause is taken (four words or more, at most 60 % of the
sentence, between commas, conjunctions and relatives; drawn with a fixed seed). The model aligns both forms
(`tarjoman align`), `tarjoman check` says which lack something. Every sentence counts twice: whole, where a
doubt is wrong, and cut, where none is.
"""

import argparse
import json
import random
import re
import subprocess
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CUT = re.compile(
    r",\s|;\s| (?=(?:and|but|which|who|that|because|while|when|after|before|as|where|if|although|with)\b)"
)


def words(text):
    return len(re.findall(r"\w+(?:['’-]\w+)*", text))


def without_clause(english, rng):
    places = [0, *(match.start() for match in CUT.finditer(english)), len(english.rstrip("."))]
    whole = words(english)
    clauses = []
    for at, start in enumerate(places):
        for end in places[at + 1 : at + 3]:
            count = words(english[start:end])
            if count >= 4 and whole - count >= 4 and count <= 0.6 * whole:
                clauses.append((start, end))
    if not clauses:
        return None
    start, end = rng.choice(clauses)
    rest = re.sub(r"\s+([.,])", r"\1", (english[:start] + english[end:]).strip(" ,;:"))
    return rest[0].upper() + rest[1:]


def run(binary, rows):
    """What is said of each pair: its line, with coverage and issues."""
    with tempfile.TemporaryDirectory() as folder:
        pairs, aligned = Path(folder) / "pairs.jsonl", Path(folder) / "aligned.jsonl"
        lines = [{"schema": "tarjoman.aligned/1", "source": fa, "target": en} for fa, en in rows]
        pairs.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        subprocess.run([str(binary), "align", str(pairs), "-o", str(aligned), "--quiet"], check=True)
        command = [str(binary), "check", str(aligned), "--format", "jsonl", "--quiet"]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("persian", type=Path, help="a sentence a line; or the three columns of valid.tsv")
    parser.add_argument("english", type=Path, nargs="?")
    parser.add_argument("--binary", type=Path, default=REPO / "target/release/tarjoman")
    parser.add_argument("--sentences", type=int, default=500)
    args = parser.parse_args()
    lines = args.persian.read_text(encoding="utf-8").splitlines()
    if args.english:
        pairs = list(zip(lines, args.english.read_text(encoding="utf-8").splitlines(), strict=True))
    else:
        pairs = [(row[2], row[1]) for row in (line.split("\t") for line in lines)]
    rng = random.Random(7)
    cut = [(fa, en, without_clause(en, rng)) for fa, en in pairs[: args.sentences]]
    cut = [row for row in cut if row[2]]
    whole = run(args.binary, [(fa, en) for fa, en, _ in cut])
    short = run(args.binary, [(fa, en) for fa, _, en in cut])
    has = lambda line: any(issue["code"] == "omission" for issue in line["issues"])
    hits, wrong = sum(map(has, short)), sum(map(has, whole))
    mean = lambda found: sum(line.get("coverage", 1) for line in found) / len(found)
    print(f"{len(cut)} sentences; mean coverage {mean(whole):.2f} whole, {mean(short):.2f} with a clause dropped")
    print(f"omission: precision {hits / max(1, hits + wrong):.3f}, recall {hits / len(cut):.3f} ({wrong} wrong)")


if __name__ == "__main__":
    main()
