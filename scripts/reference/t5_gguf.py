"""The small mT5 with weights of 8 bits, and the logits that it has then: ggml rounds the input of a product, too."""

import json

import gguf
import torch
from common import GOLDEN
from models import pad
from safetensors.numpy import load_file
from t5_models import EOS, MT5, PAD
from transformers import MT5ForConditionalGeneration

FOLDER = GOLDEN / MT5
Q8_0 = gguf.GGMLQuantizationType.Q8_0


def rounded(values):
    """As they are after Q8_0, in blocks of 32 along the last dimension."""
    return gguf.quants.dequantize(gguf.quants.quantize(values, Q8_0), Q8_0)


def fits(tensor):
    return tensor.ndim == 2 and tensor.shape[1] % 32 == 0


def save():
    """Under the names that the tensors have in safetensors."""
    writer = gguf.GGUFWriter(FOLDER / "model-q8_0.gguf", "t5")
    for name, tensor in sorted(load_file(FOLDER / "model.safetensors").items()):
        if fits(tensor):
            writer.add_tensor(name, gguf.quants.quantize(tensor, Q8_0), raw_dtype=Q8_0)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def first_logits(rows):
    """Of the first decoding step, in floating point but for the rounding of weights and inputs."""
    model = MT5ForConditionalGeneration.from_pretrained(FOLDER, attn_implementation="eager").eval()
    for parameter in model.parameters():
        if fits(parameter):
            parameter.copy_(torch.from_numpy(rounded(parameter.numpy())))
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(
                lambda _, args: (torch.from_numpy(rounded(args[0].numpy())),)
            )
    ids, mask = pad([row[:-1] for row in rows], PAD, EOS)
    start = torch.full((len(rows), 1), model.config.decoder_start_token_id)
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=start).logits[:, 0]
    return [[float(f"{v:.7g}") for v in row] for row in logits.tolist()]


def main():
    torch.set_num_threads(1)
    save()
    rows = json.loads((FOLDER / "activations.json").read_text(encoding="utf-8"))["input_ids"]
    golden = {"input_ids": rows, "first_logits": first_logits(rows)}
    path = FOLDER / "activations-q8_0.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
