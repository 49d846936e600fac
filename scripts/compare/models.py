"""Random models of real shapes, for this repository's program and for CTranslate2.

Speed does not depend on what weights say: seeded random ones of the right shapes do, and the target
lengths are forced. Both sides get the same float32 weights.
"""

import json
import shutil
from pathlib import Path

import torch
from transformers import GenerationConfig, M2M100Config, M2M100ForConditionalGeneration
from transformers import MarianConfig, MarianMTModel

REPO = Path(__file__).resolve().parents[2]

# channels, inner, encoder layers, decoder layers, heads, vocabulary
SHAPES = {
    "embedded": ("marian", 256, 1024, 4, 2, 4, 8000),
    "student": ("marian", 256, 1536, 6, 2, 8, 32000),
    "base": ("marian", 512, 2048, 6, 6, 8, 62000),
    "big": ("marian", 1024, 4096, 6, 6, 16, 62000),
    "m2m100": ("m2m100", 1024, 4096, 12, 12, 16, 256000),
}
EOS = 0


def config(name):
    family, channels, inner, encoder, decoder, heads, vocabulary = SHAPES[name]
    common = dict(
        d_model=channels,
        encoder_ffn_dim=inner,
        decoder_ffn_dim=inner,
        encoder_layers=encoder,
        decoder_layers=decoder,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        vocab_size=vocabulary,
        scale_embedding=True,
        activation_function="relu" if family == "m2m100" or name in ("student", "embedded") else "swish",
        max_position_embeddings=512,
        eos_token_id=EOS,
        # CTranslate2 takes the last row of a Marian vocabulary for padding, and starts from zeros.
        pad_token_id=vocabulary - 1,
        decoder_start_token_id=vocabulary - 1,
        bos_token_id=None,
    )
    if family == "marian":
        return MarianConfig(**common)
    return M2M100Config(**common)


def build(name, folder, seed=1):
    """Writes `folder/ours` and `folder/ct2-float32`, `folder/ct2-int8`."""
    done = folder / "done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    ours = folder / "ours"
    ours.mkdir(parents=True)
    torch.manual_seed(seed)
    made = config(name)
    kind = MarianMTModel if isinstance(made, MarianConfig) else M2M100ForConditionalGeneration
    model = kind(made).eval()
    pad = made.pad_token_id
    with torch.no_grad():
        model.get_input_embeddings().weight[pad].zero_()
    model.generation_config = GenerationConfig(
        bad_words_ids=[[pad]],
        decoder_start_token_id=pad,
        pad_token_id=pad,
        eos_token_id=EOS,
        max_length=512,
    )
    model.save_pretrained(ours)
    # A tokenizer has to be there, and is not looked at.
    shutil.copy(REPO / "models/fa-en-tiny/tokenizer.json", ours)
    convert(model, folder)
    done.touch()


def convert(model, folder):
    """CTranslate2's own converter, with a vocabulary of numbers in place of a tokenizer's."""
    import copy

    from ctranslate2.converters.transformers import M2M100Loader, MarianMTLoader

    marian = isinstance(model, MarianMTModel)
    loader = MarianMTLoader() if marian else M2M100Loader()
    vocabulary = model.config.vocab_size - (1 if marian else 0)
    for precision in ("float32", "int8"):
        with torch.no_grad():
            spec = loader.get_model_spec(copy.deepcopy(model))
        tokens = [f"t{index}" for index in range(vocabulary)]
        tokens[EOS] = "</s>"
        tokens[1] = "<unk>"
        spec.register_source_vocabulary(tokens)
        spec.register_target_vocabulary(tokens)
        spec.config.eos_token = "</s>"
        spec.config.bos_token = "</s>"
        spec.config.unk_token = "<unk>"
        spec.config.decoder_start_token = "</s>" if marian else tokens[-1]
        spec.validate()
        spec.optimize(quantization=None if precision == "float32" else precision)
        to = folder / f"ct2-{precision}"
        to.mkdir()
        spec.save(str(to))


# channels, inner, layers, heads, heads of keys, channels of a head, vocabulary
GGUF = {"qwen3": (1024, 3072, 12, 16, 8, 64, 32000)}


def build_gguf(name, folder, seed=1):
    """Writes `folder/ours/model-q8_0.gguf`: a language model in the shape of Qwen3, with fewer layers and words."""
    import gguf
    import numpy as np

    done = folder / "done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "ours").mkdir(parents=True)
    channels, inner, layers, heads, key_heads, head_dim, vocabulary = GGUF[name]
    random = np.random.default_rng(seed)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer = gguf.GGUFWriter(folder / "ours/model-q8_0.gguf", "qwen3")
    writer.add_context_length(2048)
    writer.add_embedding_length(channels)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    # llama.cpp loads no model without a tokenizer; nobody looks at this one.
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    letters = ["<end>", "<start>", "<pad>", "a", "b", "ab"]
    writer.add_token_list(letters + [f"t{index}" for index in range(len(letters), vocabulary)])
    writer.add_token_types([3, 3, 3] + [1] * (vocabulary - 3))
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(EOS)
    writer.add_bos_token_id(1)
    writer.add_pad_token_id(2)

    def matrix(to, rows, columns):
        drawn = random.standard_normal((rows, columns), dtype=np.float32) * 0.02
        writer.add_tensor(f"{to}.weight", gguf.quants.quantize(drawn, kind), raw_dtype=kind)

    def norm(to, size):
        writer.add_tensor(f"{to}.weight", np.ones(size, dtype=np.float32))

    matrix("token_embd", vocabulary, channels)
    matrix("output", vocabulary, channels)
    norm("output_norm", channels)
    for block in (f"blk.{layer}" for layer in range(layers)):
        norm(f"{block}.attn_norm", channels)
        norm(f"{block}.ffn_norm", channels)
        norm(f"{block}.attn_q_norm", head_dim)
        norm(f"{block}.attn_k_norm", head_dim)
        matrix(f"{block}.attn_q", heads * head_dim, channels)
        matrix(f"{block}.attn_k", key_heads * head_dim, channels)
        matrix(f"{block}.attn_v", key_heads * head_dim, channels)
        matrix(f"{block}.attn_output", channels, heads * head_dim)
        matrix(f"{block}.ffn_gate", inner, channels)
        matrix(f"{block}.ffn_up", inner, channels)
        matrix(f"{block}.ffn_down", channels, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    done.touch()


def words(ids):
    """The tokens of ids, as CTranslate2 takes them."""
    return ["</s>" if index == EOS else f"t{index}" for index in ids]


def read(path):
    return json.loads(Path(path).read_text())
