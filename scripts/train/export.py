"""Step 6: write the averaged weights as a Hugging Face Marian folder with F16 or 8-bit weights.

The folder is filled beside its place and its files are then moved in, one rename each, so a reader
never sees half a file; a model card that is there already stays. Reloads the result and translates
three sentences with it, from the files alone.

With `--int8` matrices are `I8` tensors, `[outputs, inputs]` in -127..127, each with a companion
`NAME_scale`, `F32` `[outputs]`: what 1 stands for in each row. The shared embedding is one of them: it is
the output projection as well. The rest stays F16. transformers does not read such a file; Tarjoman does.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import GenerationConfig, MarianConfig, MarianMTModel

import common
from common import EOS, EOS_ID, PAD, PAD_ID, UNK
from train import translate

SAMPLES = [
    "رئیس‌جمهور آمریکا روز دوشنبه با همتای روسی خود گفت‌وگو کرد.",
    "در این حادثه 12 نفر کشته و 35 نفر زخمی شدند.",
    "او گفت: «ما به مذاکرات ادامه می‌دهیم.»",
]


def to_int8(path):
    """Rounds the matrices of a safetensors file, the largest weight of each output to 127."""
    made = {}
    for name, tensor in load_file(path).items():
        if tensor.dim() != 2 or not name.endswith(".weight") or "embed_positions" in name:
            made[name] = tensor.contiguous()
            continue
        weights = tensor.float()
        scale = weights.abs().amax(dim=1) / 127
        # As Tarjoman rounds at load: multiplied by 127 over the largest, ties to even.
        factor = torch.where(scale > 0, 127 / weights.abs().amax(dim=1), 0)
        made[name] = (weights * factor[:, None]).round().to(torch.int8).contiguous()
        made[name + "_scale"] = scale.contiguous()
    save_file(made, path, metadata={"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--to", type=Path, default=common.REPO / "models/fa-en-tiny")
    parser.add_argument("--table", type=Path, default=common.TABLE)
    parser.add_argument("--length-penalty", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--int8", action="store_true", help="matrices in 8 bits")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    state = torch.load(args.work / "averaged.pt", map_location="cpu", weights_only=True)
    config = MarianConfig.from_dict(state["config"])
    config.architectures = ["MarianMTModel"]
    # Generation settings belong in generation_config.json alone.
    config.forced_eos_token_id = None
    model = MarianMTModel(config)
    model.load_state_dict(state["model"])
    model.generation_config = GenerationConfig(
        num_beams=4,
        max_length=256,
        length_penalty=args.length_penalty,
        early_stopping=False,
        bad_words_ids=[[PAD_ID]],
        decoder_start_token_id=PAD_ID,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        forced_eos_token_id=EOS_ID,
        # What `train.py --guide` trains: all heads of the last layer, as pairs of layer and head.
        alignment_heads=[
            [config.decoder_layers - 1, head] for head in range(config.decoder_attention_heads)
        ],
    )

    made = args.to.with_name(args.to.name + ".tmp")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    model.half().save_pretrained(made)
    shutil.copy(args.work / "tokenizer.json", made / "tokenizer.json")
    (made / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "eos_token": EOS,
                "unk_token": UNK,
                "pad_token": PAD,
                "model_max_length": config.max_position_embeddings,
                "clean_up_tokenization_spaces": False,
                "model_input_names": ["input_ids", "attention_mask"],
            },
            indent=2,
        )
        + "\n"
    )

    # From the files alone, in float32 as a CPU would run it.
    again = MarianMTModel.from_pretrained(made, dtype=torch.float32)
    for name, value in again.state_dict().items():
        # Positions are computed, not stored; everything else comes back bit for bit.
        tolerance = 1e-3 if "embed_positions" in name else 0.0
        assert torch.allclose(value, model.state_dict()[name].float(), rtol=0, atol=tolerance), name
    tokenizer = Tokenizer.from_file(str(made / "tokenizer.json"))
    normalise = common.Normaliser(args.table)
    translated = translate(again, tokenizer, [normalise(s) for s in SAMPLES], "cpu", beams=4)
    for line, made_line in zip(SAMPLES, translated):
        print(line, "->", made_line)

    if args.int8:
        to_int8(made / "model.safetensors")
    args.to.mkdir(parents=True, exist_ok=True)
    for file in sorted(made.iterdir()):
        file.chmod(0o644)
        os.replace(file, args.to / file.name)
    made.rmdir()
    size = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{args.to.name}: updates {state['steps']}, {size:.2f} M parameters")


if __name__ == "__main__":
    main()
