"""A warm `tarjoman pipe` and what it does with a partition. Owns the process: its start, its death, its silence, and
the search for the row that kills it. The same for every engine; runs in one process of a cluster.
"""

import collections
import io
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

import rows
import store

PROBE = "سلام."
# Codes of tarjoman that a second try does not change: usage, and what is wrong with the model.
FINAL = (2, 78)
SPAN = pa.list_(pa.int32())
ISSUE = pa.struct(
    [("code", pa.string()), ("severity", pa.string()), ("message", pa.string())]
    + [("source_span", SPAN), ("target_span", SPAN)]
)
SENTENCE = pa.struct(
    [("span", SPAN), ("source", pa.string()), ("target", pa.string()), ("score", pa.float32())]
    + [("issues", pa.list_(ISSUE)), ("more", pa.string())]
)
COLUMNS = {
    "translation": pa.large_string(), "score": pa.float32(), "doubts": pa.int32(), "sentences": pa.large_list(SENTENCE),
    "error": pa.string(), "provenance": pa.string(),
}  # fmt: skip
KNOWN = {"span", "source", "target", "score", "issues"}
KNOWN_OF_ISSUE = {"code", "severity", "message", "source_span", "target_span"}


class Dead(Exception):
    """The process ended, fell silent, or said what can't be: its rows are to be sent again."""


class Unusable(Exception):
    """No process can be started here; `code` as tarjoman's."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code, self.reason = code, reason


class Pipe:
    """A process that answers rows in order.

    * `threads`: on how many cores it computes
    * `timeout`: seconds without an answer after which it is taken for hung
    """

    def __init__(self, command: Sequence[str], threads: int, timeout: float):
        self.timeout, self.number, self.sent = timeout, 0, 0
        self.errors: collections.deque[str] = collections.deque(maxlen=20)
        own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        narrow = bool(own) and threads < len(own)
        try:
            # It takes as many threads as it may use cores when it starts, so for that while it may use few.
            if narrow:
                os.sched_setaffinity(0, sorted(own)[:threads])
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise Unusable(69, f"{command[0]} can't be started: {error}") from error
        finally:
            if narrow:
                os.sched_setaffinity(0, own)
        # Bounded, so that answers wait in the pipe and not here.
        self.answers: queue.Queue[bytes] = queue.Queue(256)
        for work in (self._read, self._listen):
            threading.Thread(target=work, daemon=True).start()
        try:
            answer = next(iter(self.exchange([PROBE])))
        except Dead as death:
            self.kill()
            code = self.process.returncode
            raise Unusable(code if code in (2, 65, 66, 69, 70, 74, 78) else 70, str(death)) from death
        self.provenance = answer.get("provenance")
        if "error" in answer:
            self.kill()
            raise Unusable(70, f"{command[0]} can't translate {PROBE!r}: {answer['error']}")
        if narrow:
            self._widen(own)
        if not self.provenance:
            self.kill()
            raise Unusable(78, f"{command[0]} does not say what it is: it is too old")

    def _widen(self, cores: set[int]):
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                os.sched_setaffinity(int(thread), cores)
            except OSError:
                pass  # It has ended.

    def _read(self):
        with self.process.stdout as stream:
            for line in stream:
                self.answers.put(line)
        self.answers.put(b"")

    def _listen(self):
        with self.process.stderr as stream:
            for line in stream:
                self.errors.append(line.decode("utf-8", "replace").rstrip())

    def _write(self, texts: Sequence[str], first: int):
        try:
            for at, text in enumerate(texts):
                self.process.stdin.write(json.dumps({"id": first + at, "text": text}, ensure_ascii=False).encode() + b"\n")
                self.process.stdin.flush()
                self.sent += 1
        except (OSError, ValueError):
            pass  # Its death is seen where answers are read.

    def exchange(self, texts: Sequence[str]) -> Iterator[dict]:
        """The answer to each text, in order. Raises `Dead` in place of the first that does not come."""
        first = self.number
        self.number += len(texts)
        self.sent = 0
        threading.Thread(target=self._write, args=(texts, first), daemon=True).start()
        for at in range(len(texts)):
            try:
                line = self.answers.get(timeout=self.timeout)
            except queue.Empty:
                raise Dead(f"it gave no answer for {self.timeout:.0f} s") from None
            if not line:
                raise Dead(self._death())
            try:
                answer = json.loads(line)
                whole = answer.get("id") == first + at and ("error" in answer or "translation" in answer)
            except (ValueError, AttributeError):
                whole = False
            if not whole:
                raise Dead(f"it answered out of turn: {line[:200]!r}")
            yield answer

    def _death(self) -> str:
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        time.sleep(0.1)  # for the last words on stderr
        words = "; ".join(word for word in self.errors if word.strip())[-600:]
        try:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        except ValueError:
            how = f"was killed by signal {-code}"
        return f"tarjoman {how}{': ' + words if words else ''}"

    def kill(self):
        try:
            # With what it started itself, where it is a script around the program.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        try:
            self.process.stdin.close()
        except OSError:
            pass  # What was not written is not wanted.


def device(gpus: float) -> str:
    """Engines make a worker's GPUs the only ones that it sees (CUDA_VISIBLE_DEVICES), so they are numbered from 0."""
    return "cuda:" + ",".join(str(gpu) for gpu in range(max(1, int(gpus)))) if gpus else "cpu"


def command(job: dict) -> list[str]:
    own = [] if any(word.split("=")[0] == "--device" for word in job["pipe"]) else ["--device", device(job["gpus"])]
    return [job["tarjoman"], "pipe", "--sentences", "--quiet", *own, *job["pipe"]]


class Worker:
    """Does partitions, one after another, with one warm process.

    `job`: `output`, `tarjoman`, `pipe` (further arguments), `cpus`, `gpus`, `timeout`, `retries`, `provenance` (what
    every worker must have, or nothing), `pause` (seconds before a first retry) and `args` of `rows`.
    """

    def __init__(self, job: dict):
        self.job, self.pipe = job, None
        self.deaths = 0

    def warm(self) -> Pipe:
        """The process; started where there is none."""
        if self.pipe and self.pipe.process.poll() is not None:
            self.close()
        wait = self.job["pause"]
        for attempt in range(self.job["retries"] + 1):
            if self.pipe:
                return self.pipe
            try:
                pipe = Pipe(command(self.job), max(1, int(self.job["cpus"])), self.job["timeout"])
            except Unusable as error:
                # A machine that can't work must not eat the partitions that others could do: it is slow to fail.
                if error.code in FINAL or attempt == self.job["retries"]:
                    raise
                time.sleep(wait)
                wait *= 4
                continue
            expected = self.job.get("provenance")
            if expected and pipe.provenance != expected:
                pipe.kill()
                reason = f"{socket.gethostname()} has another program or model: {pipe.provenance!r}, not {expected!r}"
                raise Unusable(78, reason)
            self.pipe = pipe
        return self.pipe

    def close(self):
        if self.pipe:
            self.pipe.kill()
            self.pipe = None

    def answers(self, texts: Sequence[str]) -> Iterator[dict]:
        """An answer to each text. Where the process dies, what it had not answered is sent again; where it dies again
        and again without an answer, in ever smaller groups, until one row is alone: that one gets an error."""
        at, limit, deaths, retries = 0, len(texts), 0, self.job["retries"]
        suspects = 0  # rows before this one may be what kills
        while at < len(texts):
            before, chunk = at, texts[at : at + limit]
            try:
                pipe = self.warm()
                for answer in pipe.exchange(chunk):
                    yield answer
                    at += 1
            except Dead as death:
                self.deaths += 1
                # At least one row is in flight, whatever was said of it.
                in_flight = max(1, min(pipe.sent, len(chunk)) - (at - before))
                self.close()
                deaths = 1 if at > before else deaths + 1
                suspects = max(suspects, at + in_flight)
                if deaths > (retries if limit == 1 or limit == len(texts) else 0):
                    if limit == 1:
                        times = "time" if deaths == 1 else "times"
                        yield {"error": f"{death} ({deaths} {times}, with this row alone)", "killed": True}
                        at, suspects, deaths = at + 1, at + 1, 0
                    else:
                        limit, deaths = max(1, min(limit, in_flight) // 2), 0
                time.sleep(min(30.0, self.job["pause"] * 2 ** min(deaths, 5)))
            else:
                deaths = 0
                if at >= suspects:
                    limit = min(len(texts), limit * 2)

    def work(self, part: dict) -> dict:
        """Does a partition, unless it is done. Tells what became of it: `state` is `done`, `kept` or `failed`."""
        began, pause = time.time(), self.job["pause"]
        told = {"name": part["name"], "file": part["file"], "host": socket.gethostname(), "pid": os.getpid()}
        for attempt in range(self.job["retries"] + 1):
            deaths = self.deaths
            try:
                output = store.Output(self.job["output"])
                if (marker := output.marker(part)) and not part.get("again"):
                    return told | marker | {"state": "kept", "error": None}
                marker = self.translate(part, output)
                began = {"began": began, "ended": time.time()}
                return told | marker | began | {"state": "done", "error": None}
            except Unusable as error:
                told |= {"error": error.reason, "code": error.code}
                break
            except rows.Unreadable as error:
                told |= {"error": str(error), "code": 66}
                break
            except (OSError, pa.ArrowException, MemoryError) as error:
                # Storage that is away comes back.
                told |= {"error": f"{type(error).__name__}: {error}", "code": 74}
            except Exception as error:
                told |= {"error": f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}", "code": 70}
                self.close()
            told["deaths"] = told.get("deaths", 0) + self.deaths - deaths
            if attempt < self.job["retries"]:
                time.sleep(pause)
                pause *= 4
        return told | {"state": "failed", "began": began, "ended": time.time()}

    def translate(self, part: dict, output: store.Output) -> dict:
        began, deaths = time.time(), self.deaths
        table, texts, problems = rows.read(part, self.job["args"])
        good = [text for text, problem in zip(texts, problems) if problem is None]
        answers = self.answers(good)
        columns: dict[str, list] = {name: [] for name in COLUMNS}
        for text, problem in zip(texts, problems):
            answer = {"error": problem} if problem is not None else aligned(text, next(answers))
            for name, value in record(answer, self.job["provenance"]).items():
                columns[name].append(value)
        if next(answers, None) is not None:
            raise AssertionError("there are more answers than rows")
        for name, values in columns.items():
            table = table.append_column(self.job["args"]["prefix"] + name, pa.array(values, COLUMNS[name]))
        errors = [(at, error) for at, error in enumerate(columns["error"]) if error is not None]
        origins = table[self.job["args"]["prefix"] + "origin"]
        marker = {
            "partition": {key: part[key] for key in ("kind", "file", "path", "size", "mtime", "start", "end")},
            "key": part["key"], "provenance": self.job["provenance"], "options": self.job["recipe"],
            "rows": len(table), "failed": len(errors), "deaths": self.deaths - deaths,
            "sentences": sum(map(len, columns["sentences"])), "doubts": sum(columns["doubts"]),
            "text_bytes": sum(len(text.encode()) for text in good), "seconds": round(time.time() - began, 3),
            "errors": [origins[at].as_py() | {"error": error[:500]} for at, error in errors[:20]],
        }  # fmt: skip
        sink = io.BytesIO()
        # Not the seconds: what was translated again is the same to the byte.
        told = {key: marker[key] for key in ("partition", "key", "provenance", "options", "rows", "failed")}
        metadata = (table.schema.metadata or {}) | {b"tarjoman": json.dumps(told, ensure_ascii=False).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
        data = sink.getvalue()
        if pq.read_metadata(io.BytesIO(data)).num_rows != len(texts):
            raise AssertionError("the Parquet has not the rows of the partition")
        marker["bytes"] = len(data)
        output.finish(part, data, marker)
        return marker


def aligned(text: str, answer: dict) -> dict:
    """The answer, once every sentence is seen to stand in the text where it says; else an error."""
    source = text.encode()
    for sentence in answer.get("sentences") or []:
        start, end = sentence["span"]
        if source[start:end] != sentence["source"].encode():
            return {"error": f"sentence {sentence['source'][:40]!r} does not stand at {start} to {end} in the text"}
    return answer


def record(answer: dict, provenance: str) -> dict:
    """The values of our columns."""
    if "error" in answer:
        return dict.fromkeys(COLUMNS) | {"error": answer["error"], "sentences": [], "doubts": 0, "provenance": provenance}
    sentences = []
    for sentence in answer["sentences"]:
        issues = [{"severity": "doubt"} | issue for issue in sentence["issues"]]
        more = {key: value for key, value in sentence.items() if key not in KNOWN}
        if any(issue.keys() - KNOWN_OF_ISSUE for issue in sentence["issues"]):
            more["issues"] = sentence["issues"]
        sentences.append(sentence | {"issues": issues, "more": json.dumps(more, ensure_ascii=False) if more else None})
    doubts = sum(issue["severity"] != "note" for sentence in sentences for issue in sentence["issues"])
    return {
        "translation": answer["translation"], "score": answer["score"], "doubts": doubts, "sentences": sentences,
        "error": None, "provenance": provenance,
    }  # fmt: skip
