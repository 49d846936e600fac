"""What is translated: partitions of the input, and their rows. Owns splitting and reading; a row that can't be read is
a row with its reason.

A partition is a dictionary, as it travels to workers: `name`, `key`, `kind`, `file` (its address, for people), `uri`,
`path`, `size`, `mtime`, `start` and `end`: rows of a Parquet file, bytes of JSON lines (lines that begin there), or for
`text` the number of the partition, whose `files` are `[path, size, mtime]`, an article each.
"""

import hashlib
import json
import posixpath
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

import store

LONGEST_LINE = 16 << 20  # bytes; what `tarjoman pipe` reads of a row
BLOCK = 1 << 20
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4", ".br")
ORIGIN = pa.struct([("file", pa.string()), ("row", pa.int64())])


class Unreadable(Exception):
    """An input that is not what its name says, or changed while it was read: to try again helps nothing."""


def hashed(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def kind(path: str) -> str | None:
    """What a file holds, by its name."""
    name = path.lower()
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    return "text" if path.lower().endswith((".txt", ".text")) else None


def mtime(info: pyarrow.fs.FileInfo) -> int:
    return info.mtime_ns or 0


class Plan:
    """Inputs as partitions."""

    def __init__(self):
        self.parts: list[dict] = []
        self.failed: dict[str, str] = {}  # inputs that can't be read, with their reasons
        self.ignored: list[str] = []  # files of other kinds
        self.inputs: set[str] = set()  # INPUT of every file that is there
        self.unread: set[str] = set()  # and of those that can't be read
        self.files = 0
        self.bytes = 0


def plan(uris: list[str], args: dict, buckets: dict[str, int]) -> Plan:
    """Splits inputs into partitions without keys.

    * `args`: `input_format` or None, `field`, `partition_bytes` (of text, about)
    * `buckets`: how many partitions the texts of a root have, from an earlier run; what is new is added. A text stays in
      its partition however many come in: so new ones make none but their own partitions anew.
    """
    planned, seen, tables = Plan(), set(), []
    for uri in uris:
        fs, root = store.resolve(uri)
        info = fs.get_file_info(root)
        if info.type == pyarrow.fs.FileType.NotFound:
            raise FileNotFoundError(f"there is no {uri}")
        texts = []
        found = [info] if info.is_file else sorted(store.files(fs, root), key=lambda info: info.path)
        for file in found:
            relative = posixpath.relpath(file.path, root)
            if info.type == pyarrow.fs.FileType.Directory and any(part[0] in "._" for part in relative.split("/")):
                continue
            if (fs.type_name, file.path) in seen:
                continue
            seen.add((fs.type_name, file.path))
            sort = args["input_format"] or kind(file.path)
            if sort is None:
                planned.ignored.append(file.path)
                continue
            planned.files += 1
            planned.bytes += file.size
            if sort == "text":
                texts.append(file)
                continue
            part = {"kind": sort, "file": file.path, "uri": uri, "path": file.path}
            part |= {"size": file.size, "mtime": mtime(file), "input": hashed([fs.type_name, file.path])}
            planned.inputs.add(part["input"])
            if sort == "parquet":
                tables.append((fs, part))
            elif file.path.lower().endswith(COMPRESSED):
                planned.parts += [part | {"start": 0, "end": -1}] if file.size else []
            else:
                step = args["partition_bytes"]
                starts = range(0, file.size, step)
                planned.parts += [part | {"start": start, "end": min(start + step, file.size)} for start in starts]
        if texts:
            planned.parts += bundles(fs, uri, root, texts, args, buckets)
            planned.inputs.add(hashed([fs.type_name, root, "text"]))

    def split(table):
        try:
            return slices(*table, args)
        except (pa.ArrowException, OSError, Unreadable) as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        for (_, part), found in zip(tables, pool.map(split, tables)):
            if isinstance(found, str):
                planned.failed[part["file"]] = found
                planned.unread.add(part["input"])
            else:
                planned.parts += found
    for part in planned.parts:
        part["name"] = f"{part['input']}-{part['start']:012x}"
    return planned


def slices(fs: pyarrow.fs.FileSystem, part: dict, args: dict) -> list[dict]:
    """Rows of a Parquet file, never of two of its row groups, with about as many bytes of text as are asked for."""
    with fs.open_input_file(part["path"]) as source:
        file = pq.ParquetFile(source)
        check_schema(file.schema_arrow, part, args)
        column = next(
            at for at in range(len(file.schema)) if file.schema.column(at).path == args["field"]
        )
        parts, first = [], 0
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            step = max(1, args["partition_bytes"] * group.num_rows // max(1, group.column(column).total_uncompressed_size))
            # A dictionary or a long run hides how long the texts are.
            step = min(step, args["partition_bytes"] // 64 + 1)
            for start in range(0, group.num_rows, step):
                end = min(start + step, group.num_rows)
                parts.append(part | {"group": number, "skip": start, "start": first + start, "end": first + end})
            first += group.num_rows
        return parts


def check_schema(schema: pa.Schema, part: dict, args: dict):
    at = schema.get_all_field_indices(args["field"])
    if len(at) != 1:
        raise Unreadable(f"it has {len(at)} columns {args['field']!r} (--field)")
    type_ = schema.field(at[0]).type
    type_ = type_.value_type if pa.types.is_dictionary(type_) else type_
    if not (pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)):
        raise Unreadable(f"column {args['field']!r} is {type_}, no text")
    ours = [args["prefix"] + name for name in args["columns"]]
    clash = sorted(set(ours) & set(schema.names))
    if clash:
        raise Unreadable(f"it has columns that are written here: {', '.join(clash)} (--prefix en_ gives these other names)")


def bundles(fs, uri: str, root: str, texts: list, args: dict, buckets: dict[str, int]) -> list[dict]:
    """Articles of a file each, dealt to partitions by a hash of their paths."""
    name = hashed([fs.type_name, root, "text"])
    total = sum(file.size for file in texts)
    count = buckets.setdefault(name, max(1, total // args["partition_bytes"], len(texts) // 5000))
    dealt: dict[int, list] = {}
    for file in texts:
        number = int.from_bytes(hashlib.sha256(posixpath.relpath(file.path, root).encode()).digest()[:8], "big") % count
        dealt.setdefault(number, []).append([file.path, file.size, mtime(file)])
    return [
        {"kind": "text", "file": f"{root} (partition {number} of its texts)", "uri": uri, "path": root, "input": name}
        | {"size": sum(file[1] for file in files), "mtime": 0, "start": number, "end": number + 1, "files": files}
        for number, files in sorted(dealt.items())
    ]


def read(part: dict, args: dict) -> tuple[pa.Table, list[str | None], list[str | None]]:
    """The columns that are kept, the texts, and why a row has none; all of one length."""
    fs, _ = store.resolve(part["uri"])
    reader = {"parquet": read_parquet, "jsonl": read_jsonl, "text": read_texts}[part["kind"]]
    before = [] if part["kind"] == "text" else [fs.get_file_info(part["path"])]
    if any((info.size, mtime(info)) != (part["size"], part["mtime"]) for info in before):
        raise Unreadable("it changed since the run began; the next run does it")
    table, texts, problems = reader(fs, part, args)
    after = [] if part["kind"] == "text" else [fs.get_file_info(part["path"])]
    if any((info.size, mtime(info)) != (part["size"], part["mtime"]) for info in after):
        raise Unreadable("it changed while it was read; the next run does it")
    if not len(table) == len(texts) == len(problems):
        raise AssertionError("rows, texts and problems differ in number")
    return table, texts, problems


def origin(part: dict, numbers: list[int]) -> pa.Array:
    return pa.array([{"file": part["path"], "row": number} for number in numbers], ORIGIN)


def read_parquet(fs, part: dict, args: dict):
    with fs.open_input_file(part["path"]) as source:
        file = pq.ParquetFile(source)
        wanted, skip, taken = part["end"] - part["start"], part["skip"], []
        for batch in file.iter_batches(batch_size=min(wanted, 8192), row_groups=[part["group"]]):
            if skip >= len(batch):
                skip -= len(batch)
                continue
            batch = batch.slice(skip, wanted)
            skip, wanted = 0, wanted - len(batch)
            taken.append(batch)
            if not wanted:
                break
        table = pa.Table.from_batches(taken, schema=taken[0].schema if taken else file.schema_arrow)
    if len(table) != part["end"] - part["start"]:
        raise Unreadable(f"its row group {part['group']} has not the rows that its footer tells of")
    texts, problems = strings(table[args["field"]])
    table = table.append_column(args["prefix"] + "origin", origin(part, list(range(part["start"], part["end"]))))
    return table, texts, problems


def strings(column: pa.ChunkedArray) -> tuple[list[str | None], list[str | None]]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    problems: list[str | None] = ["the text is null" if null else None for null in column.is_null().to_pylist()]
    try:
        return column.to_pylist(), problems
    except UnicodeDecodeError:
        texts: list[str | None] = []
        for at, raw in enumerate(column.cast(pa.large_binary()).to_pylist()):
            try:
                texts.append(None if raw is None else raw.decode())
            except UnicodeDecodeError as error:
                texts.append(None)
                problems[at] = f"the text is not UTF-8 (byte {error.start})"
        return texts, problems


def lines(stream, start: int, end: int):
    """`(offset, line)` of lines that begin from `start` to before `end`, without their ends; None in place of a line
    that is too long. `stream` stands at `start`, or for a later one at the byte before it. `end` -1: all."""
    offset, held = max(0, start - 1), b""

    def skip_line() -> bool:
        """Goes behind the next line end, letting go of what is before; whether there is one."""
        nonlocal offset, held
        while (at := held.find(b"\n")) < 0:
            offset += len(held)
            held = stream.read(BLOCK)
            if not held:
                return False
        offset, held = offset + at + 1, held[at + 1 :]
        return True

    # The line in which the range begins is that of the partition before.
    if start and not skip_line():
        return
    while end < 0 or offset < end:
        at = held.find(b"\n")
        if at < 0 and len(held) <= LONGEST_LINE:
            block = stream.read(BLOCK)
            held += block
            if block:
                continue
            if held:
                yield offset, held.removesuffix(b"\r")
            return
        if at < 0 or at > LONGEST_LINE:
            yield offset, None
            if not skip_line():
                return
            continue
        yield offset, held[:at].removesuffix(b"\r")
        offset, held = offset + at + 1, held[at + 1 :]


class Digits(str):
    """A number with its digits as they were written."""


def read_jsonl(fs, part: dict, args: dict):
    numbers, raw, ids, texts, problems = [], [], [], [], []
    if part["end"] < 0:
        stream = fs.open_input_stream(part["path"], compression="detect")
    else:
        stream = fs.open_input_file(part["path"])
        stream.seek(max(0, part["start"] - 1))
    with stream:
        for offset, line in lines(stream, part["start"], part["end"]):
            text, id_, problem = parse(line, args["field"], args["id"])
            numbers.append(offset)
            raw.append(None if line is None else line.decode("utf-8", "backslashreplace"))
            ids.append(id_)
            texts.append(text)
            problems.append(problem)
    columns = {args["prefix"] + "origin": origin(part, numbers), "id": pa.array(ids, pa.string())}
    columns |= {"text": pa.array(texts, pa.large_string()), "json": pa.array(raw, pa.large_string())}
    return pa.table(columns), texts, problems


def parse(line: bytes | None, field: str, id_field: str) -> tuple[str | None, str | None, str | None]:
    """Text, id and problem of a line."""
    if line is None:
        return None, None, f"the line is longer than {LONGEST_LINE >> 20} MiB"
    if not line.strip():
        return None, None, "the line is blank"
    try:
        row = json.loads(line.decode("utf-8-sig"), parse_int=Digits, parse_float=Digits)
    except UnicodeDecodeError as error:
        return None, None, f"the line is not UTF-8 (byte {error.start})"
    except (ValueError, RecursionError) as error:
        return None, None, f"the line is no JSON object: {error}"
    if not isinstance(row, dict):
        return None, None, "the line is no JSON object"
    id_ = row.get(id_field)
    id_ = id_ if id_ is None or isinstance(id_, str) else json.dumps(id_, ensure_ascii=False)
    if id_ is not None and not encodable(id_):
        id_ = id_.encode("utf-8", "backslashreplace").decode()
    if field not in row:
        return None, id_, f"there is no field {field!r}"
    text = row[field]
    if not isinstance(text, str) or isinstance(text, Digits):
        return None, id_, f"field {field!r} is no text but {json.dumps(text)[:40]}"
    if not encodable(text):
        return None, id_, f"field {field!r} has an escape that is no character"
    return text, id_, None


def encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_texts(fs, part: dict, args: dict):
    ids, texts, problems = [], [], []

    def one(file):
        path, size, time = file
        if size > LONGEST_LINE:
            return None, f"it is larger than {LONGEST_LINE >> 20} MiB; `tarjoman batch` reads it in parts"
        data = store.read(fs, path)
        info = fs.get_file_info(path)
        if (info.size, mtime(info)) != (size, time) or len(data) != size:
            raise Unreadable(f"{path} changed since the run began; the next run does it")
        try:
            return data.decode("utf-8-sig"), None
        except UnicodeDecodeError as error:
            return None, f"the file is not UTF-8 (byte {error.start})"

    with ThreadPoolExecutor(8) as pool:  # small files cost mostly waiting
        for (path, _, _), (text, problem) in zip(part["files"], pool.map(one, part["files"])):
            ids.append(posixpath.relpath(path, part["path"]) if path != part["path"] else posixpath.basename(path))
            texts.append(text)
            problems.append(problem)
    origins = [{"file": file[0], "row": 0} for file in part["files"]]
    columns = {args["prefix"] + "origin": pa.array(origins, ORIGIN), "id": pa.array(ids, pa.string())}
    return pa.table(columns | {"text": pa.array(texts, pa.large_string())}), texts, problems
