"""What transformers makes of 64 Persian lines with the embedded model, as its own generation_config.json wants it."""

import torch
from common import GOLDEN, REPO, pairs, write_jsonl
from tokenizers import Tokenizer
from transformers import MarianMTModel

MODEL = REPO / "models/fa-en-tiny"
LINES = 64
LONGEST = 120


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    model = MarianMTModel.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for _, persian in pairs():
        ids = tokenizer.encode(persian).ids
        if len(ids) > LONGEST:
            continue
        # One at a time: what shares a batch must not matter.
        out = model.generate(
            input_ids=torch.tensor([ids]), return_dict_in_generate=True, output_scores=True
        )
        tokens = out.sequences[0].tolist()[1:]
        rows.append(
            {
                "text": persian,
                "tokens": tokens,
                "score": float(f"{out.sequences_scores[0].item():.7g}"),
                "translation": tokenizer.decode(tokens),
            }
        )
        if len(rows) == LINES:
            break
    write_jsonl(GOLDEN / "fa-en-tiny/generate.jsonl", rows)


if __name__ == "__main__":
    main()
