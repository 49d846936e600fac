"""The small language models as llama.cpp converts them: its names, its metadata, 1 added to Gemma's norms."""

import json

import gguf
import torch
from causal_models import GEMMA, QWEN
from common import GOLDEN
from safetensors.torch import load_file

TYPES = gguf.GGMLQuantizationType


def metadata(writer, config):
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"][0])
    writer.add_eot_token_id(config["eos_token_id"][1])
    writer.add_pad_token_id(config["pad_token_id"])
    rope = config["rope_parameters"]
    if "full_attention" in rope:
        writer.add_sliding_window(config["sliding_window"])
        rope = rope["full_attention"]
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def save(name, architecture, path, kind):
    """Matrices as `kind`; norms in float32, as llama.cpp keeps them."""
    folder = GOLDEN / name
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    metadata(writer, config)
    for key, tensor in sorted(load_file(folder / "model.safetensors").items()):
        values = tensor.to(torch.float32)
        if architecture == gguf.MODEL_ARCH.GEMMA3 and key.endswith("norm.weight"):
            values = values + 1
        values = values.numpy()
        to = names.get_name(key, try_suffixes=(".weight", ".bias"))
        if values.ndim == 2:
            writer.add_tensor(to, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(to, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    gemma, qwen = gguf.MODEL_ARCH.GEMMA3, gguf.MODEL_ARCH.QWEN3
    save(GEMMA, gemma, GOLDEN / GEMMA / "model-bf16.gguf", TYPES.BF16)
    save(GEMMA, gemma, GOLDEN / GEMMA / "model-q8_0.gguf", TYPES.Q8_0)
    save(QWEN, qwen, GOLDEN / QWEN / "model-f16.gguf", TYPES.F16)


if __name__ == "__main__":
    main()
