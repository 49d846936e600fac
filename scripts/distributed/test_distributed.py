"""Tests of the distributed run, with the program that cargo built and a tiny model of random weights.

    python test_distributed.py            # Ray and all that is without a cluster
    python test_distributed.py --spark    # Spark as well; needs Java

A cluster of two workers loses a process, a worker and a machine by SIGKILL in mid-run; what it writes is compared with
`tarjoman pipe` run alone.
"""

import argparse
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
import job
import rows
import store
import worker

PROGRAM = os.environ.get("TARJOMAN", str(ROOT / "target/debug/tarjoman"))
MODEL = ROOT / "tests/golden/marian-tiny"
PIPE = [f"--model={MODEL}", "--beams=1", "--max-length=8"]
POISON, SLEEP = "زهر", "خواب"
TEXT = ROOT.joinpath("seeds/article.fa.txt").read_text(encoding="utf-8")
PARAGRAPHS = [line for line in TEXT.splitlines() if line.strip()]

# A program that is killed by one word and hangs at another, answers row by row, not too fast to be killed in mid-run,
# and tells on which device it was to compute. All else is tarjoman's.
STAND_IN = """
    #!{python}
    import json, os, signal, subprocess, sys, time
    words = sys.argv[1:]
    at = words.index("--device")
    with open({log!r}, "a") as log:
        log.write(words[at + 1] + " " + os.environ.get("CUDA_VISIBLE_DEVICES", "") + chr(10))
    words[at + 1] = "cpu"
    child = subprocess.Popen([{program!r}, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for line in sys.stdin.buffer:
        text = json.loads(line)["text"]
        if {poison!r} in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if {sleep!r} in text:
            time.sleep(3600)
        child.stdin.write(line)
        child.stdin.flush()
        answer = child.stdout.readline()
        time.sleep({delay})
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
"""


def stand_in(folder: Path, delay: float) -> Path:
    path = folder / "stand-in"
    values = {"python": sys.executable, "program": PROGRAM, "log": str(folder / "log"), "poison": POISON, "sleep": SLEEP}
    path.write_text(textwrap.dedent(STAND_IN).lstrip().format(**values, delay=delay), encoding="utf-8")
    path.chmod(0o755)
    return path


def text(number: int) -> str:
    first, second = PARAGRAPHS[number % len(PARAGRAPHS)], PARAGRAPHS[(number * 7 + 3) % len(PARAGRAPHS)]
    return f"خبر {number}\n\n{first}\r\n{second}"


def table(first: int, count: int) -> pa.Table:
    """Rows with columns of many types, and a null where a text should be."""
    numbers = range(first, first + count)
    return pa.table({
        "id": pa.array(numbers, pa.int64()),
        "text": [None if number == first + 5 else text(number) for number in numbers],
        "when": pa.array([number * 1_000_000 for number in numbers], pa.timestamp("us", "UTC")),
        "tags": [[str(number), None] if number % 3 else None for number in numbers],
        "deep": [{"a": number, "b": {"c": "ش"}} for number in numbers],
        "price": pa.array([str(number) + ".50" for number in numbers]).cast(pa.decimal128(20, 2)),
    })  # fmt: skip


def alone(texts: list[str]) -> list[dict]:
    """What `tarjoman pipe` says when it runs by itself."""
    lines = "".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(texts))
    command = [PROGRAM, "pipe", "--sentences", "--quiet", "--device", "cpu", *PIPE]
    done = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(out: Path) -> dict[tuple[str, int], dict]:
    """All rows of a data set by where they come from; fails where one is there twice."""
    found = {}
    for path in sorted((out / "data").glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            origin = (os.path.basename(row["origin"]["file"]), row["origin"]["row"])
            assert origin not in found, f"{origin} is there twice"
            found[origin] = row
    return found


def corpus(folder: Path) -> dict[tuple[str, int], tuple[str | None, str | None]]:
    """Inputs of all kinds; gives each row's text, and what its error says."""
    folder.mkdir()
    rows = {}
    first = table(0, 60)
    pq.write_table(first, folder / "a.parquet", row_group_size=25)
    for number, text_ in enumerate(first["text"].to_pylist()):
        rows["a.parquet", number] = (text_, "null" if text_ is None else None)
    offset = 0
    with open(folder / "b.jsonl", "wb") as file:
        for number in range(60):
            line = json.dumps({"id": f"ش{number}", "text": text(100 + number), "n": number}, ensure_ascii=False).encode()
            problem = None
            if number == 7:
                line, problem = b'{"id": 7, "text": "' + b"\xd8\xb3\xff", "not UTF-8"
            elif number == 20:
                line, problem = b"", "blank"
            elif number == 33:
                line, problem = json.dumps({"id": 33, "text": f"سلام. {POISON}"}).encode(), "SIGKILL"
            elif number == 45:
                line, problem = b'{"id": 1.50, "text": 12}', "no text"
            rows["b.jsonl", offset] = (None if problem else text(100 + number), problem)
            offset += file.write(line + b"\n")
    (folder / "texts").mkdir()
    for number in range(30):
        (folder / f"texts/{number}.txt").write_bytes(text(200 + number).encode())
        rows[f"{number}.txt", 0] = (text(200 + number), None)
    (folder / "texts/empty.txt").write_bytes(b"")
    rows["empty.txt", 0] = ("", None)
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return rows


class Here:
    """An engine without a cluster: one worker, in this process."""

    done: list[str] = []

    def __init__(self, args, job_):
        self.worker = None

    def probe(self, job_) -> str:
        try:
            return worker.Worker(job_).warm().provenance
        finally:
            Here.done = []

    def run(self, job_, parts):
        self.worker = self.worker or worker.Worker(job_ | {"pause": 0.01})
        for part in parts:
            result = self.worker.work(json.loads(json.dumps(part)))
            Here.done.append(result["name"])
            yield result

    def close(self):
        if self.worker:
            self.worker.close()


def here(*words) -> dict:
    """Runs a job in this process; gives its report."""
    words = [str(word) for word in words]
    if not any(word.startswith("--pipe=--model") for word in words):
        words += [f"--pipe={word}" for word in PIPE]
    if not any(word.startswith("--tarjoman") for word in words):
        words.append(f"--tarjoman={PROGRAM}")
    return job.run(job.parser("").parse_args(words), Here)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tj-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def same(self, out: Path, wanted: dict):
        """Every row is there once, in all that is not an error equal to the program alone."""
        found = written(out)
        self.assertEqual(found.keys(), wanted.keys())
        good = [origin for origin, (_, problem) in wanted.items() if problem is None]
        for origin, answer in zip(good, alone([wanted[origin][0] for origin in good])):
            row = found[origin]
            self.assertEqual((row["text"], row["error"]), (wanted[origin][0], None), origin)
            for name in ("translation", "provenance"):
                self.assertEqual(row[name], answer[name])
            if answer["score"] is not None:
                self.assertAlmostEqual(row["score"], answer["score"], places=5)
            self.assertEqual(len(row["sentences"]), len(answer["sentences"]))
            doubts = 0
            for ours, theirs in zip(row["sentences"], answer["sentences"]):
                self.assertEqual((ours["span"], ours["source"], ours["target"]), tuple(theirs[name] for name in ("span", "source", "target")))
                self.assertEqual([issue["message"] for issue in ours["issues"]], [issue["message"] for issue in theirs["issues"]])
                doubts += sum(issue.get("severity") != "note" for issue in theirs["issues"])
            self.assertEqual(row["doubts"], doubts)
        for origin, (_, problem) in wanted.items():
            if problem:
                self.assertIn(problem, found[origin]["error"])
                self.assertIsNone(found[origin]["translation"])


class Reading(Case):
    def test_lines_are_in_one_partition_each_however_a_file_is_split(self):
        data = b"a\r\n\n" + b"x" * 40 + b"\nlast" + b"\n\n" + "پایان".encode()
        whole = list(rows.lines(pa.py_buffer(data) and pa.BufferReader(data), 0, -1))
        self.assertEqual([line for _, line in whole], [b"a", b"", b"x" * 40, b"last", b"", "پایان".encode()])
        for step in range(1, len(data) + 2):
            parts = []
            for start in range(0, len(data), step):
                reader = pa.BufferReader(data)
                reader.seek(max(0, start - 1))
                parts += list(rows.lines(reader, start, min(start + step, len(data))))
            self.assertEqual(parts, whole, step)

    def test_a_line_without_end_does_not_fill_the_memory(self):
        data = b'{"text":"a"}\n' + b"y" * (rows.LONGEST_LINE + (3 << 20)) + b"\nz\n" + b"w" * (rows.LONGEST_LINE + 5)
        lines = list(rows.lines(pa.BufferReader(data), 0, -1))
        self.assertEqual([line for _, line in lines], [b'{"text":"a"}', None, b"z", None])
        for offset, line in lines:
            self.assertEqual(data[offset : offset + 1], line[:1] if line else data[offset : offset + 1])

    def test_what_can_t_be_read_is_a_row_with_its_reason(self):
        for line, id_, reason in [
            (b"[4]", None, "no JSON object"), (b"[" * 100_000, None, "no JSON object"), (b"{", None, "no JSON object"),
            (b'{"id":3}', "3", "no field"), (b'{"id":1.50,"text":null}', '"1.50"', "no text"),
            (b'{"id":"x","text":"\\ud800"}', "x", "no character"), (b'{"text":1e999}', None, "no text"),
        ]:  # fmt: skip
            text_, found, problem = rows.parse(line, "text", "id")
            self.assertIsNone(text_)
            self.assertIn(reason, problem, line)
            self.assertEqual((found or "").strip('"'), (id_ or "").strip('"'))
        self.assertEqual(rows.parse(b'\xef\xbb\xbf{"id":12345678901234567890123,"text":"\\u0633"}', "text", "id")[0], "س")

    def test_text_of_a_column_that_is_not_utf_8_is_told_and_the_others_are_read(self):
        raw = pa.chunked_array([pa.array([b"a", b"\xff", None]).view(pa.string())])
        texts, problems = rows.strings(raw)
        self.assertEqual(texts, ["a", None, None])
        self.assertEqual([problem and problem[:11] for problem in problems], [None, "the text is", "the text is"])

    def test_gpus_of_a_worker_are_numbered_from_0(self):
        self.assertEqual([worker.device(gpus) for gpus in (0, 0.5, 1, 3)], ["cpu", "cuda:0", "cuda:0", "cuda:0,1,2"])


class Jobs(Case):
    def test_every_row_is_written_once_with_all_its_columns_and_a_second_run_does_nothing(self):
        wanted = corpus(self.folder / "in")
        out = self.folder / "out"
        script = stand_in(self.folder, 0)
        words = [self.folder / "in", out, f"--tarjoman={script}", "--partition-bytes=15000"]
        told = here(*words)
        self.assertEqual((told["code"], told["rows"], told["failed"], told["ignored_files"]), (3, 151, 5, 1), told)
        self.assertGreater(told["partitions"]["all"], 8)
        self.same(out, wanted)
        source = pq.read_table(self.folder / "in/a.parquet")
        back = pa.concat_tables(pq.read_table(path) for path in sorted((out / "data").glob("*.parquet")) if "deep" in pq.read_schema(path).names)
        self.assertEqual(back.select(source.column_names).sort_by("id"), source)
        # Another program reads it as one data set.
        of_table = [str(path) for path in (out / "data").glob("*.parquet") if "deep" not in pq.read_schema(path).names]
        self.assertEqual(pyarrow.dataset.dataset(of_table).to_table(columns=["id", "translation"]).num_rows, 91)
        before = {path: path.read_bytes() for path in (out / "data").iterdir()}
        told = here(*words)
        self.assertEqual((told["code"], told["partitions"]["done_now"], Here.done), (3, 0, []))
        self.assertEqual((told["rows"], told["failed"]), (151, 5))
        markers = [json.loads(path.read_bytes()) for path in (out / "_tarjoman/done").iterdir()]
        told = here(*words, "--retry-failed")
        self.assertEqual(told["partitions"]["done_now"], sum(marker["failed"] > 0 for marker in markers))
        self.assertEqual(before, {path: path.read_bytes() for path in (out / "data").iterdir()})
        self.assertFalse(list((out / "_tarjoman/tmp").iterdir()))

    def test_what_changed_is_done_again_and_nothing_else(self):
        source, out = self.folder / "in", self.folder / "out"
        source.mkdir()
        pq.write_table(table(0, 12), source / "a.parquet")
        lines = [json.dumps({"id": number, "text": text(number)}) + "\n" for number in range(12)]
        (source / "b.jsonl").write_text("".join(lines), encoding="utf-8")
        with gzip.open(source / "c.jsonl.gz", "wt") as file:
            file.write("".join(lines[:3]))
        for number in range(8):
            (source / f"{number}.txt").write_text(text(number), encoding="utf-8")
        words = [source, out, "--partition-bytes=4000"]
        first = here(*words)
        self.assertEqual((first["code"], first["rows"], first["failed"]), (3, 35, 1))
        # An output that somebody deleted.
        victim = sorted((out / "data").iterdir())[0]
        victim.unlink()
        here(*words)
        self.assertEqual(Here.done, [victim.name[5:-8]])
        # A shorter file is split otherwise: nothing of the longer one is left.
        (source / "b.jsonl").write_text("".join(lines[:2]), encoding="utf-8")
        told = here(*words)
        self.assertEqual(told["rows"], 25)
        self.assertEqual(len(written(out)), 25)
        # A new text makes its own partition anew, not all.
        (source / "new.txt").write_text("سلام", encoding="utf-8")
        told = here(*words)
        self.assertEqual((told["rows"], len(written(out)), len(Here.done)), (26, 26, 1))
        # What is gone stays until it is to go.
        (source / "c.jsonl.gz").unlink()
        told = here(*words)
        self.assertEqual((Here.done, told["of_inputs_gone"], len(written(out))), ([], 1, 26))
        here(*words, "--prune")
        self.assertEqual(len(written(out)), 23)
        # Another model or other options: all.
        told = here(*words, "--pipe=--no-checks")
        self.assertEqual(told["partitions"]["done_now"], told["partitions"]["all"])
        self.assertEqual(len(written(out)), 23)
        dry = here(*words, "--dry-run")
        self.assertEqual((dry["to_do"], dry["kept"]), (dry["partitions"], 0))

    def test_a_row_that_kills_and_a_row_that_hangs_cost_themselves_only(self):
        source = self.folder / "in.jsonl"
        texts = [text(number) for number in range(40)]
        texts[11], texts[12], texts[30] = POISON, f"{POISON} {POISON}", SLEEP
        source.write_text("".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(texts)))
        told = here(source, self.folder / "out", f"--tarjoman={stand_in(self.folder, 0)}", "--timeout=1.5", "--retries=1")
        self.assertEqual((told["code"], told["rows"], told["failed"]), (3, 40, 3))
        found = sorted(written(self.folder / "out").items())
        errors = {at: row["error"] for at, (_, row) in enumerate(found) if row["error"]}
        self.assertEqual(list(errors), [11, 12, 30])
        self.assertIn("SIGKILL", errors[11])
        self.assertIn("no answer", errors[30])
        self.assertEqual([row["id"] for _, row in found], [str(number) for number in range(40)])

    def test_broken_inputs_are_named_and_stop_nothing(self):
        source, out = self.folder / "in", self.folder / "out"
        source.mkdir()
        pq.write_table(table(0, 3), source / "good.parquet")
        (source / "cut.parquet").write_bytes((source / "good.parquet").read_bytes()[:-50])
        pq.write_table(pa.table({"text": [1, 2]}), source / "numbers.parquet")
        pq.write_table(pa.table({"text": ["a"], "score": [1.0]}), source / "ours.parquet")
        pq.write_table(table(0, 3).slice(0, 0), source / "nothing.parquet")
        packed = gzip.compress(json.dumps({"text": text(1)}).encode() * 200)
        (source / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
        told = here(source, out, "--retries=0")
        self.assertEqual(told["code"], 3)
        self.assertEqual({os.path.basename(path) for path in told["unreadable"]}, {"cut.parquet", "numbers.parquet", "ours.parquet"})
        self.assertEqual([os.path.basename(part["file"]) for part in told["failed_partitions"]], ["cut.jsonl.gz"], told)
        self.assertEqual(len(written(out)), 3)
        (source / "cut.parquet").unlink()
        (source / "cut.jsonl.gz").unlink()
        (source / "numbers.parquet").unlink()
        told = here(source, out, "--prefix=en_")
        self.assertEqual((told["code"], told["rows"], told["failed"]), (0, 4, 0))

    def test_what_is_wrong_with_everything_ends_at_once_with_the_code_of_tarjoman(self):
        source, out = self.folder / "in.txt", self.folder / "out"
        source.write_text("سلام", encoding="utf-8")
        for code, words in [
            (78, [source, out, "--pipe=--model=/nonexistent/model"]), (2, [source, out, "--pipe=--no-such-option"]),
            (69, [source, out, "--tarjoman=/nonexistent/program"]), (66, [self.folder / "nothing", out]),
            (65, [ROOT / "models/fa-en-tiny", out]), (2, [self.folder, out]), (2, [source, out, "--pipe=--field=x"]),
        ]:  # fmt: skip
            with self.assertRaises(job.Stop, msg=words) as stop:
                here(*words, "--retries=0")
            self.assertEqual(stop.exception.code, code, (words, str(stop.exception)))
        self.assertFalse(out.exists())

    def test_two_runs_do_not_work_on_one_output_and_a_dead_one_is_followed(self):
        output = store.Output(str(self.folder / "out"))
        dead = subprocess.Popen(["true"])
        dead.wait()
        holder = {"id": "x", "host": os.uname().nodename, "pid": dead.pid}
        output.write_json("lock.json", holder)
        with store.Lock(output):
            pass
        output.write_json("lock.json", holder | {"host": "another"})
        with self.assertRaises(store.Locked):
            store.Lock(output).__enter__()
        old = time.time() - 2 * store.STALE
        os.utime(self.folder / "out/_tarjoman/lock.json", (old, old))
        with store.Lock(output):
            self.assertEqual(output.read_json("lock.json")["pid"], os.getpid())
        self.assertIsNone(output.read_json("lock.json"))

    def test_a_machine_with_another_model_writes_nothing(self):
        options = {"output": str(self.folder), "tarjoman": PROGRAM, "pipe": PIPE, "cpus": 1, "gpus": 0, "timeout": 60, "retries": 0}
        told = worker.Worker(options | {"pause": 0.01, "provenance": "another"}).work({"name": "a-0", "key": "k", "file": "f"})
        self.assertEqual(told["state"], "failed")


def processes(script: Path) -> list[int]:
    """Processes that a script of Python runs in."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:2] == [str(script).encode()]:
            found.append(int(pid))
    return found


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


class OnRay(Case):
    def start(self, *words) -> subprocess.Popen:
        command = [sys.executable, HERE / "ray_translate.py", *words, *(f"--pipe={word}" for word in PIPE)]
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        return subprocess.Popen([str(word) for word in command], env=environment, stdout=subprocess.PIPE, text=True)

    def end(self, driver: subprocess.Popen) -> dict:
        told = driver.communicate(timeout=240)[0]
        self.assertTrue(told, f"the driver ended with {driver.returncode}")
        return json.loads(told)

    def wait_for(self, what, seconds=120):
        until = time.monotonic() + seconds
        while not (found := what()):
            self.assertLess(time.monotonic(), until, "it does not come")
            time.sleep(0.1)
        return found

    def test_a_cluster_that_loses_a_process_a_worker_a_driver_and_a_machine_loses_no_row(self):
        # Its sockets want a short path, and its logs are to go with it.
        temporary = tempfile.mkdtemp(prefix="tj", dir="/tmp")
        self.addCleanup(shutil.rmtree, temporary, ignore_errors=True)
        os.environ |= {"RAY_TMPDIR": temporary, "RAY_USAGE_STATS_ENABLED": "0"}
        os.mkdir(f"{temporary}/ray")
        from ray.cluster_utils import Cluster

        small = {"object_store_memory": 80 << 20, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=small | {"num_cpus": 0})
        self.addCleanup(cluster.shutdown)
        small = {"object_store_memory": 80 << 20}
        cluster.add_node(num_cpus=1, num_gpus=2, **small)
        lost = cluster.add_node(num_cpus=1, **small)
        wanted = corpus(self.folder / "in")
        out, script = self.folder / "out", stand_in(self.folder, 0.1)
        words = [self.folder / "in", out, f"--address={cluster.address}", f"--tarjoman={script}", "--partition-bytes=6000"]

        def done():
            return len(list((out / "_tarjoman/done").glob("*.json"))) if out.exists() else 0

        def at_work():
            return processes(script)

        driver = self.start(*words)
        self.wait_for(lambda: done() >= 2)
        driver.kill()
        driver.communicate()
        before = done()
        driver = self.start(*words)
        self.wait_for(lambda: done() > before and len(at_work()) == 2)
        os.kill(at_work()[0], signal.SIGKILL)
        before = done()
        victim = self.wait_for(lambda: done() > before and len(at_work()) == 2 and at_work())[0]
        os.kill(parent(victim), signal.SIGKILL)
        before = done()
        self.wait_for(lambda: done() > before)
        cluster.remove_node(lost, allow_graceful=False)
        self.assertIsNone(driver.poll(), "it ended before the machine was lost")
        told = self.end(driver)
        self.assertEqual((driver.returncode, told["rows"], told["failed"]), (3, 151, 5), told)
        self.assertEqual(told["partitions"]["missing"], 0)
        self.assertGreater(told["partitions"]["kept"], 0)
        self.assertGreaterEqual(told["workers"], 2)
        self.same(out, wanted)

        # Once more, with a GPU that is none, on the machine that is left.
        one = self.folder / "one.txt"
        one.write_text(text(1), encoding="utf-8")
        words[:2] = [one, self.folder / "gpu"]
        driver = self.start(*words, "--gpus=1", "--ship")
        told = self.end(driver)
        self.assertEqual((driver.returncode, told["rows"], told["failed"]), (0, 1, 0), told)
        self.assertRegex((self.folder / "log").read_text().splitlines()[-1], r"^cuda:0 [01]$")


class OnSpark(Case):
    def test_spark_writes_what_the_program_alone_writes(self):
        wanted = corpus(self.folder / "in")
        out, script = self.folder / "out", stand_in(self.folder, 0.02)
        words = [self.folder / "in", out, f"--tarjoman={script}", "--partition-bytes=6000", "--master=local-cluster[2,1,1024]"]
        command = [sys.executable, HERE / "spark_translate.py", *words, *(f"--pipe={word}" for word in PIPE)]
        driver = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        until = time.monotonic() + 120
        while not (running := processes(script)[-1:]) or len(list((out / "_tarjoman").glob("done/*"))) < 3:
            self.assertLess(time.monotonic(), until)
            self.assertIsNone(driver.poll())
            time.sleep(0.1)
        os.kill(running[0], signal.SIGKILL)
        told = json.loads(driver.communicate(timeout=240)[0])
        self.assertEqual((driver.returncode, told["rows"], told["failed"]), (3, 151, 5), told)
        self.same(out, wanted)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--spark", action="store_true", help="test Spark as well")
    words.add_argument("tests", nargs="*", help="classes or tests, such as Jobs or OnRay")
    given = words.parse_args()
    if not os.path.exists(PROGRAM):
        sys.exit(f"there is no {PROGRAM}: run `cargo build`, or name one with TARJOMAN")
    tests = given.tests or ["Reading", "Jobs", "OnRay", *(["OnSpark"] if given.spark else [])]
    unittest.main(argv=[sys.argv[0], *tests, "--verbose"])
