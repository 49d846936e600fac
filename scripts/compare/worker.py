"""One program, one model, one workload: loads, runs once to warm up, then measures; prints JSON."""

import argparse
import json
import resource
import time
from pathlib import Path


def memory(what="VmHWM"):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) * 1024


def begin():
    """What is resident now; the peak starts from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_ctranslate2(args, batches):
    import ctranslate2

    before = begin()
    start = time.perf_counter()
    translator = ctranslate2.Translator(
        args.model,
        compute_type=args.compute_type,
        inter_threads=args.inter,
        intra_threads=args.intra,
        max_queued_batches=-1,
    )
    load = time.perf_counter() - start
    word = lambda index: "</s>" if index == 0 else f"t{index}"
    sources = [[[word(i) for i in ids] for ids in batch["sources"]] for batch in batches]

    def run():
        waiting = []
        for batch, source in zip(batches, sources):
            waiting += translator.translate_batch(
                source,
                beam_size=args.beams,
                max_batch_size=0,
                asynchronous=True,
                min_decoding_length=batch["target_length"],
                max_decoding_length=batch["target_length"],
                max_input_length=0,
            )
        return [result.result().hypotheses[0] for result in waiting]

    return load, before, run


def run_torch(args, batches):
    import torch
    from transformers import AutoModelForSeq2SeqLM

    torch.set_num_threads(args.inter * args.intra)
    before = begin()
    start = time.perf_counter()
    model = AutoModelForSeq2SeqLM.from_pretrained(args.model, dtype=torch.float32).eval()
    load = time.perf_counter() - start
    pad = model.config.pad_token_id

    def run():
        made = []
        for batch in batches:
            longest = max(map(len, batch["sources"]))
            ids = torch.tensor([row + [pad] * (longest - len(row)) for row in batch["sources"]])
            with torch.inference_mode():
                made += model.generate(
                    ids,
                    attention_mask=(ids != pad).long(),
                    num_beams=args.beams,
                    min_new_tokens=batch["target_length"],
                    max_new_tokens=batch["target_length"],
                ).tolist()
        return made

    return load, before, run


def run_llama(args, batches):
    """llama.cpp through llama-cpp-python: a sequence at a time, the likeliest token, the end of the text passed over."""
    import llama_cpp

    before = begin()
    start = time.perf_counter()
    model = llama_cpp.Llama(args.model, n_ctx=512, n_threads=args.intra, n_threads_batch=args.intra, verbose=False)
    load = time.perf_counter() - start

    def run():
        made = []
        for batch in batches:
            for source in batch["sources"]:
                model.reset()
                tokens = model.generate(source, temp=0.0, repeat_penalty=1.0)
                made.append([next(tokens) for _ in range(batch["target_length"])])
        return made

    return load, before, run


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", choices=["ctranslate2", "torch", "llama"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--compute-type", default="int8")
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--inter", type=int, default=1)
    parser.add_argument("--intra", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    args = parser.parse_args()
    batches = json.load(open(args.tokens))["batches"]
    start = {"ctranslate2": run_ctranslate2, "torch": run_torch, "llama": run_llama}[args.program]
    load, before, run = start(args, batches)
    made = run()
    wanted = sum(len(batch["sources"]) * batch["target_length"] for batch in batches)
    seconds = []
    spent = cpu()
    for _ in range(args.repeat):
        start = time.perf_counter()
        made = run()
        seconds.append(time.perf_counter() - start)
    if args.program != "torch":
        assert sum(map(len, made)) == wanted, "lengths were not kept"
    print(json.dumps({
        "load_seconds": load,
        "seconds": seconds,
        "cpu_seconds": cpu() - spent,
        "target_tokens": wanted,
        "peak_memory_bytes": memory() - before,
    }))


if __name__ == "__main__":
    main()
