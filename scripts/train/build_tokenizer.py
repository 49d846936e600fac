"""Step 2: one vocabulary for Persian and English, as a `tokenizers` tokenizer.json.

BPE over Metaspace pieces; digits and punctuation stand alone, so that numbers are copied digit by
digit and a full stop never sticks to a word. Appends </s>. Case is kept. Normalises nothing: the
text is expected as common.Normaliser leaves it. BPE (not Unigram) because its merges can be dropped
at random in training, which small data needs (BPE-dropout, Provilkov et al. 2020).
"""

import argparse
import random
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers.models import BPE

import common
from common import EOS, EOS_ID, PAD, PAD_ID, UNK, UNK_ID, WEIGHTS, ZWNJ

# Every character that must never be <unk>, seen in the data or not.
ALPHABET = (
    [chr(c) for c in range(0x21, 0x7F)]
    + [chr(c) for c in range(0xC0, 0x180) if chr(c).isalpha()]
    + list("ابتثجحخدذرزسشصضطظعغفقلمنهویپچژکگآأإؤئء،؛؟«»“”‘’–—…€£°§±×½¼²³·" + ZWNJ)
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--min-frequency", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    rng = random.Random(args.seed)
    text = []
    for corpus, english, persian in common.read_prepared(args.work / "train.tsv"):
        weight = WEIGHTS.get(corpus, 1.0)
        copies = int(weight) + (rng.random() < weight % 1)
        # The joined and the split form of half-spaced words must both have pieces.
        text += [english, persian] * copies
        text += [persian.replace(ZWNJ, "")] * (copies // 2)

    tokenizer = Tokenizer(BPE(unk_token=UNK, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Punctuation(behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=args.vocabulary,
        min_frequency=args.min_frequency,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in (EOS, UNK, PAD)],
        initial_alphabet=ALPHABET,
        limit_alphabet=len(ALPHABET) + 8,
        max_token_length=20,
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", pair=f"$A $B {EOS}", special_tokens=[(EOS, EOS_ID)]
    )
    assert [tokenizer.token_to_id(t) for t in (EOS, UNK, PAD)] == [EOS_ID, UNK_ID, PAD_ID]
    assert tokenizer.get_vocab_size() == args.vocabulary, tokenizer.get_vocab_size()

    for line in ('He said "no" in 2024, at 9:30 a.m.', "کاخ سفید گفت: «نمی‌توان 12.5% را»."):
        ids = tokenizer.encode(line).ids
        assert ids[-1] == EOS_ID and UNK_ID not in ids, line
        assert tokenizer.decode(ids) == line, (line, tokenizer.decode(ids))
    tokenizer.save(str(args.work / "tokenizer.json.tmp"))
    (args.work / "tokenizer.json.tmp").replace(args.work / "tokenizer.json")
    for line in text[:1000:201]:
        print(" ".join(tokenizer.encode(line).tokens))


if __name__ == "__main__":
    main()
