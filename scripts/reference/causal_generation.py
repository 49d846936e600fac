"""What transformers' `generate` puts out for the small language models, and their logits token by token. As in
`generation.py`, only rows are kept whose result does not hang on the last bits of a float.

Repetition and n-grams are not tested: transformers counts the prompt in, Tarjoman only what the model has written."""

import json
import sys

import torch
from causal_models import BOS, CONFIGS, END_OF_TURN, EOS, LONGEST_SOURCE, PAD, prompt, task
from common import GOLDEN, golden_case, rng, write_jsonl
from generation import NOISE_RUNS, Noise
from transformers import LogitsProcessorList

ROWS = 48
CANDIDATES = 120
MAX_LENGTH = 40

CASES = {
    "greedy": {"num_beams": 1},
    "greedy-max-length": {"num_beams": 1, "max_length": 12},
    "greedy-one-end": {"num_beams": 1, "eos_token_id": [EOS]},
    "beam4": {},
    "beam4-length-penalty-0.6": {"length_penalty": 0.6},
    "beam4-length-penalty-2": {"length_penalty": 2.0},
    "beam4-early-stopping": {"early_stopping": True},
    "beam4-never-stopping": {"early_stopping": "never", "length_penalty": 0.6},
    "beam4-return-4": {"num_return_sequences": 4},
    "beam4-max-length": {"max_length": 12},
}


def full_options(changes):
    """Every option; `max_length` counts one token before the first that is written, as in the other families."""
    return {
        "num_beams": 4,
        "num_return_sequences": 1,
        "length_penalty": 1.0,
        "early_stopping": False,
        "max_length": MAX_LENGTH,
        "eos_token_id": [EOS, END_OF_TURN],
        "pad_token_id": PAD,
        "bos_token_id": BOS,
        **changes,
    }


def cut(sequence, ends):
    """Up to and with the first end token."""
    stops = [at for at, token in enumerate(sequence) if token in ends]
    return sequence[: stops[0] + 1] if stops else sequence


@torch.no_grad()
def run(model, rows, options, processors=()):
    """For each row its sequences and scores, best first."""
    arguments = {k: v for k, v in options.items() if k != "max_length"}
    if options["num_beams"] == 1:
        del arguments["length_penalty"], arguments["early_stopping"]
    width = max(map(len, rows))
    out = model.generate(
        input_ids=torch.tensor([[PAD] * (width - len(row)) + row for row in rows]),
        attention_mask=torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows]),
        logits_processor=LogitsProcessorList(processors),
        max_new_tokens=options["max_length"] - 1,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        do_sample=False,
        **arguments,
    )
    sequences = [cut(s[width:], options["eos_token_id"]) for s in out.sequences.tolist()]
    if options["num_beams"] == 1:
        scores = []
        for row, sequence in enumerate(sequences):
            steps = [torch.log_softmax(logits[row].float(), dim=-1) for logits in out.logits[: len(sequence)]]
            total = sum(step[token].item() for step, token in zip(steps, sequence, strict=True))
            scores.append(total / len(sequence))
    else:
        scores = out.sequences_scores.tolist()
    count = options["num_return_sequences"]
    groups = range(0, len(sequences), count)
    return [(sequences[i : i + count], scores[i : i + count]) for i in groups]


def stable_rows(model, double, rows, options):
    reference = run(model, rows, options)
    # One by one: transformers' attention gives no number for padding in float64.
    others = [[run(double, [row], options)[0] for row in rows]]
    others += [run(model, rows, options, [Noise(seed)]) for seed in range(NOISE_RUNS)]
    return {i for i in range(len(rows)) if all(other[i][0] == reference[i][0] for other in others)}


def candidates(name):
    """Prompts of 2 to 46 tokens, uneven; some as short as one can be."""
    random = rng(f"{name}/candidates")
    result = [prompt([]), [BOS]]
    source = task(name)
    while len(result) < CANDIDATES:
        length = random.choice([random.randint(1, 10), random.randint(1, LONGEST_SOURCE)])
        row = prompt(random.choice(source)[:length])
        if row not in result:
            result.append(row)
    return result


@torch.no_grad()
def activations(model, rows):
    """Logits after four prompts and after each of three given tokens, to find a wrong layer."""
    rows = [next(row for row in rows if len(row) >= length) for length in (3, 8, 12, 30)]
    given = [17, 101, 230]
    logits = [model(input_ids=torch.tensor([row + given])).logits[0, -4:] for row in rows]
    short = [[[float(f"{v:.6g}") for v in step] for step in row.tolist()] for row in logits]
    return {"input_ids": rows, "given": given, "logits": short}


def load(name):
    kind, _ = CONFIGS[name]
    return kind.from_pretrained(GOLDEN / name, dtype=torch.float32, attn_implementation="eager").eval()


def generate(name):
    model, double = load(name), load(name).double()
    rows = candidates(name)
    good = set(range(len(rows)))
    for case, changes in CASES.items():
        good &= stable_rows(model, double, rows, full_options(changes))
        print(f"{name} {case}: {len(good)} of {len(rows)} stable so far", flush=True)
    rows = sorted((rows[i] for i in good), key=len)
    step = (len(rows) - 1) / (ROWS - 1)
    assert step >= 1, f"only {len(rows)} stable rows"
    rows = [rows[round(i * step)] for i in range(ROWS)]
    rng(f"{name}/order").shuffle(rows)

    golden = [{"input_ids": rows}]
    for case, changes in CASES.items():
        options = full_options(changes)
        batch = run(model, rows, options)
        for row, (sequences, scores) in zip(rows, batch, strict=True):
            [(alone, alone_scores)] = run(model, [row], options)
            assert alone == sequences, (case, row)
            assert all(abs(a - b) < 1e-4 for a, b in zip(alone_scores, scores, strict=True)), case
        lengths = sorted(len(s) for sequences, _ in batch for s in sequences)
        print(f"{name} {case}: lengths {lengths[0]}..{lengths[-1]}", flush=True)
        golden.append(golden_case(case, options, batch))
    write_jsonl(GOLDEN / name / "generate.jsonl", golden)
    text = json.dumps(activations(model, rows), separators=(",", ":")) + "\n"
    (GOLDEN / name / "activations.json").write_text(text, encoding="utf-8")


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or CONFIGS:
        generate(name)


if __name__ == "__main__":
    main()
