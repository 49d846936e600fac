"""Makes two small T5 tokenizers. One as mT5 has it: a SentencePiece model with bytes, and what the library makes of
lines. One as MADLAD-400 has it: a tokenizer.json with tokens that ask for a language, `<2en>`, as pieces among others,
and what T5Tokenizer makes of lines with such a token before them."""

import tempfile
from pathlib import Path

import sentencepiece
import spm
from common import GOLDEN, pairs
from multilingual import rules
from sentencepiece import sentencepiece_model_pb2
from tokenizer_goldens import HOSTILE, damaged, mixed, real_lines, write
from transformers import T5Tokenizer

MADLAD, MT5 = GOLDEN / "madlad-json", GOLDEN / "mt5-spm"
LANGUAGES = ["<2ar>", "<2de>", "<2en>", "<2fa>", "<2fr>"]


def train(path, **options):
    """A SentencePiece model with the special tokens in T5's order."""
    with tempfile.TemporaryDirectory() as folder:
        rules(f"{folder}/rules.tsv")
        spm.train(
            [line for pair in pairs() for line in pair],
            path,
            model_type="unigram",
            normalization_rule_tsv=f"{folder}/rules.tsv",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            **options,
        )


def madlad():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spiece.model"
        train(path, vocab_size=284, character_coverage=0.998, user_defined_symbols=LANGUAGES)
        model = sentencepiece_model_pb2.ModelProto()
        model.ParseFromString(path.read_bytes())
    tokenizer = T5Tokenizer(
        vocab=[(piece.piece, piece.score) for piece in model.pieces],
        _spm_precompiled_charsmap=model.normalizer_spec.precompiled_charsmap,
        extra_ids=0,
    )
    MADLAD.mkdir(parents=True, exist_ok=True)
    tokenizer._tokenizer.save(str(MADLAD / "tokenizer.json"))
    english, persian = real_lines()
    lines = [*HOSTILE, *mixed(20), *persian[:60], *english[:20]]
    write(
        MADLAD,
        lambda text: tokenizer(text).input_ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        [*(f"<2en> {line}" for line in lines), *(f"<2fa>{line}" for line in english[:10]), *lines[:100]],
        [*english[:100], *persian[:20], *HOSTILE[:20]],
    )


def mt5():
    """T5Tokenizer of transformers 4 is this library, the end token, and no space at the ends of a text."""
    path = MT5 / "spiece.model"
    train(path, vocab_size=640, character_coverage=0.99, byte_fallback=True)
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    special = [model.pad_id(), model.eos_id(), model.unk_id()]
    english, persian = real_lines()
    write(
        MT5,
        lambda text: [*model.encode(text), model.eos_id()],
        lambda ids: model.decode([i for i in ids if i not in special]).strip(),
        [*HOSTILE, *mixed(60), *damaged(persian, 40), *persian[:80], *english[:30]],
        [*english[:100], *persian[:20], *HOSTILE[:40]],
    )


def main():
    madlad()
    mt5()


if __name__ == "__main__":
    main()
