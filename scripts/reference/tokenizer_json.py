"""Trains a small tokenizer.json of the kind that `scripts/train/build_tokenizer.py` makes for the embedded
model: BPE over Metaspace pieces, digits and punctuation alone, the end token appended by a template. It
asks for padding and truncation, which Tarjoman must not follow."""

from collections import Counter

from common import EOS, GOLDEN, PAD, UNK, pairs
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers.models import BPE

FOLDER = GOLDEN / "json-bpe"


def main():
    tokenizer = Tokenizer(BPE(unk_token=UNK, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Punctuation(behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    lines = [line for pair in pairs() for line in pair]
    # Chosen here: the trainer breaks ties among rare characters by chance.
    counts = Counter(char for line in lines for char in line.replace(" ", ""))
    alphabet = sorted(counts, key=lambda char: (-counts[char], char))[:120]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in (EOS, UNK, PAD)],
        initial_alphabet=["▁", *alphabet],
        limit_alphabet=1 + len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", pair=f"$A $B {EOS}", special_tokens=[(EOS, 0)]
    )
    tokenizer.enable_padding(pad_id=2, pad_token=PAD, length=16)
    tokenizer.enable_truncation(16)
    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(FOLDER / "tokenizer.json"))


if __name__ == "__main__":
    main()
