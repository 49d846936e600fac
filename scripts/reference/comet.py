"""Small random COMET models and what Unbabel's own package gives for them.

    pip install --target FOLDER --no-deps unbabel-comet==2.2.7 pytorch-lightning==2.6.6 lightning-utilities \
        torchmetrics==0.10.3 entmax "transformers<5" "tokenizers<0.23" "huggingface-hub<1" "pandas<2.3" \
        "scipy<1.15" "python-dateutil<2.10" pytz tzdata six "numpy<2" jsonargparse "setuptools<80" sentencepiece sacrebleu
    PYTHONPATH=FOLDER python scripts/reference/comet.py

beside torch, because the package wants older libraries than the other scripts. Every model is a folder as on the hub
(`hparams.yaml`, `checkpoints/model.ckpt` written by Lightning's trainer), with the configuration and the tokenizer of its
encoder, which are another repository there. `scores.jsonl`: segments, and the scores of the package, one batch for all.
"""

import random
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]  # this file's name
warnings.filterwarnings("ignore")

import pytorch_lightning  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402
from comet.models.multitask.unified_metric import UnifiedMetric  # noqa: E402
from comet.models.regression.referenceless import ReferencelessRegression  # noqa: E402
from comet.models.regression.regression_metric import RegressionMetric  # noqa: E402
from transformers import XLMRobertaConfig, XLMRobertaTokenizerFast  # noqa: E402

sys.path.append(str(HERE))
from common import GOLDEN, SEED, pairs, write_jsonl  # noqa: E402

# What is not said is as in wmt22-comet-da and wmt22-cometkiwi-da, but for the sizes.
MODELS = {
    "comet-tiny": (RegressionMetric, dict(layer_transformation="sparsemax", layer_norm=False, pool="avg")),
    "comet-norm": (RegressionMetric, dict(layer_transformation="softmax", layer_norm=True, pool="cls")),
    "comet-max": (RegressionMetric, dict(layer=1, pool="max", final_activation="sigmoid")),
    "comet-qe": (ReferencelessRegression, dict(layer_transformation="softmax", layer_norm=True, pool="avg")),
    "comet-kiwi": (
        UnifiedMetric,
        dict(layer_transformation="sparsemax_patch", layer_norm=False, sent_layer="mix", input_segments=["mt", "src"]),
    ),
}


def encoder(folder):
    """The configuration and the tokenizer, which is XLM-R's over a small SentencePiece model."""
    shutil.copy(GOLDEN / "mbart-tiny/sentencepiece.bpe.model", folder)
    tokenizer = XLMRobertaTokenizerFast(vocab_file=str(folder / "sentencepiece.bpe.model"))
    tokenizer.save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=70,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    config.save_pretrained(folder)


def segments():
    """Sentences with good, damaged and empty translations, and one that is too long for the model."""
    draw = random.Random(SEED)
    made = []
    for english, persian in draw.sample(pairs(), 22):
        words = english.split()
        draw.shuffle(words)
        made.append({"src": persian, "mt": " ".join(words[: max(1, len(words) - 2)]), "ref": english})
    made += [dict(row, mt=row["ref"]) for row in made[:4]]
    made.append(dict(made[0], mt=""))
    made.append({key: " ".join(row[key] for row in made[:12]) for key in ("src", "mt", "ref")})
    return made


def make(name, kind, options, base):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "checkpoints").mkdir(parents=True)
    torch.manual_seed(SEED)
    model = kind(
        encoder_model="XLM-RoBERTa",
        pretrained_model=str(base),
        hidden_sizes=[24, 12],
        activations="Tanh",
        load_pretrained_weights=False,
        **options,
    )
    with torch.no_grad():
        for parameter in model.parameters():
            # As the package makes them, all sentences have nearly the same score.
            parameter.add_(torch.randn_like(parameter) * 0.2)
        if model.layerwise_attention is not None:
            for parameter in model.layerwise_attention.scalar_parameters:
                parameter.copy_(torch.randn(1) * 0.4)
    model.eval()
    trainer = pytorch_lightning.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    trainer.strategy.connect(model)
    trainer.save_checkpoint(folder / "checkpoints/model.ckpt")
    hparams = {**model.hparams, "pretrained_model": "xlm-roberta-large"}
    (folder / "hparams.yaml").write_text(yaml.safe_dump(hparams))
    for file in ("config.json", "tokenizer.json"):
        shutil.copy(base / file, folder)

    rows = segments()
    with torch.no_grad():
        inputs = model.prepare_sample(rows, stage="predict")
        inputs = inputs[0] if isinstance(inputs, tuple) else inputs
        scores = model(**inputs).score.tolist()
    write_jsonl(folder / "scores.jsonl", [dict(row, score=score) for row, score in zip(rows, scores)])
    print(name, f"{min(scores):.4f} to {max(scores):.4f}", (folder / "checkpoints/model.ckpt").stat().st_size)


def main():
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        encoder(base)
        for name, (kind, options) in MODELS.items():
            make(name, kind, options, base)


if __name__ == "__main__":
    main()
