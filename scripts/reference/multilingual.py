"""Makes the tokenizer files of the small M2M100, NLLB and mBART-50 models, as the hub has them. Each has one
SentencePiece model for all languages, fairseq's ids and a token for each language."""

import base64
import contextlib
import json
import shutil
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece
import spm
from common import GOLDEN, pairs, rng, write_json
from transformers import MBart50Tokenizer, NllbTokenizer
from transformers.models.m2m_100.tokenization_m2m_100 import (
    FAIRSEQ_LANGUAGE_CODES as M2M100_LANGUAGES,
)
from transformers.models.mbart50.tokenization_mbart50 import (
    FAIRSEQ_LANGUAGE_CODES as MBART_LANGUAGES,
)

SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]
SPM = "sentencepiece.bpe.model"
M2M100, NLLB, MBART, MBART_JSON = "m2m100-tiny", "nllb-tiny", "mbart-tiny", "mbart-json"
SOURCE = {M2M100: "__fa__", NLLB: "pes_Arab", MBART: "fa_IR"}
TARGET = {M2M100: "__en__", NLLB: "eng_Latn", MBART: "en_XX"}

NLLB_LANGUAGES = [
    *["ace_Arab", "arb_Arab", "azj_Latn", "ckb_Arab", "deu_Latn", "eng_Latn", "pes_Arab", "fra_Latn"],
    *["kmr_Latn", "prs_Arab", "pbt_Arab", "rus_Cyrl", "spa_Latn", "tgk_Cyrl", "tur_Latn", "urd_Arab"],
    *["zho_Hans", "zho_Hant"],
]


def rules(path):
    """A few rules of NFKC: the whole table would be 240 kB a file."""
    text = "\u00a0\u3000\u2003½ﬁ™①㎏ﷲﷺﻛﺘﺎﺏﻻ" + "".join(map(chr, range(0xFF01, 0xFF5F))) + "ｶﾞ"
    lines = {ord(c): unicodedata.normalize("NFKC", c) for c in text}
    lines |= {0x200B: "", 0xFEFF: " ", 0x9: " ", 0xA: " ", 0xD: " "}
    with Path(path).open("w", encoding="utf-8") as file:
        for source, target in sorted(lines.items()):
            file.write(f"{source:X}\t{' '.join(f'{ord(c):X}' for c in target)}\n")


def train(folder, **options):
    """One model for both languages."""
    lines = [line for pair in pairs() for line in pair]
    # The name of the rules goes into the model.
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made):
        rules("rules.tsv")
        spm.train(
            lines,
            folder / SPM,
            normalization_rule_tsv="rules.tsv",
            character_coverage=0.998,
            **options,
        )


def processor(folder):
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / SPM))


def fairseq_pieces(folder):
    """Special tokens and pieces in fairseq's order: a piece's id is SentencePiece's and one."""
    model = processor(folder)
    return SPECIALS + [model.id_to_piece(i) for i in range(3, model.get_piece_size())]


def languages(name):
    """The language tokens in the order of their ids; the small NLLB has some of its 202."""
    if name == M2M100:
        return [f"__{code}__" for code in M2M100_LANGUAGES["m2m100"]]
    return NLLB_LANGUAGES if name == NLLB else MBART_LANGUAGES


def language_ids(name, pieces):
    """Token to id; they follow the pieces."""
    return {code: pieces + index for index, code in enumerate(languages(name))}


def write_m2m100(folder):
    """As in facebook/m2m100_418M: languages are special tokens only because the map lists them."""
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    config = {**named, "language_codes": "m2m100", "tokenizer_class": "M2M100Tokenizer"}
    write_json(folder / "tokenizer_config.json", config)
    special = {**named, "additional_special_tokens": languages(M2M100)}
    write_json(folder / "special_tokens_map.json", special)


def make_m2m100():
    """vocab.json comes from fairseq's dictionary, which is not in the order of the model and lacks some pieces."""
    folder = GOLDEN / M2M100
    train(folder, model_type="bpe", vocab_size=300)
    pieces = fairseq_pieces(folder)[4:]
    rng("m2m100/vocabulary").shuffle(pieces)
    names = [*SPECIALS, *pieces[:-3]]
    write_json(folder / "vocab.json", {name: index for index, name in enumerate(names)})
    write_m2m100(folder)


def make_nllb():
    """As in facebook/nllb-200-distilled-600M: languages and <mask> after the pieces, a template for English."""
    folder = GOLDEN / NLLB
    train(folder, model_type="bpe", vocab_size=270)
    # The library turns the SentencePiece model into merges and rules, but numbers <mask> otherwise.
    converted = json.loads(NllbTokenizer.from_pretrained(folder).backend_tokenizer.to_str())
    [charsmap] = [
        base64.b64decode(step["precompiled_charsmap"])
        for step in converted["normalizer"]["normalizers"]
        if step["type"] == "Precompiled"
    ]
    names = [*fairseq_pieces(folder), *NLLB_LANGUAGES, "<mask>"]
    tokenizer = NllbTokenizer(
        vocab={name: index for index, name in enumerate(names)},
        merges=[tuple(merge) for merge in converted["model"]["merges"]],
        extra_special_tokens=NLLB_LANGUAGES,
        _spm_precompiled_charsmap=charsmap,
    )
    save(tokenizer, folder)


def make_mbart():
    """As in facebook/mbart-large-50-many-to-many-mmt, and the same as a tokenizer.json."""
    folder = GOLDEN / MBART
    train(folder, model_type="unigram", vocab_size=300)
    save(MBart50Tokenizer.from_pretrained(folder), GOLDEN / MBART_JSON)
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "MBart50Tokenizer"})


def save(tokenizer, folder):
    """tokenizer.json, and of its configuration only the class."""
    with tempfile.TemporaryDirectory() as made:
        tokenizer.save_pretrained(made)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{made}/tokenizer.json", folder / "tokenizer.json")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": type(tokenizer).__name__})


def main():
    make_m2m100()
    make_nllb()
    make_mbart()


if __name__ == "__main__":
    main()
