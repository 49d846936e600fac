"""The tokenizer of the small Gemma in the form that Gemma 3 has: BPE over `▁`, a beginning put before every text, and the
ids that transformers gives for whole prompts."""

from causal_models import GEMMA, VOCABULARY
from common import GOLDEN, pairs, rng, write_jsonl
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
PROMPTS = [
    "Translate this from Persian to English:\nPersian: {}\nEnglish:",
    "Translate this from Persian to English:\nPersian: {}\nEnglish: The news.\n",
    "<bos><start_of_turn>user\nTranslate:\n\n\n{}<end_of_turn>\n<start_of_turn>model\n",
    "{}",
]


def train():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, limit_alphabet=160, special_tokens=SPECIALS, show_progress=False
    )
    lines = [line for pair in pairs() for line in pair]
    tokenizer.train_from_iterator([*lines, "user\nmodel\n\n\n"] * 2, trainer)
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in SPECIALS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A $B", special_tokens=[("<bos>", tokenizer.token_to_id("<bos>"))]
    )
    return tokenizer


def main():
    folder = GOLDEN / GEMMA
    made = train()
    assert made.get_vocab_size() == VOCABULARY
    made.save(str(folder / "tokenizer.json"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    encode = []
    texts = [persian for _, persian in rng("causal/texts").sample(pairs(), 20)]
    for text in [*texts, "", " a  b ", "😀"]:
        for prompt in PROMPTS:
            prompt = prompt.replace("{}", text)
            # A chat template writes the beginning itself; transformers is told not to add another.
            ids = tokenizer(prompt, add_special_tokens=not prompt.startswith("<bos>"))["input_ids"]
            encode.append({"text": prompt, "ids": ids})
    write_jsonl(folder / "encode.jsonl", encode)
    english = [tokenizer(line, add_special_tokens=False)["input_ids"] for line, _ in pairs()[:20]]
    decode = [[*ids, 5] for ids in english] + [[1], [], [2, 0, 4, 1]]
    rows = [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)} for ids in decode]
    write_jsonl(folder / "decode.jsonl", rows)


if __name__ == "__main__":
    main()
