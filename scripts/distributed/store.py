"""Files of a job, on a disk or in object storage. Owns writing that is whole or not there, the journal of finished
partitions, and the lock. Knows nothing of what is in the files.

An output folder has

    data/part-INPUT-START.parquet              one file a partition; this folder is the data set
    _tarjoman/done/INPUT-START-KEY.json        written last: the partition is done, from this input, with these options
    _tarjoman/job.json, lock.json, report.json, tmp/

INPUT is a hash of the input's path, START where the partition begins in it, KEY a hash of all that its translation
depends on. What is to be done again loses its marker first, so that no marker ever stands beside older data.
"""

import json
import os
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyarrow.fs

HEARTBEAT = 15.0  # seconds between signs of life in the lock
STALE = 90.0  # seconds without one, after which whoever held it is taken for dead


def resolve(uri: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The file system and the path in it: of a path of this machine, of what pyarrow knows (s3, gs, abfs, hdfs, file),
    and of all that fsspec knows beside it, with its package installed."""
    if "://" not in uri:
        return pyarrow.fs.LocalFileSystem(), os.path.abspath(uri)
    try:
        fs, path = pyarrow.fs.FileSystem.from_uri(uri)
    except (pyarrow.ArrowInvalid, NotImplementedError) as error:
        try:
            import fsspec

            inner, path = fsspec.core.url_to_fs(uri)
        except ImportError:
            raise ValueError(f"{uri}: {error}; other addresses need `pip install fsspec` and their package") from error
        fs = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(inner))
    return fs, path.rstrip("/")


def write(fs: pyarrow.fs.FileSystem, temporary: str, path: str, data: bytes):
    """Writes a file that appears whole at `path`, over an older one, or not at all.

    An object would appear whole by itself, but pyarrow finishes an upload also when an error ends it early: so
    everywhere the file is written under another name, its size is checked, and it is moved."""
    name = f"{temporary}/{uuid.uuid4().hex}"
    fs.create_dir(temporary, recursive=True)
    fs.create_dir(path.rsplit("/", 1)[0], recursive=True)
    try:
        if isinstance(fs, pyarrow.fs.LocalFileSystem):
            with open(name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
            folder = os.open(os.path.dirname(path), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            return
        with fs.open_output_stream(name) as stream:
            stream.write(data)
        if fs.get_file_info(name).size != len(data):
            raise OSError(f"{name} has not the size that was written")
        try:
            fs.move(name, path)
        except OSError:
            # HDFS moves over nothing.
            fs.delete_file(path)
            fs.move(name, path)
    except BaseException:
        try:
            fs.delete_file(name)
        except OSError:
            pass
        raise


def read(fs: pyarrow.fs.FileSystem, path: str) -> bytes:
    with fs.open_input_stream(path, compression=None) as stream:
        return stream.read()


def files(fs: pyarrow.fs.FileSystem, folder: str) -> list[pyarrow.fs.FileInfo]:
    """All files below a folder; none where it is not there."""
    found = fs.get_file_info(pyarrow.fs.FileSelector(folder, recursive=True, allow_not_found=True))
    return [info for info in found if info.is_file]


def remove(fs: pyarrow.fs.FileSystem, path: str):
    if fs.get_file_info(path).type != pyarrow.fs.FileType.NotFound:
        fs.delete_file(path)


class Output:
    """The output folder of a job."""

    def __init__(self, uri: str):
        self.uri = uri
        self.fs, self.path = resolve(uri)
        self.data, self.own = f"{self.path}/data", f"{self.path}/_tarjoman"
        self.done, self.temporary = f"{self.own}/done", f"{self.own}/tmp"

    def write(self, path: str, data: bytes):
        write(self.fs, self.temporary, path, data)

    def write_json(self, name: str, value):
        self.write(f"{self.own}/{name}", json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")

    def read_json(self, name: str):
        """What is in a file of `_tarjoman`; nothing where it is not there or damaged."""
        try:
            return json.loads(read(self.fs, f"{self.own}/{name}"))
        except (OSError, ValueError):
            return None

    def data_path(self, part: dict) -> str:
        return f"{self.data}/part-{part['name']}.parquet"

    def marker(self, part: dict):
        """The marker of a partition as it is to be done; nothing where there is none or its data is not there."""
        marker = self.read_json(f"done/{part['name']}-{part['key']}.json")
        whole = marker and self.fs.get_file_info(self.data_path(part)).size == marker["bytes"]
        return marker if whole else None

    def finish(self, part: dict, data: bytes, marker: dict):
        """Puts the data of a partition in place, and its marker. `part["old"]`: names of markers that are to go."""
        for old in part.get("old", []):
            remove(self.fs, f"{self.done}/{old}")
        path = self.data_path(part)
        if self.fs.get_file_info(path).is_file:
            remove(self.fs, f"{self.done}/{part['name']}-{part['key']}.json")
        self.write(path, data)
        self.write_json(f"done/{part['name']}-{part['key']}.json", marker)

    def journal(self) -> dict[str, list[str]]:
        """Names of markers of each partition that has any."""
        names: dict[str, list[str]] = {}
        for info in files(self.fs, self.done):
            if info.base_name.endswith(".json"):
                names.setdefault(info.base_name.rsplit("-", 1)[0], []).append(info.base_name)
        return names

    def kept(self, parts: list[dict]) -> dict[str, dict]:
        """The markers of those partitions that are done and whose data is there, by name."""
        names = self.journal()
        sizes = {info.base_name: info.size for info in files(self.fs, self.data)}
        wanted = [part for part in parts if f"{part['name']}-{part['key']}.json" in names.get(part["name"], [])]

        def look(part: dict):
            marker = self.read_json(f"done/{part['name']}-{part['key']}.json")
            return marker if marker and sizes.get(f"part-{part['name']}.parquet") == marker.get("bytes") else None

        with ThreadPoolExecutor(32) as pool:
            markers = pool.map(look, wanted)
            return {part["name"]: marker for part, marker in zip(wanted, markers) if marker}

    def discard(self, names: list[str]):
        """Removes partitions: markers first, then data."""
        journal = self.journal()
        for name in names:
            for marker in journal.get(name, []):
                remove(self.fs, f"{self.done}/{marker}")
            remove(self.fs, f"{self.data}/part-{name}.parquet")


class Locked(Exception):
    """Another run works on the output."""


class Lock:
    """A file with a heartbeat, so that two runs don't work on one output. Whoever was killed is followed at once on
    the same machine, and elsewhere after `STALE` seconds."""

    def __init__(self, output: Output):
        self.output, self.id, self.ended = output, uuid.uuid4().hex, threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def _write(self):
        self.output.write_json("lock.json", {"id": self.id, "host": socket.gethostname(), "pid": os.getpid()})

    def _beat(self):
        while not self.ended.wait(HEARTBEAT):
            try:
                self._write()
            except OSError:
                pass  # Storage that is away for a moment ends nothing; away for long, the work itself fails.

    def __enter__(self):
        fs, own = self.output.fs, self.output.own
        holder = self.output.read_json("lock.json")
        if holder and not self._dead(holder):
            # Both times are the storage's, whatever the clocks of machines say.
            self.output.write(f"{own}/tmp/now-{self.id}", b"now")
            now, then = fs.get_file_info([f"{own}/tmp/now-{self.id}", f"{own}/lock.json"])
            remove(fs, now.path)
            age = (now.mtime_ns - then.mtime_ns) / 1e9 if now.mtime_ns and then.mtime_ns else 0.0
            if age < STALE:
                raise Locked(
                    f"another run works on {self.output.uri} (process {holder.get('pid')} on {holder.get('host')}, "
                    f"{age:.0f} s ago); if it is dead, wait {STALE:.0f} s or delete _tarjoman/lock.json"
                )
        self._write()
        if (self.output.read_json("lock.json") or {}).get("id") != self.id:
            raise Locked(f"another run began to work on {self.output.uri} just now")
        self.thread.start()
        return self

    @staticmethod
    def _dead(holder: dict) -> bool:
        if holder.get("host") != socket.gethostname():
            return False
        try:
            os.kill(int(holder["pid"]), 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError, KeyError):
            return False
        return int(holder["pid"]) == os.getpid()

    def __exit__(self, *_):
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()
        try:
            if (self.output.read_json("lock.json") or {}).get("id") == self.id:
                remove(self.output.fs, f"{self.output.own}/lock.json")
        except OSError:
            pass
