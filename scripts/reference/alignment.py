"""Cross-attention of the small models as transformers gives it (`output_attentions=True`), for the
translations of `generate.jsonl`: the candidates of a beam search, each run again by itself.

Kept are all heads of all decoder layers, `weights[layer][head][target token][source token]`: what the
decoder gives each source token when it reads the start token and the target up to a token. The row
that predicts a target token is the row of the token before it.
"""

import json
import sys

import torch
from common import GOLDEN, write_jsonl
from transformers import AutoModelForSeq2SeqLM

CASE = "beam4-return-4"
ROWS = 4
# Their rows are short, and the files small; any row of any length goes the same way.
LONGEST = 40


@torch.no_grad()
def weights(model, row, target):
    start = [model.config.decoder_start_token_id]
    out = model(
        input_ids=torch.tensor([row]),
        decoder_input_ids=torch.tensor([start + target]),
        output_attentions=True,
        use_cache=False,
    )
    layers = torch.stack(out.cross_attentions)[:, 0]
    return [[[[round(w, 5) for w in r] for r in head] for head in layer] for layer in layers.tolist()]


def make(name):
    model = AutoModelForSeq2SeqLM.from_pretrained(GOLDEN / name, attn_implementation="eager").eval()
    lines = (GOLDEN / name / "generate.jsonl").read_text(encoding="utf-8").splitlines()
    rows = json.loads(lines[0])["input_ids"]
    [case] = [case for case in map(json.loads, lines[1:]) if case["name"] == CASE]
    chosen = [at for at, row in enumerate(rows) if 5 < len(row) < LONGEST][:ROWS]
    write_jsonl(
        GOLDEN / name / "alignment.jsonl",
        [
            {"row": at, "candidate": candidate, "weights": weights(model, rows[at], target)}
            for at in chosen
            for candidate, target in enumerate(case["sequences"][at])
            if candidate in (0, 3)
        ],
    )


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ["marian-tiny", "m2m100-tiny", "t5-tiny"]:
        make(name)


if __name__ == "__main__":
    main()
