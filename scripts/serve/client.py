"""Has a client of LibreTranslate, libretranslatepy as PyPI has it, talk to a service that runs.

    pip install libretranslatepy
    tarjoman serve --port 5001 &
    python scripts/serve/client.py http://127.0.0.1:5001 [API_KEY]

Exits with 1 at the first thing that is not so.
"""

import sys
import urllib.error

from libretranslatepy import LibreTranslateAPI

address = sys.argv[1]
key = sys.argv[2] if len(sys.argv) > 2 else None
client = LibreTranslateAPI(address, key)

languages = client.languages()
assert {"code": "fa", "name": "Persian", "targets": ["en"]} in languages, languages
print("ok  languages:", languages)

persian = "این یک خبر تازه است. حال شما چطور است؟"
detected = client.detect(persian)
assert detected[0]["language"] == "fa" and 0 < detected[0]["confidence"] <= 100, detected
print("ok  detect:", detected)

for source in ("fa", "auto"):
    english = client.translate(persian, source, "en", timeout=120)
    assert english and english.isascii(), english
    print(f"ok  translate from {source}:", english)

lines = client.translate("خبر نخست.\n\nخبر دوم.", "fa", "en", timeout=120)
assert lines.count("\n\n") == 1, lines
print("ok  paragraphs are kept")

for arguments, status in ((("x", "fa", "tlh"), 400), (("", "fa", "en"), 400)):
    try:
        client.translate(*arguments)
        raise AssertionError(f"{arguments} was answered")
    except urllib.error.HTTPError as error:
        assert error.code == status, (arguments, error.code)
        assert '"error"' in error.read().decode()
print("ok  what makes no sense is refused with an error")

if key:
    try:
        LibreTranslateAPI(address, key + "x").translate("x", "fa", "en")
        raise AssertionError("a wrong key was taken")
    except urllib.error.HTTPError as error:
        assert error.code == 403, error.code
    print("ok  a wrong key is refused")
