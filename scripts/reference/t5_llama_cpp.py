"""T5 in GGUF files, written as llama.cpp's `convert_hf_to_gguf.py` does it (`conversion/t5.py`): its names, its metadata,
the SentencePiece model as `tokenizer.ggml.*`. In `tests/golden/variants`: `t5-llama-cpp-relu` (T5 v1.0) and
`umt5-llama-cpp` (positions in every block); `madlad-gguf`: one file with all that a translator needs, with tokens that ask
for a language; `mt5-spm/tokenizer.gguf`: the tokenizer of `mt5-spm`, which has bytes. Matrices are in 16 bits, as they are
in what transformers computed with."""

import json
import shutil
import tempfile
from pathlib import Path

import gguf
import sentencepiece
import torch
import variants
from common import GOLDEN
from gguf_tokenizers import piece_kind
from safetensors.torch import load_file
from sentencepiece import sentencepiece_model_pb2
from t5_tokenizer import LANGUAGES, MT5, train
from tokenizer_goldens import HOSTILE, mixed, real_lines, write
from transformers import UMT5Config, UMT5ForConditionalGeneration

MADLAD = "madlad-gguf"
KINDS = gguf.TokenType
# llama.cpp knows no other.
LONGEST_DISTANCE = {"relative_attention_max_distance": 128}
SHAPE = {**variants.T5, **LONGEST_DISTANCE}


def metadata(out, config):
    out.add_context_length(512)
    out.add_embedding_length(config["d_model"])
    out.add_feed_forward_length(config["d_ff"])
    out.add_block_count(config["num_layers"])
    out.add_decoder_block_count(config["num_decoder_layers"])
    out.add_head_count(config["num_heads"])
    out.add_key_length(config["d_kv"])
    out.add_value_length(config["d_kv"])
    out.add_layer_norm_eps(config["layer_norm_epsilon"])
    out.add_relative_attn_buckets_count(config["relative_attention_num_buckets"])
    out.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
    out.add_decoder_start_token_id(config["decoder_start_token_id"])


def vocabulary(out, path, rows):
    """* `rows`: of the embedding, of which the last may have no piece"""
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(Path(path).read_bytes())
    tokens = [f"[PAD{row}]".encode() for row in range(rows)]
    scores, types = [-10_000.0] * rows, [KINDS.UNUSED] * rows
    for index in range(model.get_piece_size()):
        tokens[index], scores[index] = model.id_to_piece(index).encode(), model.get_score(index)
        types[index] = piece_kind(model, index)
    out.add_tokenizer_model("t5")
    out.add_tokenizer_pre("default")
    out.add_token_list(tokens)
    out.add_token_scores(scores)
    out.add_token_types(types)
    out.add_add_space_prefix(proto.normalizer_spec.add_dummy_prefix)
    out.add_remove_extra_whitespaces(proto.normalizer_spec.remove_extra_whitespaces)
    if proto.normalizer_spec.precompiled_charsmap:
        out.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)
    out.add_eos_token_id(model.eos_id())
    out.add_unk_token_id(model.unk_id())
    out.add_pad_token_id(model.pad_id())
    return model


def tensors(out, folder, config):
    blocks = max(config["num_layers"], config["num_decoder_layers"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.T5, blocks)
    half = gguf.GGMLQuantizationType.F16
    for key, tensor in sorted(load_file(folder / "model.safetensors").items()):
        values = tensor.to(torch.float32).numpy()
        to = names.get_name(key, try_suffixes=(".weight",))
        if values.ndim == 2:
            out.add_tensor(to, gguf.quants.quantize(values, half), raw_dtype=half)
        else:
            out.add_tensor(to, values)


def convert(folder, pieces=None):
    """The file beside `config.json`, which goes, as do the weights that it was made from."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    out = gguf.GGUFWriter(folder / "model.gguf", "t5")
    metadata(out, config)
    if pieces:
        vocabulary(out, pieces, config["vocab_size"])
    tensors(out, folder, config)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    for name in ["config.json", "generation_config.json", "model.safetensors"]:
        (folder / name).unlink()


def goldens(folder, model, prefix):
    special = [model.pad_id(), model.eos_id(), model.unk_id()]
    english, persian = real_lines()
    lines = [*HOSTILE, *mixed(20), *persian[:60], *english[:20]]
    write(
        folder,
        lambda text: [*model.encode(text), model.eos_id()],
        lambda ids: model.decode([i for i in ids if i not in special]).strip(),
        [*(f"{prefix} {line}" for line in lines), *lines[:60]],
        [*english[:60], *persian[:20], *HOSTILE[:20]],
    )


def madlad():
    """T5 v1.1: gated, an output of its own, more rows than pieces."""
    with tempfile.TemporaryDirectory() as temporary:
        pieces = Path(temporary) / "spiece.model"
        train(pieces, vocab_size=284, character_coverage=0.998, user_defined_symbols=LANGUAGES)
        changes = {"vocab_size": 300, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
        kind, config = variants.t5(**LONGEST_DISTANCE, **changes)
        variants.make(MADLAD, kind, config, torch.float16)
        folder = GOLDEN / MADLAD
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(GOLDEN / "variants" / MADLAD, folder)
        convert(folder, pieces)
        goldens(folder, sentencepiece.SentencePieceProcessor(model_file=str(pieces)), "<2en>")


def main():
    torch.set_num_threads(1)
    kind, config = variants.t5(**LONGEST_DISTANCE, feed_forward_proj="relu", num_decoder_layers=1)
    variants.make("t5-llama-cpp-relu", kind, config, torch.float16)
    config = UMT5Config(**SHAPE, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    variants.make("umt5-llama-cpp", UMT5ForConditionalGeneration, config, torch.float16)
    for name in ["t5-llama-cpp-relu", "umt5-llama-cpp"]:
        convert(GOLDEN / "variants" / name)
    madlad()
    out = gguf.GGUFWriter(MT5 / "tokenizer.gguf", "t5")
    vocabulary(out, MT5 / "spiece.model", 650)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.close()


if __name__ == "__main__":
    main()
