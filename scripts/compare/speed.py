"""Runs one program on one workload: the same random weights, token ids, beams, threads and forced target lengths for all.
Owns what a run is; which runs there are, and what is made of them, is in `all.py`."""

import json
import os
import random
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
BINARY = REPO / "target/release/tarjoman"

# Seconds that what is measured should take.
LONG_ENOUGH = 1.0

# As the data names programs: what runs it, and in which precision.
PROGRAMS = {
    "Tarjoman int8": ("ours", "int8"),
    "CTranslate2 int8": ("ctranslate2", "int8"),
    "Tarjoman f32": ("ours", "f32"),
    "CTranslate2 float32": ("ctranslate2", "float32"),
    "transformers float32": ("torch", "float32"),
    "Tarjoman q8_0": ("ours", "auto"),
    "llama-cpp-python q8_0": ("llama", "q8_0"),
}


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
    """Runs of one model. `args`: binary, threads, sentences, single."""

    def __init__(self, args, folder, vocabulary):
        self.args, self.folder = args, folder
        self.rows = sentences(args.sentences, vocabulary, seed=7)

    def workload(self, budget):
        rows = self.rows[: self.args.single] if budget == 1 else self.rows
        path = self.folder / f"tokens-{budget}.json"
        path.write_text(json.dumps(batches(rows, budget)))
        return str(path)

    def run(self, name, setting, beams, repeats=1):
        """A process of its own that loads the model, runs the workload once to warm up and then measures."""
        program, precision = PROGRAMS[name]
        budget, workers, isa = setting
        threads = self.args.threads
        tokens = self.workload(budget)
        environment = dict(os.environ)
        if program == "ours":
            command = [
                str(self.args.binary), "bench", "--tokens", tokens, "--model", str(self.folder / "ours"),
                "--compute-type", precision, "--beams", str(beams), "--threads", str(threads),
                "--workers", str(workers), "--repeat", str(repeats), "--json",
            ]
            environment["RAYON_NUM_THREADS"] = str(threads)
        else:
            model = {
                "torch": self.folder / "ours",
                "llama": self.folder / "ours/model-q8_0.gguf",
                "ctranslate2": self.folder / f"ct2-{precision}",
            }[program]
            command = [
                sys.executable, str(HERE / "worker.py"), program, "--model", str(model),
                "--tokens", tokens, "--compute-type", precision, "--beams", str(beams),
                "--inter", str(workers), "--intra", str(threads // workers), "--repeat", str(repeats),
            ]
            environment["OMP_NUM_THREADS"] = str(threads // workers)
            if isa:
                environment["CT2_FORCE_CPU_ISA"] = isa
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
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


def settings(name, budgets, threads):
    """All that are tried: what is better depends on the shape."""
    program = PROGRAMS[name][0]
    isas = [None, "AVX512"] if program == "ctranslate2" and avx512() else [None]
    workers = [1] if program in ("torch", "llama") else sorted({1, threads}, reverse=True)
    return [(budget, count, isa) for budget in budgets for count in workers for isa in isas]


def measure(runs, beams, budgets, programs, rounds):
    """Tries the settings of each program once, which also packs our weights for later starts, then runs the best of each in
    turns. Returns a row a program."""
    best, repeats = {}, {}
    for name in programs:
        # The first run says how often the workload must be repeated to be more than noise.
        tried = settings(name, budgets, runs.args.threads)
        first = runs.run(name, tried[0], beams)
        repeats[name] = min(max(round(LONG_ENOUGH / statistics.median(first["seconds"])), 1), 10)
        again = tried if repeats[name] > 1 else tried[1:]
        scored = [(runs.run(name, setting, beams, repeats[name])["speed"], setting) for setting in again]
        if repeats[name] == 1:
            scored.insert(0, (first["speed"], tried[0]))
        for speed, setting in scored:
            print(f"  {name}, tried {setting}: {speed:.0f}", file=sys.stderr)
        best[name] = max(scored, key=lambda pair: pair[0])[1]
    found = {name: [] for name in programs}
    for index in range(rounds):
        for name in programs if index % 2 == 0 else reversed(programs):
            found[name].append(runs.run(name, best[name], beams, repeats[name]))
    rows = []
    for name, made in found.items():
        budget, workers, isa = best[name]
        threads = runs.args.threads
        row = {
            "program": name,
            "setting": f"{budget} tokens, {workers} x {threads // workers} threads" + (f", {isa}" if isa else ""),
            "speeds": [round(run["speed"], 1) for run in made],
            "cpu_speeds": [round(run["cpu_speed"], 1) for run in made],
            "memory": max(run["peak_memory_bytes"] for run in made),
            "load": round(statistics.median(run["load_seconds"] for run in made), 3),
            "measured": str(date.today()),
            "cpu": cpu(),
            "threads": threads,
        }
        print(f"  {row}", file=sys.stderr)
        rows.append(row)
    return rows


def products(binary):
    done = subprocess.run([str(binary), "bench", "--products", "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
