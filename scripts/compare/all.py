"""Everything that this repository says about speed, memory and quality, made from data.

    cargo build --release && pip install -r scripts/compare/requirements.txt
    python scripts/compare/all.py                  # measures all jobs, then writes what follows from the data
    python scripts/compare/all.py --list           # names the jobs
    python scripts/compare/all.py --only 'embedded*' 'qwen3*' --rounds 3    # some of them; the other data stays
    python scripts/compare/all.py --write          # measures nothing: RESULTS.md, speed.svg and the README from the data
    python scripts/compare/all.py --check          # says whether those are what the data gives

The data: `speed.json` here (written after each job, so that an interrupted run goes on with --only),
`models/fa-en-tiny/evaluate.json` (by `scripts/train/evaluate.py`) and `scripts/reference/memory.json`
(`--memory FOLDER`, of what `scripts/reference/memory.py` made). In the README, what stands between `<!-- NAME:begin ... -->`
and `<!-- NAME:end -->` is written here, with hashes of the data and of the text, which `tests/it/readme.rs` compares.
"""

import argparse
import fnmatch
import hashlib
import html
import importlib.metadata
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import speed
from speed import HERE, PROGRAMS, REPO

DATA = HERE / "speed.json"
RESULTS = HERE / "RESULTS.md"
PLOT = HERE / "speed.svg"
README = REPO / "README.md"
QUALITY = REPO / "models/fa-en-tiny/evaluate.json"
MEMORY = REPO / "scripts/reference/memory.json"

SEQ2SEQ = ["Tarjoman int8", "CTranslate2 int8", "Tarjoman f32", "CTranslate2 float32", "transformers float32"]
CAUSAL = ["Tarjoman q8_0", "llama-cpp-python q8_0"]
# The README's table; all else is in RESULTS.md.
SHOWN = ["embedded", "student", "base", "qwen3"]


def jobs():
    """Name, shape, beams, and whether sentences come in batches."""
    made = []
    for shape in ("embedded", "student", "base"):
        made += [(f"{shape}-beam1", shape, 1, True), (f"{shape}-beam4", shape, 4, True)]
        made.append((f"{shape}-single", shape, 1, False))
    return made + [("qwen3-single", "qwen3", 1, False)]


def programs(shape):
    return CAUSAL if shape == "qwen3" else SEQ2SEQ


def load():
    return json.loads(DATA.read_text()) if DATA.exists() else {"rows": [], "products": None, "versions": {}}


def save(data):
    order = [name for name, *_ in jobs()]
    place = lambda row: (order.index(row["job"]), list(PROGRAMS).index(row["program"]))
    data["rows"].sort(key=place)
    DATA.write_text(json.dumps(data, indent=1) + "\n")


def versions():
    found = {}
    for name in ("ctranslate2", "torch", "transformers", "llama-cpp-python"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def run(args):
    import models

    data = load()
    failed = []
    for name, shape, beams, together in jobs():
        if not any(fnmatch.fnmatch(name, pattern) for pattern in args.only):
            continue
        wanted = [it for it in programs(shape) if any(fnmatch.fnmatch(it, pattern) for pattern in args.programs)]
        print(f"{name}: {', '.join(wanted)}", file=sys.stderr)
        folder = args.models / shape
        if shape in models.GGUF:
            models.build_gguf(shape, folder)
            vocabulary = models.GGUF[shape][-1]
        else:
            models.build(shape, folder)
            vocabulary = models.SHAPES[shape][-1]
        runs = speed.Runs(args, folder, vocabulary)
        try:
            rows = speed.measure(runs, beams, args.budgets if together else [1], wanted, args.rounds)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            failed.append(name)
            continue
        new = {(name, row["program"]) for row in rows}
        data["rows"] = [row for row in data["rows"] if (row["job"], row["program"]) not in new]
        data["rows"] += [{"job": name, "shape": shape, "beams": beams, "batches": together, **row} for row in rows]
        data["versions"].update(versions())
        save(data)
    if args.products:
        data["products"] = speed.products(args.binary)
        save(data)
    return failed


def measure_memory(folder, binary):
    """The peak of a translation of one sentence with each GGUF file of `memory.py` in a folder that holds nothing else."""
    found = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}
    for file in sorted(folder.glob("model-*.gguf")):
        with tempfile.TemporaryDirectory() as alone:
            for link in (file, folder / "tokenizer.json"):
                os.symlink(link.resolve(), Path(alone) / link.name)
            text = Path(alone) / "text.txt"
            text.write_text("این یک آزمون است.\n")
            command = [str(binary), "translate", str(text), "--model", alone, "--max-length", "4"]
            subprocess.run(command, check=True, capture_output=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        found[file.stem.removeprefix("model-")] = {"file_kib": file.stat().st_size // 1024, "peak_kib": peak}
    MEMORY.write_text(json.dumps(found, indent=1) + "\n")


# What is written from the data.


def ratio(row, data):
    """To the other program in the same precision, or to CTranslate2 in 8 bits."""
    base = "llama-cpp-python q8_0" if row["shape"] == "qwen3" else "CTranslate2 int8"
    other = next((it for it in data["rows"] if (it["job"], it["program"]) == (row["job"], base)), None)
    if other is None:
        return ""
    return f"{statistics.median(row['speeds']) / statistics.median(other['speeds']):.2f}"


def workload(row):
    return f"batches, beam {row['beams']}" if row["batches"] else "one sentence at a time"


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def results(data):
    names = {"ctranslate2": "CTranslate2", "torch": "PyTorch"}
    told = ", ".join(f"{names.get(name, name)} {version}" for name, version in sorted(data["versions"].items()))
    out = [
        "# Speed beside other programs",
        "",
        "Written by `scripts/compare/all.py` from `speed.json`; not edited by hand.",
        "",
        f"{told}.",
        "",
        "Target tokens a second, medians of runs in turns (lowest to highest); the ratio is that of the medians, to CTranslate2",
        "in int8, of the language model to llama.cpp. Tokens a CPU second count only the time in which threads computed:",
        "what a machine that does other things as well can still compare. Memory is the peak: of Tarjoman the whole process, of the others",
        "what is added after the interpreter and its libraries are loaded. Tarjoman is loaded a second time: the first packs the weights.",
        "Settings are the best of those tried for each program and shape. Models have random weights; target lengths are forced.",
        "",
    ]
    columns = ["shape", "workload", "program", "its best setting", "tokens/s", "ratio", "tokens/CPU s", "memory, MB", "load, s", "CPU, threads", "measured"]
    out += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in data["rows"]:
        speeds = row["speeds"]
        cells = [
            row["shape"], workload(row), row["program"], row["setting"],
            f"{number(statistics.median(speeds))} ({number(min(speeds))}-{number(max(speeds))})", ratio(row, data),
            number(statistics.median(row["cpu_speeds"])), f"{row['memory'] / 1e6:.0f}", f"{row['load']:.2f}",
            f"{row['cpu']}, {row['threads']}", row["measured"],
        ]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out + products(data["products"])) + "\n\n![Target tokens a second](speed.svg)\n"


def products(measured):
    if not measured:
        return []
    peak = measured["peak_gops"]
    best = f"{peak:.0f} Gop/s" if peak else "what the compiler makes of them"
    rows = sorted({product["rows"] for product in measured["products"]})
    out = [
        "",
        "## 8-bit products alone",
        "",
        f"One thread, path `{measured['isa']}`, whose multiply-add instructions alone reach {best}; rounding of inputs and scaling of "
        "outputs counted in. In Gop/s, and in per cent of that peak.",
        "",
        "| inputs x outputs | " + " | ".join(f"{row} rows" for row in rows) + " |",
        "|---|" + "---|" * len(rows),
    ]
    for inputs, outputs in dict.fromkeys((it["inputs"], it["outputs"]) for it in measured["products"]):
        of_size = {it["rows"]: it["gops"] for it in measured["products"] if (it["inputs"], it["outputs"]) == (inputs, outputs)}
        cells = [f"{of_size[row]:.0f} ({100 * of_size[row] / peak:.0f} %)" if peak else f"{of_size[row]:.0f}" for row in rows]
        out.append(f"| {inputs} x {outputs} | " + " | ".join(cells) + " |")
    return out


STYLE = """
.tj { --page: #fbfaf7; --ink: #1c1b19; --quiet: #6a665f; --own: #3d6f8e; --other: #b9b3a6; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .tj { --page: #161614; --ink: #e9e6df; --quiet: #9b968c; --own: #5b93b5; --other: #5d594f; } }
.page { fill: var(--page); } text { fill: var(--ink); } .title { font-weight: 600; } .name { text-anchor: end; }
.own { fill: var(--own); } .other { fill: var(--other); } .whisker { stroke: var(--ink); stroke-width: 1.5; } .number { fill: var(--quiet); }
"""


def plot(data):
    """A chart a job: bars are medians, lines reach from the lowest to the highest."""
    body, top = [], 8
    for name, *_ in jobs():
        rows = [row for row in data["rows"] if row["job"] == name]
        if not rows:
            continue
        title = f"{rows[0]['shape']}, {workload(rows[0])}: target tokens a second"
        body.append(f'<text class="title" x="16" y="{top + 18}">{html.escape(title)}</text>')
        top += 34
        most = max(max(row["speeds"]) for row in rows)
        for row in rows:
            x = lambda value: f"{190 + 420 * value / most:.1f}"
            middle = statistics.median(row["speeds"])
            kind = "own" if row["program"].startswith("Tarjoman") else "other"
            body += [
                f'<text class="name" x="182" y="{top + 13}">{html.escape(row["program"])}</text>',
                f'<rect class="{kind}" x="190" y="{top}" width="{420 * middle / most:.1f}" height="18" rx="2"/>',
                f'<path class="whisker" d="M{x(min(row["speeds"]))} {top + 9}H{x(max(row["speeds"]))}"/>',
                f'<text class="number" x="{x(max(row["speeds"]))}" dx="8" y="{top + 13}">{number(middle)}</text>',
            ]
            top += 24
        top += 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {top}" width="700" height="{top}" role="img" aria-label="Target tokens a second of each program">'
    return "\n".join([head, f"<style>{STYLE}</style>", '<g class="tj">', '<rect class="page" width="100%" height="100%"/>', *body, "</g>", "</svg>"]) + "\n"


def speed_table(data):
    """Of each shape and workload one line, with the programs beside each other."""
    rows = [row for row in data["rows"] if row["shape"] in SHOWN]
    machines = sorted({f"{row['cpu']}, {row['threads']} threads, {row['measured']}" for row in rows})
    columns = [name for name in PROGRAMS if any(row["program"] == name for row in rows)]
    out = ["| target tokens a second | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for job in dict.fromkeys(row["job"] for row in rows):
        of_job = {row["program"]: row for row in rows if row["job"] == job}
        first = next(iter(of_job.values()))
        cells = [number(statistics.median(of_job[name]["speeds"])) if name in of_job else "" for name in columns]
        out.append(f"| {first['shape']}, {workload(first)} | " + " | ".join(cells) + " |")
    out += ["", f"Medians; {'; '.join(machines)}. Ranges, memory and versions: [RESULTS.md](scripts/compare/RESULTS.md)."]
    return "\n".join(["", *out, ""])


def quality(report):
    own = report["half-spaces intact"]
    return (
        f"({report['bytes'] / 1e6:.0f} MB, {report['parameters'] / 1e6:.1f} million parameters) has BLEU {own['BLEU']:.1f} and "
        f"chrF {own['CHRF']:.1f} on FLORES dev, where Argos Translate has BLEU {report['Argos Translate (published)']['BLEU']:.0f} "
        f"and Google {report['google']['BLEU']:.0f}"
    )


def memory(found):
    return f"{found['q8_0']['peak_kib'] * 1024 / 1e9:.1f} GB"


BLOCKS = {"speed": (DATA, speed_table), "quality": (QUALITY, quality), "memory": (MEMORY, memory)}


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def readme(text):
    for name, (file, make) in BLOCKS.items():
        raw = file.read_bytes()
        made = make(json.loads(raw))
        begin = f"<!-- {name}:begin data={digest(raw)} text={digest(made.encode())} -->"
        pattern = rf"<!-- {name}:begin[^>]*-->.*?<!-- {name}:end -->"
        text, count = re.subn(pattern, lambda _: f"{begin}{made}<!-- {name}:end -->", text, flags=re.S)
        if count != 1:
            sys.exit(f"{README.name} has {count} places for {name}")
    return text


def written():
    data = load()
    return {RESULTS: results(data), PLOT: plot(data), README: readme(README.read_text())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write", action="store_true", help="measure nothing, write what follows from the data")
    parser.add_argument("--check", action="store_true", help="exit with 1 when something is not as the data gives it")
    parser.add_argument("--memory", type=Path, metavar="FOLDER", help="measure the models that memory.py made there, and no jobs")
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of jobs")
    parser.add_argument("--programs", nargs="+", default=["*"], help="patterns of programs, such as 'Tarjoman*'")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--single", type=int, default=8, help="sentences that come one at a time")
    parser.add_argument("--budgets", nargs="+", type=int, default=[512, 1024], help="source tokens of a batch, tried")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--products", action="store_true", help="8-bit products alone as well")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "tarjoman-compare")
    parser.add_argument("--binary", type=Path, default=speed.BINARY)
    args = parser.parse_args()

    failed = []
    if args.list:
        print("\n".join(name for name, *_ in jobs()))
        return
    if args.check:
        wrong = [path.name for path, text in written().items() if not path.exists() or path.read_text() != text]
        sys.exit(f"not as the data gives it: {', '.join(wrong)}; run with --write" if wrong else 0)
    if args.memory:
        measure_memory(args.memory, args.binary)
    elif not args.write:
        failed = run(args)
    for path, text in written().items():
        path.write_text(text)
    if failed:
        sys.exit(f"could not be measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
