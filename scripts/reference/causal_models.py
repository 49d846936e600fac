"""Trains the small language models for a minute: they read `<bos> source <start_of_turn>` and write the source word by
word through the dictionary of `models.py`. Owns no search; `causal_generation.py` measures what they put out.

Saved in 16 bits, as such models are published: a reader that computes in float32 has the very same weights."""

import json
import shutil
import sys

import torch
from common import GOLDEN, SEED, rng, write_json
from models import dictionary
from transformers import (
    Gemma3Config,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    GenerationConfig,
    Qwen3Config,
    Qwen3ForCausalLM,
    SiglipVisionConfig,
)

GEMMA, NESTED, QWEN, QWEN_TIED = "gemma3-tiny", "gemma3-nested", "qwen3-tiny", "qwen3-tied"
# The order of Gemma's vocabulary.
PAD, EOS, BOS, UNK, TURN, END_OF_TURN = range(6)
VOCABULARY = 288
LONGEST_SOURCE, LONGEST_TARGET = 44, 40

COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "max_position_embeddings": 192,
    "pad_token_id": PAD,
    "eos_token_id": [EOS, END_OF_TURN],
    "bos_token_id": BOS,
    "attention_dropout": 0.0,
    "attn_implementation": "eager",
}


def gemma_config():
    """A window that is shorter than most prompts, heads that are wider than the channels over them, a scale of
    attention that is not theirs, scaled positions."""
    return Gemma3TextConfig(
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=24,
        sliding_window=9,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 50_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 700.0},
        },
        **COMMON,
    )


def nested_config():
    """The text part of a model that sees images, too; a window longer than any row, one head for keys."""
    text = Gemma3TextConfig(
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=24,
        query_pre_attn_scalar=24,
        sliding_window=160,
        sliding_window_pattern=2,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        **COMMON,
    )
    vision = SiglipVisionConfig(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=8, patch_size=4
    )
    return Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=4,
        eos_token_id=[EOS, END_OF_TURN],
        pad_token_id=PAD,
        bos_token_id=BOS,
        attn_implementation="eager",
    )


def qwen_config(**changes):
    return Qwen3Config(
        **{
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0},
            "tie_word_embeddings": False,
            **changes,
        },
        **COMMON,
    )


def qwen_tied_config():
    """Biases, as many heads for keys as for queries, scaled positions."""
    return qwen_config(
        intermediate_size=40,
        num_key_value_heads=4,
        head_dim=10,
        tie_word_embeddings=True,
        attention_bias=True,
        rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 20_000.0},
    )


CONFIGS = {
    GEMMA: (Gemma3ForCausalLM, gemma_config),
    NESTED: (Gemma3ForConditionalGeneration, nested_config),
    QWEN: (Qwen3ForCausalLM, qwen_config),
    QWEN_TIED: (Qwen3ForCausalLM, qwen_tied_config),
}


def prompt(row):
    return [BOS, *row, TURN]


def task(name):
    """Rows of a made language with a skewed frequency."""
    random = rng(f"{name}/rows")
    ids = range(6, VOCABULARY)
    weights = [1 / (i + 3) for i in ids]
    return [random.choices(ids, weights, k=random.randint(1, LONGEST_SOURCE)) for _ in range(1500)]


def draw(model, name):
    """Norms are ones and biases zeros at first: drawn, so that a reader who forgets them is found out."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "norm" in key or key.endswith("bias"):
                value += torch.randn(value.shape, generator=generator) * 0.2


def train(name, model, steps):
    rows = task(name)
    words = dictionary(name, VOCABULARY, list(range(6, VOCABULARY)), [0, 1, 1, 1, 1, 2])
    random = rng(f"{name}/batches")
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=steps)
    for step in range(steps):
        longest = random.choice([4, 8, 16, LONGEST_SOURCE])
        inputs, labels = [], []
        for row in random.choices(rows, k=16):
            row = row[: random.randint(1, longest)]
            # Both ends are in use; which it is depends on the source.
            end = EOS if len(row) % 2 else END_OF_TURN
            target = [t for s in row for t in words[s]][: LONGEST_TARGET - 1] + [end]
            inputs.append(prompt(row) + target)
            labels.append([-100] * (len(row) + 2) + target)
        width = max(map(len, inputs))
        ids = torch.tensor([row + [PAD] * (width - len(row)) for row in inputs])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in inputs])
        targets = torch.tensor([row + [-100] * (width - len(row)) for row in labels])
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(
            logits[:, :-1].reshape(-1, VOCABULARY), targets[:, 1:].reshape(-1), ignore_index=-100
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 200 == 0 or step == steps - 1:
            print(f"{name} step {step} loss {loss.item():.3f}", flush=True)


def text_model(model):
    return model.model.language_model if hasattr(model.model, "language_model") else model.model


def as_published(folder):
    """The form of google/gemma-3-4b-it: names and settings of the time, no settings that are the defaults."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text = config["text_config"]
    for name in ["rope_parameters", "layer_types", "_sliding_window_pattern", "dtype", "max_position_embeddings"]:
        text.pop(name, None)
    text |= {"sliding_window_pattern": 2, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}
    text |= {"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0}
    for name in ["attention_bias", "attention_dropout", "rms_norm_eps", "tie_word_embeddings", "hidden_activation"]:
        text.pop(name, None)
    config["text_config"] = text
    write_json(folder / "config.json", config)


def make(name, steps):
    torch.manual_seed(SEED)
    kind, config = CONFIGS[name]
    folder = GOLDEN / name
    model = kind(config())
    draw(text_model(model), name)
    train(name, model.train(), steps)
    with torch.no_grad():
        norm = text_model(model).norm.weight
        # Flatter scores, so that the search matters; Gemma adds 1 to the weight.
        flat = 0.7 * (norm + 1) - 1 if name in {GEMMA, NESTED} else 0.7 * norm
        norm.copy_(flat)
    model.generation_config = GenerationConfig(pad_token_id=PAD, eos_token_id=[EOS, END_OF_TURN], bos_token_id=BOS)
    model = model.eval().to(torch.float16 if name == QWEN else torch.bfloat16)
    if folder.exists():
        shutil.rmtree(folder)
    model.save_pretrained(folder)
    if name == NESTED:
        as_published(folder)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in sys.argv[1:] or CONFIGS:
        make(name, 900)


if __name__ == "__main__":
    main()
