"""Translates archives of Persian on a cluster with Spark: as ray_translate.py, with the same output, journal and report.

    python spark_translate.py INPUT.. OUTPUT                             # all cores of this machine
    spark-submit --master yarn .. spark_translate.py INPUT.. OUTPUT      # a cluster, in client mode

Needs Java. How many tasks run at a time is for Spark to say (`spark.executor.cores`, `spark.cores.max`).
"""

import argparse
import json
import os
import queue
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from pyspark import AccumulatorParam, InheritableThread, SparkFiles, TaskContext
from pyspark.sql import SparkSession

import job

MOST_TASKS = 20_000


def warm(job_: dict):
    """The worker of this Python process; Spark uses processes again for the tasks to come."""
    import worker  # of this process, where its state outlives a task

    resources = TaskContext.get().resources()
    gpus = ",".join(resources["gpu"].addresses) if "gpu" in resources else None
    state = json.dumps([job_, gpus])
    held = getattr(worker, "held", None)
    if held is None or held[0] != state:
        if held is not None:
            held[1].close()
        if gpus is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = gpus
        if job_["shipped"]:
            path = SparkFiles.get(job_["shipped"])
            os.chmod(path, 0o700)
            job_ = job_ | {"tarjoman": path}
        worker.held = held = (state, worker.Worker(job_))
    return held[1]


def probe(job_: dict) -> tuple[str | None, int, str]:
    import worker

    try:
        return warm(job_).warm().provenance, 0, ""
    except worker.Unusable as error:
        return None, error.code, error.reason


class Results(AccumulatorParam):
    """What tasks tell when they end."""

    def zero(self, value):
        return []

    def addInPlace(self, value1, value2):
        value1.extend(value2)
        return value1


class Engine:
    """Spark, on a cluster or on this machine alone."""

    def __init__(self, args: argparse.Namespace, job_: dict):
        if args.workers:
            raise job.Stop(2, "--workers is not for Spark: give spark.cores.max to spark-submit, or --master local[N]")
        builder = SparkSession.builder.appName("tarjoman").config("spark.task.cpus", max(1, int(args.cpus)))
        builder = builder.config("spark.task.maxFailures", 4 + args.retries).config("spark.ui.showConsoleProgress", "false")
        if args.master:
            builder = builder.master(args.master)
        if args.gpus:
            builder = builder.config("spark.task.resource.gpu.amount", args.gpus)
        if (args.master or "local").startswith("local") and "PYSPARK_GATEWAY_PORT" not in os.environ:
            # Or Spark takes another Python of this machine, without pyarrow. On clusters it is for spark-submit to say.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        try:
            self.spark = builder.getOrCreate()
        except Exception as error:  # of py4j and of Java, which have nothing in common
            raise job.Stop(69, f"Spark does not start: {error}") from error
        self.context = self.spark.sparkContext
        self.context.setLogLevel("ERROR")
        for module in ("store.py", "rows.py", "worker.py"):
            self.context.addPyFile(str(Path(__file__).resolve().parent / module))
        job_["shipped"] = None
        if args.ship:
            path = shutil.which(args.tarjoman)
            if path is None:
                raise job.Stop(69, f"there is no {args.tarjoman} here to be taken along")
            self.context.addFile(path)
            job_["shipped"] = os.path.basename(path)

    def probe(self, job_: dict) -> str:
        import worker

        [(provenance, code, reason)] = self.context.parallelize([job_], 1).map(probe).collect()
        if provenance is None:
            raise worker.Unusable(code, reason)
        return provenance

    def run(self, job_: dict, parts: list[dict]) -> Iterator[dict]:
        if not parts:
            return
        told, ended = self.context.accumulator([], Results()), queue.Queue()

        def one(part: str):
            told.add([json.dumps(warm(job_).work(json.loads(part)), ensure_ascii=False)])

        def everything():
            try:
                tasks = self.context.parallelize([json.dumps(part) for part in parts], min(len(parts), MOST_TASKS))
                tasks.foreach(one)
                ended.put(None)
            except Exception as error:
                ended.put(error)

        InheritableThread(target=everything, daemon=True).start()
        seen, over = 0, False
        while not over:
            try:
                error, over = ended.get(timeout=1), True
            except queue.Empty:
                error = None
            results = list(told.value)
            yield from map(json.loads, results[seen:])
            seen = len(results)
            if error is not None:
                raise error

    def close(self):
        self.spark.stop()


def main() -> int:
    parser = job.parser(__doc__)
    parser.add_argument("--master", help="where Spark runs, such as local[4] or spark://host:7077 (as spark-submit says)")
    return job.main(parser.parse_args(), Engine)


if __name__ == "__main__":
    sys.exit(main())
