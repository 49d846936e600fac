// Drives the page of `tarjoman serve` in headless Chromium: paste, drop, progress, stop, review, export.
//
//     npm install playwright-core
//     tarjoman serve --port 5001 &
//     CHROMIUM=/usr/bin/chromium node scripts/serve/drive.mjs http://127.0.0.1:5001 OUT [API_KEY]
//
// OUT gets screenshots and what is exported. Exits with 1 at the first thing that is not so.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.env.MODULES || process.cwd(), "x.js"));
const { chromium } = require("playwright-core");
const [address, out, key] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });
const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1000, height: 900 } });
const page = await context.newPage();
const elsewhere = [], problems = [];
page.on("request", (request) => { if (!request.url().startsWith(address) && !/^blob:/.test(request.url())) elsewhere.push(request.url()); });
page.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
page.on("pageerror", (error) => problems.push(String(error)));
const step = (name) => console.log("ok  " + name);
const text = "دولت دیروز گزارش تازه‌ای داد. رئیس مجلس گفت که ۲۵ نفر آمدند.\n\nاین خبر <b>تازه</b> است.";

await page.goto(address);
await page.waitForFunction(() => document.getElementById("formats").textContent.includes(".docx"));
assert.match(await page.locator("#model").textContent(), /^Model: ./);
assert.equal(await page.locator("#key-line").isVisible(), Boolean(key));
step("the page opens and knows the server's settings");

if (key) {
  await page.fill("#text", text);
  await page.click("#go");
  await page.waitForSelector("#error:not([hidden])");
  assert.match(await page.locator("#error").textContent(), /key/i);
  problems.splice(0);
  await page.fill("#key", key);
  step("without a key it is told that one is needed");
}

// Paste.
await page.fill("#text", text);
assert.match(await page.locator("#count").textContent(), /characters/);
await page.keyboard.press("Tab");
await page.click("#go");
await page.waitForSelector("#result:not([hidden])", { timeout: 120000 });
assert.match(await page.locator("#summary").textContent(), /^3 sentences/);
assert.equal(await page.locator("#units li").count(), 3);
assert.equal(await page.locator("#units .source").nth(2).textContent(), "این خبر <b>تازه</b> است.");
assert.equal(await page.locator("#units b").count(), 0, "markup stays text");
await page.screenshot({ path: path.join(out, "pasted.png"), fullPage: true });
step("a pasted text is translated, sentence by sentence");

// Export from here.
for (const [format, ending] of [["docx", ".docx"], ["tmx", ".tmx"], ["document", ".txt"]]) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#files a[data-format=${format}]`)]);
  assert.ok(download.suggestedFilename().endsWith(ending), download.suggestedFilename());
  await download.saveAs(path.join(out, "pasted" + ending));
}
assert.match(readFileSync(path.join(out, "pasted.tmx"), "utf8"), /<tmx /);
step("Word, TMX and the article's own format are saved");

// Review: the page of `tarjoman translate`.
await page.click("#review");
await page.waitForSelector(".tools:not([hidden])");
assert.equal(await page.locator(".row").count(), 3);
await page.locator(".target").first().focus();
await page.keyboard.press("Control+A");
await page.keyboard.type("Edited.");
await page.keyboard.press("Control+Enter");
assert.match(await page.locator("#state").textContent(), /1 of 3/);
const [download] = await Promise.all([page.waitForEvent("download"), page.selectOption("#export", "txt")]);
await download.saveAs(path.join(out, "reviewed.txt"));
assert.match(readFileSync(path.join(out, "reviewed.txt"), "utf8"), /^Edited\./);
await page.screenshot({ path: path.join(out, "review.png") });
step("the review page opens, is edited, and exports");

await page.goBack();
await page.waitForFunction(() => document.getElementById("count").textContent !== "");
assert.equal(await page.locator("#text").inputValue(), text);
step("going back keeps the text");

// Drop a file, and watch its progress.
const long = Array.from({ length: 400 }, (_, n) => `رئیس مجلس ${n} بار گفت که دولت گزارش تازه‌ای به مردم کشور می‌دهد.`).join("\n\n");
const drop = (name, content) => page.evaluate(([name, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([content], name, { type: "text/plain" }));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}, [name, content]);
await drop("long.txt", long);
assert.equal(await page.locator("#count").textContent(), "long.txt");
assert.ok(await page.locator("#text").isDisabled());
await page.click("#go");
await page.waitForFunction(() => document.getElementById("bar").value > 0, null, { timeout: 120000 });
assert.match(await page.locator("#step").textContent(), /of 400 sentences/);
await page.screenshot({ path: path.join(out, "running.png") });
step("a dropped file shows how far it is: " + await page.locator("#step").textContent());
await page.click("#stop");
await page.waitForSelector("#error:not([hidden])");
assert.equal(await page.locator("#error").textContent(), "Stopped.");
step("it can be stopped");

// A file by its field, in its own format.
const markdown = path.join(out, "خبر.md");
writeFileSync(markdown, "# عنوان خبر\n\nدولت **دیروز** گزارش داد.\n");
await page.setInputFiles("#file", markdown);
await page.click("#go");
await page.waitForSelector("#result:not([hidden])", { timeout: 120000 });
const [own] = await Promise.all([page.waitForEvent("download"), page.click("#files a[data-format=document]")]);
assert.equal(own.suggestedFilename(), "خبر.en.md");
await own.saveAs(path.join(out, "own.md"));
assert.match(readFileSync(path.join(out, "own.md"), "utf8"), /^# \S/);
step("a file that was chosen comes back in its own format");

// A file that is none.
await page.click("#clear");
await drop("a.pdf", "%PDF-1.7 \0");
await page.click("#go");
await page.waitForSelector("#error:not([hidden])");
assert.match(await page.locator("#error").textContent(), /PDF/);
await page.screenshot({ path: path.join(out, "refused.png") });
step("what can't be read is told");

for (const scheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.screenshot({ path: path.join(out, `page-${scheme}.png`), fullPage: true });
}
await page.setViewportSize({ width: 390, height: 800 });
assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window");
step("it fits a narrow window");

assert.deepEqual(elsewhere, [], "no request to elsewhere");
const ours = problems.filter((problem) => !/status of 400|status of 401/.test(problem));
assert.deepEqual(ours, [], "nothing on the console");
step("no request to elsewhere, nothing on the console");
await browser.close();
