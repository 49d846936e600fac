"""A whole job: what is to be done, doing it with an engine, and what became of it. Owns the command line, resuming, the
report and the exit code. Engines (`ray_translate.py`, `spark_translate.py`) own how work comes to machines.

An engine has `probe(job)`, which starts a worker somewhere and gives its provenance; `run(job, parts)`, which gives
what became of each partition as it ends; and `close()`.
"""

import argparse
import collections
import hashlib
import json
import os
import signal
import sys
import time

import rows
import store
import worker

SCHEMA = "tarjoman.distributed/1"
CODES = """exit codes: 0 done, 2 wrong usage, 3 some rows or partitions failed and are named, 65 there is nothing to translate,
66 an input can't be read, 69 the model or a machine is not there, 70 the model or the engine failed, 73 another run works
on the output, 74 the output can't be written, 75 interrupted (what is written is whole), 78 the model can't be used"""


class Stop(Exception):
    """The job ends with a code and a reason."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code


class Interrupted(BaseException):
    """A signal came. Not an `Exception`, so that nothing on the way takes it for an error of its own."""


def parser(description: str) -> argparse.ArgumentParser:
    ours = argparse.ArgumentParser(
        description=description, epilog=CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = ours.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="a file or folder of Parquet, JSON lines or texts; a path or an address (s3://, gs://, …)")
    add("output", metavar="OUTPUT", help="a folder, likewise; the same again to go on")
    add("--input-format", choices=["parquet", "jsonl", "text"], help="of all files, whatever their names say")
    add("--field", default="text", help="the column or field that holds the Persian text (text)")
    add("--id", default="id", help="the field of JSON lines that becomes the column `id` (id)")
    add("--prefix", default="", help="what the names of our columns begin with, where the input has such already")
    add("--tarjoman", default="tarjoman", help="the program, as it is found on every machine (tarjoman)")
    add("--ship", action="store_true", help="take the program from this machine to all others")
    add("--pipe", action="append", default=[], metavar="ARGUMENT", help="an argument for `tarjoman pipe`, such as --pipe=--model=m2m; repeatable")
    add("--cpus", type=float, default=1, help="cores of a worker (1)")
    add("--gpus", type=float, default=0, help="GPUs of a worker (0: computes on the CPU)")
    add("--workers", type=int, help="at most so many workers (as many as there is room for)")
    add("--partition-bytes", type=int, default=8 << 20, help="about how much text is done, lost and resumed at once (8 MiB)")
    add("--timeout", type=float, default=1800, help="seconds without an answer after which a process counts as hung (1800)")
    add("--retries", type=int, default=2, help="how often anything is tried again (2)")
    add("--retry-failed", action="store_true", help="do partitions with failed rows again")
    add("--prune", action="store_true", help="remove translations of inputs that are no longer there")
    add("--dry-run", action="store_true", help="say what would be done, and write nothing")
    return ours


def check(args: argparse.Namespace):
    for name, least in [("cpus", 0), ("gpus", 0), ("retries", 0), ("partition_bytes", 1), ("timeout", 0.001)]:
        if getattr(args, name) < least:
            raise Stop(2, f"--{name.replace('_', '-')} is below {least}")
    if args.workers is not None and args.workers < 1:
        raise Stop(2, "--workers is below 1")
    if args.gpus > 1 and args.gpus != int(args.gpus):
        raise Stop(2, "--gpus above 1 is a whole number")
    for word in args.pipe:
        if word.split("=")[0] in ("--field", "--sentences", "--shard", "--done", "--quiet"):
            raise Stop(2, f"{word} is not for --pipe: it is set here")
    try:
        fs, out = store.resolve(args.output)
        for uri in args.inputs:
            other, root = store.resolve(uri)
            inside = f"{out}/".startswith(f"{root}/") or f"{root}/".startswith(f"{out}/")
            if fs.type_name == other.type_name and inside:
                raise Stop(2, f"{args.output} and {uri} lie in each other")
    except ValueError as error:
        raise Stop(2, str(error)) from error


def recipe(args: argparse.Namespace, provenance: str) -> dict:
    """All that a translation depends on beside its input."""
    aids = {}
    for word in args.pipe:
        path = word.split("=", 1)[-1]
        if os.path.isfile(path):
            with open(path, "rb") as file:
                aids[word] = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "schema": SCHEMA, "provenance": provenance, "pipe": args.pipe, "files": aids, "field": args.field, "id": args.id,
        "prefix": args.prefix, "device": "gpu" if args.gpus else "cpu",
    }  # fmt: skip


def key(part: dict, recipe_: dict) -> str:
    return rows.hashed([recipe_, part["size"], part["mtime"], part["end"], part.get("files")])


class Progress:
    """A line on stderr now and then."""

    def __init__(self, parts: list[dict], kept: int):
        self.todo, self.kept, self.began, self.last = len(parts), kept, time.monotonic(), 0.0
        self.size = sum(weight(part) for part in parts)
        self.weights = {part["name"]: weight(part) for part in parts}
        self.done = self.rows = self.failed = self.bytes = 0
        self.work = 0.0

    def tell(self, result: dict):
        self.done += result["state"] != "failed"
        self.rows += result.get("rows", 0)
        self.failed += result.get("failed", 0)
        self.bytes += result.get("text_bytes", 0)
        self.work += self.weights.get(result["name"], 0) if result["state"] != "failed" else 0
        now = time.monotonic()
        if result["state"] == "failed":
            print(f"failed: {result['file']} from {result['start']}: {result['error']}", file=sys.stderr, flush=True)
        if now - self.last < 10 and self.done < self.todo:
            return
        self.last, seconds = now, max(now - self.began, 1e-9)
        left = (self.size - self.work) / (self.work / seconds) if self.work else 0
        print(
            f"{self.done} of {self.todo} partitions ({self.kept} were done before), {self.rows:,} rows, "
            f"{self.failed:,} failed, {self.bytes / seconds / 1000:,.1f} kB/s, {left / 60:,.0f} min left",
            file=sys.stderr, flush=True,
        )  # fmt: skip


def weight(part: dict) -> float:
    """How much work a partition is, in bytes of its file or rows."""
    return part["size"] if part["kind"] == "text" or part["end"] < 0 else part["end"] - part["start"]


def run(args: argparse.Namespace, start) -> dict:
    """Does a job. `start(args)` gives the engine. Returns the report."""
    check(args)
    began = time.time()
    output = store.Output(args.output)
    old = output.read_json("job.json") or {}
    options = {"field": args.field, "id": args.id, "prefix": args.prefix, "input_format": args.input_format}
    options |= {"partition_bytes": args.partition_bytes, "columns": ["origin", *worker.COLUMNS]}
    buckets = dict(old.get("text_partitions", {}))
    try:
        plan = rows.plan(args.inputs, options, buckets)
    except OSError as error:
        raise Stop(66, str(error)) from error
    if not plan.parts and not plan.failed:
        reason = f"nothing to translate: {plan.files} files, {len(plan.ignored)} of other kinds (--input-format)"
        raise Stop(65, reason)
    for file, error in plan.failed.items():
        print(f"failed: {file}: {error}", file=sys.stderr)

    job = {
        "output": args.output, "tarjoman": args.tarjoman, "pipe": args.pipe, "cpus": args.cpus, "gpus": args.gpus,
        "timeout": args.timeout, "retries": args.retries, "pause": 0.5, "args": options, "provenance": None,
    }  # fmt: skip
    engine = start(args, job)
    try:
        try:
            job["provenance"] = engine.probe(job)
        except worker.Unusable as error:
            raise Stop(error.code, error.reason) from error
        except Exception as error:
            raise Stop(70, f"no worker starts: {type(error).__name__}: {error}") from error
        job["recipe"] = recipe(args, job["provenance"])
        if args.dry_run:
            return dry_run(args, job, plan, output)
        try:
            with store.Lock(output):
                output.write_json("job.json", {"schema": SCHEMA, "inputs": args.inputs, "text_partitions": buckets})
                return work(args, job, plan, output, engine, began)
        except store.Locked as error:
            raise Stop(73, str(error)) from error
        except OSError as error:
            raise Stop(74, f"{args.output}: {error}") from error
    finally:
        engine.close()


def sort(args, job: dict, plan: rows.Plan, output: store.Output):
    """Partitions to do, those that are done, and names of outputs that are of no partition: of inputs that changed and
    are split otherwise, and of inputs that are gone. Gives every partition its key."""
    journal, names = output.journal(), {part["name"] for part in plan.parts}
    for part in plan.parts:
        part["key"] = key(part, job["recipe"])
        part["old"] = [marker for marker in journal.get(part["name"], []) if part["key"] not in marker]
    kept = output.kept(plan.parts)
    todo = []
    for part in plan.parts:
        marker = kept.get(part["name"])
        if marker is None or (args.retry_failed and marker["failed"]):
            kept.pop(part["name"], None)
            todo.append(part | {"again": marker is not None})
    stray = {info.base_name[5:-8] for info in store.files(output.fs, output.data) if info.base_name.startswith("part-")}
    stray = sorted((stray | journal.keys()) - names)
    # An input whose plan failed now is there all the same: what there is of it stays.
    superseded = [name for name in stray if name.split("-")[0] in plan.inputs - plan.unread]
    gone = [name for name in stray if name.split("-")[0] not in plan.inputs]
    return todo, kept, superseded, gone


def dry_run(args, job, plan, output) -> dict:
    todo, kept, superseded, gone = sort(args, job, plan, output)
    return {
        "schema": SCHEMA, "dry_run": True, "provenance": job["provenance"], "files": plan.files, "bytes": plan.bytes,
        "partitions": len(plan.parts), "kept": len(kept), "to_do": len(todo), "superseded": len(superseded),
        "of_inputs_gone": len(gone), "ignored": len(plan.ignored), "unreadable": plan.failed,
        "code": 3 if plan.failed else 0,
    }  # fmt: skip


def work(args, job, plan, output, engine, began: float) -> dict:
    todo, kept, superseded, gone = sort(args, job, plan, output)
    # Two splits of one file at a time would be rows twice.
    output.discard(superseded)
    if args.prune:
        output.discard(gone)
    elif gone:
        print(f"{len(gone)} partitions in the output are of inputs that are no longer there (--prune)", file=sys.stderr)
    progress, results, left = Progress(todo, len(kept)), {}, {part["name"]: part for part in todo}
    stopped = None
    # The same partition fails on a sick machine and not on the next.
    for attempt in range(args.retries + 1):
        try:
            for result in engine.run(job, list(left.values())):
                results[result["name"]] = result
                if result["state"] != "failed":
                    left.pop(result["name"], None)
                progress.tell(result | {"start": result["name"].rsplit("-", 1)[1]})
        except Interrupted:
            stopped = (75, "interrupted; what is written is whole, and the same command goes on")
        except Exception as error:
            reason = f"the engine failed: {type(error).__name__}: {error}"
            print(reason, file=sys.stderr)
            for name, part in left.items():
                lost = {"name": name, "file": part["file"], "state": "failed", "code": 70}
                results.setdefault(name, lost | {"error": reason})
        again = [name for name in left if results.get(name, {}).get("code") != 66]
        if stopped or not again or attempt == args.retries:
            break
        left = {name: left[name] for name in again}
        print(f"{len(left)} partitions are tried again", file=sys.stderr)
    try:
        told = report(args, job, plan, results, kept, gone, began, stopped)
        output.write_json("report.json", told)
    except Interrupted:
        raise Stop(75, "interrupted") from None
    return told


def report(args, job, plan, results: dict, kept: dict, gone, began: float, stopped) -> dict:
    done = [result for result in results.values() if result["state"] != "failed"]
    failed = [result for result in results.values() if result["state"] == "failed"]
    everything = [*done, *kept.values()]
    total = {
        name: sum(result.get(name, 0) for result in everything)
        for name in ("rows", "failed", "sentences", "doubts", "text_bytes")
    }
    missing = len(plan.parts) - len(done) - len(kept) - len(failed)
    codes = {result.get("code") for result in failed}
    reasons = collections.Counter(error["error"] for result in everything for error in result.get("errors", []))
    whole = not (total["failed"] or failed or plan.failed or missing)
    code = stopped[0] if stopped else 0 if whole else 3
    if not everything and len(codes) == 1 and not stopped:
        code = codes.pop() or code  # nothing at all could be done, for one reason
    seconds = time.time() - began
    spans = [(result["began"], result["ended"]) for result in results.values() if "began" in result]
    busy = max(end for _, end in spans) - min(start for start, _ in spans) if spans else 0.0
    worked = sum(result.get("seconds", 0) for result in done if result["state"] == "done")
    return {
        "schema": SCHEMA, "code": code, "stopped": stopped[1] if stopped else None, "output": args.output,
        "inputs": args.inputs, "provenance": job["provenance"], "options": job["recipe"],
        "partitions": {
            "all": len(plan.parts), "done_now": len(done), "kept": len(kept), "failed": len(failed), "missing": missing,
        },
        **total, "seconds": round(seconds, 1), "busy_seconds": round(busy, 1), "worker_seconds": round(worked, 1),
        "deaths": sum(result.get("deaths", 0) for result in results.values()),
        "workers": len({(result["host"], result["pid"]) for result in results.values() if "pid" in result}),
        "machines": len({result["host"] for result in results.values() if "host" in result}),
        "failed_partitions": [
            {"file": result["file"], "name": result["name"], "error": result["error"]} for result in failed
        ],
        "unreadable": plan.failed, "ignored": plan.ignored[:100], "ignored_files": len(plan.ignored),
        "of_inputs_gone": len(gone), "reasons": dict(reasons.most_common(20)),
        "examples": [error for result in everything for error in result.get("errors", [])][:100],
    }  # fmt: skip


def main(args: argparse.Namespace, start) -> int:
    """Runs a job and says what became of it; gives the exit code."""

    def interrupt(*_):
        # Once: a second signal ends it the hard way.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Interrupted

    def guarded(args, job):
        engine = start(args, job)
        # Engines set handlers of their own when they start.
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)
        return engine

    # Engines and Java print as they like: the report alone is for stdout.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        told = run(args, guarded)
    except Stop as stop:
        print(f"error: {stop}", file=sys.stderr)
        return stop.code
    except (Interrupted, KeyboardInterrupt):
        print("error: interrupted before any work", file=sys.stderr)
        return 75
    short = {name: value for name, value in told.items() if name not in ("examples", "ignored", "options")}
    try:
        print(json.dumps(short, ensure_ascii=False, indent=1), file=out, flush=True)
    except BrokenPipeError:
        pass  # Nobody reads it; it lies in the output as well.
    return told["code"]
