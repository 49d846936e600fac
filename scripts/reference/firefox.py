"""Small models in the format of Firefox Translations (Marian's students), and what they compute.

Writes the files as `marian-conv --gemm-type intgemm8` and `pipeline/quantize/export.sh` of
mozilla/translations do, and runs the network in numpy, in float64 but for the whole numbers of 8-bit
products. Written from browsermt/marian-dev at 2781d735: `src/common/binary.cpp`,
`src/tensors/cpu/expression_graph_packable.h` and `intgemm_interface.h`, `src/models/transformer.h`,
`src/rnn/cells.h`, `src/data/shortlist.cpp`; `extract_stats.py` of mozilla/translations for the
factors of inputs. The search over it is `generate` of transformers, a sentence at a time.

Kept are rows of which no input of an 8-bit product is so near the middle between two whole numbers
that single precision may round it the other way, and no choice hangs on 1e-3 of a score.
"""

import gzip
import io
import json
import math
import struct
import sys

import numpy as np
import sentencepiece
import tokenizer_goldens
import torch
from common import GOLDEN, golden_case, pairs, write_jsonl
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

ROWS = 24
# In units of a step of 8 bits; single precision is off by about a tenth of it.
MARGIN = 1.5e-5
# Of log-probabilities, between what is chosen and what is not.
GAP = 1e-3
EOS, UNK = 0, 1
TYPES = {"float32": 0x0404, "int8": 0x0101, "intgemm8": 0x4101, "intgemm16": 0x4102}

CASES = {
    "greedy": {"num_beams": 1},
    "greedy-factor-1": {"num_beams": 1, "max_length_factor": 1.0},
    "greedy-with-unknown": {"num_beams": 1, "bad_words_ids": None, "max_length": 9},
    "beam3": {"num_beams": 3},
    "beam3-return-3": {"num_beams": 3, "num_return_sequences": 3, "max_length_factor": 1.5},
}

BASE = {
    "dec-cell": "ssru",
    "dec-depth": 2,
    "dim-emb": 32,
    "enc-depth": 2,
    "layer-normalization": False,
    "output-omit-bias": False,
    "tied-embeddings": False,
    "tied-embeddings-all": True,
    "tied-embeddings-src": False,
    "transformer-decoder-autoreg": "rnn",
    "transformer-decoder-dim-ffn": 0,
    "transformer-dim-ffn": 64,
    "transformer-ffn-activation": "relu",
    "transformer-ffn-depth": 2,
    "transformer-heads": 4,
    "transformer-no-projection": False,
    "transformer-postprocess": "dan",
    "transformer-postprocess-emb": "d",
    "transformer-postprocess-top": "",
    "transformer-preprocess": "",
    "transformer-tied-layers": [],
    "transformer-train-position-embeddings": False,
    "type": "transformer",
}
# What no released model has, but the format can say.
OTHER = {
    "dec-depth": 1,
    "tied-embeddings": True,
    "tied-embeddings-all": False,
    "transformer-decoder-dim-ffn": 48,
    "transformer-ffn-activation": "swish",
    "transformer-heads": 2,
    "transformer-postprocess": "da",
    "transformer-postprocess-emb": "dn",
    "transformer-postprocess-top": "n",
    "transformer-preprocess": "n",
}

MODELS = {
    # What is released: 8 bits, factors for inputs, a shortlist, one vocabulary.
    "firefox-tiny": {"kind": "intgemm8", "alphas": True, "shortlist": True},
    # Without factors each row is measured. All files compressed.
    "firefox-measured": {"kind": "intgemm8", "gzip": True},
    "firefox-int16": {"kind": "intgemm16", "shortlist": True},
    "firefox-float": {"kind": "float32", "options": OTHER, "separate": True},
}


def vocabulary(lines, size):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        num_threads=1,
        minloglevel=2,
        bos_id=-1,
        eos_id=EOS,
        unk_id=UNK,
        vocab_size=size,
        byte_fallback=True,
        split_digits=True,
        user_defined_symbols=["__source__", "__target__"],
        normalization_rule_name="identity",
    )
    return model.getvalue()


def yml(options):
    """As yaml-cpp writes it."""
    lines = []
    for key, value in sorted(options.items()):
        if isinstance(value, bool):
            lines.append(f"{key}: {str(value).lower()}")
        elif value == []:
            lines.append(f"{key}:\n  []")
        elif isinstance(value, list):
            lines += [f"{key}:", *(f"  - {item}" for item in value)]
        elif value == "":
            lines.append(f'{key}: ""')
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines)


def make_weights(options, generator):
    """float32 weights under Marian's names; products are `x @ W`."""
    dim, weights = options["dim-emb"], {}
    inner = {
        "encoder": options["transformer-dim-ffn"],
        "decoder": options["transformer-decoder-dim-ffn"] or options["transformer-dim-ffn"],
    }
    pre, post = options["transformer-preprocess"], options["transformer-postprocess"]

    def add(name, rows, columns, size):
        weights[name] = (generator.standard_normal((rows, columns)) * size).astype(np.float32)

    def dense(prefix, suffix, rows, columns, bias=True, size=1.0):
        add(f"{prefix}_W{suffix}", rows, columns, size * rows**-0.5)
        if bias:
            add(f"{prefix}_b{suffix}", 1, columns, 0.2)

    def norm(prefix, suffix, ops):
        if "n" in ops:
            weights[f"{prefix}_ln_scale{suffix}"] = generator.uniform(0.5, 1.5, (1, dim)).astype(np.float32)
            add(f"{prefix}_ln_bias{suffix}", 1, dim, 0.2)

    def attention(prefix):
        for part in "qkv":
            dense(prefix, part, dim, dim, size=1.5)
        dense(prefix, "o", dim, dim, size=3)
        norm(f"{prefix}_Wo", "_pre", pre)
        norm(f"{prefix}_Wo", "", post)

    def feed_forward(prefix, inner):
        dense(prefix, "1", dim, inner)
        # Large, so that a token does not ask for itself by way of the residual and the tied output.
        dense(prefix, "2", inner, dim, size=4)
        norm(f"{prefix}_ffn", "_pre", pre)
        norm(f"{prefix}_ffn", "", post)

    for side, depth in (("encoder", "enc-depth"), ("decoder", "dec-depth")):
        for layer in range(1, options[depth] + 1):
            prefix = f"{side}_l{layer}"
            if side == "encoder":
                attention(f"{prefix}_self")
            else:
                dense(f"{prefix}_rnn", "", dim, dim, bias=False)
                dense(f"{prefix}_rnn", "f", dim, dim)
                norm(f"{prefix}_rnn", "_pre", pre)
                norm(f"{prefix}_rnn_ffn", "", post)
                attention(f"{prefix}_context")
            feed_forward(f"{prefix}_ffn", inner[side])
        norm(f"{side}_emb", "_pre", options["transformer-postprocess-emb"])
        norm(f"{side}_top", "", options["transformer-postprocess-top"])
    tables = ["Wemb"] if options["tied-embeddings-all"] else ["encoder_Wemb", "decoder_Wemb"]
    for table, size in zip(tables, options["dim-vocabs"], strict=False):
        add(table, size, dim, 1.2 * dim**-0.5)
    if options["tied-embeddings-all"] is False:
        assert options["tied-embeddings"]
    add("decoder_ff_logit_out_b", 1, options["dim-vocabs"][1], 0.5)
    # Scores as uneven as those of a trained model.
    last = "decoder_top" if "n" in options["transformer-postprocess-top"] else f"decoder_l{options['dec-depth']}_ffn_ffn"
    weights[f"{last}_ln_scale"] *= 4
    weights["decoder_ff_logit_out_b"][0, UNK] += 6
    return weights


def tune_end(student, rows):
    """Sets the bias of the end token so that about half of the translations end by themselves."""
    ends = {}
    for bias in range(0, 16):
        student.float["decoder_ff_logit_out_b"][0, EOS] = bias
        ended = 0
        for row in rows:
            student.begin(row)
            prefix = (EOS,)
            while len(prefix) < 2 * len(row) + 1:
                prefix += (int(student.state(prefix)[1].argmax()),)
                if prefix[-1] == EOS:
                    ended += 2 < len(prefix)
                    break
        ends[bias] = ended
    return max(ends, key=lambda bias: min(ends[bias], len(rows) // 2))


def is_matrix(name):
    """The rule by which marian-conv chooses what to pack."""
    return name[-2:] == "_W" or name[-3:-1] == "_W" or "Wemb" in name


def largest(array):
    return np.float32(np.abs(array).max())


def quantise(array, factor, bits=8):
    limit = 127 if bits == 8 else 32767
    return np.clip(np.rint(array * factor), -limit, limit)


def file_items(weights, alphas, options, kind):
    """Items in the order of their names, the options last."""
    items = []
    for name, array in sorted({**weights, **alphas}.items()):
        if kind == "float32" or not is_matrix(name):
            items.append((name, "float32", array.shape, array.astype("<f4").tobytes()))
            continue
        bits = 8 if kind == "intgemm8" else 16
        factor = np.float32(127) / largest(array) if bits == 8 else np.float32(1024)
        stored = array if "Wemb" in name else array.T
        data = quantise(stored * factor, 1, bits).astype("<i1" if bits == 8 else "<i2").tobytes()
        items.append((name, kind, array.shape, data + struct.pack("<f", factor)))
    items = [(n, k, s, data + bytes(-len(data) % 256)) for n, k, s, data in items]
    text = yml(options).encode() + b"\0"
    return [*items, ("special:model.yml", "int8", (len(text),), text)]


def container(items):
    out = struct.pack("<QQ", 1, len(items))
    for name, kind, shape, data in items:
        out += struct.pack("<QQQQ", len(name) + 1, TYPES[kind], len(shape), len(data))
    for name, *_ in items:
        out += name.encode() + b"\0"
    for _, _, shape, _ in items:
        out += struct.pack(f"<{len(shape)}i", *shape)
    padding = ((len(out) + 8) // 256 + 1) * 256 - len(out) - 8
    out += struct.pack("<Q", padding) + bytes(padding)
    return out + b"".join(data for *_, data in items)


def shortlist_file(lists, first, best):
    offsets = np.cumsum([0, *(len(one) for one in lists)]).astype("<u8")
    entries = np.array([token for one in lists for token in one], "<u4")
    body = struct.pack("<QQQQ", first, best, len(offsets), len(entries))
    body += offsets.tobytes() + entries.tobytes()
    total = 0
    for (word,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8]):
        total ^= (word + 0x9E3779B9 + (total << 6) + (total >> 2)) & 0xFFFFFFFFFFFFFFFF
    return struct.pack("<QQ", 0xF11A48D5013417F5, total) + body


class Student:
    """The network over one sentence at a time."""

    def __init__(self, options, weights, kind, alphas, lists=None, first=0, shared=False):
        self.options, self.kind, self.alphas = options, kind, alphas
        self.lists, self.first, self.shared = lists, first, shared
        self.dim, self.heads = options["dim-emb"], options["transformer-heads"]
        self.float = {name: array.astype(np.float64) for name, array in weights.items()}
        self.factors = {}
        for name in filter(is_matrix, weights):
            if kind == "intgemm8":
                self.factors[name] = np.float32(127) / largest(weights[name])
                self.float[name] = quantise(weights[name] * self.factors[name], 1)
            elif kind == "intgemm16":
                self.float[name] = quantise(weights[name] * np.float32(1024), 1, 16) / 1024
        self.margin, self.seen = 1.0, None
        self.memory = {}
        # Of the attention that was computed last, `[heads, queries, keys]`.
        self.weights = None

    def table(self, side):
        return "Wemb" if self.options["tied-embeddings-all"] else f"{side}_Wemb"

    def rows(self, name, ids):
        scale = 1.0 / float(self.factors[name]) if name in self.factors else 1.0
        return self.float[name][ids] * scale

    def product(self, x, name, transposed=False):
        """`x @ W`, in 8 bits where the model has them."""
        matrix = self.float[name].T if transposed else self.float[name]
        if name not in self.factors:
            return x @ matrix
        if self.seen is not None:
            self.seen.setdefault(name, []).append(np.abs(x).max())
        alpha = self.alphas.get(f"{name}_QuantMultA")
        if alpha is None:
            factor = 127 / np.abs(x).max(axis=-1, keepdims=True)
        else:
            factor = float(alpha[0])
        scaled = np.clip(x * factor, -127, 127)
        away = np.abs(np.abs(scaled - np.floor(scaled)) - 0.5)
        self.margin = min(self.margin, away.min())
        return (np.rint(scaled) @ matrix) / (factor * float(self.factors[name]))

    def dense(self, x, prefix, suffix):
        return self.product(x, f"{prefix}_W{suffix}") + self.float[f"{prefix}_b{suffix}"]

    def norm(self, x, prefix, suffix):
        centred = x - x.mean(axis=-1, keepdims=True)
        normed = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6)
        return normed * self.float[f"{prefix}_ln_scale{suffix}"] + self.float[f"{prefix}_ln_bias{suffix}"]

    def operate(self, ops, x, before, prefix, suffix=""):
        for op in ops:
            if op == "a":
                x = x + before
            elif op == "n":
                x = self.norm(x, prefix, suffix)
            else:
                assert op == "d"
        return x

    def around(self, x, before, after, block):
        y = self.operate(self.options["transformer-preprocess"], x, None, before, "_pre")
        return self.operate(self.options["transformer-postprocess"], block(y), x, after)

    def attend(self, q, k, v):
        split = lambda a: a.reshape(len(a), self.heads, -1).transpose(1, 0, 2)
        q, k, v = split(q), split(k), split(v)
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(self.dim // self.heads)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        self.weights = scores
        return (scores @ v).transpose(1, 0, 2).reshape(-1, self.dim)

    def feed_forward(self, x, prefix):
        def block(y):
            y = self.dense(y, prefix, "1")
            swish = self.options["transformer-ffn-activation"] == "swish"
            y = y / (1 + np.exp(-y)) if swish else np.maximum(y, 0)
            return self.dense(y, prefix, "2")

        return self.around(x, f"{prefix}_ffn", f"{prefix}_ffn", block)

    def positions(self, start, count):
        half = self.dim // 2
        rates = np.exp(np.arange(half) * -(math.log(10000) / (half - 1)))
        angles = np.arange(start, start + count)[:, None] * rates
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)

    def encode(self, source):
        x = self.rows(self.table("encoder"), source) * math.sqrt(self.dim) + self.positions(0, len(source))
        first = x
        x = self.operate(self.options["transformer-postprocess-emb"], x, None, "encoder_emb", "_pre")
        for layer in range(1, self.options["enc-depth"] + 1):
            prefix = f"encoder_l{layer}_self"
            x = self.around(
                x,
                f"{prefix}_Wo",
                f"{prefix}_Wo",
                lambda y: self.dense(
                    self.attend(*(self.dense(y, prefix, part) for part in "qkv")), prefix, "o"
                ),
            )
            x = self.feed_forward(x, f"encoder_l{layer}_ffn")
        return self.operate(self.options["transformer-postprocess-top"], x, first, "encoder_top")

    def cross(self, encoded):
        prefixes = [f"decoder_l{layer}_context" for layer in range(1, self.options["dec-depth"] + 1)]
        return [tuple(self.dense(encoded, prefix, part) for part in "kv") for prefix in prefixes]

    def step(self, cross, cells, token, position):
        """Cells after a step, and logits of all tokens."""
        if token is None:
            x = np.zeros((1, self.dim))
        else:
            x = self.rows(self.table("decoder"), [token])
        x = x * math.sqrt(self.dim) + self.positions(position, 1)
        first = x
        x = self.operate(self.options["transformer-postprocess-emb"], x, None, "decoder_emb", "_pre")
        new = []
        for layer in range(1, self.options["dec-depth"] + 1):
            prefix = f"decoder_l{layer}_rnn"

            def ssru(y):
                forget = 1 / (1 + np.exp(-self.dense(y, prefix, "f")))
                cell = forget * cells[layer - 1] + (1 - forget) * self.product(y, f"{prefix}_W")
                new.append(cell)
                return np.maximum(cell, 0)

            x = self.around(x, prefix, f"{prefix}_ffn", ssru)
            context = f"decoder_l{layer}_context"
            x = self.around(
                x,
                f"{context}_Wo",
                f"{context}_Wo",
                lambda y: self.dense(
                    self.attend(self.dense(y, context, "q"), *cross[layer - 1]), context, "o"
                ),
            )
            x = self.feed_forward(x, f"decoder_l{layer}_ffn")
        x = self.operate(self.options["transformer-postprocess-top"], x, first, "decoder_top")
        logits = self.product(x, self.table("decoder"), transposed=True)
        return new, (logits + self.float["decoder_ff_logit_out_b"])[0]

    def candidates(self, source):
        size = self.options["dim-vocabs"][1]
        if self.lists is None:
            return set(range(size))
        chosen = set(range(self.first))
        for token in source:
            chosen |= set(self.lists[token]) | ({token} if self.shared else set())
        free = (token for token in range(self.first, size) if token not in chosen)
        while len(chosen) % 8:
            chosen.add(next(free))
        return chosen

    def alignment(self, source, target):
        """`[heads, target tokens + 1, source tokens]` of the last layer, the row of the start token first."""
        self.begin(source)
        rows = []
        for end in range(len(target) + 1):
            self.state((EOS, *target[:end]))
            rows.append(self.weights[:, 0])
        return np.stack(rows, axis=1)

    def begin(self, source):
        self.memory = {"cross": self.cross(self.encode(source))}
        self.outside = sorted(set(range(self.options["dim-vocabs"][1])) - self.candidates(source))

    def state(self, prefix):
        """After the tokens of a prefix, the start token counted as the first."""
        if prefix not in self.memory:
            if len(prefix) == 1:
                cells, token = [np.zeros((1, self.dim))] * self.options["dec-depth"], None
            else:
                cells, token = self.state(prefix[:-1])[0], prefix[-1]
            cells, logits = self.step(self.memory["cross"], cells, token, len(prefix) - 1)
            logits[self.outside] = -np.inf
            self.memory[prefix] = cells, logits
        return self.memory[prefix]


class Wrapped(PreTrainedModel, GenerationMixin):
    """So that transformers can search with it."""

    config_class = PretrainedConfig

    def __init__(self, student):
        config = PretrainedConfig(vocab_size=student.options["dim-vocabs"][1], num_hidden_layers=1)
        super().__init__(config)
        self.student = student
        self.none = torch.nn.Parameter(torch.zeros(1))

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, attention_mask=None, **_):
        logits = [self.student.state(tuple(row))[1] for row in input_ids.tolist()]
        return CausalLMOutput(logits=torch.tensor(np.array(logits)).unsqueeze(1))


def options_of(changes):
    """Every option written out."""
    return {
        "num_beams": 3,
        "num_return_sequences": 1,
        "length_penalty": 1.0,
        "early_stopping": False,
        "max_length": 24,
        "max_length_factor": 2.0,
        "min_length": 0,
        "no_repeat_ngram_size": 0,
        "repetition_penalty": 1.0,
        "renormalize_logits": False,
        "bad_words_ids": [[UNK]],
        "forced_eos_token_id": None,
        "eos_token_id": EOS,
        "pad_token_id": EOS,
        "decoder_start_token_id": EOS,
        **changes,
    }


class TooNear(Exception):
    pass


def log_softmax(logits):
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def check_gaps(student, sequence, beams):
    """Near ties among what a beam looks at. Those of the chosen path stand for all."""
    for length in range(1, len(sequence)):
        best = np.sort(student.state(tuple(sequence[:length]))[1])[::-1][: 2 * beams + 1]
        best = best[np.isfinite(best)]
        if (best[:-1] - best[1:]).min() < GAP:
            raise TooNear


@torch.no_grad()
def translate(wrapped, row, options):
    """Sequences and scores of one sentence, best first."""
    student = wrapped.student
    arguments = {key: value for key, value in options.items() if value is not None}
    factor = arguments.pop("max_length_factor")
    start = arguments.pop("decoder_start_token_id")
    arguments["max_length"] = min(options["max_length"], math.ceil(factor * len(row)) + 1)
    if options["num_beams"] == 1:
        del arguments["length_penalty"], arguments["early_stopping"]
    out = wrapped.generate(
        input_ids=torch.tensor([[start]]),
        attention_mask=torch.ones((1, 1), dtype=torch.long),
        use_cache=False,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
        **arguments,
    )
    sequences, scores = [], []
    for index, whole in enumerate(out.sequences.tolist()):
        check_gaps(student, whole, options["num_beams"])
        sequence = whole[1:]
        sequence = sequence[: sequence.index(EOS) + 1] if EOS in sequence else sequence
        if options["num_beams"] == 1:
            steps = enumerate(sequence)
            total = sum(log_softmax(student.state(tuple(whole[: i + 1]))[1])[t] for i, t in steps)
            scores.append(total / len(sequence))
        else:
            scores.append(out.sequences_scores[index].item())
        sequences.append(sequence)
    if len(scores) > 1 and min(a - b for a, b in zip(scores, scores[1:])) < GAP:
        raise TooNear
    return sequences, scores


def sources(spm, size, generator):
    """Beginnings of Persian sentences, and rows of any tokens; with the end token."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=spm)
    rows = [processor.encode(persian)[: generator.integers(1, 8)] for _, persian in pairs()]
    rows += [generator.integers(2, size, generator.integers(0, 7)).tolist() for _ in range(200)]
    rows = [list(map(int, row)) + [EOS] for row in rows]
    return [row for index, row in enumerate(rows) if row not in rows[:index]]


def measure(student, rows):
    """Factors of inputs as extract_stats.py takes them from a run over a sample."""
    student.seen = {}
    for row in rows:
        student.begin(row)
        prefix = (EOS,)
        while len(prefix) < 8:
            prefix += (int(student.state(prefix)[1].argmax()),)
    alphas = {}
    for name, values in student.seen.items():
        factor = np.float32(127 / (np.mean(values) + 1.1 * np.std(values)))
        alphas[f"{name}_QuantMultA"] = np.array([factor])
    alphas["none_QuantMultA"] = alphas["Wemb_QuantMultA"]
    return alphas


def make(name, kind, alphas=False, shortlist=False, options=None, separate=False, **more):
    generator = np.random.default_rng(sum(name.encode()))
    english, persian = zip(*pairs(), strict=True)
    if separate:
        vocabularies = {"srcvocab": vocabulary(persian, 480), "trgvocab": vocabulary(english, 440)}
    else:
        vocabularies = {"vocab": vocabulary([*persian, *english], 640)}
    sizes = [sentencepiece.SentencePieceProcessor(model_proto=spm).vocab_size() for spm in vocabularies.values()]
    options = {**BASE, **(options or {}), "dim-vocabs": [sizes[0], sizes[-1]]}
    weights = make_weights(options, generator)
    rows = sources(next(iter(vocabularies.values())), sizes[0], generator)

    weights["decoder_ff_logit_out_b"][0, EOS] = tune_end(Student(options, weights, "float32", {}), rows[::15])

    lists, first = None, 0
    if shortlist:
        first = 50
        lists = [sorted(set(generator.integers(0, sizes[-1], generator.integers(0, 9)).tolist())) for _ in range(sizes[0])]
    factors = measure(Student(options, weights, kind, {}), rows[::40]) if alphas else {}
    student = Student(options, weights, kind, factors, lists, first, not separate)

    stem = {"intgemm8": "intgemm.alphas" if alphas else "intgemm8"}.get(kind, kind)
    files = {f"model.faen.{stem}.bin": container(file_items(weights, factors, options, kind))}
    files |= {f"{start}.faen.spm": spm for start, spm in vocabularies.items()}
    if shortlist:
        files["lex.50.50.faen.s2t.bin"] = shortlist_file(lists, first, 8)
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        if more.get("gzip"):
            file, data = f"{file}.gz", gzip.compress(data, mtime=0)
        (folder / file).write_bytes(data)

    wrapped = Wrapped(student)
    kept, activations = [], []
    for row in rows:
        student.margin = 1.0
        student.begin(row)
        try:
            found = {case: translate(wrapped, row, options_of(changes)) for case, changes in CASES.items()}
        except TooNear:
            continue
        if student.margin > MARGIN or kind != "intgemm8":
            kept.append((row, found))
            activations.append(student.state((EOS,))[1])
        if len(kept) == 6 * ROWS:
            break
    # Those with many different tokens in them.
    variety = lambda pair: -len(set(sum((s for sequences, _ in pair[0][1].values() for s in sequences), [])))
    kept, activations = zip(*sorted(zip(kept, activations), key=variety)[:ROWS], strict=True)
    print(f"{name}: {len(kept)} rows", flush=True)
    assert len(kept) == ROWS
    golden = [{"input_ids": [row for row, _ in kept]}]
    for case, changes in CASES.items():
        results = [found[case] for _, found in kept]
        lengths = sorted(len(s) for sequences, _ in results for s in sequences)
        print(f"{name} {case}: lengths {lengths}", flush=True)
        golden.append(golden_case(case, options_of(changes), results))
    write_jsonl(folder / "generate.jsonl", golden)
    if kind == "float32":
        case = "beam3-return-3"
        aligned = [
            {"row": row, "candidate": candidate, "weights": [student.alignment(source, target).round(6).tolist()]}
            for row, (source, found) in list(enumerate(kept))[::6]
            for candidate, target in enumerate(found[case][0])
        ]
        write_jsonl(folder / "alignment.jsonl", aligned)
    short = [
        [None if v == -np.inf else float(f"{v:.7g}") for v in logits] for logits in activations[::6]
    ]
    text = json.dumps({"input_ids": [row for row, _ in kept[::6]], "first_logits": short}, separators=(",", ":"))
    (folder / "activations.json").write_text(text + "\n", encoding="utf-8")


def tokens(name, source, target):
    """encode.jsonl and decode.jsonl: the SentencePiece library, and the end token."""
    load = lambda file: sentencepiece.SentencePieceProcessor(model_file=str(GOLDEN / name / file))
    source, target = load(source), load(target)
    english, persian = tokenizer_goldens.real_lines()
    tokenizer_goldens.write(
        GOLDEN / name,
        lambda text: [*source.encode(text), EOS],
        lambda ids: target.decode([i for i in ids if i not in (EOS, UNK)]).strip(),
        [*tokenizer_goldens.HOSTILE, *tokenizer_goldens.mixed(30), *persian[:60]],
        [*english[:60], *tokenizer_goldens.HOSTILE[:20]],
        lambda text: [*target.encode(text), EOS],
    )


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or MODELS:
        make(name, **MODELS[name])
    tokens("firefox-tiny", "vocab.faen.spm", "vocab.faen.spm")
    tokens("firefox-float", "srcvocab.faen.spm", "trgvocab.faen.spm")


if __name__ == "__main__":
    main()
