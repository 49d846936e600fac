"""Trains the small T5 and mT5 models for a minute on the toy task of `models.py`, over a made language. Owns no
search; `generation.py` measures what they put out."""

import sys

import torch
from common import GOLDEN, SEED, rng
from models import dictionary, pad
from transformers import (
    GenerationConfig,
    MT5Config,
    MT5ForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
    UMT5Config,
    UMT5ForConditionalGeneration,
)

T5, MT5, UMT5 = "t5-tiny", "mt5-tiny", "umt5-tiny"
PAD, EOS, UNK = 0, 1, 2
MAX_LENGTH = 40
LONGEST_SOURCE = 48

COMMON = {
    "pad_token_id": PAD,
    "eos_token_id": EOS,
    "decoder_start_token_id": PAD,
    "dropout_rate": 0.0,
    "attn_implementation": "eager",
}


def t5_config():
    """T5 v1.0: relu, the output is the embedding, scaled. Few buckets, so that a row reaches the last."""
    return T5Config(
        vocab_size=250,
        d_model=32,
        d_kv=12,
        d_ff=64,
        num_layers=3,
        num_decoder_layers=2,
        num_heads=4,
        relative_attention_num_buckets=12,
        relative_attention_max_distance=30,
        feed_forward_proj="relu",
        **COMMON,
    )


def mt5_config():
    """mT5 (T5 v1.1): gated, an output of its own. Rows of 32 and 64 weights, for `t5_gguf.py`."""
    return MT5Config(
        vocab_size=288,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        relative_attention_num_buckets=32,
        relative_attention_max_distance=128,
        feed_forward_proj="gated-gelu",
        **COMMON,
    )


def umt5_config():
    """umT5: gated, positions of its own in every block."""
    return UMT5Config(
        vocab_size=250,
        d_model=24,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=12,
        relative_attention_max_distance=30,
        feed_forward_proj="gated-gelu",
        **COMMON,
    )


def task(name, config):
    """Rows of a made language with a skewed frequency, without the end token."""
    random = rng(f"{name}/rows")
    ids = range(3, config.vocab_size)
    weights = [1 / (i + 3) for i in ids]
    return [random.choices(ids, weights, k=random.randint(2, 60)) for _ in range(1500)]


def train(name, model, steps):
    config = model.config
    rows = task(name, config)
    words = dictionary(name, config.vocab_size, list(range(3, config.vocab_size)), [0, 1, 1, 1, 1, 2])
    random = rng(f"{name}/batches")
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=steps)
    for step in range(steps):
        batch, longest = [], random.choice([8, 16, 24, LONGEST_SOURCE - 1])
        for row in random.choices(rows, k=24):
            start = random.randrange(max(1, len(row) - 3))
            batch.append(row[start : start + random.randint(1, longest)])
        ids, mask = pad(batch, PAD, EOS)
        labels = [[t for s in row for t in words[s]][: MAX_LENGTH - 1] + [EOS] for row in batch]
        width = max(map(len, labels))
        labels = torch.tensor([row + [-100] * (width - len(row)) for row in labels])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 200 == 0 or step == steps - 1:
            print(f"{name} step {step} loss {loss.item():.3f}", flush=True)


def make(name, model, steps):
    """Trains one, flattens its scores so that the search matters, saves it as the library of today writes it."""
    train(name, model.train(), steps)
    with torch.no_grad():
        model.decoder.final_layer_norm.weight *= 0.65
    model.generation_config = GenerationConfig(
        pad_token_id=PAD, eos_token_id=EOS, decoder_start_token_id=PAD, max_length=MAX_LENGTH, num_beams=4
    )
    model.eval().save_pretrained(GOLDEN / name)


def make_t5():
    torch.manual_seed(SEED)
    make(T5, T5ForConditionalGeneration(t5_config()), 1400)


def make_mt5():
    torch.manual_seed(SEED)
    model = MT5ForConditionalGeneration(mt5_config())
    # The library ties what has one value; the published models have two, and from_pretrained sees that.
    own = torch.randn(model.shared.weight.shape) * model.config.d_model**-0.5
    model.lm_head.weight = torch.nn.Parameter(own)
    make(MT5, model, 1400)
    again = MT5ForConditionalGeneration.from_pretrained(GOLDEN / MT5)
    assert torch.equal(again.lm_head.weight, model.lm_head.weight)
    assert torch.equal(again.shared.weight, model.shared.weight)


def make_umt5():
    torch.manual_seed(SEED)
    make(UMT5, UMT5ForConditionalGeneration(umt5_config()), 1400)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    wanted = sys.argv[1:] or [T5, MT5, UMT5]
    if T5 in wanted:
        make_t5()
    if MT5 in wanted:
        make_mt5()
    if UMT5 in wanted:
        make_umt5()


if __name__ == "__main__":
    main()
