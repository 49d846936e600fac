"""Makes the small tokenizer.json of a MADLAD-400 model: unigram pieces of both languages and tokens that ask for a
language, `<2en>`, as pieces among others; and what T5Tokenizer makes of lines with such a token before them."""

import tempfile
from pathlib import Path

import spm
from common import GOLDEN, pairs
from multilingual import rules
from sentencepiece import sentencepiece_model_pb2
from tokenizer_goldens import HOSTILE, mixed, real_lines, write
from transformers import T5Tokenizer

FOLDER = GOLDEN / "madlad-json"
LANGUAGES = ["<2ar>", "<2de>", "<2en>", "<2fa>", "<2fr>"]


def make(folder):
    """A SentencePiece model with the special tokens in T5's order, and from it a tokenizer.json."""
    rules(f"{folder}/rules.tsv")
    spm.train(
        [line for pair in pairs() for line in pair],
        Path(folder) / "spiece.model",
        model_type="unigram",
        vocab_size=284,
        character_coverage=0.998,
        normalization_rule_tsv=f"{folder}/rules.tsv",
        user_defined_symbols=LANGUAGES,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
    )
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString((Path(folder) / "spiece.model").read_bytes())
    tokenizer = T5Tokenizer(
        vocab=[(piece.piece, piece.score) for piece in model.pieces],
        _spm_precompiled_charsmap=model.normalizer_spec.precompiled_charsmap,
        extra_ids=0,
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer._tokenizer.save(str(FOLDER / "tokenizer.json"))
    return tokenizer


def main():
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = make(folder)
    english, persian = real_lines()
    lines = [*HOSTILE, *mixed(20), *persian[:60], *english[:20]]
    write(
        FOLDER,
        lambda text: tokenizer(text).input_ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        [*(f"<2en> {line}" for line in lines), *(f"<2fa>{line}" for line in english[:10]), *lines[:100]],
        [*english[:100], *persian[:20], *HOSTILE[:20]],
    )


if __name__ == "__main__":
    main()
