"""Reads what tarjoman writes with readers that are not ours, and checks it against the schemas.

    pip install translate-toolkit python-docx lxml
    python scripts/page/validate.py FOLDER --schemas SCHEMAS

FOLDER has files that tarjoman or its page wrote: *.tmx, *.xlf, *.docx. SCHEMAS has `tmx14.dtd`
(TMX 1.4b, GALA) and `xliff_core_2.0.xsd` with the `xml.xsd` that it imports (OASIS XLIFF 2.0); they are not in this
repository because their licences are not ours to give. Without it only the readers are tried.
"""

import argparse
import sys
from pathlib import Path

from docx import Document
from lxml import etree
from translate.storage import tmx

XLIFF = "{urn:oasis:names:tc:xliff:document:2.0}"


def check_tmx(path, schemas):
    store = tmx.tmxfile.parsefile(str(path))
    units = store.units
    assert units and all(unit.source for unit in units), f"{path}: units without a source"
    tree = etree.parse(str(path), etree.XMLParser(load_dtd=False, resolve_entities=False))
    if schemas:
        dtd = etree.DTD(str(schemas / "tmx14.dtd"))
        assert dtd.validate(tree), dtd.error_log
    return f"{len(units)} units"


def check_xliff(path, schemas):
    try:
        from translate.storage import xliff2

        store = xliff2.Xliff2File.parsefile(str(path))
        note = f"{len(store.units)} units in translate-toolkit"
    except ImportError:
        note = "this translate-toolkit does not read XLIFF 2"
    tree = etree.parse(str(path))
    segments = tree.findall(f".//{XLIFF}segment")
    assert segments and all(s.find(f"{XLIFF}source") is not None for s in segments)
    if schemas:
        schema = etree.XMLSchema(etree.parse(str(schemas / "xliff_core_2.0.xsd")))
        assert schema.validate(tree), schema.error_log
    return f"{len(segments)} segments, {note}"


def check_docx(path, _):
    document = Document(str(path))
    text = [p.text for p in document.paragraphs if p.text.strip()]
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    assert text or cells, f"{path}: nothing in it"
    return f"{len(text)} paragraphs, {len(document.tables)} tables, {len(cells)} cells"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--schemas", type=Path)
    arguments = parser.parse_args()
    checks = {".tmx": check_tmx, ".xlf": check_xliff, ".docx": check_docx}
    checked = 0
    for path in sorted(arguments.folder.iterdir()):
        check = checks.get(path.suffix)
        if check:
            print(f"{path.name}: {check(path, arguments.schemas)}")
            checked += 1
    assert checked, "nothing to check"
    return 0


if __name__ == "__main__":
    sys.exit(main())
