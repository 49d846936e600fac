"""Measures a distributed run on this machine, and says what archives cost. Writes SCALE.json and SCALE.md beside this.

    python scale.py --measure PROGRAM        # measures: some minutes; needs ray[data], tokenizers, nothing else running
    python scale.py                          # SCALE.md anew, with other prices or machines:
    python scale.py --core-hour 0.02 --cores 96 --gpu-hour 2.5 --gpu-tokens 40000 --print

Every number of SCALE.md is measured, of ../compare/RESULTS.md, or an assumption of these options.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COPIES = 32
ROUNDS = 2


def measure(program: str) -> dict:
    import pyarrow.parquet as pq
    from tokenizers import Tokenizer

    import rows
    import store
    import worker

    article = (ROOT / "seeds/article.fa.txt").read_text(encoding="utf-8")
    folder = Path(tempfile.mkdtemp(prefix="tj-scale-"))
    try:
        source = folder / "in.jsonl"
        lines = [json.dumps({"id": number, "text": article}, ensure_ascii=False) + "\n" for number in range(COPIES)]
        source.write_text("".join(lines), encoding="utf-8")
        size = source.stat().st_size
        told = {"date": date.today().isoformat(), "articles": COPIES, "text_bytes": len(article.encode()), "input_bytes": size}
        told["cpu"] = cpu()

        def pipe(threads: int) -> float:
            """Seconds of `tarjoman pipe` by itself."""
            cores = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))]
            began = time.monotonic()
            with open(source, "rb") as data:
                subprocess.run([*cores, program, "pipe", "--sentences", "--quiet"], stdin=data, stdout=subprocess.DEVNULL, check=True)
            return time.monotonic() - began

        def ray(workers: int) -> dict:
            out = folder / f"out-{workers}"
            shutil.rmtree(out, ignore_errors=True)
            command = [sys.executable, HERE / "ray_translate.py", source, out, f"--tarjoman={program}", f"--workers={workers}"]
            words = [*command, f"--partition-bytes={size // 4 + 1}", "--local-cpus=2"]
            done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            report = json.loads(done.stdout)
            assert report["rows"] == COPIES and report["workers"] == workers, report
            return {name: report[name] for name in ("seconds", "busy_seconds", "worker_seconds")}

        # In turns; the quickest of each is what is disturbed least.
        told["pipe"], told["ray"] = {"1": [], "2": []}, {"1": [], "2": []}
        for _ in range(ROUNDS):
            for count in (1, 2):
                told["pipe"][str(count)].append(pipe(count))
                told["ray"][str(count)].append(ray(count))

        one = pq.read_table(next((folder / "out-2/data").glob("*.parquet"))).to_pylist()[0]
        tokenizer = Tokenizer.from_file(str(ROOT / "models/fa-en-tiny/tokenizer.json"))
        told["sentences"] = len(one["sentences"])
        # One more each: the end of the sentence is decoded as well.
        told["tokens"] = sum(len(tokenizer.encode(s["target"], add_special_tokens=False).ids) + 1 for s in one["sentences"])
        told["provenance"] = one["provenance"]

        # All but translating: reading, asking, checking, writing.
        line = {"id": 0, "text": article} | {name: one[name] for name in ("translation", "score", "sentences")}
        for sentence in line["sentences"]:
            sentence.pop("more")
        line = json.dumps(line, ensure_ascii=False).encode()
        told["answer_bytes"] = len(line)

        class Idle(worker.Worker):
            def answers(self, texts):
                for text in texts:
                    json.dumps({"id": 0, "text": text}, ensure_ascii=False).encode()
                    yield json.loads(line)

        options = {"field": "text", "id": "id", "prefix": "", "input_format": None, "partition_bytes": 8 << 20}
        options |= {"columns": ["origin", *worker.COLUMNS]}
        big = folder / "big.jsonl"
        big.write_text("".join(lines) * 10, encoding="utf-8")
        [*parts] = rows.plan([str(big)], options, {}).parts
        job = {"output": str(folder / "idle"), "args": options, "provenance": "", "recipe": {}, "retries": 0, "pause": 0}
        began = time.process_time()
        results = [Idle(job).work(part | {"key": "k"}) for part in parts]
        assert all(result["state"] == "done" for result in results), results
        told["idle_cpu_seconds_per_article"] = (time.process_time() - began) / (10 * COPIES)

        began = time.monotonic()
        pipe_ = worker.Pipe([program, "pipe", "--sentences", "--quiet"], 1, 60)
        told["start_seconds"] = time.monotonic() - began
        resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pipe_.process.pid}/status").read_text())
        told["resident_bytes"] = int(resident[1]) * 1024
        pipe_.kill()

        # What a run looks up before it begins.
        output, count = store.Output(str(folder / "journal")), 2000
        os.makedirs(output.done)
        os.makedirs(output.data)
        marker = json.dumps(results[0] | {"bytes": 1}).encode()
        parts = [{"name": f"{number:016x}-{0:012x}", "key": "k"} for number in range(count)]
        for part in parts:
            Path(output.done, f"{part['name']}-k.json").write_bytes(marker)
            Path(output.data_path(part)).write_bytes(b"x")
        began = time.monotonic()
        assert len(output.kept(parts)) == count
        told["marker_seconds"] = (time.monotonic() - began) / count
        told["marker_bytes"] = len(marker)
        return told
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cpu() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return re.sub(r"\s*(\d+-Core )?Processor", "", found[1]) if found else "unknown"


def compared() -> dict[str, float]:
    """Tokens a CPU second of Tarjoman in batches, by shape and beams."""
    found = {}
    for line in (ROOT / "scripts/compare/RESULTS.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 9 and cells[3] == "batches" and cells[4].startswith("Tarjoman"):
            found[f"{cells[1]}, {cells[2]} beams"] = float(cells[8])
    return found


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def days(hours: float) -> str:
    if hours < 1 / 60:
        return f"{number(hours * 3600)} s"
    return f"{number(hours * 60)} min" if hours < 1 else f"{number(hours)} h" if hours < 48 else f"{number(hours / 24)} days"


def page(told: dict, args: argparse.Namespace) -> str:
    articles, tokens = told["articles"], told["tokens"]
    # [slowest, quickest] each
    alone = {n: [articles / max(runs), articles / min(runs)] for n, runs in told["pipe"].items()}
    busy = {n: [run["busy_seconds"] for run in runs] for n, runs in told["ray"].items()}
    busy = {n: [articles / max(seconds), articles / min(seconds)] for n, seconds in busy.items()}
    lines = [
        "# Scale", "", "Written by `scripts/distributed/scale.py`; not edited by hand.", "",
        f"{told['date']}, {told['cpu']}, 2 threads. Shared machine. {told['provenance']}.", "",
        "## Measured", "",
        f"The seed article ({told['sentences']} sentences, {told['text_bytes']:,} bytes, {tokens:,} tokens of the embedded model in its"
        f" translation), {articles} times; the quickest of {len(told['pipe']['1'])} runs in turns (and the slowest). Tokens are those of the translation that is kept; second tries are work and no tokens.", "",
        "| what | articles/s | tokens/s | of `pipe` alone |", "|---|---|---|---|",
    ]  # fmt: skip
    for name, rates in [("`tarjoman pipe` alone, {} thread{}, kept to as many cores", alone), ("`ray_translate.py`, {} worker{}", busy)]:
        for count, (low, high) in rates.items():
            lines.append(
                f"| {name.format(count, 's' * (count != '1'))} | {high:.2f} ({low:.2f}) | {number(high * tokens)} ({number(low * tokens)})"
                f" | {high / alone[count][1]:.0%} |"
            )
    efficiency = min(1.0, busy["2"][1] / alone["2"][1])
    start = min(run["seconds"] - run["busy_seconds"] for run in told["ray"]["2"])
    alone, busy = ({n: rates[1] for n, rates in kind.items()} for kind in (alone, busy))
    idle = told["idle_cpu_seconds_per_article"]
    grown = told["answer_bytes"]
    per_partition = max(1, args.partition_bytes * articles // told["input_bytes"])
    lines += [
        "", f"In 4 partitions of {articles // 4} articles; larger ones wait less for their last sentences. From the first partition's start to the last one's end; Ray itself needed "
        f"{number(start)} s before and after. A process of `pipe` starts and answers in {told['start_seconds']:.2f} s and has"
        f" {told['resident_bytes'] / 1e6:.0f} MB. Reading, asking, checking and writing an article costs a worker {idle * 1000:.1f} ms of a"
        f" core, {idle * alone['1']:.2%} of what its translation costs with the embedded model. Its answer has {number(grown / 1000)} kB,"
        " which Parquet packs (by how much, copies of one article can't tell). Looking up a finished partition takes"
        f" {told['marker_seconds'] * 1000:.2f} ms on a local disk.", "",
        "**No GPU has run this**: there is no number for one, only the formula.", "",
        "## What archives cost", "",
        f"Assumed: articles like the seed article, {told['sentences']} sentences and {tokens:,} tokens. Real archives have many shorter"
        " ones and a few very long: count the bytes of text, and take that many seed articles. Cores are what this machine shows"
        " as such, as fast as its; a core-hour at"
        f" ${args.core_hour:g}, {args.cores} cores a machine. All prices are options of `scale.py`.", "",
        "    core-hours = articles × tokens an article ÷ (tokens a core-second × efficiency) ÷ 3600", "",
        f"Efficiency {efficiency:.0%}: two workers beside `pipe` alone on two cores, above, and no more than 100 %."
        f" That is all that was measured of many at a time: more than 2 workers or one machine is reckoned. Speeds of `base` (the shape of OPUS-MT) are those of decoding"
        " alone in [RESULTS.md](../compare/RESULTS.md), without second tries and checks: what they add for a model depends on how often"
        " it is in doubt. The tokens of its own vocabulary are taken for as many as the embedded model's.", "",
        "| model | tokens a core-second | from | articles | core-hours | cost | 1 machine | 10 | 100 | 1,000 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    speeds = [("embedded, as it comes", alone["1"] * tokens, "above")]
    speeds += [(name, speed, "RESULTS.md") for name, speed in compared().items() if name.startswith("base")]
    for name, speed, origin in speeds:
        for count in (10**6, 10**9):
            hours = count * tokens / (speed * efficiency) / 3600
            times = [days(hours / args.cores / machines) for machines in (1, 10, 100, 1000)]
            cost = f"${number(hours * args.core_hour)}"
            lines.append(f"| {name} | {number(speed)} | {origin} | {count:,} | {number(hours)} | {cost} | {' | '.join(times)} |")
    if args.gpu_tokens:
        lines += ["", f"With GPUs of {number(args.gpu_tokens)} tokens/s (given, not measured here) at ${args.gpu_hour:g} an hour:", ""]
        for count in (10**6, 10**9):
            hours = count * tokens / args.gpu_tokens / 3600
            lines.append(f"* {count:,} articles: {number(hours)} GPU-hours, ${number(hours * args.gpu_hour)}")
    else:
        lines += [
            "", "    GPU-hours = articles × tokens an article ÷ tokens a GPU-second ÷ 3600", "",
            "A GPU pays where its tokens/s are more than the price of its hour over that of a core-hour times a core's tokens/s: at"
            f" ${args.gpu_hour:g} an hour, above {number(args.gpu_hour / args.core_hour * alone['1'] * tokens)} tokens/s with the embedded model."
            " Measure yours with `tarjoman bench`, and give it as `--gpu-tokens`.",
        ]  # fmt: skip
    partitions = 10**9 // per_partition
    slowest = min(speed for _, speed, _ in speeds)
    tail = per_partition * tokens / slowest / 3600
    lines += [
        "", "## Where the bottleneck moves", "",
        "| what | when it is the bottleneck | what to do |", "|---|---|---|",
        "| decoding | nearly always: the table is decoding | greedy search (`--pipe=--beams=1`), a smaller model, more machines |",
        f"| starting a process | partitions shorter than some of its {told['start_seconds']:.2f} s (more for large models, which are"
        " packed once a machine) | processes stay warm from partition to partition; nothing to do |",
        f"| reading and writing | with a model {number(1 / (idle * alone['1']))} times faster than the embedded one, as it may be on a GPU:"
        f" a Python process handles {number(1 / idle)} articles/s | more workers a GPU (`--gpus 0.5`) |",
        "| memory of a machine | a copy of the model for each worker | `--cpus 4`: four threads share one |",
        f"| storage | {number(args.cores * busy['1'])} articles/s a machine of {args.cores} cores read {args.cores * busy['1'] * told['text_bytes'] / 1e6:.1f} MB/s"
        f" and write at most {args.cores * busy['1'] * grown / 1e6:.1f} MB/s with the embedded model: little, until 1,000 machines share it |"
        " object storage in the machines' region; it is asked a few times a partition |",
        f"| small files | a text a file: a request each; 10⁹ of them take {number(10**9 / 5000 / 3600)} h to list at 5,000 names/s (assumed),"
        " each run | pack them as JSON lines or Parquet first |",
        f"| the journal | {number(partitions)} partitions of {args.partition_bytes >> 20} MiB for 10⁹ articles; looked up at"
        f" {number(1 / told['marker_seconds'])} a second on a local disk, {days(partitions * told['marker_seconds'] / 3600)} before a run goes on;"
        " object storage is slower a request, and 32 run at a time | larger `--partition-bytes` |",
        f"| the driver | it holds a description of every partition, about 1 kB (assumed): {number(partitions / 1e6)} GB, and hands out"
        f" {number(1000 * args.cores * busy['1'] / per_partition)} partitions a second to 1,000 machines | larger partitions, or a run for"
        " each part of the archive |",
        "| Ray's object store | never: only descriptions and counts go through it | |",
        f"| the last partition | one takes {days(tail)} with the slowest model of the table; who waits for the last waits for"
        " one of these, and whoever is killed loses as much | smaller `--partition-bytes` for few articles |",
    ]  # fmt: skip
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--measure", metavar="PROGRAM", help="measure with this release build of tarjoman")
    add("--core-hour", type=float, default=0.04, help="price of a core-hour in dollars (0.04, assumed)")
    add("--cores", type=int, default=32, help="cores a machine (32)")
    add("--gpu-hour", type=float, default=3.0, help="price of a GPU-hour in dollars (3, assumed)")
    add("--gpu-tokens", type=float, help="tokens/s of a GPU, measured elsewhere")
    add("--partition-bytes", type=int, default=8 << 20, help="as of the run (8 MiB)")
    add("--print", action="store_true", help="print the page in place of writing it")
    args = parser.parse_args()
    if args.measure:
        told = measure(os.path.abspath(args.measure))
        (HERE / "SCALE.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    text = page(json.loads((HERE / "SCALE.json").read_text(encoding="utf-8")), args)
    if args.print:
        print(text)
    else:
        (HERE / "SCALE.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
