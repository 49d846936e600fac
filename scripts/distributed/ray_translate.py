"""Translates archives of Persian on a cluster with Ray Data: Parquet, JSON lines or texts in, Parquet out.

    python ray_translate.py INPUT.. OUTPUT                       # all cores of this machine
    python ray_translate.py INPUT.. OUTPUT --address auto        # the cluster that this machine belongs to

Run again, whatever happened, it does only what is missing. README.md beside this says what is written.
"""

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
os.environ.setdefault("RAY_DISABLE_IMPORT_WARNING", "1")

import ray
import ray.cloudpickle

import job
import rows
import store
import worker

# More blocks make the driver busy, not the work finer.
MOST_BLOCKS = 20_000


class Remote:
    """What Ray runs in a process of its own on some machine: a row is a partition."""

    def __init__(self, job_: dict, program):
        if program is not None:
            job_ = job_ | {"tarjoman": unpack(ray.get(program[0]))}
        # The process starts with the first partition: what fails then is told, and doesn't end the pool.
        self.worker = worker.Worker(job_)

    def __call__(self, row: dict) -> dict:
        return {"result": json.dumps(self.worker.work(json.loads(row["part"])), ensure_ascii=False)}

    def probe(self) -> tuple[str | None, int, str]:
        try:
            return self.worker.warm().provenance, 0, ""
        except worker.Unusable as error:
            return None, error.code, error.reason
        finally:
            self.worker.close()


def unpack(program: bytes) -> str:
    """The program as a file of this machine; one for all workers."""
    folder = os.path.join(tempfile.gettempdir(), f"tarjoman-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, hashlib.sha256(program).hexdigest()[:16])
    if not os.path.exists(path):
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(program)
        os.chmod(file.name, 0o700)
        os.replace(file.name, path)
    return path


class Engine:
    """Ray, on a cluster or on this machine alone."""

    def __init__(self, args: argparse.Namespace, job_: dict):
        self.args, self.folder = args, None
        # Other machines have not this folder.
        for module in (store, rows, worker):
            ray.cloudpickle.register_pickle_by_value(module)
        quiet = {"log_to_driver": False, "logging_level": "error", "configure_logging": True}
        address = args.address or os.environ.get("RAY_ADDRESS")
        try:
            if address and address != "local":
                ray.init(address=address, **quiet)
            else:
                # Sessions leave their logs behind; sockets want a short path.
                self.folder = tempfile.mkdtemp(prefix="tj", dir="/tmp" if os.path.isdir("/tmp") else None)
                # Only descriptions of partitions go through the object store.
                alone = {"include_dashboard": False, "object_store_memory": 80 << 20, "_temp_dir": self.folder}
                ray.init(address="local", num_cpus=args.local_cpus, **alone, **quiet)
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            self.close()
            raise job.Stop(69, f"Ray does not start: {error}") from error
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # Results are small: no memory need be kept free for them, or few tasks run at a time.
        context.target_max_block_size = 1 << 20
        context.retried_io_errors = []
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        self.program = self.ship(job_["tarjoman"]) if args.ship else None

    @staticmethod
    def ship(program: str):
        path = shutil.which(program)
        if path is None:
            raise job.Stop(69, f"there is no {program} here to be taken along")
        with open(path, "rb") as file:
            # In a list, or Ray would put the program itself in its place.
            return [ray.put(file.read())]

    def room(self) -> int:
        """How many workers the machines of now have room for."""
        each, count = {"CPU": self.args.cpus, "GPU": self.args.gpus}, 0
        for node in ray.nodes():
            if node["Alive"]:
                has = node["Resources"]
                count += min((int(has.get(kind, 0) / n + 1e-9) for kind, n in each.items() if n), default=1)
        return count

    def probe(self, job_: dict) -> str:
        """Waits for a machine with room for a worker, and asks what it has."""
        actor = ray.remote(Remote).options(num_cpus=self.args.cpus, num_gpus=self.args.gpus, max_restarts=2, max_task_retries=2)
        actor = actor.remote(job_, self.program)
        try:
            provenance, code, reason = ray.get(actor.probe.remote(), timeout=job_["timeout"] + self.args.wait)
        except ray.exceptions.GetTimeoutError:
            wants = f"{self.args.cpus:g} cores and {self.args.gpus:g} GPUs"
            raise worker.Unusable(69, f"no machine had {wants} for a worker in time; there are: {ray.cluster_resources()}") from None
        except ray.exceptions.RayError as error:
            raise worker.Unusable(70, f"a worker died when it started: {error}") from error
        finally:
            ray.kill(actor)
        if provenance is None:
            raise worker.Unusable(code, reason)
        return provenance

    def run(self, job_: dict, parts: list[dict]) -> Iterator[dict]:
        if not parts:
            return
        # Large ones first: the last to end decides when all is done.
        parts = sorted(parts, key=job.weight, reverse=True) if parts[0]["kind"] == "text" else parts
        data = ray.data.from_items(
            [{"part": json.dumps(part)} for part in parts], override_num_blocks=min(len(parts), MOST_BLOCKS)
        )
        room = max(1, self.room())
        most = min(self.args.workers or room, len(parts))
        # One task in flight each: what a worker holds in advance, an idle one can't take.
        pool = ray.data.ActorPoolStrategy(min_size=min(room, most), max_size=most, max_tasks_in_flight_per_actor=1)
        done = data.map(
            Remote, compute=pool, fn_constructor_args=(job_, self.program), num_cpus=self.args.cpus, num_gpus=self.args.gpus
        )
        for row in done.iter_rows():
            yield json.loads(row["result"])

    def close(self):
        ray.shutdown()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    parser = job.parser(__doc__)
    parser.add_argument("--address", help="a Ray cluster, such as auto or 10.0.0.1:6379 (RAY_ADDRESS, or else this machine alone)")
    parser.add_argument("--local-cpus", type=int, help="cores of this machine to use where it is alone (all)")
    parser.add_argument("--wait", type=float, default=300, help="seconds to wait for a machine with room for a worker (300)")
    return job.main(parser.parse_args(), Engine)


if __name__ == "__main__":
    sys.exit(main())
