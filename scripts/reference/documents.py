"""Makes tests/fixtures/documents/article.docx with python-docx, a writer that is not ours.

    pip install python-docx
    python scripts/reference/documents.py
"""

from pathlib import Path

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

OUT = Path(__file__).resolve().parents[2] / "tests/fixtures/documents/article.docx"


def rtl(paragraph):
    bidi = OxmlElement("w:bidi")
    paragraph._p.get_or_add_pPr().append(bidi)
    for run in paragraph.runs:
        run.font.rtl = True
    return paragraph


def link(paragraph, url, text):
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    key = paragraph.part.relate_to(url, kind, is_external=True)
    hyperlink = OxmlElement("w:hyperlink")
    hyperlink.set(qn("r:id"), key)
    run = paragraph.add_run(text)
    hyperlink.append(run._r)
    paragraph._p.append(hyperlink)


document = Document()
document.core_properties.author = "Tarjoman"
rtl(document.add_heading("سیل در لرستان", level=0))
lead = document.add_paragraph()
lead.add_run("دست‌کم پنج روستا تخلیه شدند.").bold = True
lead.add_run(" راه‌ها ")
lead.add_run("بسته").italic = True
lead.add_run(" است.")
rtl(lead)
rtl(document.add_heading("واکنش‌ها", level=1))
rtl(document.add_paragraph("جاده اول بسته است.", style="List Bullet"))
rtl(document.add_paragraph("جاده دوم باز است.", style="List Bullet"))
linked = document.add_paragraph("شرکت ")
link(linked, "https://example.com/", "OpenAI")
linked.add_run(" گفت ۱۲ نفر آمدند.")
linked.add_run().add_break()
linked.add_run("خط دوم.")
rtl(linked)
table = document.add_table(rows=1, cols=2)
rtl(table.cell(0, 0).paragraphs[0]).add_run("تهران")
rtl(table.cell(0, 1).paragraphs[0]).add_run("۱۲ نفر")
caption = document.styles.add_style("Caption", WD_STYLE_TYPE.PARAGRAPH) if "Caption" not in [
    style.name for style in document.styles
] else document.styles["Caption"]
rtl(document.add_paragraph("پل خرم‌آباد", style=caption))
document.save(OUT)
print(OUT)
