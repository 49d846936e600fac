"""Speed beside CTranslate2: the same random weights, token ids, beams, threads and target lengths.

    python scripts/compare/ctranslate2.py

builds nothing: it runs `target/release/tarjoman`. For every shape and beam it first tries the
settings of both sides once (batch sizes; one batch a thread or all threads on one batch; for
CTranslate2 on a CPU with AVX-512 also CT2_FORCE_CPU_ISA), then runs the best of each in turns, and
writes medians to `scripts/compare/RESULTS.md`. A run is a process of its own that loads the model,
runs the workload once to warm up and then measures. The first run of Tarjoman packs the weights for
those after it, and is not counted: `load` is that of a second start.

    python scripts/compare/ctranslate2.py --shapes big --beams 4 --single 0 --float32 --torch --keep

measures a part of it and keeps the other rows of the file.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]  # this file's name

REPO = HERE.parents[1]
BINARY = REPO / "target/release/tarjoman"


def sentences(count, vocabulary, seed):
    """Token ids with the lengths of news: a log-normal around 27 tokens, end token counted in."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        length = min(max(round(draw.lognormvariate(3.3, 0.45)), 4), 120)
        made.append([draw.randrange(10, vocabulary - 10) for _ in range(length - 1)] + [0])
    return made


def batches(rows, budget):
    """Of like length, the longest first, at most `budget` source tokens with padding; every sentence
    of a batch gets the same target length, 1.1 times the mean of its sources."""
    rows = sorted(rows, key=len, reverse=True)
    made = []
    while rows:
        count = max(budget // len(rows[0]), 1)
        taken, rows = rows[:count], rows[count:]
        length = round(1.1 * statistics.mean(map(len, taken)))
        made.append({"sources": taken, "target_length": max(length, 1)})
    return {"batches": made}


class Runs:
    def __init__(self, args, folder, shape, vocabulary):
        self.args, self.folder, self.shape = args, folder, shape
        self.rows = sentences(args.sentences, vocabulary, seed=7)

    def workload(self, budget):
        rows = self.rows
        if budget == 1:
            rows = rows[: self.args.single]
        path = self.folder / f"tokens-{budget}.json"
        path.write_text(json.dumps(batches(rows, budget)))
        return str(path)

    def run(self, setting, beams):
        program, precision, budget, workers, isa = setting
        threads = self.args.threads
        tokens = self.workload(budget)
        environment = dict(os.environ)
        if program == "ours":
            command = [
                str(self.args.binary), "bench", "--tokens", tokens, "--model", str(self.folder / "ours"),
                "--compute-type", precision, "--beams", str(beams), "--threads", str(threads),
                "--workers", str(workers), "--repeat", "1", "--json",
            ]
        else:
            model = self.folder / ("ours" if program == "torch" else f"ct2-{precision}")
            command = [
                sys.executable, str(HERE / "worker.py"), program, "--model", str(model),
                "--tokens", tokens, "--compute-type", precision, "--beams", str(beams),
                "--inter", str(workers), "--intra", str(threads // workers),
            ]
            environment["OMP_NUM_THREADS"] = str(threads // workers)
            if isa:
                environment["CT2_FORCE_CPU_ISA"] = isa
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        found["speed"] = found["target_tokens"] / statistics.median(found["seconds"])
        found["cpu_speed"] = found["target_tokens"] * len(found["seconds"]) / max(found["cpu_seconds"], 1e-9)
        return found


def avx512():
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def settings(program, precision, budgets, threads):
    """All that are tried: what is better depends on the shape."""
    isas = [None, "AVX512"] if program == "ctranslate2" and avx512() else [None]
    workers = [1] if program == "torch" else sorted({1, threads}, reverse=True)
    return [(program, precision, budget, count, isa) for budget in budgets for count in workers for isa in isas]


def compare(runs, beams, budgets, contenders, rounds):
    best = []
    for program, precision in contenders:
        tried = settings(program, precision, budgets, runs.args.threads)
        scored = [(runs.run(setting, beams)["speed"], setting) for setting in tried]
        for speed, setting in scored:
            print(f"  tried {setting}: {speed:.0f}", file=sys.stderr)
        best.append(max(scored, key=lambda pair: pair[0])[1])
    found = [[] for _ in best]
    for _ in range(rounds):
        for index, setting in enumerate(best):
            found[index].append(runs.run(setting, beams))
    lines = []
    # Ratios of neighbours in time: what else the machine does meets both.
    base = [run["speed"] for run in found[1]]
    for setting, made in zip(best, found):
        program, precision, budget, workers, isa = setting
        speeds = [run["speed"] for run in made]
        ratio = statistics.median(ours / theirs for ours, theirs in zip(speeds, base))
        lines.append({
            "date": str(date.today()),
            "shape": runs.shape,
            "beams": beams,
            "workload": "one sentence at a time" if budget == 1 else "batches",
            "program": f"{program} {precision}",
            "setting": f"{budget} tokens, {workers} x {runs.args.threads // workers} threads" + (f", {isa}" if isa else ""),
            "speed": statistics.median(speeds),
            "low": min(speeds),
            "high": max(speeds),
            "ratio": ratio,
            "cpu_speed": statistics.median(run["cpu_speed"] for run in made),
            "cpu_ratio": statistics.median(
                ours["cpu_speed"] / theirs["cpu_speed"] for ours, theirs in zip(made, found[1])
            ),
            "memory": max(run["peak_memory_bytes"] for run in made),
            "load": statistics.median(run["load_seconds"] for run in made),
        })
        print(f"  {lines[-1]}", file=sys.stderr)
    return lines


def products(binary):
    done = subprocess.run([str(binary), "bench", "--products", "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


COLUMNS = [
    "shape", "beams", "workload", "program", "its best setting", "tokens/s", "ratio", "tokens/CPU s", "ratio",
    "memory, MB", "load, s", "measured",
]


def row_of(line):
    return [
        line["shape"],
        str(line["beams"]),
        line["workload"],
        line["program"].replace("ours", "Tarjoman"),
        line["setting"],
        f"{line['speed']:.0f} ({line['low']:.0f}-{line['high']:.0f})",
        f"{line['ratio']:.2f}",
        f"{line['cpu_speed']:.0f}",
        f"{line['cpu_ratio']:.2f}",
        f"{line['memory'] / 1e6:.0f}",
        f"{line['load']:.2f}",
        line["date"],
    ]


def kept(path):
    """The rows of an earlier run, and what it found about products, as they stand in the file."""
    if not path.exists():
        return [], ""
    text, _, products = path.read_text().partition("\n## ")
    day = re.search(r"^(\d{4}-\d\d-\d\d),", text, re.M)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    rows = [row + [day[1] if day else ""] * (len(COLUMNS) - len(row)) for row in rows if row[0] != "shape"]
    return rows, "\n## " + products if products else ""


def merged(old, new):
    """New rows in place of old ones of the same shape, beams, workload and program."""
    rows = {tuple(row[:4]): row for row in old}
    rows.update((tuple(row[:4]), row) for row in new)
    shapes = ["embedded", "student", "base", "big", "m2m100"]
    programs = ["Tarjoman int8", "ctranslate2 int8", "Tarjoman f32", "ctranslate2 float32", "torch float32"]
    place = lambda names, name: names.index(name) if name in names else len(names)
    order = lambda row: (place(shapes, row[0]), row[2] != "batches", row[1], place(programs, row[3]))
    return sorted(rows.values(), key=order)


def report(lines, measured, args, version):
    old, products = kept(args.to) if args.keep else ([], "")
    out = [
        "# Speed beside CTranslate2",
        "",
        "Written by `scripts/compare/ctranslate2.py`; not edited by hand.",
        "",
        f"{date.today()}, {cpu()}, {args.threads} threads, CTranslate2 {version}. {args.note}".strip(),
        "",
        "Target tokens a second, medians of runs in turns (lowest to highest); the ratio is to CTranslate2 in int8, the",
        "median over pairs of runs next to each other. Tokens a CPU second count only the time in which threads computed:",
        "what a machine that does other things as well can still compare. Memory is the peak: of Tarjoman the whole process, of the others",
        "what is added after the interpreter and its libraries are loaded. Tarjoman is loaded a second time: the first packs the weights.",
        "`torch` is transformers. Settings are the best of those tried for each program and shape.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
    ]
    out += ["| " + " | ".join(row) + " |" for row in merged(old, [row_of(line) for line in lines])]
    if measured:
        peak = measured["peak_gops"]
        out += [
            "",
            "## 8-bit products alone",
            "",
            f"One thread, path `{measured['isa']}`, whose multiply-add instructions alone reach "
            + (f"{peak:.0f} Gop/s" if peak else "what the compiler makes of them")
            + "; rounding of inputs and scaling of outputs counted in. In Gop/s, and in per cent of that peak.",
            "",
        ]
        rows = sorted({product["rows"] for product in measured["products"]})
        out.append("| inputs x outputs | " + " | ".join(f"{row} rows" for row in rows) + " |")
        out.append("|---|" + "---|" * len(rows))
        shapes = dict.fromkeys((p["inputs"], p["outputs"]) for p in measured["products"])
        for inputs, outputs in shapes:
            cells = []
            for row in rows:
                gops = next(p["gops"] for p in measured["products"] if (p["inputs"], p["outputs"], p["rows"]) == (inputs, outputs, row))
                cells.append(f"{gops:.0f} ({100 * gops / peak:.0f} %)" if peak else f"{gops:.0f}")
            out.append(f"| {inputs} x {outputs} | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n" + ("" if measured else products)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", help="embedded, student, base (the default three), big, m2m100")
    parser.add_argument("--beams", nargs="*", type=int, default=[1, 4], help="of the batches; none leaves them out")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--single", type=int, default=4, help="sentences one at a time; 0 leaves them out")
    parser.add_argument("--budgets", nargs="+", type=int, default=[512, 1024, 2048], help="source tokens of a batch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--float32", action="store_true", help="both sides in float32 as well")
    parser.add_argument("--torch", action="store_true", help="transformers as well: slow")
    parser.add_argument("--no-products", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the rows of the file that are not measured now")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "tarjoman-compare")
    parser.add_argument("--binary", type=Path, default=BINARY)
    parser.add_argument("--note", default="", help="a sentence about the machine for the results")
    parser.add_argument("--to", type=Path, default=HERE / "RESULTS.md")
    args = parser.parse_args()

    import importlib.metadata
    import importlib.util

    spec = importlib.util.spec_from_file_location("compare_models", HERE / "models.py")
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    version = importlib.metadata.version("ctranslate2")

    contenders = [("ours", "int8"), ("ctranslate2", "int8")]
    if args.float32:
        contenders += [("ours", "f32"), ("ctranslate2", "float32")]
    if args.torch:
        contenders += [("torch", "float32")]
    lines = []
    for shape in args.shapes or models.DEFAULT:
        folder = args.models / shape
        models.build(shape, folder)
        runs = Runs(args, folder, shape, models.SHAPES[shape][-1])
        for beams in args.beams:
            print(f"{shape}, beam {beams}", file=sys.stderr)
            lines += compare(runs, beams, args.budgets, contenders, args.rounds)
        if args.single:
            print(f"{shape}, one sentence at a time", file=sys.stderr)
            lines += compare(runs, 1, [1], contenders, args.rounds)
        args.to.write_text(report(lines, None, args, version))
    measured = None if args.no_products else products(args.binary)
    args.to.write_text(report(lines, measured, args, version))


if __name__ == "__main__":
    main()
