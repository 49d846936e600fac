"""Networks with made weights and unlike configurations, a few rows each: activations, scaled and unscaled embeddings,
outputs with and without a table of their own, more and fewer layers. In `tests/golden/variants/NAME`."""

import json
import shutil
import sys

import torch
from common import GOLDEN, SEED, golden_case, rng, write_jsonl
from generation import activations, full_options, run, stable_rows
from transformers import (
    GenerationConfig,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MBartConfig,
    MBartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

VOCABULARY = 96
ROWS = 12
CASES = {
    "greedy": {"num_beams": 1},
    "beam4": {},
    "beam4-return-3": {"num_return_sequences": 3, "length_penalty": 0.6},
    "beam4-no-repeat-2": {"no_repeat_ngram_size": 2},
}

FAIRSEQ = {
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 40,
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "encoder_layerdrop": 0.0,
    "decoder_layerdrop": 0.0,
    "init_std": 0.3,
    "attn_implementation": "eager",
}
T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 16,
    "d_kv": 6,
    "d_ff": 24,
    "num_layers": 2,
    "num_heads": 2,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 20,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
    "dropout_rate": 0.0,
    "attn_implementation": "eager",
}


def m2m100(**changes):
    return M2M100ForConditionalGeneration, M2M100Config(**{**FAIRSEQ, **changes})


def mbart(**changes):
    return MBartForConditionalGeneration, MBartConfig(**{**FAIRSEQ, **changes})


def t5(**changes):
    return T5ForConditionalGeneration, T5Config(**{**T5, **changes})


VARIANTS = {
    "m2m100-gelu-untied": lambda: m2m100(
        activation_function="gelu", scale_embedding=False, tie_word_embeddings=False, decoder_layers=3
    ),
    "m2m100-swish": lambda: m2m100(activation_function="swish", scale_embedding=True, encoder_attention_heads=4),
    "mbart-relu": lambda: mbart(activation_function="relu", scale_embedding=False, encoder_layers=1),
    "mbart-gelu-new-untied": lambda: mbart(
        activation_function="gelu_new", scale_embedding=True, tie_word_embeddings=False
    ),
    "t5-gated-silu": lambda: t5(feed_forward_proj="gated-silu", tie_word_embeddings=False, num_decoder_layers=1),
    "t5-gelu-tied": lambda: t5(feed_forward_proj="gelu", tie_word_embeddings=True, d_kv=8),
}


def candidates(name, count):
    random = rng(f"{name}/rows")
    fixed = [[random.randrange(3, VOCABULARY) for _ in range(length)] for length in (1, 3, 4, 8)]
    return fixed + [
        [random.randrange(3, VOCABULARY) for _ in range(random.randint(1, 30))] for _ in range(count)
    ]


def draw(model):
    """Norms are ones and biases zeros at first: drawn, so that a reader who forgets them is found out. The matrices of T5,
    too, which it makes small."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "norm" in key or key.endswith("bias"):
                value += torch.randn(value.shape, generator=generator) * 0.2
            elif model.config.model_type in {"t5", "umt5"} and value.dim() == 2:
                value.normal_(0.0, 0.3, generator=generator)


def make(name, kind, config, dtype=torch.float32):
    """* `dtype`: what it is saved in; what is golden is computed from those weights in float32"""
    torch.manual_seed(SEED)
    model = kind(config).eval()
    draw(model)
    model.generation_config = GenerationConfig(
        max_length=24,
        decoder_start_token_id=config.decoder_start_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    )
    folder = GOLDEN / "variants" / name
    if folder.exists():
        shutil.rmtree(folder)
    model.to(dtype).save_pretrained(folder)
    load = lambda: kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()  # noqa: E731
    model, double = load(), load().double()
    rows = candidates(name, 60)
    good = set(range(len(rows)))
    for changes in CASES.values():
        good &= stable_rows(model, double, rows, full_options(model, changes))
    rows = [row for at, row in enumerate(rows) if at < 4 or at in good]
    text = json.dumps(activations(model, rows), separators=(",", ":")) + "\n"
    (folder / "activations.json").write_text(text, encoding="utf-8")
    rows = [row for at, row in enumerate(candidates(name, 60)) if at in good][:ROWS]
    assert len(rows) == ROWS, f"{name}: only {len(rows)} stable rows"
    golden = [{"input_ids": [[*row, config.eos_token_id] for row in rows]}]
    for case, changes in CASES.items():
        options = full_options(model, changes)
        batch = run(model, rows, options)
        golden.append(golden_case(case, options, batch))
    write_jsonl(folder / "generate.jsonl", golden)
    print(name, "distinct tokens", len({t for row, _ in batch for s in row for t in s}), flush=True)


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or VARIANTS:
        make(name, *VARIANTS[name]())


if __name__ == "__main__":
    main()
