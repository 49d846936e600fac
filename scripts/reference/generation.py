"""What transformers' `generate` puts out for the small models, over the options that Tarjoman has.

Keeps only rows whose result does not hang on the last bits of a float: the same tokens must come out
in float64, with noise of 2e-4 on every score, and when each row is translated alone.
"""

import json
import sys

import torch
import models
import multilingual_models
import t5_models
from common import GOLDEN, golden_case, rng, write_jsonl
from models import pad, separate_config, separate_task, tiny_task
from multilingual import M2M100, MBART, NLLB, SOURCE
from transformers import AutoModelForSeq2SeqLM, LogitsProcessor, LogitsProcessorList

ROWS = 64
CANDIDATES = 110
NOISE = 2e-4
NOISE_RUNS = 3

CASES = {
    "greedy": {"num_beams": 1},
    "greedy-repetition-penalty": {"num_beams": 1, "repetition_penalty": 1.3},
    "greedy-no-repeat-2": {"num_beams": 1, "no_repeat_ngram_size": 2},
    "greedy-min-length": {"num_beams": 1, "min_length": 10},
    "greedy-max-length": {"num_beams": 1, "max_length": 12},
    "beam4": {},
    "beam2": {"num_beams": 2},
    "beam4-length-penalty-0.6": {"length_penalty": 0.6},
    "beam4-length-penalty-2": {"length_penalty": 2.0},
    "beam4-length-penalty-0": {"length_penalty": 0.0},
    "beam4-early-stopping": {"early_stopping": True},
    "beam4-early-stopping-penalty-2": {"early_stopping": True, "length_penalty": 2.0},
    "beam4-never-stopping": {"early_stopping": "never"},
    "beam4-never-stopping-penalty-0.6": {"early_stopping": "never", "length_penalty": 0.6},
    "beam4-return-4": {"num_return_sequences": 4},
    "beam4-return-4-early-stopping": {"num_return_sequences": 4, "early_stopping": True},
    "beam4-no-repeat-2": {"no_repeat_ngram_size": 2},
    "beam4-no-repeat-3": {"no_repeat_ngram_size": 3},
    "beam4-max-length": {"max_length": 12},
    "beam4-min-length": {"min_length": 10},
    "beam3-no-bad-words": {"num_beams": 3, "bad_words_ids": None},
    "beam4-renormalize": {"renormalize_logits": True, "no_repeat_ngram_size": 2},
    "beam4-repetition-penalty": {"repetition_penalty": 1.3},
    "beam6-all": {
        "num_beams": 6,
        "length_penalty": 1.2,
        "no_repeat_ngram_size": 3,
        "repetition_penalty": 1.1,
        "min_length": 6,
        "max_length": 30,
        "num_return_sequences": 2,
    },
}

# What is left to see in a family whose search is the same: its forced first token, and each kind of result.
FEWER_CASES = [
    "greedy",
    "greedy-max-length",
    "beam4",
    "beam4-length-penalty-0.6",
    "beam4-length-penalty-2",
    "beam4-early-stopping",
    "beam4-return-4",
    "beam4-no-repeat-3",
    "beam4-max-length",
    "beam4-repetition-penalty",
    "beam6-all",
]


class Noise(LogitsProcessor):
    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids, scores):
        return scores + (torch.rand(scores.shape, generator=self.generator) * 2 - 1) * NOISE


def full_options(model, changes):
    """Every option written out, so that a reader of the golden file needs no table of defaults."""
    config = model.config
    marian = config.model_type == "marian"
    options = {
        "num_beams": 4,
        "num_return_sequences": 1,
        "length_penalty": 1.0,
        "early_stopping": False,
        "max_length": model.generation_config.max_length,
        "min_length": 0,
        "no_repeat_ngram_size": 0,
        "repetition_penalty": 1.0,
        "renormalize_logits": False,
        "bad_words_ids": [[config.pad_token_id]] if marian else None,
        "forced_eos_token_id": model.generation_config.forced_eos_token_id,
        "eos_token_id": config.eos_token_id,
        "pad_token_id": config.pad_token_id,
        "decoder_start_token_id": config.decoder_start_token_id,
    }
    if not marian:
        options["forced_bos_token_id"] = model.generation_config.forced_bos_token_id
    return {**options, **changes}


def cut(sequence, eos):
    """Without the start token; up to and with the first end token."""
    sequence = sequence[1:]
    return sequence[: sequence.index(eos) + 1] if eos in sequence else sequence


@torch.no_grad()
def run(model, rows, options, processors=()):
    """For each row its sequences and scores, best first."""
    ids, mask = pad(rows, model.config.pad_token_id, model.config.eos_token_id)
    arguments = dict(options)
    if options["num_beams"] == 1:
        del arguments["length_penalty"], arguments["early_stopping"]
    # An option left out would be filled in from generation_config.json.
    model.generation_config.bad_words_ids = None
    out = model.generate(
        input_ids=ids,
        attention_mask=mask,
        logits_processor=LogitsProcessorList(processors),
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        do_sample=False,
        **arguments,
    )
    sequences = [cut(s, options["eos_token_id"]) for s in out.sequences.tolist()]
    if options["num_beams"] == 1:
        scores = greedy_scores(sequences, out.logits, options)
    else:
        scores = out.sequences_scores.tolist()
    count = options["num_return_sequences"]
    groups = range(0, len(sequences), count)
    return [(sequences[i : i + count], scores[i : i + count]) for i in groups]


def greedy_scores(sequences, logits, options):
    """Mean log-probability of the raw logits; what is forced counts 0, as it does in a beam search."""
    result = []
    for row, sequence in enumerate(sequences):
        total = 0.0
        for step, token in enumerate(sequence):
            first, last = step == 0, step + 2 == options["max_length"]
            forced = options.get("forced_bos_token_id") if first else None
            forced = options["forced_eos_token_id"] if last else forced
            if forced is not None:
                assert token == forced
                continue
            total += torch.log_softmax(logits[step][row].float(), dim=-1)[token].item()
        result.append(total / len(sequence) ** options["length_penalty"])
    return result


def stable_rows(model, double, rows, options):
    """Indices whose tokens do not depend on rounding."""
    reference = run(model, rows, options)
    good = set(range(len(rows)))
    others = [run(double, rows, options)]
    others += [run(model, rows, options, [Noise(seed)]) for seed in range(NOISE_RUNS)]
    for other in others:
        good = {i for i in good if other[i][0] == reference[i][0]}
    return good


def candidates(name, source, longest):
    """Uneven rows of 2 to `longest` tokens with the end token."""
    random = rng(f"{name}/candidates")
    source = [row for row in source if len(row) >= 1]
    result = []
    while len(result) < CANDIDATES:
        length = random.choice([random.randint(1, 12), random.randint(1, longest - 1)])
        row = random.choice(source)[:length]
        if row not in result:
            result.append(row)
    return [[1], *(row for row in result if row != [1])]


def multilingual_candidates(name):
    """The same, and a row without text; the language token first."""
    source, _, languages, _ = multilingual_models.task(name)
    rows = candidates(name, source, multilingual_models.LONGEST_SOURCE - 1)[1:]
    return [[languages[SOURCE[name]], *row] for row in [[], *rows]]


def t5_candidates(name):
    """Rows of the made language; 1 is the end token here, no row."""
    source = t5_models.task(name, load(name).config)
    return candidates(name, source, t5_models.LONGEST_SOURCE)[1:]


@torch.no_grad()
def activations(model, rows):
    """Encoder output and first logits of four short rows, to find a wrong layer."""
    rows = [next(row for row in rows if len(row) + 1 == length) for length in (2, 4, 5, 9)]
    eos = model.config.eos_token_id
    ids, mask = pad(rows, model.config.pad_token_id, eos)
    encoded = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    start = torch.full((len(rows), 1), model.config.decoder_start_token_id)
    first = model(input_ids=ids, attention_mask=mask, decoder_input_ids=start).logits[:, 0]

    def short(values):
        return [float(f"{v:.7g}") for v in values.tolist()]

    return {
        "input_ids": [[*row, eos] for row in rows],
        "encoder_output": [
            [short(encoded[i, t]) for t in range(len(row) + 1)] for i, row in enumerate(rows)
        ],
        "first_logits": [short(first[i]) for i in range(len(rows))],
    }


def load(name):
    return AutoModelForSeq2SeqLM.from_pretrained(GOLDEN / name, attn_implementation="eager").eval()


def generate(name, rows, cases):
    model, double = load(name), load(name).double()
    eos = model.config.eos_token_id
    good = set(range(len(rows)))
    for case, changes in cases.items():
        stable = stable_rows(model, double, rows, full_options(model, changes))
        good &= stable
        print(f"{name} {case}: {len(stable)} of {len(rows)} stable, {len(good)} in all", flush=True)
    rows = [rows[i] for i in sorted(good)]

    # Some of each length, the longest among them.
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    step = (len(order) - 1) / (ROWS - 1)
    assert step >= 1, f"only {len(rows)} stable rows"
    rows = [rows[order[round(i * step)]] for i in range(ROWS)]
    rng(f"{name}/order").shuffle(rows)

    golden = [{"input_ids": [[*row, eos] for row in rows]}]
    for case, changes in cases.items():
        options = full_options(model, changes)
        batch = run(model, rows, options)
        for row, (sequences, scores) in zip(rows, batch, strict=True):
            [(alone, alone_scores)] = run(model, [row], options)
            assert alone == sequences, (case, row)
            assert all(abs(a - b) < 1e-4 for a, b in zip(alone_scores, scores, strict=True)), case
        lengths = sorted(len(s) for sequences, _ in batch for s in sequences)
        full = sum(n == options["max_length"] - 1 for n in lengths)
        print(f"{name} {case}: lengths {lengths[0]}..{lengths[-1]}, {full} at the limit", flush=True)
        golden.append(golden_case(case, options, batch))
    write_jsonl(GOLDEN / name / "generate.jsonl", golden)
    (GOLDEN / name / "activations.json").write_text(
        json.dumps(activations(model, rows), separators=(",", ":")) + "\n", encoding="utf-8"
    )


def main():
    torch.set_num_threads(1)
    families = [M2M100, NLLB, MBART]
    t5_family = [t5_models.T5, t5_models.MT5, t5_models.UMT5]
    wanted = sys.argv[1:] or ["marian-tiny", "marian-separate", *families, *t5_family]
    longest = models.LONGEST_SOURCE
    if "marian-tiny" in wanted:
        generate("marian-tiny", candidates("marian-tiny", tiny_task()[0], longest), CASES)
    if "marian-separate" in wanted:
        source = separate_task(separate_config())[0]
        generate("marian-separate", candidates("marian-separate", source, longest), CASES)
    fewer = {case: CASES[case] for case in FEWER_CASES}
    for name in families:
        if name in wanted:
            generate(name, multilingual_candidates(name), fewer)
    for name in t5_family:
        if name in wanted:
            generate(name, t5_candidates(name), fewer)


if __name__ == "__main__":
    main()
