"""Step 4: train a Marian transformer (transformers.MarianMTModel) on the prepared pairs.

Resumable: the last checkpoint in `checkpoints/` is taken up again, with the optimiser, and the text
is read anew. Writes `curve.tsv`. Stops at --updates or after --minutes; over the last --cooldown of
the updates, or the last --cooldown-minutes, the learning rate falls to 5 %. Runs on CPU in float32
and on CUDA in bfloat16.
"""

import argparse
import contextlib
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import sacrebleu
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import MarianConfig, MarianMTModel

import common
from batches import Batches, bucket, tensors
from common import EOS_ID, PAD_ID


def build_model(args, vocabulary: int) -> MarianMTModel:
    config = MarianConfig(
        vocab_size=vocabulary,
        decoder_vocab_size=vocabulary,
        d_model=args.d_model,
        encoder_layers=args.encoder_layers,
        decoder_layers=args.decoder_layers,
        encoder_ffn_dim=args.ffn,
        decoder_ffn_dim=args.ffn,
        encoder_attention_heads=args.heads,
        decoder_attention_heads=args.heads,
        activation_function="relu",
        dropout=args.dropout,
        activation_dropout=0.0,
        attention_dropout=0.0,
        max_position_embeddings=512,
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        decoder_start_token_id=PAD_ID,
        forced_eos_token_id=EOS_ID,
        # Guided alignment needs the attention weights, which only the eager kernel returns.
        attn_implementation="eager",
    )
    model = MarianMTModel(config)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and module is not model.lm_head:
            torch.nn.init.xavier_uniform_(module.weight)
            torch.nn.init.zeros_(module.bias)
    torch.nn.init.normal_(model.model.shared.weight, std=args.d_model**-0.5)
    return model


class Lexicon:
    """Dense view of lexicon.npz, `[vocabulary, vocabulary]`, Persian by English."""

    def __init__(self, path: Path, vocabulary: int, device: str):
        raw = np.load(path)
        self.persian, self.english = raw["persian"].astype(int), raw["english"].astype(int)
        self.forward = raw["forward"]
        table = torch.zeros(vocabulary, vocabulary)
        table[self.persian, self.english] = torch.from_numpy(raw["forward"] * raw["backward"])
        self.table = table.to(device)

    @torch.no_grad()
    def initialise(self, model: MarianMTModel, tokenizer: Tokenizer, share: float = 0.8):
        """Sets each Persian piece's embedding near the mean of its likely translations."""
        weight = model.model.shared.weight
        mass = torch.from_numpy(np.where(self.forward > 0.04, self.forward, 0.0)).float()
        sparse = torch.sparse_coo_tensor(
            np.stack([self.persian, self.english]), mass, (len(weight), len(weight)), check_invariants=False
        )
        mean = F.normalize(torch.sparse.mm(sparse, weight), dim=-1)
        for i in range(len(weight)):
            token = tokenizer.id_to_token(i)
            if any("\u0600" <= c <= "\u06ff" for c in token) and mean[i].norm() > 0.5:
                noise = F.normalize(weight[i], dim=-1)
                weight[i] = math.sqrt(share) * mean[i] + math.sqrt(1 - share) * noise

    def alignment(self, source, target):
        """Where each target piece comes from, `[batch, target_time, source_time]`, and how sure."""
        score = self.table[source[:, None, :], target[:, :, None]].sqrt()
        s = torch.arange(source.shape[1], device=source.device) / (source != PAD_ID).sum(1)[:, None]
        t = torch.arange(target.shape[1], device=source.device) / (target != PAD_ID).sum(1)[:, None]
        score = score * torch.exp(-3.0 * (t[:, :, None] - s[:, None, :]).abs())
        total = score.sum(-1, keepdim=True)
        sure = (total / (total + 0.05)).squeeze(-1) * (target > PAD_ID)
        return score / (total + 1e-9), sure


def shifted(target):
    return torch.cat([torch.full_like(target[:, :1], PAD_ID), target[:, :-1]], 1)


def loss_of(model, source, target, smoothing: float, lexicon=None, caught=None):
    """Summed cross-entropy, and the guided-alignment term where a lexicon is given."""
    logits = model(
        input_ids=source,
        attention_mask=(source != PAD_ID).long(),
        decoder_input_ids=shifted(target),
        use_cache=False,
    ).logits
    cross = F.cross_entropy(
        logits.float().flatten(0, 1), target.flatten(), ignore_index=PAD_ID,
        label_smoothing=smoothing, reduction="sum",
    )
    if lexicon is None:
        return cross, cross.new_zeros(())
    wanted, sure = lexicon.alignment(source, target)
    attention = caught.weights.float().mean(1).clamp(min=1e-6)
    return cross, -(wanted * attention.log() * sure[:, :, None]).sum()


def translate(model, tokenizer, lines, device, beams=1, **options):
    """Greedy by default: this is for the curve, not for a score to publish."""
    model.eval()
    encoded = [e.ids for e in tokenizer.encode_batch(lines)]
    order = sorted(range(len(lines)), key=lambda i: len(encoded[i]))
    out = [""] * len(lines)
    for start in range(0, len(order), 50):
        part = order[start : start + 50]
        source, _ = tensors([(encoded[i][:500], [EOS_ID]) for i in part])
        source = source.to(device)
        ids = model.generate(
            input_ids=source, attention_mask=(source != PAD_ID).long(), num_beams=beams,
            max_length=min(128, 2 * source.shape[1] + 10), bad_words_ids=[[PAD_ID]], **options,
        )
        for i, text in zip(part, tokenizer.decode_batch(ids.tolist())):
            out[i] = text
    model.train()
    return out


@torch.no_grad()
def held_out_loss(model, pairs, device) -> float:
    model.eval()
    total, tokens = 0.0, 0
    for batch in bucket(pairs, 2000):
        source, target = (t.to(device) for t in tensors(batch))
        total += loss_of(model, source, target, 0.0)[0].item()
        tokens += (target != PAD_ID).sum().item()
    model.train()
    return total / tokens


def learning_rate(step: int, args, minutes: float) -> float:
    rate = args.lr * min(1.0, step / args.warmup)
    rate *= math.sqrt(args.hold / max(args.hold, step))
    left = 1.0
    if args.updates and args.cooldown:
        left = (args.updates - step) / args.cooldown
    if args.minutes and args.cooldown_minutes:
        left = min(left, (args.minutes - minutes) / args.cooldown_minutes)
    return rate * max(0.05, min(1.0, left))


def checkpoints(work: Path) -> list[Path]:
    return sorted((work / "checkpoints").glob("step-*.pt"))


def save(path: Path, keep: int, **state):
    path.parent.mkdir(exist_ok=True)
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)
    for old in checkpoints(path.parent.parent)[:-keep]:
        old.unlink()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--work", type=Path, default=common.WORK)
    add("--eval", type=Path, default=common.EVAL)
    add("--table", type=Path, default=common.TABLE)
    add("--device", default="cpu")
    add("--threads", type=int, default=2)
    add("--seed", type=int, default=1)
    add("--d-model", type=int, default=256)
    add("--ffn", type=int, default=1024)
    add("--encoder-layers", type=int, default=4)
    add("--decoder-layers", type=int, default=2)
    add("--heads", type=int, default=4)
    add("--dropout", type=float, default=0.1)
    add("--smoothing", type=float, default=0.1)
    add("--bpe-dropout", type=float, default=0.1)
    add("--slots", type=float, default=0.0, help="share of news pairs with their names and dates exchanged")
    add("--guide", type=float, default=0.3, help="weight of guided alignment; 0 for none")
    add("--lr", type=float, default=1e-3)
    add("--warmup", type=int, default=400)
    add("--hold", type=int, default=3000, help="updates before inverse square root decay")
    add("--budget", type=int, default=1600, help="tokens in a batch, padding included")
    add("--updates", type=int, default=0, help="stop here; 0: run until stopped")
    add("--cooldown", type=int, default=0, help="last updates, over which the rate falls")
    add("--minutes", type=float, default=0, help="stop after so long from this start; 0: no limit")
    add("--cooldown-minutes", type=float, default=0, help="last minutes, over which the rate falls")
    add("--save-minutes", type=float, default=4)
    add("--bleu-minutes", type=float, default=12)
    add("--keep", type=int, default=8)
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    vocabulary = tokenizer.get_vocab_size()
    model = build_model(args, vocabulary)
    lexicon = Lexicon(args.work / "lexicon.npz", vocabulary, args.device)
    lexicon.initialise(model, tokenizer)
    model.to(args.device).train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=args.lr, betas=(0.9, 0.98), eps=1e-9, fused=True)
    step, first, spent = 0, 0, 0.0
    if checkpoints(args.work):
        state = torch.load(checkpoints(args.work)[-1], map_location=args.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, first, spent = state["step"], state["epoch"] + 1, state["seconds"]
        torch.manual_seed(args.seed + step)

    caught = threading.local()
    last = model.model.decoder.layers[-1].encoder_attn
    last.register_forward_hook(lambda _m, _i, out: setattr(caught, "weights", out[1]))
    cuda = args.device.startswith("cuda")
    workers = 1 if cuda else args.threads
    pool = ThreadPoolExecutor(workers)

    def gradients(source, target, count):
        """Of one share of a batch. One thread a share, not one share over all threads: on a busy
        machine a barrier after each operation costs more than the operation."""
        source, target = source.to(args.device), target.to(args.device)
        with torch.autocast("cuda", torch.bfloat16) if cuda else contextlib.nullcontext():
            cross, guide = loss_of(model, source, target, args.smoothing, lexicon if args.guide else None, caught)
        return cross.item(), torch.autograd.grad((cross + args.guide * guide) / count, parameters)

    stream = Batches(args.work, args.budget, args.bpe_dropout, args.seed, slots=args.slots)
    held_out = common.read_prepared(args.work / "valid.tsv")
    held_out = list(zip(stream.encode([r[2] for r in held_out]), stream.encode([r[1] for r in held_out])))
    held_out.sort(key=lambda p: len(p[0]))
    normalise = common.Normaliser(args.table)
    dev = [normalise(line) for line in common.sentences(args.eval / "flores-dev.fa")[:200]]
    references = common.sentences(args.eval / "flores-dev.en")[:200]
    curve = args.work / "curve.tsv"
    if not curve.exists():
        curve.write_text("updates\tpasses\tminutes\ttokens_s\ttrain_loss\theld_out_loss\tdev200_bleu\tpairs\n")
    print(f"{sum(p.numel() for p in parameters) / 1e6:.2f} M parameters, from update {step}", flush=True)

    began = saved = scored = time.monotonic()
    total, tokens, marked = 0.0, 0, time.monotonic()
    for epoch, batch in stream.forever(first):
        count = (batch[1] != PAD_ID).sum().item()
        shares = [(batch[0][i::workers], batch[1][i::workers]) for i in range(workers)]
        results = list(pool.map(lambda s: gradients(*s, count), [s for s in shares if len(s[0])]))
        for i, parameter in enumerate(parameters):
            parameter.grad = sum(r[1][i] for r in results)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        step += 1
        minutes = (time.monotonic() - began) / 60
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, args, minutes)
        optimiser.step()
        optimiser.zero_grad()
        total, tokens = total + sum(r[0] for r in results), tokens + count
        if step % 50 == 0:
            speed = tokens / (time.monotonic() - marked)
            print(f"{step} pass {epoch} loss {total / tokens:.3f} {speed:.0f} tokens/s", flush=True)
        done = bool(args.updates) and step >= args.updates or bool(args.minutes) and minutes >= args.minutes
        if not done and time.monotonic() - saved < args.save_minutes * 60:
            continue
        speed = tokens / (time.monotonic() - marked)
        seconds = spent + time.monotonic() - began
        save(
            args.work / "checkpoints" / f"step-{step:07}.pt", args.keep, model=model.state_dict(),
            optimiser=optimiser.state_dict(), step=step, epoch=epoch, seconds=seconds,
            config=model.config.to_dict(),
        )
        bleu = ""
        if done or time.monotonic() - scored > args.bleu_minutes * 60:
            made = translate(model, tokenizer, dev, args.device)
            bleu = f"{sacrebleu.corpus_bleu(made, [references]).score:.2f}"
            print("\n".join(made[:6]), flush=True)
            scored = time.monotonic()
        loss = held_out_loss(model, held_out, args.device)
        with curve.open("a") as out:
            out.write(
                f"{step}\t{epoch}\t{seconds / 60:.1f}\t{speed:.0f}\t{total / tokens:.4f}\t{loss:.4f}\t{bleu}\t{len(stream.rows)}\n"
            )
        print(f"saved {step}, held-out loss {loss:.4f} {bleu}", flush=True)
        total, tokens, saved = 0.0, 0, time.monotonic()
        marked = saved
        if done:
            break


if __name__ == "__main__":
    main()
