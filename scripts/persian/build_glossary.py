"""Makes `seeds/glossary/news.tsv`: names of the news in AP style, of the project's own lexicon (CC0).

Countries are compared with the Persian names of Unicode CLDR (Unicode licence; nothing is copied
from it): where they agree the source says so. Left out are names that are common words as well
(مالی Mali, financial; جنین Jenin, fetus) or two places (تونس Tunis, Tunisia).

    pip install babel
    python scripts/persian/build_glossary.py
"""

from pathlib import Path

from babel import Locale

REPO = Path(__file__).resolve().parents[2]
DATA = REPO / "scripts/train/data"
OUT = REPO / "seeds/glossary/news.tsv"

AMBIGUOUS = {
    "Mali", "Niger", "Georgia", "Amman", "Astana", "Jenin", "Tunis", "Aden", "Arak", "Barcelona",
    "Jeddah", "Rome", "Delhi", "Commonwealth", "EU", "Group of Seven", "Basij", "Prisons Organization",
    "Chamber of Commerce", "Department of Environment", "Greens", "CIA", "Congress", "National Front",
    "Fatah", "Iran's judiciary", "Red Crescent", "Shell", "National Rally", "Federal Reserve", "Total",
    "Signal", "Intel", "Meta", "Apple", "Senate", "Duma", "Snapp", "Democrat", "Republican",
}  # fmt: skip

# Further forms of an organisation, which will do as well.
FORMS = {
    "United Nations": ["U.N."],
    "International Atomic Energy Agency": ["IAEA"],
    "International Monetary Fund": ["IMF"],
    "European Union": ["EU"],
    "Revolutionary Guard": ["IRGC", "Guard"],
    "G7": ["Group of Seven"],
    "Islamic State": ["Daesh", "Islamic State group"],
    "The Associated Press": ["Associated Press", "AP"],
    "Agence France-Presse": ["AFP"],
    "State Department": ["U.S. State Department"],
    "U.N.": ["United Nations"],
    "Social Security Organization": [],
}

LEADERS = """Donald Trump; Trump; Joe Biden; Biden; Barack Obama; Obama; JD Vance; Kamala Harris; Marco Rubio; Rubio;
Antony Blinken; Blinken; Steve Witkoff; Witkoff; Pete Hegseth; Scott Bessent; Bill Clinton; Hillary Clinton; George W. Bush;
Jimmy Carter; Keir Starmer; Starmer; Rishi Sunak; Boris Johnson; David Lammy; Yvette Cooper; Tony Blair; Emmanuel Macron;
Macron; Jean-Noël Barrot; Nicolas Sarkozy; Olaf Scholz; Scholz; Friedrich Merz; Angela Merkel; Merkel; Annalena Baerbock;
Johann Wadephul; Giorgia Meloni; Josep Borrell; Borrell; Kaja Kallas; Ursula von der Leyen; Christine Lagarde; Pedro Sánchez;
Viktor Orbán; Donald Tusk; Mark Rutte; Jens Stoltenberg; Vladimir Putin; Putin; Dmitry Medvedev; Medvedev; Sergei Lavrov;
Lavrov; Dmitry Peskov; Peskov; Maria Zakharova; Sergei Shoigu; Mikhail Mishustin; Alexei Navalny; Volodymyr Zelenskyy;
Zelenskyy; Alexander Lukashenko; Ilham Aliyev; Aliyev; Nikol Pashinyan; Pashinyan; Emomali Rahmon; Kassym-Jomart Tokayev;
Xi Jinping; Wang Yi; Kim Jong Un; Lee Jae-myung; Shinzo Abe; Shigeru Ishiba; Sanae Takaichi; Narendra Modi; Shehbaz Sharif;
Imran Khan; Asim Munir; Ishaq Dar; Justin Trudeau; Trudeau; Mark Carney; Lula da Silva; Javier Milei; Nicolás Maduro; Maduro;
Claudia Sheinbaum; Cyril Ramaphosa; António Guterres; Guterres; Rafael Grossi; Grossi; Volker Türk; Pope Francis;
Pope Leo XIV; Ali Khamenei; Ayatollah Ali Khamenei; Khamenei; Ruhollah Khomeini; Masoud Pezeshkian; Pezeshkian;
Ebrahim Raisi; Hassan Rouhani; Mahmoud Ahmadinejad; Ahmadinejad; Mohammad Khatami; Hashemi Rafsanjani; Mir-Hossein Mousavi;
Mehdi Karroubi; Reza Pahlavi; Abbas Araghchi; Araghchi; Mohammad Javad Zarif; Hossein Amir-Abdollahian; Amir-Abdollahian;
Ali Bagheri Kani; Esmail Baghaei; Baghaei; Nasser Kanaani; Ali Akbar Velayati; Ali Akbar Salehi; Mohammad Eslami;
Ali Larijani; Larijani; Ali Shamkhani; Shamkhani; Saeed Jalili; Mohammad Bagher Ghalibaf; Ghalibaf;
Gholam-Hossein Mohseni-Ejei; Mohseni-Ejei; Ahmad Jannati; Mohammad Mokhber; Mohammad Reza Aref; Eshaq Jahangiri;
Abdolnaser Hemmati; Fatemeh Mohajerani; Qassem Soleimani; Esmail Qaani; Hossein Salami; Amir Ali Hajizadeh; Mahsa Amini;
Narges Mohammadi; Shirin Ebadi; Nasrin Sotoudeh; Masih Alinejad; Toomaj Salehi; Jafar Panahi; Benjamin Netanyahu; Netanyahu;
Yoav Gallant; Israel Katz; Benny Gantz; Yair Lapid; Itamar Ben-Gvir; Bezalel Smotrich; Isaac Herzog; Mahmoud Abbas;
Yasser Arafat; Ismail Haniyeh; Haniyeh; Yahya Sinwar; Hassan Nasrallah; Nasrallah; Naim Qassem; Joseph Aoun; Nawaf Salam;
Nabih Berri; Bashar al-Assad; Ahmad al-Sharaa; Saddam Hussein; Nouri al-Maliki; Mohammed Shia al-Sudani; Masoud Barzani;
Moqtada al-Sadr; Ali al-Sistani; Osama bin Laden; Mohammed bin Salman; Mohammed bin Zayed; Tamim bin Hamad Al Thani;
Abdel Fattah el-Sissi; Hosni Mubarak; Muammar Gaddafi; Recep Tayyip Erdogan; Erdogan; Hakan Fidan; Ashraf Ghani;
Hamid Karzai; Abdullah Abdullah; Ahmad Massoud; Hibatullah Akhundzada; Sirajuddin Haqqani; Amir Khan Muttaqi;
Zabihullah Mujahid; Zalmay Khalilzad"""


def rows(name):
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        english, persian = line.split("\t")[:2]
        yield english.strip(), persian.strip()


def main():
    persian_names = Locale("fa").territories
    english_names = Locale("en").territories
    cldr = {(english_names[code], persian) for code, persian in persian_names.items() if code in english_names}
    found = {}

    def put(persian, english, kind, source):
        # The first row of a term counts; another English of it is no second form by itself.
        found.setdefault(persian, (english, kind, source))

    for english, persian in rows("slots/countries.tsv"):
        if english not in AMBIGUOUS:
            agrees = "; agrees with CLDR" if (english, persian) in cldr else ""
            put(persian, [english], "country", "slots/countries.tsv" + agrees)
    for english, persian in rows("slots/cities.tsv"):
        if english not in AMBIGUOUS:
            put(persian, [english], "city", "slots/cities.tsv")
    for english, persian in rows("lexicon/organisations.tsv"):
        if english in AMBIGUOUS or not english[0].isupper():
            continue
        kind = "ministry" if "Ministry" in english or "Department" in english else "organisation"
        put(persian, [english, *FORMS.get(english, [])], kind, "lexicon/organisations.tsv")
    wanted = {name.strip() for name in LEADERS.replace("\n", " ").split(";")}
    for name in ("lexicon/people_politics.tsv", "lexicon/people_mideast.tsv"):
        for english, persian in rows(name):
            if english in wanted:
                wanted.discard(english)
                put(persian, [english], "person", name)
    if wanted:
        raise SystemExit(f"not in the lexicon: {sorted(wanted)}")
    order = ["country", "city", "organisation", "ministry", "person"]
    table = sorted(found.items(), key=lambda row: order.index(row[1][1]))
    OUT.parent.mkdir(exist_ok=True)
    with OUT.open("w", encoding="utf-8") as out:
        out.write("# Names of the news in AP style. CC0 1.0. Made by scripts/persian/build_glossary.py.\n")
        out.write("fa\ten\tkind\tsource\n")
        for persian, (english, kind, source) in table:
            out.write(f"{persian}\t{'|'.join(english)}\t{kind}\tscripts/train/data/{source}\n")
    print(len(table), "terms")


if __name__ == "__main__":
    main()
