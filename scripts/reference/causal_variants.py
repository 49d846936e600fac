"""Language models with made weights and unlike configurations, a few rows each, as `variants.py` has them of the other
families: windows in all blocks, in every third and in none, few and many heads of keys, wave lengths of positions, tied
and untied outputs, biases, capped logits. In `tests/golden/variants/NAME`; `activations.json` is that of
`causal_generation.py`."""

import json
import shutil
import sys

import causal_generation
import torch
from causal_generation import full_options, run, stable_rows
from common import GOLDEN, SEED, golden_case, rng, write_jsonl
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig, Qwen3Config, Qwen3ForCausalLM
from variants import ROWS, draw

# As in `causal_models.py`: padding, two ends, the beginning.
PAD, EOS, BOS, END_OF_TURN = 0, 1, 2, 5
VOCABULARY = 240
CASES = {
    "greedy": {"num_beams": 1},
    "beam4": {},
    "beam4-return-3": {"num_return_sequences": 3, "length_penalty": 0.6},
    "beam4-early-stopping": {"early_stopping": True},
}
COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_attention_heads": 4,
    "max_position_embeddings": 96,
    "pad_token_id": PAD,
    "eos_token_id": [EOS, END_OF_TURN],
    "bos_token_id": BOS,
    "attention_dropout": 0.0,
    "initializer_range": 0.3,
    "attn_implementation": "eager",
}
FULL, SLIDING = "full_attention", "sliding_attention"


def positions(whole, local, factor=None):
    full = {"rope_type": "linear", "factor": factor} if factor else {"rope_type": "default"}
    return {FULL: {**full, "rope_theta": whole}, SLIDING: {"rope_type": "default", "rope_theta": local}}


def gemma(**changes):
    return Gemma3ForCausalLM, Gemma3TextConfig(**{**COMMON, **changes})


def qwen(**changes):
    return Qwen3ForCausalLM, Qwen3Config(**{**COMMON, **changes})


VARIANTS = {
    # Every third block sees all; one head of keys; heads that do not add up to the channels.
    "gemma3-every-third-untied": lambda: gemma(
        num_hidden_layers=4,
        num_key_value_heads=1,
        head_dim=6,
        query_pre_attn_scalar=11,
        sliding_window=4,
        layer_types=[SLIDING, SLIDING, FULL, SLIDING],
        rope_parameters=positions(5000.0, 60.0),
        tie_word_embeddings=False,
    ),
    # No window, a head of keys for each of queries, biases, scaled positions.
    "gemma3-no-window-biases": lambda: gemma(
        num_hidden_layers=2,
        num_key_value_heads=4,
        head_dim=4,
        query_pre_attn_scalar=4,
        layer_types=[FULL, FULL],
        rope_parameters=positions(900.0, 10_000.0, factor=3.0),
        attention_bias=True,
        tie_word_embeddings=True,
    ),
    # Nothing but windows, of which the shortest prompts fill none; capped logits, another activation.
    "gemma3-all-windows-capped": lambda: gemma(
        num_hidden_layers=3,
        num_key_value_heads=2,
        head_dim=8,
        query_pre_attn_scalar=5,
        sliding_window=3,
        layer_types=[SLIDING] * 3,
        rope_parameters=positions(1_000_000.0, 10_000.0, factor=8.0),
        final_logit_softcapping=3.0,
        hidden_activation="silu",
        tie_word_embeddings=True,
    ),
    "qwen3-one-key-tied": lambda: qwen(
        num_hidden_layers=3,
        num_key_value_heads=1,
        head_dim=6,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=True,
    ),
    # A window from the second block on; biases, scaled positions.
    "qwen3-window-biases-untied": lambda: qwen(
        num_hidden_layers=3,
        num_key_value_heads=2,
        head_dim=8,
        use_sliding_window=True,
        sliding_window=5,
        max_window_layers=1,
        attention_bias=True,
        rope_parameters={"rope_type": "linear", "factor": 2.5, "rope_theta": 300.0},
        tie_word_embeddings=False,
    ),
}


def candidates(name):
    random = rng(f"{name}/rows")
    lengths = [1, 3, 8, 12, 30, *(random.randint(1, 30) for _ in range(70))]
    return [[BOS, *(random.randrange(6, VOCABULARY) for _ in range(length - 1))] for length in lengths]


def make(name):
    torch.manual_seed(SEED)
    kind, config = VARIANTS[name]()
    model = kind(config)
    draw(model)
    model.generation_config = GenerationConfig(pad_token_id=PAD, eos_token_id=[EOS, END_OF_TURN], bos_token_id=BOS)
    folder = GOLDEN / "variants" / name
    if folder.exists():
        shutil.rmtree(folder)
    model.eval().to(torch.bfloat16).save_pretrained(folder)
    load = lambda: kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()  # noqa: E731
    model, double = load(), load().double()
    rows = candidates(name)
    good = set(range(len(rows)))
    options = {case: {**full_options(changes), "max_length": 16} for case, changes in CASES.items()}
    for case in options.values():
        good &= stable_rows(model, double, rows, case)
    rows = sorted((rows[at] for at in good), key=len)
    assert len(rows) >= ROWS, f"{name}: only {len(rows)} stable rows"
    rows = [rows[round(at * (len(rows) - 1) / (ROWS - 1))] for at in range(ROWS)]
    rng(f"{name}/order").shuffle(rows)
    golden = [{"input_ids": rows}]
    for case, full in options.items():
        batch = run(model, rows, full)
        golden.append(golden_case(case, full, batch))
    write_jsonl(folder / "generate.jsonl", golden)
    text = json.dumps(causal_generation.activations(model, candidates(name)), separators=(",", ":")) + "\n"
    (folder / "activations.json").write_text(text, encoding="utf-8")
    print(name, "distinct tokens", len({t for row, _ in batch for s in row for t in s}), flush=True)


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or VARIANTS:
        make(name)


if __name__ == "__main__":
    main()
