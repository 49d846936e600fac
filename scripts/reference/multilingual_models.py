"""Trains the small M2M100, NLLB and mBART-50 models for a minute on the toy task of `models.py`. Their sources
stand between the language token and the end token, their targets start with the end token and a language."""

import json
import sys

import torch
from common import GOLDEN, SEED, UNK, pairs, rng
from models import dictionary
from multilingual import M2M100, MBART, NLLB, SOURCE, TARGET, fairseq_pieces, language_ids, processor
from transformers import (
    GenerationConfig,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MBartConfig,
    MBartForConditionalGeneration,
)

PAD, EOS = 1, 2
MAX_LENGTH = 40
LONGEST_SOURCE = 48

COMMON = {
    "bos_token_id": 0,
    "pad_token_id": PAD,
    "eos_token_id": EOS,
    "decoder_start_token_id": EOS,
    "scale_embedding": True,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "encoder_layerdrop": 0.0,
    "decoder_layerdrop": 0.0,
    "init_std": 0.18,
    "attn_implementation": "eager",
}


def m2m100_config(size):
    """The proportions of facebook/m2m100_418M."""
    return M2M100Config(
        vocab_size=size,
        max_position_embeddings=64,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        activation_function="relu",
        **COMMON,
    )


def nllb_config(size):
    """The same class in other sizes, as facebook/nllb-200-distilled-600M has it."""
    return M2M100Config(
        vocab_size=size,
        max_position_embeddings=48,
        d_model=24,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=4,
        encoder_ffn_dim=80,
        decoder_ffn_dim=48,
        activation_function="relu",
        tokenizer_class="NllbTokenizer",
        **COMMON,
    )


def mbart_config(size):
    """Like facebook/mbart-large-50-many-to-many-mmt: learned positions, norms before the blocks."""
    return MBartConfig(
        vocab_size=size,
        max_position_embeddings=56,
        d_model=28,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=2,
        encoder_ffn_dim=56,
        decoder_ffn_dim=72,
        activation_function="gelu",
        normalize_before=True,
        normalize_embedding=True,
        add_final_layer_norm=True,
        forced_eos_token_id=EOS,
        tokenizer_class="MBart50Tokenizer",
        **COMMON,
    )


def vocabulary(name):
    """Piece to id, and the number of rows of the embedding."""
    if name == M2M100:
        pieces = json.loads((GOLDEN / name / "vocab.json").read_text(encoding="utf-8"))
    else:
        pieces = {piece: index for index, piece in enumerate(fairseq_pieces(GOLDEN / name))}
    languages = language_ids(name, len(pieces))
    # M2M100 has eight rows that nothing uses; the others end with <mask>.
    return pieces, languages, len(pieces) + len(languages) + (8 if name == M2M100 else 1)


def task(name):
    """Source rows of real text without special tokens, the vocabulary and the size of the embedding."""
    pieces, languages, size = vocabulary(name)
    model = processor(GOLDEN / name)
    rows = [
        [pieces.get(p, pieces[UNK]) for p in model.encode(persian, out_type=str)]
        for _, persian in pairs()
    ]
    return rows, pieces, languages, size


def batch_of(rows, words, prefix, start):
    """Padded sources, their mask, decoder inputs and labels."""
    sources = [[prefix, *row, EOS] for row in rows]
    targets = [[start, *[t for s in row for t in words[s]]][: MAX_LENGTH - 2] + [EOS] for row in rows]

    def padded(lists, value):
        width = max(map(len, lists))
        return torch.tensor([row + [value] * (width - len(row)) for row in lists])

    ids = padded(sources, PAD)
    inputs = padded([[EOS, *target[:-1]] for target in targets], PAD)
    return {
        "input_ids": ids,
        "attention_mask": ids.ne(PAD).long(),
        "decoder_input_ids": inputs,
        "labels": padded(targets, -100),
    }


def train(name, model, steps):
    rows, pieces, languages, size = task(name)
    words = dictionary(name, size, list(range(4, len(pieces))), [0, 1, 1, 1, 1, 2])
    random = rng(f"{name}/batches")
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=steps)
    for step in range(steps):
        batch, longest = [], random.choice([8, 16, 24, LONGEST_SOURCE - 2])
        for row in random.choices(rows, k=24):
            start = random.randrange(max(1, len(row) - 3))
            batch.append(row[start : start + random.randint(1, longest)])
        loss = model(**batch_of(batch, words, languages[SOURCE[name]], languages[TARGET[name]])).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 200 == 0 or step == steps - 1:
            print(f"{name} step {step} loss {loss.item():.3f}", flush=True)


@torch.no_grad()
def blur(model):
    """Makes the search matter: flatter scores, an end token that tempts early."""
    norm = model.model.decoder.layer_norm
    norm.weight *= 0.65
    norm.bias *= 0.65
    end = model.model.shared.weight[EOS]
    norm.bias += end / end.square().sum()
    if hasattr(model, "final_logits_bias"):
        generator = torch.Generator().manual_seed(SEED)
        bias = torch.randn(model.final_logits_bias.shape, generator=generator) * 0.5
        model.final_logits_bias.copy_(bias)


def make(name, model_class, config, steps):
    """Trains one and saves it as the library of today writes it."""
    _, _, languages, size = task(name)
    torch.manual_seed(SEED)
    model = model_class(config(size)).train()
    train(name, model, steps)
    blur(model)
    model.generation_config = GenerationConfig(
        bos_token_id=0,
        pad_token_id=PAD,
        eos_token_id=EOS,
        decoder_start_token_id=EOS,
        forced_bos_token_id=languages[TARGET[name]],
        forced_eos_token_id=model.config.forced_eos_token_id if name == MBART else None,
        early_stopping=True if name != NLLB else None,
        max_length=MAX_LENGTH,
        num_beams=4,
    )
    model.eval().save_pretrained(GOLDEN / name)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    wanted = sys.argv[1:] or [M2M100, NLLB, MBART]
    if M2M100 in wanted:
        make(M2M100, M2M100ForConditionalGeneration, m2m100_config, 1400)
    if NLLB in wanted:
        make(NLLB, M2M100ForConditionalGeneration, nllb_config, 1400)
    if MBART in wanted:
        make(MBART, MBartForConditionalGeneration, mbart_config, 1400)


if __name__ == "__main__":
    main()
