"""Tokenizers in GGUF files, written as llama.cpp's `convert_hf_to_gguf.py` does it, and the ids that transformers'
conversions to the tokenizers library give for the same models: `gemma3-spm` (SentencePiece's merges by score, with the
options of Gemma's) and `qwen3-bpe` (merges of bytes)."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import gguf
import sentencepiece
import spm
from causal_tokenizer import PROMPTS
from common import GOLDEN, pairs, rng, write_jsonl
from tokenizer_goldens import source_lines
from tokenizers import AddedToken, Tokenizer, models, processors, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers.convert_slow_tokenizer import GemmaConverter, GemmaSentencePieceExtractor, Qwen2Converter

TURNS = ["<start_of_turn>", "<end_of_turn>"]
USER_DEFINED = [*TURNS, "\n", "\n\n", "\n\n\n", "\t", "▁▁", "▁▁▁", "▁▁▁▁", "<table>", "<unused0>"]
THINKING = ["<think>", "</think>"]
CHAT = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHATS = [
    "<|im_start|>user\nTranslate:\n\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "Translate this.\nPersian: {}\nEnglish:",
    "{}",
]


class Extractor(GemmaSentencePieceExtractor):
    """Release 5 reads the file in another way than the class that it left for Gemma expects."""

    def __init__(self, model):
        self.sp = sentencepiece.SentencePieceProcessor(model_file=model)


class Converter(GemmaConverter):
    SpmExtractor = Extractor


def looks_special(token):
    return token.startswith("<unused") or token in {"<pad>", "<eos>", "<bos>", "<unk>"}


def goldens(name, tokenizer, begin, prompts):
    """Whole prompts; one that writes the beginning itself gets no other."""
    folder = GOLDEN / name
    random = rng(f"{name}/prompts")
    encode = []
    for text in [*source_lines(200), "a  b   c    d", "\n\n\n\n", "x\n\ny", " ", "don't WE'LL I'm", "e\u0301"]:
        prompt = random.choice([*prompts, "{}", "{}"]).replace("{}", text)
        ids = tokenizer.encode(prompt, add_special_tokens=False).ids
        encode.append({"text": prompt, "ids": ids if ids[: len(begin)] == begin else [*begin, *ids]})
    write_jsonl(folder / "encode.jsonl", encode)
    english = [tokenizer.encode(line, add_special_tokens=False).ids for line, _ in pairs()[:60]]
    top = tokenizer.get_vocab_size()
    any_ids = [[random.randrange(top) for _ in range(random.randint(0, 20))] for _ in range(60)]
    rows = [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)} for ids in [*english, *any_ids]]
    write_jsonl(folder / "decode.jsonl", rows)
    print(f"{name}: {len(encode)} to ids, {len(rows)} to text", flush=True)


def writer(name, architecture):
    (GOLDEN / name).mkdir(exist_ok=True)
    return gguf.GGUFWriter(GOLDEN / name / "tokenizer.gguf", architecture)


def close(out):
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.close()


def sentencepiece_model(path):
    options = {
        "model_type": "bpe",
        "vocab_size": 900,
        "normalization_rule_name": "identity",
        "character_coverage": 0.999,
        "byte_fallback": True,
        "split_digits": True,
        "allow_whitespace_only_pieces": True,
        "add_dummy_prefix": False,
        "remove_extra_whitespaces": False,
        "user_defined_symbols": USER_DEFINED,
        "pad_id": 0,
        "eos_id": 1,
        "bos_id": 2,
        "unk_id": 3,
        "pad_piece": "<pad>",
        "eos_piece": "<eos>",
        "bos_piece": "<bos>",
        "unk_piece": "<unk>",
    }
    spm.train([line for pair in pairs() for line in pair], path, **options)
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def piece_kind(model, index):
    """What llama.cpp calls a piece of a SentencePiece model."""
    kinds = gguf.TokenType
    if model.is_unknown(index):
        return kinds.UNKNOWN
    if model.is_control(index):
        return kinds.CONTROL
    if model.is_unused(index):
        return kinds.UNUSED
    return kinds.BYTE if model.is_byte(index) else kinds.NORMAL


def gemma():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.model"
        model = sentencepiece_model(path)
        slow = SimpleNamespace(
            vocab_file=str(path), pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", add_prefix_space=False
        )
        tokenizer = Converter(slow).converted()
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    specials = {"<pad>", "<eos>", "<bos>", "<unk>", *TURNS}
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in sorted(specials)])
    goldens("gemma3-spm", tokenizer, [2], PROMPTS)
    same = [line for line in source_lines(200) if tokenizer.encode(line, add_special_tokens=False).ids == model.encode(line)]
    print(f"SentencePiece itself gives the same for {len(same)} of {len(source_lines(200))} lines")

    kinds = gguf.TokenType
    tokens, scores, types = [], [], []
    for index in range(model.get_piece_size()):
        piece = model.id_to_piece(index)
        kind = piece_kind(model, index)
        score = model.get_score(index)
        if piece in specials or piece in USER_DEFINED:
            special = piece in specials or looks_special(piece)
            kind = kinds.CONTROL if special else kinds.USER_DEFINED
            piece, score = piece if special else piece.replace("▁", " "), -1000.0
        tokens.append(piece.encode())
        scores.append(score)
        types.append(kind)
    out = writer("gemma3-spm", "gemma3")
    out.add_tokenizer_model("llama")
    out.add_tokenizer_pre("default")
    out.add_token_list(tokens)
    out.add_token_scores(scores)
    out.add_token_types(types)
    out.add_add_space_prefix(False)
    out.add_bos_token_id(2)
    out.add_eos_token_id(1)
    out.add_unk_token_id(3)
    out.add_pad_token_id(0)
    out.add_add_bos_token(True)
    out.add_add_eos_token(False)
    close(out)


def qwen():
    empty = SimpleNamespace(encoder={}, bpe_ranks={}, add_prefix_space=False)
    bare = Qwen2Converter(empty).converted()
    learner = Tokenizer(models.BPE())
    learner.normalizer, learner.pre_tokenizer = bare.normalizer, bare.pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    learner.train_from_iterator([line for pair in pairs() for line in pair], trainer)
    state = json.loads(learner.to_str())["model"]
    vocabulary, merges = state["vocab"], [tuple(merge) for merge in state["merges"]]
    tokenizer = Qwen2Converter(empty).converted(vocabulary, merges)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in CHAT])
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in THINKING])
    goldens("qwen3-bpe", tokenizer, [], CHATS)

    names = {index: token for token, index in tokenizer.get_vocab(with_added_tokens=True).items()}
    size = len(names) + 5
    kinds = gguf.TokenType
    kind = {**dict.fromkeys(CHAT, kinds.CONTROL), **dict.fromkeys(THINKING, kinds.USER_DEFINED)}
    tokens = [names.get(index, f"[PAD{index}]") for index in range(size)]
    out = writer("qwen3-bpe", "qwen3")
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types(
        [kind.get(name, kinds.NORMAL) if index in names else kinds.UNUSED for index, name in enumerate(tokens)]
    )
    out.add_token_merges([" ".join(merge) for merge in merges])
    out.add_bos_token_id(tokens.index(CHAT[0]))
    out.add_eos_token_id(tokens.index(CHAT[2]))
    out.add_pad_token_id(tokens.index(CHAT[0]))
    out.add_add_bos_token(False)
    close(out)


def main():
    gemma()
    qwen()


if __name__ == "__main__":
    main()
