// Drives the review page in headless Chromium: hover, filter, edit, keyboard, export, reload.
//
//     npm install playwright-core
//     CHROMIUM=/usr/bin/chromium node scripts/page/drive.mjs PAGE.html OUT
//
// PAGE must have at least three sentences, one with a doubt, and word alignment on the first;
// `TARJOMAN_PAGES=FOLDER cargo test --test it pages -- --ignored` writes one. OUT gets screenshots and what the page exports.
// Exits with 1 at the first thing that is not so. Nothing here is needed to build or test.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.env.MODULES || process.cwd(), "x.js"));
const { chromium } = require("playwright-core");
const [page_file, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });
const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1200, height: 900 } });
const page = await context.newPage();
const requests = [], problems = [];
page.on("request", (request) => { if (!/^(file|blob):/.test(request.url())) requests.push(request.url()); });
page.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
page.on("pageerror", (error) => problems.push(String(error)));
page.on("dialog", (dialog) => { problems.push("a dialog: " + dialog.message()); dialog.dismiss(); });
const step = (name) => console.log("ok  " + name);

await page.goto(pathToFileURL(page_file).href);
await page.waitForSelector(".tools:not([hidden])");
const isolated = await page.locator(".target").nth(2).locator("bdi").allTextContents();
assert.ok(isolated.length > 0);
const count = await page.locator(".row").count();
assert.ok(count >= 3);
assert.match(await page.locator("#state").textContent(), /not reviewed/);
step("the page opens and says that it is not reviewed");

// Languages and directions.
assert.equal(await page.locator(".source[lang=fa][dir=rtl]").count(), count);
assert.equal(await page.locator(".target[lang=en][dir=ltr]").count(), count);
assert.equal(await page.locator(".target[role=textbox][aria-label]").count(), count);
step("every sentence has language, direction and a name");

// Hover: the sentence, and the words that belong together.
const first = page.locator(".row").first();
const box = async (cell) => page.evaluate((cell) => {
  const row = document.querySelector(".row"), side = row.querySelector(cell);
  const [start, end] = row.dataset.words.split(";")[0].split(",").slice(cell === ".source" ? 0 : 2).map(Number);
  const walker = document.createTreeWalker(side, NodeFilter.SHOW_TEXT);
  let at = 0, node;
  while ((node = walker.nextNode()) && at + node.length <= start) at += node.length;
  const range = new Range();
  range.setStart(node, start - at); range.setEnd(node, Math.min(end - at, node.length));
  const { x, y, width, height } = range.getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}, cell);
const lit = () => page.evaluate(() => [...(CSS.highlights.get("words") || [])].map(String));
const background = () => first.evaluate((row) => getComputedStyle(row).backgroundColor);
const plain = await background();
for (const cell of [".source", ".target"]) {
  const at = await box(cell);
  await page.mouse.move(at.x, at.y);
  await page.waitForTimeout(50);
  assert.notEqual(await background(), plain);
  assert.ok((await lit()).length >= 2, "a word and its counterpart, from " + cell);
}
await page.screenshot({ path: path.join(out, "hover-light.png") });
step("hover marks the sentence and its words on both sides: " + JSON.stringify(await lit()));
await page.mouse.move(1, 1);
await page.waitForTimeout(50);
assert.equal((await lit()).length, 0);

// The caret does the same for the keyboard.
await page.locator(".target").first().focus();
await page.keyboard.press("Home");
await page.waitForTimeout(50);
assert.ok((await lit()).length >= 2, "the word at the caret");
await page.keyboard.press("Escape");
step("the caret marks words too");

// Filter.
const doubtful = await page.locator(".row.doubtful").count();
assert.ok(doubtful > 0 && doubtful < count);
await page.click("#doubts");
assert.equal(await page.locator(".row:visible").count(), doubtful);
await page.screenshot({ path: path.join(out, "doubts-light.png") });
await page.keyboard.press("d");
assert.equal(await page.locator(".row:visible").count(), count);
step(`the filter shows ${doubtful} of ${count} sentences`);

// Edit, with the keyboard alone.
const target = (n) => page.locator(".target").nth(n);
await target(0).focus();
await page.keyboard.press("Control+A");
await page.keyboard.type("Edited by <b>hand</b> & kept.");
await page.keyboard.press("Enter");
assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "English of sentence 2");
await page.keyboard.press("Control+Enter");
assert.ok(await page.locator(".done").nth(1).isChecked());
assert.equal(await target(0).locator("b").count(), 0, "markup stays text");
await page.keyboard.press("Alt+ArrowUp");
assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "English of sentence 2");
await page.keyboard.press("Escape");
await page.keyboard.press("k");
await page.keyboard.press("r");
assert.ok(await page.locator(".done").nth(0).isChecked());
assert.match(await page.locator("#state").textContent(), new RegExp(`2 of ${count}`));
step("English is edited and reviewed with the keyboard");

// Pasted markup is text, in one line.
await target(2).focus();
await target(2).evaluate((cell) => {
  const data = new DataTransfer();
  data.setData("text/plain", "pasted\n<img src=x onerror=alert(1)>");
  data.setData("text/html", "<img src=x onerror=alert(1)>");
  getSelection().selectAllChildren(cell);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
});
await page.keyboard.press("Escape");
assert.equal(await target(2).textContent(), "pasted <img src=x onerror=alert(1)>");
assert.equal(await page.locator("main img").count(), 0);
step("pasted markup is text");

// Reload keeps all of it.
await page.reload();
await page.waitForSelector(".tools:not([hidden])");
assert.equal(await target(0).textContent(), "Edited by <b>hand</b> & kept.");
assert.equal(await target(2).textContent(), "pasted <img src=x onerror=alert(1)>");
assert.ok(await page.locator(".done").nth(1).isChecked());
assert.equal(await page.locator(".row.edited").count(), 2);
step("a reload keeps edits and reviews");

// Undo.
await page.locator(".undo").nth(2).click();
assert.equal(await page.locator(".row.edited").count(), 1);
assert.deepEqual(await target(2).locator("bdi").allTextContents(), isolated, "as in the page when it was made");
step("an edit is undone");

// Export.
for (const [value, ending] of [["tmx", ".tmx"], ["jsonl", ".jsonl"], ["txt", ".en.txt"], ["docx", ".en.docx"], ["table", ".fa-en.docx"]]) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.selectOption("#export", value)]);
  assert.ok(download.suggestedFilename().endsWith(ending), download.suggestedFilename());
  await download.saveAs(path.join(out, "page" + ending));
}
assert.match(readFileSync(path.join(out, "page.tmx"), "utf8"), /<seg>Edited by &lt;b&gt;hand&lt;\/b&gt; &amp; kept\.<\/seg>/);
const lines = readFileSync(path.join(out, "page.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
assert.equal(lines.length, count);
assert.equal(lines[0].target, "Edited by <b>hand</b> & kept.");
assert.equal(lines[0].reviewed, true);
assert.match(readFileSync(path.join(out, "page.en.txt"), "utf8"), /^Edited by <b>hand<\/b> & kept\.\n/);
step("TMX, JSON lines, text and Word are exported");

// All reviewed.
await page.click("#all");
assert.match(await page.locator("#state").textContent(), /reviewed by an editor/);
await page.click("#all");
assert.match(await page.locator("#state").textContent(), /not reviewed/);
step("an editor says otherwise, and takes it back");

// Contrast of all text, in both themes (WCAG AA: 4.5).
const contrast = () => page.evaluate(() => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const f = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  let worst = [99, ""];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length || element.closest("script, option")) continue;
    let back = element;
    while (back && (parse(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
    const a = light(parse(getComputedStyle(element).color)), b = light(parse(getComputedStyle(back || document.body).backgroundColor));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, element.className || element.tagName];
  }
  return worst;
});
for (const scheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForTimeout(50);
  const [ratio, where] = await contrast();
  assert.ok(ratio >= 4.5, `${scheme}: ${ratio} at ${where}`);
  await page.screenshot({ path: path.join(out, `page-${scheme}.png`), fullPage: true });
  step(`${scheme}: the weakest contrast is ${ratio.toFixed(2)}`);
}
await page.emulateMedia({ colorScheme: "light" });
await page.click("#theme");
assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(22, 22, 20)");
await page.reload();
assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
step("the theme is chosen and kept");

// A narrow window, and paper.
await page.setViewportSize({ width: 390, height: 800 });
assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window");
await page.screenshot({ path: path.join(out, "narrow-dark.png") });
await page.setViewportSize({ width: 1200, height: 900 });
await page.pdf({ path: path.join(out, "page.pdf"), format: "A4" });
await page.emulateMedia({ media: "print" });
assert.equal(await page.locator(".tools").isVisible(), false);
assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
await page.setViewportSize({ width: 794, height: 1123 });
await page.screenshot({ path: path.join(out, "print.png") });
step("it prints black on white without tools");

assert.deepEqual(requests, [], "no network");
assert.deepEqual(problems, [], "nothing on the console");
step("no request, no error on the console, no dialog");
await browser.close();
