"""Trains the small SentencePiece models and writes the joint vocabulary, as an OPUS-MT repository has them."""

import io

import sentencepiece
from common import ENGLISH, EOS, GOLDEN, PAD, UNK, pairs, write_json

SPECIALS = {EOS, UNK, "<s>", PAD}


def train(lines, path, **options):
    """One SentencePiece model; a single thread, so that it comes out the same each time."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        num_threads=1,
        minloglevel=2,
        **options,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.getvalue())


def pieces(path):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def joint_vocabulary(folder):
    """`</s>`, `<unk>`, the pieces of both models, a language code, `<pad>` last."""
    names = [EOS, UNK]
    for path in (folder / "source.spm", folder / "target.spm"):
        names += [p for p in pieces(path) if p not in SPECIALS]
    names += [ENGLISH, PAD]
    return {name: index for index, name in enumerate(dict.fromkeys(names))}


def write_marker(folder):
    """tokenizer_config.json: the class and languages, nothing that changes the result."""
    config = {"source_lang": "fas", "target_lang": "eng", "tokenizer_class": "MarianTokenizer"}
    write_json(folder / "tokenizer_config.json", config)


def make(folder, source, target, **options):
    english, persian = zip(*pairs(), strict=True)
    train(persian, folder / "source.spm", **options, **source)
    train(english, folder / "target.spm", **options, **target)
    write_json(folder / "vocab.json", joint_vocabulary(folder))
    write_marker(folder)


def separate(folder):
    """A vocabulary for each side; special tokens have the same ids in both."""
    options = {"model_type": "bpe", "normalization_rule_name": "identity", "character_coverage": 0.99}
    make(folder, {"vocab_size": 220}, {"vocab_size": 180}, **options)
    for side, name in [("source", "vocab.json"), ("target", "target_vocab.json")]:
        names = [EOS, UNK, PAD, *(p for p in pieces(folder / f"{side}.spm") if p not in SPECIALS)]
        write_json(folder / name, {name: index for index, name in enumerate(names)})
    write_json(
        folder / "tokenizer_config.json", {"separate_vocabs": True, "tokenizer_class": "MarianTokenizer"}
    )


def main():
    separate(GOLDEN / "spm-separate")
    # What OPUS-MT has: two unigram models with SentencePiece's default normaliser.
    make(
        GOLDEN / "marian-tiny",
        {"vocab_size": 500},
        {"vocab_size": 420},
        model_type="unigram",
        normalization_rule_name="nmt_nfkc",
        character_coverage=0.9995,
    )
    # What some OPUS-MT models have instead: BPE. The identity normaliser keeps the files small.
    make(
        GOLDEN / "spm-bpe",
        {"vocab_size": 500, "user_defined_symbols": ["<date>", "کی‌یف"]},
        {"vocab_size": 400},
        model_type="bpe",
        normalization_rule_name="identity",
        character_coverage=0.999,
    )
    # Options of the format that change the segmentation: bytes for unknown characters, control and
    # user-defined pieces, white space kept, as a suffix.
    make(
        GOLDEN / "spm-options",
        {"vocab_size": 760, "user_defined_symbols": ["<date>", "می‌"], "control_symbols": ["<ctl>"]},
        {"vocab_size": 660, "treat_whitespace_as_suffix": True},
        model_type="unigram",
        normalization_rule_name="identity",
        byte_fallback=True,
        remove_extra_whitespaces=False,
    )


if __name__ == "__main__":
    main()
