"""Stress of `tarjoman batch`: broken files, kill -9, full and read-only disks, throughput, memory.

    python scripts/stress/batch.py PROGRAM WORK [--model MODEL] [--only broken,kills,disk,speed,memory,reading]

Needs nothing but Python, and root with Linux for `disk` (it mounts small file systems below WORK). Prints a line a
fact, and ends with 1 when one is not as it must be. `memory` draws WORK/memory.svg. With `--results` what was run takes
its place in RESULTS.md beside this script, and the drawing lies there too.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

SENTENCES = [
    "دولت دیروز گزارش تازه‌ای درباره وضع اقتصاد کشور منتشر کرد.",
    "رئیس‌جمهور گفت که مذاکرات با همسایگان ادامه خواهد داشت.",
    "نمایندگان مجلس پس از چند ساعت بحث به این طرح رأی دادند.",
    "وزیر خارجه روز سه‌شنبه با همتای روسی خود دیدار کرد.",
    "کارشناسان می‌گویند قیمت نفت در ماه آینده بالا می‌رود.",
    "زلزله‌ای به بزرگی ۵.۲ ریشتر استان کرمان را لرزاند.",
]
failed = False
told: list[str] = []


def tell(ok: bool, text: str):
    global failed
    failed |= not ok
    told.append(("ok: " if ok else "**failed**: ") + text)
    print(("ok      " if ok else "FAILED  ") + text, flush=True)


def article(number: int) -> str:
    dice = random.Random(number)
    paragraphs = [" ".join(dice.choices(SENTENCES, k=dice.randint(1, 4))) for _ in range(dice.randint(1, 4))]
    return f"خبر شماره {number}\n\n" + "\n\n".join(paragraphs) + "\n"


def generate(folder: Path, count: int):
    for number in range(count):
        path = folder / str(number % 50) / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(number), encoding="utf-8")


def broken(folder: Path, count: int) -> set[str]:
    """Adds `count` things that can't be translated, of every kind in turn; gives their names."""
    good = article(1).encode()
    wide = article(1).encode("utf-16")
    contents = {
        "empty": b"", "blank": b" \n\t\r\n", "bom": b"\xef\xbb\xbf", "cp1256": "سلام علیكم".replace("ی", "ي").encode("cp1256"),
        "cut": good[:-12], "invalid": good + b"\xff\xfe", "surrogate": good + b"\xed\xa0\x80", "utf16": wide,
        "utf32": article(1).encode("utf-32"), "nul": good + b"\0", "zeros": bytes(4096), "elf": b"\x7fELF\2\1\1\0",
        "png": b"\x89PNG\r\n\x1a\n\0", "pdf": b"%PDF-1.7\n\xe2\xe3", "gzip": b"\x1f\x8b\x08\0\0", "zip": b"PK\x03\x04\x14\0",
        "latin1": "café".encode("latin-1"), "overlong": good + b"\xc0\xaf",
    }
    if contents["cut"].decode("utf-8", "ignore").encode() == contents["cut"]:
        contents["cut"] += b"\xd8"
    kinds = [*contents, "dangling", "loop", "pipe", "deep"] + (["unreadable"] if os.geteuid() else [])
    names = set()
    for number in range(count):
        kind = kinds[number % len(kinds)]
        name = f"{number % 50}/broken-{kind}-{number}.txt"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "dangling":
            path.symlink_to("nowhere")
        elif kind == "loop":
            path.symlink_to(path.name)
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "unreadable":
            path.write_bytes(good)
            path.chmod(0)
        elif kind == "deep":
            # Deeper than a path may be long; made and later removed step by step.
            here = os.getcwd()
            os.chdir(path.parent)
            for step in range(20):
                os.makedirs(f"deep-{number}" if step == 0 else "d" * 250, exist_ok=True)
                os.chdir(f"deep-{number}" if step == 0 else "d" * 250)
            Path("x.txt").write_bytes(good)
            os.chdir(here)
            name = f"{number % 50}/deep-{number}"
        else:
            path.write_bytes(contents[kind])
        names.add(name)
    (folder / "a-folder.txt").mkdir(exist_ok=True)
    (folder / "to-itself").unlink(missing_ok=True)
    (folder / "to-itself").symlink_to(folder)
    return names


class Runner:
    def __init__(self, args):
        self.args = args

    def command(self, source: Path, out: Path, *more: str) -> list[str]:
        command = [str(self.args.program), "batch", str(source), str(out), "--format", self.args.format, "--quiet", *more]
        return command + (["--model", self.args.model] if self.args.model else []) + self.args.option

    def run(self, source: Path, out: Path, *more: str, code: int = 0) -> tuple[float, str]:
        start = time.monotonic()
        done = subprocess.run(self.command(source, out, *more), capture_output=True, text=True)
        if done.returncode != code:
            tell(False, f"exit code {done.returncode} instead of {code}: {done.stderr[-500:]}")
        return time.monotonic() - start, done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".tarjoman" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def report(out: Path) -> dict:
    return json.loads((out / ".tarjoman/report.json").read_text(encoding="utf-8"))


def fresh(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    return path


def check_broken(run: Runner, work: Path):
    source, out = fresh(work / "broken"), fresh(work / "broken-out")
    count = run.args.files
    generate(source, count - count // 100)
    names = broken(source, count // 100)
    seconds, _ = run.run(source, out, code=3)
    told = report(out)
    named = {row["file"] for row in told["list"] if row["state"] == "failed"}
    # A path that is too long is named where it becomes so.
    missing = {name for name in names if not any(other.startswith(name) for other in named)}
    extra = {other for other in named if not any(other.startswith(name) for name in names)}
    tell(not missing and not extra, f"{len(names)} broken files named (missing {missing}, extra {extra})")
    outputs = len(tree(out))
    tell(outputs == count - count // 100, f"{outputs} outputs of {count - count // 100} good files, {seconds:.0f} s")
    if not os.geteuid():
        print("skipped unreadable permissions: root reads everything")


def check_kills(run: Runner, work: Path):
    source, whole, out = fresh(work / "kills"), fresh(work / "kills-whole"), fresh(work / "kills-out")
    generate(source, run.args.files // 5)
    # So large that it is done in parts; mostly white space, which costs no time.
    pieces = [article(n) + " \n" * 100_000 for n in range(max(run.args.files // 5, 50))]
    (source / "large.txt").write_text("\n\n".join(pieces), encoding="utf-8")
    seconds, _ = run.run(source, whole)
    expected = tree(whole)
    dice, kills, torn = random.Random(1), 0, 0
    while kills < run.args.kills:
        process = subprocess.Popen(run.command(source, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Moments all over the run, the start of the program among them.
        time.sleep(dice.random() * min(seconds, max(seconds / 20, 2)))
        if process.poll() is not None:
            shutil.rmtree(out)
            continue
        process.kill()
        process.wait()
        kills += 1
        torn += sum(expected.get(name) != content for name, content in tree(out).items())
    run.run(source, out)
    journal = (out / ".tarjoman/journal.jsonl").read_text(encoding="utf-8").splitlines()
    done = [row["file"] for row in map(json.loads, journal) if row["state"] == "done"]
    same = tree(out) == expected
    parts = sum(json.loads(line)["state"] == "part" for line in journal)
    tell(parts > 0, f"the large file was done in {parts} parts")
    tell(not torn and same, f"{kills} kills, --format {run.args.format}: outputs identical to an undisturbed run ({same}), {torn} torn in between")
    tell(len(done) == len(set(done)) == len(expected), f"{len(done)} files done, {len(done) - len(set(done))} twice")


def check_disk(run: Runner, work: Path):
    if os.geteuid() or not sys.platform.startswith("linux"):
        print("skipped full and read-only disks: needs root on Linux")
        return
    source, whole, disk = fresh(work / "disk"), fresh(work / "disk-whole"), work / "disk-mount"
    generate(source, 600)
    run.run(source, whole)
    expected = tree(whole)
    disk.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk]).returncode:
        print("skipped full and read-only disks: can't mount")
        return
    try:
        _, words = run.run(source, disk / "out", code=74)
        some = tree(disk / "out")
        tell(0 < len(some) < 600 and all(expected[n] == c for n, c in some.items()), f"full disk: {len(some)} whole files, exit code 74: {said(words, disk)}")
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        run.run(source, disk / "out")
        tell(tree(disk / "out") == expected, "with room again the rest was done")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        _, words = run.run(source, disk / "out", code=74)
        tell("ead-only" in words, f"read-only output, exit code 74: {said(words, disk)}")
    finally:
        subprocess.run(["umount", disk])


def said(words: str, disk: Path) -> str:
    return "`" + words.strip().splitlines()[0].replace(str(disk), "OUTPUT") + "`" if words.strip() else "nothing"


def check_speed(run: Runner, work: Path):
    small, large = fresh(work / "small"), fresh(work / "large")
    generate(small, run.args.files)
    large.mkdir()
    texts = [article(number) for number in range(run.args.files)]
    (large / "all.txt").write_text("\n\n".join(texts), encoding="utf-8")
    times = {small: [], large: []}
    for _ in range(run.args.rounds):
        for source, seconds in times.items():
            seconds.append(run.run(source, fresh(work / "speed-out"))[0])
    one, many = statistics.median(times[large]), statistics.median(times[small])
    words = sum(len(text.split()) for text in texts)
    tell(many < one * 1.1, f"{run.args.files} files {many:.1f} s, one file {one:.1f} s: {many / one:.3f} ({words} words, medians of {run.args.rounds}: {rounded(times[small])} and {rounded(times[large])})")


def rounded(times: list[float]) -> str:
    return ", ".join(f"{seconds:.1f}" for seconds in times)


def large_text(path: Path, megabytes: int):
    paragraph = "\n\n".join(article(number) for number in range(200)).encode()
    with path.open("wb") as file:
        while file.tell() < megabytes << 20:
            file.write(paragraph + b"\n\n")


def watched(command: list[str], seconds: float, pause: float) -> list[tuple[float, float]]:
    """Runs a command for at most so long; gives seconds and megabytes of resident memory."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start, samples = time.monotonic(), []
    while process.poll() is None and time.monotonic() - start < seconds:
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            break
        samples.append((time.monotonic() - start, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
        time.sleep(pause)
    process.terminate()
    process.wait()
    return samples


def check_reading(run: Runner, work: Path):
    """A large text is read to its end, and nothing is translated."""
    source, out = fresh(work / "reading"), fresh(work / "reading-out")
    source.mkdir()
    large_text(source / "large.txt", run.args.megabytes)
    samples = watched(run.command(source, out, "--dry-run"), run.args.seconds, 0.02)
    most, size = max(memory for _, memory in samples), (source / "large.txt").stat().st_size / 1e6
    tell(most < size / 4, f"a text of {size:.0f} MB read in {samples[-1][0]:.1f} s with at most {most:.0f} MB, the model's among them")
    shutil.rmtree(source)


def check_memory(run: Runner, work: Path):
    source, out = fresh(work / "memory"), fresh(work / "memory-out")
    source.mkdir()
    # In the alphabet small files come first (their folders have numbers), then the large one.
    generate(source, run.args.files)
    large_text(source / "large.txt", run.args.megabytes)
    samples = watched(run.command(source, out), run.args.seconds, 0.5)
    lines = (json.loads(line) for line in (out / ".tarjoman/journal.jsonl").open(encoding="utf-8"))
    records = list(lines)
    done = sum(record["state"] == "done" and record["file"] != "large.txt" for record in records)
    part = [record for record in records if record["file"] == "large.txt"]
    far = 0 if not part else run.args.megabytes if part[-1]["state"] == "done" else part[-1]["source"] / 2**20
    svg(work / "memory.svg", samples)
    warm = [memory for seconds, memory in samples if seconds > samples[-1][0] / 4]
    half = len(warm) // 2
    first, last = statistics.mean(warm[:half]), statistics.mean(warm[half:])
    tell(last < first * 1.1, f"memory {first:.0f} MB, later {last:.0f} MB, most {max(m for _, m in samples):.0f} MB over {samples[-1][0]:.0f} s, in which {done} small files and {far:.1f} MiB of a text of {run.args.megabytes} MiB were done")


def svg(path: Path, samples: list[tuple[float, float]]):
    width, height, end, top = 800, 300, samples[-1][0] or 1, max(memory for _, memory in samples) * 1.1
    points = " ".join(f"{60 + s / end * (width - 80):.1f},{height - 40 - m / top * (height - 60):.1f}" for s, m in samples)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="white"/><polyline points="{points}" fill="none" stroke="#06c"/>'
        f'<path d="M60 20V{height - 40}H{width - 20}" fill="none" stroke="black"/>'
        f'<text x="4" y="24">{top:.0f} MB</text><text x="40" y="{height - 40}">0</text>'
        f'<text x="{width - 70}" y="{height - 20}">{end:.0f} s</text><text x="300" y="{height - 8}">resident memory of a batch</text></svg>\n',
        encoding="utf-8",
    )


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB"


def keep(name: str, arguments: list[str]):
    """Puts what was told into RESULTS.md, in the place of what an earlier run told of the same."""
    path = Path(__file__).parent / "RESULTS.md"
    head = "# Stress of `tarjoman batch`\n\nWritten by `scripts/stress/batch.py --results`.\n"
    before = path.read_text(encoding="utf-8").split("\n## ")[1:] if path.exists() else []
    sections = {section.split("\n")[0]: section for section in before}
    facts = "\n".join(f"- {fact}" for fact in told)
    command = " ".join(["python scripts/stress/batch.py PROGRAM WORK", *arguments])
    picture = "\n![resident memory over time](memory.svg)\n" if name.startswith("memory") else ""
    sections[name] = f"{name}\n\n    {command}\n\n{machine()}.\n\n{facts}\n{picture}"
    path.write_text(head + "".join(f"\n## {section.rstrip()}\n" for _, section in sorted(sections.items())), encoding="utf-8")
    told.clear()


def main():
    checks = {"broken": check_broken, "kills": check_kills, "disk": check_disk, "speed": check_speed, "memory": check_memory, "reading": check_reading}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", help="default: the program's own")
    parser.add_argument("--option", action="append", default=[], help="passed on, e.g. --option=--beams=1")
    parser.add_argument("--format", default="text", help="of the outputs")
    parser.add_argument("--results", action="store_true", help="write RESULTS.md beside this script")
    parser.add_argument("--only", default=",".join(checks))
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--seconds", type=float, default=1800)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for name in args.only.split(","):
        print(f"-- {name}", flush=True)
        checks[name](Runner(args), args.work.resolve())
        if args.results:
            others = [argument for argument in sys.argv[3:] if argument != "--results"]
            keep(name if args.format == "text" else f"{name}, {args.format}", others)
            if name == "memory":
                shutil.copy(args.work / "memory.svg", Path(__file__).parent / "memory.svg")
    sys.exit(failed)


if __name__ == "__main__":
    main()
