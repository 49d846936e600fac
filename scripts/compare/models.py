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
DEFAULT = ["embedded", "student", "base"]
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


def words(ids):
    """The tokens of ids, as CTranslate2 takes them."""
    return ["</s>" if index == EOS else f"t{index}" for index in ids]


def read(path):
    return json.loads(Path(path).read_text())
