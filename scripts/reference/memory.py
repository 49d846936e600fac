"""A language model in the shape of Gemma 3 4B with made weights of 8 or 4 bits, to measure memory with:
`memory.py FOLDER [q8_0 | q4_k]`."""

import sys
from pathlib import Path

import gguf
import numpy as np
from common import SEED

LAYERS, CHANNELS, INNER, HEADS, KEY_HEADS, HEAD_DIM, VOCABULARY = 34, 2560, 10240, 8, 4, 256, 262208
TYPES = gguf.GGMLQuantizationType
SCALE = np.frombuffer(np.float16(2.5e-4).tobytes(), dtype=np.uint8)
# Rows that are drawn; the others repeat them, their values do not matter.
DRAWN = 512


def metadata(writer):
    writer.add_context_length(131072)
    writer.add_embedding_length(CHANNELS)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_sliding_window(1024)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(8.0)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)


def rows_q8_0(random, rows, columns):
    scales = np.broadcast_to(SCALE, (rows, columns // 32, 2))
    values = random.integers(-127, 128, size=(rows, columns // 32, 32), dtype=np.int8).view(np.uint8)
    return np.concatenate([scales, values], axis=2).reshape(rows, -1)


def rows_q4_k(random, rows, columns):
    """Blocks of 256: a scale and a least value, twelve bytes of scales of parts, two values a byte."""
    heads = np.broadcast_to(np.tile(SCALE, 2), (rows, columns // 256, 4))
    rest = random.integers(0, 256, size=(rows, columns // 256, 12 + 128), dtype=np.uint8)
    return np.concatenate([heads, rest], axis=2).reshape(rows, -1)


KINDS = {"q8_0": (TYPES.Q8_0, rows_q8_0), "q4_k": (TYPES.Q4_K, rows_q4_k)}


def main():
    random = np.random.default_rng(SEED)
    name = sys.argv[2] if len(sys.argv) > 2 else "q8_0"
    kind, blocks = KINDS[name]
    writer = gguf.GGUFWriter(Path(sys.argv[1]) / f"model-{name}.gguf", "gemma3")
    metadata(writer)

    def matrix(name, rows, columns):
        drawn = min(rows, DRAWN)
        block = blocks(random, drawn, columns)
        data = np.ascontiguousarray(np.tile(block, (-(-rows // drawn), 1))[:rows])
        writer.add_tensor(f"{name}.weight", data, raw_shape=data.shape, raw_dtype=kind)

    def norm(name, channels):
        writer.add_tensor(f"{name}.weight", np.ones(channels, dtype=np.float32))

    matrix("token_embd", VOCABULARY, CHANNELS)
    norm("output_norm", CHANNELS)
    for block in (f"blk.{layer}" for layer in range(LAYERS)):
        for name in ["attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"]:
            norm(f"{block}.{name}", CHANNELS)
        norm(f"{block}.attn_q_norm", HEAD_DIM)
        norm(f"{block}.attn_k_norm", HEAD_DIM)
        matrix(f"{block}.attn_q", HEADS * HEAD_DIM, CHANNELS)
        matrix(f"{block}.attn_k", KEY_HEADS * HEAD_DIM, CHANNELS)
        matrix(f"{block}.attn_v", KEY_HEADS * HEAD_DIM, CHANNELS)
        matrix(f"{block}.attn_output", CHANNELS, HEADS * HEAD_DIM)
        matrix(f"{block}.ffn_gate", INNER, CHANNELS)
        matrix(f"{block}.ffn_up", INNER, CHANNELS)
        matrix(f"{block}.ffn_down", CHANNELS, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
