"""Step 5: the mean of the weights of the last checkpoints (Vaswani et al. 2017, section 6.1)."""

import argparse
import os
from pathlib import Path

import torch

import common
from train import checkpoints


def number(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=common.WORK)
    parser.add_argument("--last", type=int, default=3, help="how many checkpoints")
    args = parser.parse_args()
    chosen = []
    for path in reversed(checkpoints(args.work)):
        # The one at the end of a run can lie a step after the one before it; that counts once.
        if not chosen or number(chosen[-1]) - number(path) >= 10:
            chosen.append(path)
    chosen = chosen[: args.last][::-1]
    if not chosen:
        raise SystemExit("no checkpoint yet: run train.py first")
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in chosen]
    mean = {}
    for name, value in states[-1]["model"].items():
        stack = torch.stack([s["model"][name].float() for s in states])
        mean[name] = stack.mean(0).to(value.dtype)
    out = args.work / "averaged.pt"
    steps = [s["step"] for s in states]
    torch.save({"model": mean, "config": states[-1]["config"], "steps": steps}, out.with_suffix(".tmp"))
    os.replace(out.with_suffix(".tmp"), out)
    print(f"mean of updates {steps}")


if __name__ == "__main__":
    main()
