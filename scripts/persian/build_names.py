"""Names in Persian with what English may have for them: src/quality/checks/names/names.tsv.

    pip install babel
    python scripts/persian/build_names.py

From the project's own lists (scripts/train/data, CC0 1.0) and names of countries and languages of CLDR (Unicode License v3),
as babel carries it. A name that is a common word too («مهر», «امید») would be a false alarm: the project's own sentence
pairs tell. A name of one word that stands there, and whose English does not in more than one of seven, is left
out, and so is one that is not there and is frequent in the lexicon of half-spaces (of people, also less frequent).
"""

import collections
import glob
import math
import pathlib
import re
import unicodedata

import babel

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "scripts/train/data"
LISTS = ["people_culture", "people_mideast", "people_politics", "places_iran_af", "places_world",
         "k20_names_iran_arab_turk", "k21_names_world", "k22_cities_airports"]
# Forms that no list has.
MORE = {
    "آمریکا": "U.S. US USA United States America American Americans", "امریکا": "U.S. US United States America American",
    "ایالات متحده": "U.S. US USA United States America American", "ایالات متحده آمریکا": "U.S. US United States America American",
    "آمریکایی": "American Americans U.S. US", "انگلیس": "Britain British England English U.K. UK United Kingdom",
    "بریتانیا": "Britain British U.K. UK United Kingdom", "انگلستان": "England English Britain British U.K. UK United Kingdom",
    "انگلیسی": "English British Briton England Britain", "بریتانیایی": "British Briton Britain", "هلند": "Netherlands Holland Dutch",
    "هلندی": "Dutch Netherlands", "فرانسه": "France French", "آلمان": "Germany German", "یونان": "Greece Greek",
    "چین": "China Chinese", "چینی": "Chinese China", "ژاپن": "Japan Japanese", "هند": "India Indian", "هندوستان": "India Indian",
    "لهستان": "Poland Polish", "سوئیس": "Switzerland Swiss", "سوئد": "Sweden Swedish", "دانمارک": "Denmark Danish",
    "نروژ": "Norway Norwegian", "فنلاند": "Finland Finnish", "اسپانیا": "Spain Spanish", "پرتغال": "Portugal Portuguese",
    "ترکیه": "Turkey Turkish Türkiye", "مجارستان": "Hungary Hungarian", "اتریش": "Austria Austrian", "ایرلند": "Ireland Irish",
    "اسکاتلند": "Scotland Scottish", "ولز": "Wales Welsh", "اسرائیل": "Israel Israeli", "مصر": "Egypt Egyptian",
    "سوریه": "Syria Syrian", "لبنان": "Lebanon Lebanese", "عراق": "Iraq Iraqi", "قبرس": "Cyprus Cypriot",
    "فیلیپین": "Philippines Filipino Philippine", "تایلند": "Thailand Thai", "اروپا": "Europe European EU",
    "آسیا": "Asia Asian", "آفریقا": "Africa African", "قطب جنوب": "Antarctica Antarctic Pole",
    "یونانی": "Greek Greece Greeks", "رومی": "Roman Rome Romans", "روم": "Rome Roman", "عرب": "Arab Arabic Arabian",
    "ابراهیم": "Ebrahim Ibrahim Abraham", "یوسف": "Yousef Yusuf Joseph", "عبدالله": "Abdollah Abdullah Abdallah", "آلپ": "Alps Alpine",
    "اسماعیل": "Esmail Ismail", "داوود": "Davoud Dawood David", "موسی": "Mousa Musa Moses", "عیسی": "Isa Jesus", "یونس": "Younes Yunus",
    "شوروی": "Soviet USSR Soviets", "اتحاد جماهیر شوروی": "Soviet USSR", "المپیک": "Olympic Olympics Olympiad", "اسلام": "Islam Islamic",
    "اسکندر": "Alexander Iskandar", "مالت": "Malta Maltese", "کرد": "", "ترک": "", "ترک ها": "", "ترکها": "", "اتحادیه اروپا": "European EU Europe", "قطب شمال": "Arctic Pole", "مریخ": "Mars Martian", "زهره": "", "ماه": "", "بلژیک": "Belgium Belgian",
    "مغول": "Mongol Mongolian", "پرو": "Peru Peruvian", "نیوزیلند": "New Zealand", "عربستان": "Saudi Arabia Saudi",
    "کره شمالی": "North Korea Korean", "کره جنوبی": "South Korea Korean", "لاتین": "Latin",
}


def fold(text):
    table = str.maketrans("يىكةۀأإ", "ییکههاا")
    text = text.translate(table)
    text = re.sub(r"[\u0640\u064b-\u065f\u0670]", "", text)
    return re.sub(r"[\s\u200c-]+", " ", text).strip()


def collect():
    names = collections.defaultdict(dict)  # a dict keeps the order
    people = set()

    def add(english, persian, person=False):
        persian, english = fold(persian), english.strip()
        english = re.sub(r"\s*\(.*?\)", "", english)
        if re.fullmatch(r"[\u0621-\u06cc ]{2,}", persian) and english[:1].isupper():
            names[persian][english] = True
            if person:
                people.add(persian)

    files = [*(DATA / "lexicon" / f"{name}.tsv" for name in LISTS), *sorted((DATA / "slots").glob("c*.tsv"))]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            english, _, persian = line.partition("\t")
            add(english, persian, person="people" in file.name or "_names_" in file.name)
    fa, en = babel.Locale("fa"), babel.Locale("en")
    for kind in ("territories", "languages"):
        for code, english in getattr(en, kind).items():
            if code.isalpha() and len(persian := getattr(fa, kind).get(code, "")) > 3:
                add(english.removesuffix(" Islands"), persian)
    # A country and what is of it stand for each other: افغانستان Afghan, ایرانی Iran.
    for persian in list(names):
        for ending in ("ی", "یی", "ای", " ای"):
            if (other := persian + ending) in names:
                both = {**names[persian], **names[other]}
                names[persian], names[other] = {**names[persian], **both}, {**names[other], **both}
        if persian.endswith("ستان") and persian[:-4] in names:
            names[persian] |= names[persian[:-4]]
            names[persian[:-4]] |= names[persian]
    for persian, english in MORE.items():
        forms = re.findall(r"United (?:States|Kingdom)|New Zealand|Saudi Arabia|(?:North|South) \w+|\S+", english)
        names[fold(persian)] = {**dict.fromkeys(forms), **names[fold(persian)]} if forms else {}
    return names, people


def plain(text):
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c)).replace("ı", "i")


def consonants(word):
    return re.sub(r"(.)\1", r"\1", re.sub(r"[aeiouywh]", "", word).replace("q", "k"))


FA = {**dict.fromkeys("بپف", "p"), **dict.fromkeys("تطد", "t"), **dict.fromkeys("ثسصذزضظشچجژ", "s"), **dict.fromkeys("خغقکگ", "k"),
      "ر": "r", "ل": "l", "م": "m", "ن": "n"}
EN = [("tsch|tch|sch|sh|ch|zh|ts|tz|cz|sz", "s"), ("kh|gh|ck|q|g|k", "k"), ("ph|f|p|b", "p"), ("th|t|d", "t"), ("x", "ks"),
      ("c(?=[eiy])|s|z|j", "s"), ("c", "k"), ("[aeiouyvwh]", "")]


def coarse(word):
    """The consonants of a word in classes that sounds are not mistaken for each other in, of either script."""
    if word[0] > "z":
        word = "".join(FA.get(c, "") for c in word)
    else:
        word = "".join(c for c in plain(word) if c.isalpha())
        for old, new in EN:
            word = re.sub(old, new, word)
    return re.sub(r"(.)\1", r"\1", word)


def mine(pairs, names):
    """Words that are not in any list, with the word in capitals that stands for them wherever they stand."""
    small = {word for english, _ in pairs for word in re.findall(r"\b[a-z]+", english)}
    stands, count = collections.defaultdict(collections.Counter), collections.Counter()
    for english, tokens in pairs:
        capitals = {re.sub(r"['’]s?$", "", word) for word in re.findall(r"\b[^\W\d_a-z][^\W\d_]+", english)}
        keys = {word: coarse(word) for word in capitals if word.lower() not in small}
        for token in set(tokens):
            if len(token) > 2 and token not in names and len(key := coarse(token)) > 1:
                count[token] += 1
                stands[token].update(word for word, other in keys.items() if other == key or (len(key) > 2 and other[:-1] == key))
    for token, words in stands.items():
        word, times = words.most_common(1)[0] if words else ("", 0)
        if times >= 0.9 * count[token]:
            yield token, word


def foreign(names, ordinary, words):
    """Words that look more like names than like Persian: trigrams of letters, add-one smoothed."""
    def grams(word):
        word = f"^^{word}$"
        return [word[at : at + 3] for at in range(len(word) - 2)]

    counts = [collections.Counter(gram for word in kind for gram in grams(word)) for kind in (names, ordinary)]
    sizes = [sum(count.values()) + 30_000 for count in counts]

    def odds(word):
        return sum(math.log((counts[0][g] + 1) / sizes[0]) - math.log((counts[1][g] + 1) / sizes[1]) for g in grams(word))

    return [word for word in words if len(word) > 3 and odds(word) > 1.5]


def is_there(forms, words):
    for form in forms:
        for name in re.findall(r"[\w.]+", plain(form))[-1:]:
            key = consonants(name)
            for word in words:
                if word.startswith(name[: max(4, len(name) - 2)]) if len(name) > 3 else word == name:
                    return True
                if len(key) > 1 and consonants(word) == key:
                    return True
    return False


def main():
    names, people = collect()
    pairs = []
    for file in sorted(glob.glob(str(DATA / "news/*.tsv"))):
        for line in open(file, encoding="utf-8"):
            english, _, persian = line.rstrip("\n").partition("\t")
            pairs.append((english, fold(re.sub(r"[^\w\u200c ]", " ", persian)).split()))
    mined = dict(mine(pairs, names))
    print(len(mined), "mined:", *list(mined.items())[::40])
    for persian, english in mined.items():
        names[persian][english] = True
    seen, met = collections.Counter(), collections.Counter()
    missed = collections.defaultdict(collections.Counter)
    for english, tokens in pairs:
        words = re.findall(r"[\w.]+", plain(english).replace("'s", ""))
        words += [word.rstrip(".") for word in words]
        for start in range(len(tokens)):
            for length in (4, 3, 2, 1):
                name = " ".join(tokens[start : start + length])
                if len(tokens) >= start + length and names.get(name):
                    seen[name] += 1
                    met[name] += is_there(names[name], words)
                    if not is_there(names[name], words):
                        missed[name].update(set(re.findall(r"\b[A-Z][\w.]+", english)))
                    break
    lexicon = [line.rstrip("\n").split("\t") for line in (ROOT / "src/persian/lexicon/words.tsv").open(encoding="utf-8")]
    weight = {word[0]: int(word[1]) for word in lexicon if len(word) > 2 and "-" not in word[0]}
    common = {word for word, times in weight.items() if times >= 4}
    in_news = collections.Counter(token for _, tokens in pairs for token in tokens)
    alone = {name for name in names if " " not in name and names[name] and name not in common}
    ordinary = [word for word in weight if word not in names and (weight[word] > 2 or in_news[word] > 1)]
    rare = [word for word in weight if word not in names and weight[word] < 3 and in_news[word] < 2]
    rare = foreign(alone, ordinary, rare)
    print(len(rare), "look foreign:", *rare[::50])
    rows = []
    for name, forms in sorted(names.items()):
        if not forms or len(name) < 2:
            continue
        if " " not in name and (met[name] < 0.85 * seen[name] if seen[name] else name in common or name in people and weight.get(name, 0) >= 2) and name not in MORE:
            print(f"left out: {name} {list(forms)} {met[name]}/{seen[name]} {missed[name].most_common(2)}")
            continue
        rows.append(f"{name}\t{'|'.join(forms)}{chr(9) + 'p' if name in people else ''}\n")
    rows += [f"{name}\t\n" for name in rare]
    out = ROOT / "src/quality/checks/names/names.tsv"
    out.write_text(
        "# Names in Persian and what English may have for them, made by scripts/persian/build_names.py: from this project's own\n"
        "# lists (scripts/train/data, CC0 1.0), and countries and languages of Unicode CLDR (Unicode License v3, Copyright\n"
        "# 1991-2025 Unicode, Inc.). A third column with p: people.\n"
        "# Those without English at the end are words of src/persian/lexicon/words.tsv (hazm, MIT; Lilak, Apache License 2.0)\n"
        "# that look like names.\n" + "".join(rows), encoding="utf-8")
    print(len(rows), "names")


if __name__ == "__main__":
    main()
