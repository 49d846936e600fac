"""Logits of the small language models with other wave lengths of positions than they were trained with: `rope.json`, a
list of changes to `config.json` with what transformers gives for them."""

import json

import torch
from causal_generation import activations, candidates
from causal_models import CONFIGS, GEMMA, QWEN_TIED
from common import GOLDEN
from transformers import AutoConfig

# As the cards of Qwen3 write it for long texts, and with every option set.
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 48, "rope_theta": 20_000.0}
YARN_OPTIONS = {
    "rope_type": "yarn",
    "factor": 8.0,
    "original_max_position_embeddings": 24,
    "rope_theta": 500.0,
    "beta_fast": 3.0,
    "beta_slow": 0.3,
    "mscale": 0.8,
    "mscale_all_dim": 0.4,
    "truncate": False,
}
YARN_ATTENTION = {**YARN, "attention_factor": 1.3}
PLAIN = {"rope_type": "default", "rope_theta": 700.0}
# What google/gemma-3-4b-it and the larger ones have.
GEMMA_4B = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
}

CHANGES = {QWEN_TIED: [YARN, YARN_OPTIONS, YARN_ATTENTION, PLAIN], GEMMA: [GEMMA_4B]}


def main():
    torch.set_num_threads(1)
    for name, changes in CHANGES.items():
        kind, _ = CONFIGS[name]
        rows, golden = candidates(name), []
        for parameters in changes:
            config = AutoConfig.from_pretrained(GOLDEN / name)
            config.rope_parameters = parameters
            model = kind.from_pretrained(
                GOLDEN / name, config=config, dtype=torch.float32, attn_implementation="eager"
            ).eval()
            golden.append({"rope_parameters": parameters, **activations(model, rows)})
        text = json.dumps(golden, separators=(",", ":")) + "\n"
        (GOLDEN / name / "rope.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
