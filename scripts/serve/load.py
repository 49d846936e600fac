"""Measures a service on loopback beside `tarjoman batch`, and writes scripts/serve/RESULTS.md.

    cargo build --release --features serve
    python scripts/serve/load.py TEXT [--model MODEL] [--documents 240] [--results FILE]

TEXT has Persian sentences, one a line; a document is three of them. Needs nothing but Python. What is shown:

- throughput: the same documents by `tarjoman batch` and by 32 clients at once that each wait for an
  answer before they ask again, so that there is always enough to do; every answer is that of the batch
- latency with 1, 4 and 32 such clients
- overload: 200 clients at once with a queue of 16: what is refused is told when to come again, and
  comes again until it is answered; nothing is lost
- the end: SIGTERM while 32 clients ask; every request that was sent is answered

The clients share the CPU with the service, and count against it.
"""

import argparse
import http.client
import json
import os
import pathlib
import platform
import signal
import subprocess
import tempfile
import threading
import time

root = pathlib.Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser()
parser.add_argument("text", type=pathlib.Path)
parser.add_argument("--program", default=root / "target/release/tarjoman")
parser.add_argument("--model")
parser.add_argument("--documents", type=int, default=240)
parser.add_argument("--results", type=pathlib.Path, default=root / "scripts/serve/RESULTS.md")
arguments = parser.parse_args()

sentences = [line for line in arguments.text.read_text(encoding="utf-8").splitlines() if line.strip()]
documents = [" ".join(sentences[at * 3 : at * 3 + 3]) for at in range(arguments.documents)]
documents = [document for document in documents if document]
words = sum(len(document.split()) for document in documents)
model = ["--model", arguments.model] if arguments.model else []


class Service:
    def __init__(self, *more):
        command = [arguments.program, "serve", "--port", "0", "--quiet", *model, *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.strip().rsplit(":", 1)[1])

    def client(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def ask(connection, text):
    """Status, headers, and the translation or the error."""
    body = json.dumps({"q": text, "source": "fa", "target": "en"})
    connection.request("POST", "/translate", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    return response.status, response.headers, answer.get("translatedText", answer.get("error"))


def together(service, clients, work, patient=False):
    """Has clients do the work, each waiting for its answers. Answers, latencies, refusals, seconds."""
    answers, latencies, refused = {}, [], []
    left, lock = iter(work), threading.Lock()

    def one():
        connection = service.client()
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            while True:
                begun = time.monotonic()
                status, headers, answer = ask(connection, documents[number])
                with lock:
                    if status == 200:
                        answers[number] = answer
                        latencies.append(time.monotonic() - begun)
                        break
                    refused.append((status, headers.get("Retry-After")))
                if not patient:
                    raise SystemExit(f"{status}: {answer}")
                time.sleep(min(float(headers["Retry-After"]), 1.0))

    threads = [threading.Thread(target=one) for _ in range(clients)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, sorted(latencies), refused, time.monotonic() - begun


def percentile(latencies, share):
    return latencies[min(len(latencies) - 1, int(share * len(latencies)))]


def batch(folder):
    """The documents' translations, and seconds without those for the start."""
    source, target = folder / "fa", folder / "en"
    source.mkdir()
    for number, document in enumerate(documents):
        (source / f"{number:05}.txt").write_text(document + "\n", encoding="utf-8")
    command = [arguments.program, "batch", source, target, "--format", "text", "--quiet", *model]
    subprocess.run(command, check=True)
    report = json.loads((target / ".tarjoman/report.json").read_text())
    translations = [(target / f"{number:05}.txt").read_text(encoding="utf-8").rstrip("\n") for number in range(len(documents))]
    return translations, report


def seconds_of(report):
    return report["seconds"]


lines = []
with tempfile.TemporaryDirectory() as folder:
    expected, report = batch(pathlib.Path(folder))
batch_seconds = seconds_of(report)
print(f"batch: {batch_seconds:.1f} s, {words / batch_seconds:.0f} words/s", flush=True)

service = Service()
together(service, 8, range(8))
table = []
for clients, count in ((1, 24), (4, 48), (32, len(documents))):
    count = min(count, len(documents))
    answers, latencies, _, seconds = together(service, clients, range(count))
    wrong = [number for number, answer in answers.items() if answer != expected[number]]
    assert len(answers) == count and not wrong, f"{len(answers)} of {count}, wrong: {wrong}"
    amount = sum(len(documents[number].split()) for number in range(count))
    table.append((clients, count, amount / seconds, *(percentile(latencies, share) for share in (0.5, 0.95, 0.99))))
    print(f"{clients} clients: {amount / seconds:.0f} words/s, p99 {percentile(latencies, 0.99):.2f} s", flush=True)
assert service.end() == 0
ratio = table[-1][2] / (words / batch_seconds)

service = Service("--queue", "16")
answers, latencies, refused, seconds = together(service, 200, range(len(documents)), patient=True)
statuses = sorted({status for status, _ in refused})
untold = sum(after is None for _, after in refused)
lost = len(documents) - sum(answers.get(number) == text for number, text in enumerate(expected))
overload = (len(documents), len(refused), statuses, untold, lost, words / seconds)
print("overload:", overload, flush=True)

# The end, while everybody asks.
outcome, lock = {"answered": 0, "refused": 0, "lost": 0, "closed": 0}, threading.Lock()
assert service.end() == 0
service = Service()
ended = threading.Event()


def until_the_end():
    connection = service.client()
    number = 0
    while True:
        was_ended = ended.is_set()
        try:
            if was_ended or connection.sock is None:
                connection.connect()
        except ConnectionError:
            result = "closed"
        else:
            try:
                status, headers, answer = ask(connection, documents[number % len(documents)])
                result = "answered" if status == 200 else "refused"
                if headers.get("Connection", "").lower() == "close":
                    connection.close()
            except (ConnectionError, http.client.HTTPException):
                result = "lost"
        with lock:
            outcome[result] += 1
        if result in ("closed", "lost"):
            return
        number += 1


threads = [threading.Thread(target=until_the_end) for _ in range(32)]
for thread in threads:
    thread.start()
time.sleep(4)
begun = time.monotonic()
service.process.send_signal(signal.SIGTERM)
ended.set()
for thread in threads:
    thread.join()
code = service.process.wait(60)
drained = time.monotonic() - begun
print("the end:", outcome, code, flush=True)

cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
text = f"""# The service under load

`python scripts/serve/load.py {arguments.text.name}{" --model " + arguments.model if arguments.model else ""} --documents {arguments.documents}`, on loopback, {cpu}, {os.cpu_count()} cores, which the
clients share. {len(documents)} documents of three sentences, {words} words.

`tarjoman batch`: {words / batch_seconds:.0f} words a second. The service, with clients that each wait for an answer before they ask again:

| clients | requests | words/s | p50 | p95 | p99 |
|---|---|---|---|---|---|
""" + "".join(f"| {clients} | {count} | {speed:.0f} | {a:.2f} s | {b:.2f} s | {c:.2f} s |\n" for clients, count, speed, a, b, c in table) + f"""
With 32 clients that is {100 * ratio:.0f} % of the batch. Every answer was that of the batch, to the byte.

Overload, 200 clients at once and a queue of 16: {overload[1]} times a request was refused (status {", ".join(map(str, statuses))}; {untold} of them without
`Retry-After`) and came again; of {overload[0]} requests {lost} were lost or wrong; {overload[5]:.0f} words/s meanwhile.

SIGTERM while 32 clients ask: {outcome["answered"]} requests answered, {outcome["refused"]} refused, {outcome["lost"]} lost, then no connection was taken;
the service ended {drained:.1f} s after the signal with exit code {code}.
"""
arguments.results.write_text(text, encoding="utf-8")
print(text)
assert lost == 0 and untold == 0 and outcome["lost"] == 0 and code == 0
