"""A language model in the shape of Gemma 3 4B with made weights of 8 bits, to measure memory with."""

import sys
from pathlib import Path

import gguf
import numpy as np
from common import SEED

LAYERS, CHANNELS, INNER, HEADS, KEY_HEADS, HEAD_DIM, VOCABULARY = 34, 2560, 10240, 8, 4, 256, 262208
Q8_0 = gguf.GGMLQuantizationType.Q8_0
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


def main():
    random = np.random.default_rng(SEED)
    writer = gguf.GGUFWriter(Path(sys.argv[1]) / "model-q8_0.gguf", "gemma3")
    metadata(writer)

    def matrix(name, rows, columns):
        drawn = min(rows, DRAWN)
        scale = np.frombuffer(np.float16(2.5e-4).tobytes(), dtype=np.uint8)
        scales = np.broadcast_to(scale, (drawn, columns // 32, 2))
        values = random.integers(-127, 128, size=(drawn, columns // 32, 32), dtype=np.int8).view(np.uint8)
        block = np.concatenate([scales, values], axis=2).reshape(drawn, -1)
        data = np.ascontiguousarray(np.tile(block, (-(-rows // drawn), 1))[:rows])
        writer.add_tensor(f"{name}.weight", data, raw_shape=data.shape, raw_dtype=Q8_0)

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
