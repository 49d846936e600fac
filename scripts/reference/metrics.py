"""Golden scores of BLEU, chrF, chrF++ and TER by sacrebleu: `tests/golden/metrics.json`.

The segments are not stored: the references are lines of the project's own news text (English, Persian) and
sentences put together from `CHINESE`; hypotheses are the references with words dropped, doubled, moved and
changed by a small generator, which `tests/it/metrics.rs` runs again.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

REPO = Path(__file__).resolve().parents[2]
# Named one by one, so that text added later changes nothing.
FILES = [f"{letter}{number:02}.tsv" for letter in "abcdef" for number in range(1, 11)]
CHINESE = ["总统", "星期二", "说", "，", "没有", "计划", "与", "俄罗斯", "举行", "会谈", "。", "“停火”", "2025年", "经济", "增长3.5%", "外交部", "NATO", "（北约）", "——", "表示"]


def lines(column: int) -> list[str]:
    out = []
    for name in FILES:
        for line in (REPO / "scripts/train/data/news" / name).read_text(encoding="utf-8").split("\n"):
            if line.count("\t") == 1:
                out.append(line.split("\t")[column])
    return out


class Generator:
    """Numerical Recipes' linear congruential generator; the high bits are used."""

    def __init__(self, seed: int):
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 16) % limit


def chinese(count: int) -> list[str]:
    random = Generator(7)
    return ["".join(CHINESE[random.below(len(CHINESE))] for _ in range(4 + random.below(16))) for _ in range(count)]


def changed(line: str, separator: str, seed: int) -> str:
    random = Generator(seed)
    parts = line.split(separator) if separator else list(line)
    out = []
    for part in parts:
        match random.below(12):
            case 0:
                continue
            case 1:
                out += [part, part]
            case 2:
                out.insert(max(0, len(out) - 3), part)
            case 3:
                out.append(part.upper())
            case 4:
                out.append(part[::-1])
            case _:
                out.append(part)
    return separator.join(out)


def main():
    english, persian, han = lines(0)[:5000], lines(1)[:5000], chinese(5000)
    sets = {
        "en": (english, [changed(s, " ", i) for i, s in enumerate(english)]),
        "fa": (persian, [changed(s, " ", i) for i, s in enumerate(persian)]),
        "zh": (han, [changed(s, "", i) for i, s in enumerate(han)]),
    }
    cases = []

    def add(name, settings, metric, limit=5000, sentence_metric=None):
        references, hypotheses = (side[:limit] for side in sets[name])
        result = metric.corpus_score(hypotheses, [references])
        sentence = sentence_metric or metric
        few = [sentence.sentence_score(h, [r]).score for h, r in zip(hypotheses[:60], references[:60])]
        line = result.format(signature=metric.get_signature().format())
        cases.append({"set": name, "segments": limit, **settings, "line": line, "sentences": [f"{x:.6f}" for x in few]})

    for name, tokenizer in itertools.product(sets, ["13a", "intl", "zh", "char", "none"]):
        bleu = BLEU(tokenize=tokenizer)
        add(name, {"metric": "bleu", "tokenize": tokenizer}, bleu, 5000, BLEU(tokenize=tokenizer, effective_order=True))
    for smooth, value in (("none", None), ("floor", 0.1), ("add-k", 1.0)):
        settings = {"metric": "bleu", "tokenize": "13a", "smooth": smooth, "value": value}
        options = dict(tokenize="13a", smooth_method=smooth, smooth_value=value)
        add("en", settings, BLEU(**options), 3, BLEU(**options, effective_order=True))
    lower = BLEU(lowercase=True)
    add("en", {"metric": "bleu", "tokenize": "13a", "lowercase": True}, lower, 5000, BLEU(lowercase=True, effective_order=True))
    for name in sets:
        add(name, {"metric": "chrf"}, CHRF())
        add(name, {"metric": "chrf++"}, CHRF(word_order=2))
        add(name, {"metric": "ter"}, TER(), 1000)
    add("en", {"metric": "chrf", "lowercase": True}, CHRF(lowercase=True), 500)

    references, first = (side[:800] for side in sets["en"])
    second = [changed(s, " ", i + 100_000) for i, s in enumerate(references)]
    paired = []
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF()), ("ter", TER())):
        _, scores = PairedTest([("a", first), ("b", second)], {"m": metric}, [references], test_type="bs", n_samples=300)()
        a, b = next(value for key, value in scores.items() if key != "System")
        paired.append({"metric": name, "baseline": [a.mean, a.ci], "system": [b.mean, b.ci], "p": b.p_value})
    several = {"references": [english[:50], [changed(s, " ", i + 5) for i, s in enumerate(english[:50])]]}
    hypotheses = [changed(s, " ", i) for i, s in enumerate(english[:50])]
    multiple = []
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF()), ("ter", TER())):
        result = metric.corpus_score(hypotheses, several["references"])
        multiple.append({"metric": name, "line": result.format(signature=metric.get_signature().format())})

    golden = {"cases": cases, "paired": paired, "references": multiple}
    out = REPO / "tests/golden/metrics.json"
    out.write_text(json.dumps(golden, indent=1, ensure_ascii=False, default=float) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases, {len(english)} segments")
    print(np.random.default_rng(12345).choice(997, size=(1, 5)))


if __name__ == "__main__":
    main()
