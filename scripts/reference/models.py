"""Trains the two small Marian models for a minute on a word-by-word toy language and saves them in every
form in which such models are published. Owns no search; `generation.py` measures what they put out.

The toy task: each source token becomes one (in the joint model also two or no) target tokens of a fixed random dictionary. It is
learnt only in part, which is what a test of the search wants: peaked, but with real alternatives.
"""

import json
import shutil

import sentencepiece
import torch
from common import EOS, GOLDEN, PAD, SEED, UNK, pairs, rng, write_json
from transformers import GenerationConfig, MarianConfig, MarianMTModel

MAX_LENGTH = 48
LONGEST_SOURCE = 60


def tiny_config(vocabulary):
    """Like OPUS-MT: joint vocabulary, padding last, swish, scaled embeddings."""
    return MarianConfig(
        vocab_size=len(vocabulary),
        max_position_embeddings=80,
        d_model=32,
        encoder_layers=3,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        activation_function="swish",
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        pad_token_id=vocabulary[PAD],
        decoder_start_token_id=vocabulary[PAD],
        eos_token_id=0,
        forced_eos_token_id=0,
        dropout=0.0,
        init_std=0.15,
        attn_implementation="eager",
    )


def separate_config():
    """Two vocabularies, relu, unscaled embeddings, padding in the third place, other layer counts."""
    return MarianConfig(
        vocab_size=330,
        decoder_vocab_size=270,
        max_position_embeddings=72,
        d_model=24,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=4,
        encoder_ffn_dim=72,
        decoder_ffn_dim=48,
        activation_function="relu",
        scale_embedding=False,
        share_encoder_decoder_embeddings=False,
        pad_token_id=2,
        decoder_start_token_id=2,
        eos_token_id=0,
        forced_eos_token_id=0,
        dropout=0.0,
        init_std=0.3,
        attn_implementation="eager",
    )


def generation_config(config):
    return GenerationConfig(
        bad_words_ids=[[config.pad_token_id]],
        decoder_start_token_id=config.decoder_start_token_id,
        eos_token_id=0,
        forced_eos_token_id=0,
        max_length=MAX_LENGTH,
        num_beams=4,
        pad_token_id=config.pad_token_id,
    )


def tiny_task():
    """Source rows of real text and the dictionary from source pieces to target pieces."""
    folder = GOLDEN / "marian-tiny"
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    source, target = (
        sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.spm"))
        for side in ("source", "target")
    )
    rows = []
    for _, persian in pairs():
        pieces = source.encode(persian, out_type=str)
        rows.append([vocabulary.get(p, vocabulary[UNK]) for p in pieces])
    names = [target.id_to_piece(i) for i in range(3, target.get_piece_size())]
    return rows, [vocabulary[n] for n in names], vocabulary


def separate_task(config):
    """Source rows of a made language with a skewed frequency, as words have it."""
    random = rng("separate/rows")
    weights = [1 / (i + 3) for i in range(3, config.vocab_size)]
    ids = range(3, config.vocab_size)
    rows = [random.choices(ids, weights, k=random.randint(2, 70)) for _ in range(1500)]
    return rows, list(range(3, config.decoder_vocab_size))


def dictionary(name, size, targets, fertility):
    random = rng(f"{name}/dictionary")
    return [random.choices(targets, k=random.choice(fertility)) for _ in range(size)]


def train(name, config, rows, words, steps, padding_bias):
    torch.manual_seed(SEED)
    model = MarianMTModel(config).train()
    random = rng(f"{name}/batches")
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    for step in range(steps):
        batch, longest = [], random.choice([8, 16, 24, LONGEST_SOURCE - 1])
        for row in random.choices(rows, k=24):
            start = random.randrange(max(1, len(row) - 3))
            batch.append(row[start : start + random.randint(1, longest)])
        ids, mask = pad(batch, config.pad_token_id)
        labels = [[t for s in row for t in words[s]][: MAX_LENGTH - 1] + [0] for row in batch]
        width = max(map(len, labels))
        labels = torch.tensor([row + [-100] * (width - len(row)) for row in labels])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 200 == 0 or step == steps - 1:
            print(f"{name} step {step} loss {loss.item():.3f}", flush=True)
    blur(model, padding_bias)
    return model.eval()


@torch.no_grad()
def blur(model, padding_bias):
    """Makes the search matter: flatter scores, an end token that tempts early, a padding token that would win
    now and then if it were allowed. The bias of the output, which the toy task has no use for, is drawn."""
    norm = model.model.decoder.layers[-1].final_layer_norm
    norm.weight *= 0.6
    norm.bias *= 0.6
    generator = torch.Generator().manual_seed(SEED)
    bias = torch.randn(model.final_logits_bias.shape, generator=generator) * 0.6
    bias[0, model.config.eos_token_id] = 1.5
    bias[0, model.config.pad_token_id] = padding_bias
    model.final_logits_bias.copy_(bias)


def pad(rows, pad_id, eos=0):
    """Rows with the end token appended, padded on the right, and their mask."""
    rows = [[*row, eos] for row in rows]
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def save_pretrained(model, folder):
    """As the library of today writes it: safetensors, tied weights once, generation_config.json."""
    model.generation_config = generation_config(model.config)
    model.save_pretrained(folder)


def save_old_form(model, folder):
    """As OPUS-MT was converted in 2020: one pickle with tied names and positions, all settings in config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    embedding = model.model.shared.weight
    state = {
        name: value
        for name, value in model.state_dict().items()
        if name not in {"lm_head.weight", "model.shared.weight"} and "embed_tokens" not in name
    }
    state = {
        "final_logits_bias": state.pop("final_logits_bias"),
        "model.shared.weight": embedding.data,
        "model.encoder.embed_tokens.weight": embedding.data,
        "model.decoder.embed_tokens.weight": embedding.data,
        **state,
        "lm_head.weight": embedding.data,
    }
    torch.save(state, folder / "pytorch_model.bin")
    c = model.config
    config = {
        "activation_dropout": 0.0,
        "activation_function": c.activation_function,
        "add_bias_logits": False,
        "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"],
        "attention_dropout": 0.0,
        "bad_words_ids": [[c.pad_token_id]],
        "bos_token_id": 0,
        "classif_dropout": 0.0,
        "d_model": c.d_model,
        "decoder_attention_heads": c.decoder_attention_heads,
        "decoder_ffn_dim": c.decoder_ffn_dim,
        "decoder_layerdrop": 0.0,
        "decoder_layers": c.decoder_layers,
        "decoder_start_token_id": c.decoder_start_token_id,
        "dropout": 0.1,
        "encoder_attention_heads": c.encoder_attention_heads,
        "encoder_ffn_dim": c.encoder_ffn_dim,
        "encoder_layerdrop": 0.0,
        "encoder_layers": c.encoder_layers,
        "eos_token_id": 0,
        "extra_pos_embeddings": c.pad_token_id + 1,
        "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
        "max_length": MAX_LENGTH,
        "max_position_embeddings": c.max_position_embeddings,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "num_beams": 4,
        "num_hidden_layers": c.encoder_layers,
        "pad_token_id": c.pad_token_id,
        "scale_embedding": c.scale_embedding,
        "static_position_embeddings": True,
        "vocab_size": c.vocab_size,
    }
    write_json(folder / "config.json", config)


def save_sharded(folder, source):
    """The same weights in two files with an index, as large models come."""
    if folder.exists():
        shutil.rmtree(folder)
    model = MarianMTModel.from_pretrained(source)
    total = sum(p.numel() * 4 for p in model.parameters())
    model.save_pretrained(folder, max_shard_size=f"{total * 3 // 5 // 1000}KB")
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) == 2, shards


def make_tiny():
    rows, targets, vocabulary = tiny_task()
    config = tiny_config(vocabulary)
    assert vocabulary[EOS] == 0
    words = dictionary("tiny", config.vocab_size, targets, [0, 1, 1, 1, 1, 2])
    model = train("tiny", config, rows, words, steps=1400, padding_bias=7.0)
    save_pretrained(model, GOLDEN / "marian-tiny")
    save_old_form(model, GOLDEN / "marian-tiny-bin")
    save_sharded(GOLDEN / "marian-tiny-sharded", GOLDEN / "marian-tiny")


def make_separate():
    config = separate_config()
    rows, targets = separate_task(config)
    words = dictionary("separate", config.vocab_size, targets, [1])
    model = train("separate", config, rows, words, steps=750, padding_bias=5.0)
    save_pretrained(model, GOLDEN / "marian-separate")


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    make_tiny()
    make_separate()


if __name__ == "__main__":
    main()
