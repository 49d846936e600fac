
"use strict";
(() => {
  const body = document.body;
  const rows = [...document.querySelectorAll(".row")].map((row) => {
    const part = (name) => row.querySelector(name);
    const source = part(".source"), target = part(".target");
    return {
      row, source, target, done: part(".done"), undo: part(".undo"),
      id: Number(row.dataset.id), block: Number(row.dataset.block),
      kind: row.parentElement.dataset.kind, span: row.dataset.span.split(",").map(Number),
      score: row.dataset.score === "" ? null : Number(row.dataset.score),
      words: row.dataset.words === "" ? [] : row.dataset.words.split(";").map((pair) => pair.split(",").map(Number)),
      issues: [...row.querySelectorAll(".doubt")].map((note) => {
        const span = (name) => note.dataset[name] ? { [name + "_span"]: note.dataset[name].split(",").map(Number) } : {};
        const remark = note.classList.contains("remark") ? { severity: "note" } : {};
        return { code: note.dataset.code, ...remark, message: note.querySelector(".message").textContent, ...span("source"), ...span("target") };
      }),
      persian: source.textContent, machine: target.textContent, english: target.textContent,
      reviewed: "reviewed" in row.dataset,
    };
  });
  const find = (id) => document.getElementById(id);

  // Kept in the browser, by the content of the page: another article is another key.
  const key = "tarjoman:" + body.dataset.key;
  let unkept = false;
  const keep = () => {
    const edits = {}, reviewed = [];
    for (const r of rows) {
      if (r.english !== r.machine) edits[r.id] = r.english;
      if (r.reviewed) reviewed.push(r.id);
    }
    try {
      localStorage.setItem(key, JSON.stringify({ version: 1, edits, reviewed }));
      unkept = false;
      find("kept").textContent = "Kept in this browser";
    } catch {
      unkept = true;
      find("kept").textContent = "This browser keeps nothing: export before you close the page";
    }
  };
  const restore = () => {
    let kept;
    try { kept = JSON.parse(localStorage.getItem(key)); } catch { return; }
    if (!kept || kept.version !== 1) return;
    for (const r of rows) {
      const english = kept.edits && kept.edits[r.id];
      if (typeof english === "string") { r.english = english; show(r); }
      r.reviewed = Array.isArray(kept.reviewed) && kept.reviewed.includes(r.id);
    }
  };
  addEventListener("beforeunload", (event) => { if (unkept) event.preventDefault(); });

  // Right-to-left words in the English are isolated, as in the page when it was made.
  const rtl = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^A-Za-z0-9\n]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])*/g;
  const show = (r) => {
    r.target.textContent = "";
    let done = 0;
    for (const found of r.english.matchAll(rtl)) {
      r.target.append(r.english.slice(done, found.index));
      let end = found.index + found[0].length;
      // A bracket that closes one inside belongs to it.
      for (const [open, closed] of ["()", "[]"]) {
        const run = r.english.slice(found.index, end);
        if (run.split(open).length > run.split(closed).length && r.english[end] === closed) end += 1;
      }
      const bdi = document.createElement("bdi");
      bdi.textContent = r.english.slice(found.index, end);
      r.target.append(bdi);
      done = end;
    }
    r.target.append(r.english.slice(done));
  };
  const typed = (cell) => cell.textContent.replace(/[\r\n\t\u00a0\u2028\u2029]+/g, " ").trim();

  const state = (r) => {
    r.row.classList.toggle("edited", r.english !== r.machine);
    r.row.classList.toggle("reviewed", r.reviewed);
    r.done.checked = r.reviewed;
    r.undo.hidden = r.english === r.machine;
  };
  const total = () => {
    const count = rows.filter((r) => r.reviewed).length, all = rows.length > 0 && count === rows.length;
    const line = find("state");
    line.textContent = all ? "Machine translation, reviewed by an editor" : "Machine translation, not reviewed" + (count ? ` (${count} of ${rows.length} sentences are)` : "");
    line.classList.toggle("good", all);
    find("all").setAttribute("aria-pressed", all);
  };
  const review = (r, yes) => { r.reviewed = yes; state(r); total(); keep(); };

  // Moving. What is hidden by the filter is passed over.
  let here = -1;
  const isShown = (r) => r.row.getClientRects().length > 0;
  const go = (from, step, wanted, edit) => {
    for (let i = from + step; i >= 0 && i < rows.length; i += step) {
      if (isShown(rows[i]) && wanted(rows[i])) { enter(i, edit); return; }
    }
  };
  const enter = (i, edit) => {
    if (here >= 0) rows[here].row.classList.remove("here");
    here = i;
    rows[i].row.classList.add("here");
    if (edit) rows[i].target.focus(); else { rows[i].target.blur(); rows[i].row.scrollIntoView({ block: "nearest" }); }
  };
  const any = () => true, doubtful = (r) => r.issues.some((issue) => issue.severity !== "note");

  rows.forEach((r, i) => {
    r.target.setAttribute("contenteditable", "plaintext-only");
    if (r.target.contentEditable !== "plaintext-only") r.target.setAttribute("contenteditable", "true");
    r.target.setAttribute("role", "textbox");
    r.target.setAttribute("aria-label", `English of sentence ${i + 1}`);
    r.target.setAttribute("spellcheck", "true");
    r.target.addEventListener("focus", () => enter(i, true));
    r.target.addEventListener("input", () => {
      r.english = typed(r.target);
      state(r);
      if (r.reviewed) { r.reviewed = false; state(r); total(); }
      light(null);
      keep();
    });
    r.target.addEventListener("blur", () => show(r));
    r.target.addEventListener("beforeinput", (event) => { if (event.inputType.startsWith("format")) event.preventDefault(); });
    r.target.addEventListener("paste", (event) => {
      event.preventDefault();
      const text = event.clipboardData.getData("text/plain").replace(/\s+/g, " ");
      document.execCommand("insertText", false, text);
    });
    r.target.addEventListener("drop", (event) => event.preventDefault());
    r.target.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") {
        event.preventDefault();
        if (event.ctrlKey || event.metaKey) review(r, true);
        go(i, 1, any, true);
      } else if (event.key === "Escape") {
        r.target.blur();
      } else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        go(i, event.key === "ArrowDown" ? 1 : -1, any, true);
      } else return;
      event.stopPropagation();
    });
    r.done.addEventListener("change", () => review(r, r.done.checked));
    r.undo.addEventListener("click", () => { r.english = r.machine; show(r); state(r); keep(); r.target.focus(); });
  });

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.target.closest("[contenteditable], select, input")) return;
    const k = event.key.toLowerCase();
    if (event.altKey && k !== "arrowdown" && k !== "arrowup") return;
    if (k === "j" || k === "arrowdown" && event.altKey) go(here, 1, any, false);
    else if (k === "k" || k === "arrowup" && event.altKey) go(here, -1, any, false);
    else if (k === "n") go(here, 1, doubtful, false);
    else if (k === "d") filter();
    else if (k === "e" && here >= 0) rows[here].target.focus();
    else if (k === "r" && here >= 0) review(rows[here], !rows[here].reviewed);
    else return;
    event.preventDefault();
  });

  const filter = () => {
    const on = body.classList.toggle("doubts-only");
    find("doubts").setAttribute("aria-pressed", on);
    find("none").hidden = !on || rows.some(doubtful);
  };
  find("doubts").addEventListener("click", filter);
  find("next-doubt").addEventListener("click", () => go(here, 1, doubtful, true));
  find("all").addEventListener("click", () => {
    const yes = !rows.every((r) => r.reviewed);
    rows.forEach((r) => { r.reviewed = yes; state(r); });
    total(); keep();
  });

  const themes = ["", "dark", "light"], names = ["as the system", "dark", "light"];
  const theme = (to) => {
    if (to) document.documentElement.dataset.theme = to; else delete document.documentElement.dataset.theme;
    find("theme").textContent = "Theme: " + names[themes.indexOf(to)];
  };
  find("theme").addEventListener("click", () => {
    const to = themes[(themes.indexOf(document.documentElement.dataset.theme || "") + 1) % 3];
    theme(to);
    try { localStorage.setItem("tarjoman:theme", to); } catch { /* the page works without */ }
  });
  try { const to = localStorage.getItem("tarjoman:theme"); if (themes.includes(to)) theme(to); } catch { /* likewise */ }

  // Words: the one under the pointer or the caret, and those that it is aligned with. Ranges are
  // coloured by the browser, so that text that is being edited has no elements in it for that.
  const light = (ranges) => {
    if (!("highlights" in CSS)) return;
    if (ranges && ranges.length) CSS.highlights.set("words", new Highlight(...ranges)); else CSS.highlights.delete("words");
  };
  const nodes = (cell) => {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };
  const rangeIn = (cell, start, end) => {
    const range = new Range();
    let at = 0, begun = false;
    for (const node of nodes(cell)) {
      if (!begun && start < at + node.length) { range.setStart(node, start - at); begun = true; }
      if (begun && end <= at + node.length) { range.setEnd(node, end - at); return range; }
      at += node.length;
    }
    return null;
  };
  const words = (r, cell, node, offset) => {
    if (r.english !== r.machine) return [];
    let at = offset;
    for (const other of nodes(cell)) { if (other === node) break; at += other.length; }
    const side = cell === r.source ? 0 : 2;
    const hit = r.words.filter((pair) => pair[side] <= at && at < pair[side + 1]);
    const ranges = hit.flatMap((pair) => [rangeIn(r.source, pair[0], pair[1]), rangeIn(r.target, pair[2], pair[3])]);
    return ranges.filter((range) => range);
  };
  const at = (node, offset) => {
    const cell = node && node.nodeType === Node.TEXT_NODE && node.parentElement.closest(".source, .target");
    const r = cell && rows.find((other) => other.source === cell || other.target === cell);
    light(r ? words(r, cell, node, offset) : null);
  };
  addEventListener("mousemove", (event) => {
    if (document.caretPositionFromPoint) {
      const caret = document.caretPositionFromPoint(event.clientX, event.clientY);
      at(caret && caret.offsetNode, caret && caret.offset);
    } else if (document.caretRangeFromPoint) {
      const caret = document.caretRangeFromPoint(event.clientX, event.clientY);
      at(caret && caret.startContainer, caret && caret.startOffset);
    }
  });
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (selection.isCollapsed) at(selection.anchorNode, selection.anchorOffset);
  });

  // Export.
  const xml = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/\r/g, "&#13;");
  const model = body.dataset.model, provenance = body.dataset.provenance ? JSON.parse(body.dataset.provenance) : {};
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const tmx = () => head + '<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4">\n<header creationtool="tarjoman-page" creationtoolversion="1" segtype="sentence" o-tmf="tarjoman" adminlang="en" srclang="fa" datatype="plaintext">\n' +
    `<prop type="x-model">${xml(model)}</prop>\n${"licence" in body.dataset ? `<prop type="x-licence">${xml(body.dataset.licence)}</prop>\n` : ""}${Object.entries(provenance).map(([name, text]) => text ? `<prop type="x-${name}">${xml(text)}</prop>\n` : "").join("")}</header>\n<body>\n` + rows.map((r) =>
      `<tu tuid="${r.id + 1}">\n` + r.issues.map((issue) => `<note>${xml(issue.code + ": " + issue.message)}</note>\n`).join("") +
      `<prop type="x-block">${r.block}</prop>\n<prop type="x-kind">${r.kind}</prop>\n` + (r.reviewed ? '<prop type="x-reviewed">yes</prop>\n' : "") +
      `<tuv xml:lang="fa"><seg>${xml(r.persian)}</seg></tuv>\n<tuv xml:lang="en"><seg>${xml(r.english)}</seg></tuv>\n</tu>\n`).join("") + "</body>\n</tmx>\n";
  const blocks = () => {
    const found = [];
    for (const r of rows) {
      const last = found[found.length - 1];
      if (last && last.block === r.block) last.rows.push(r); else found.push({ block: r.block, kind: r.kind, rows: [r] });
    }
    return found;
  };
  const english = (block) => block.rows.map((r) => r.english).filter((text) => text).join(" ");
  const txt = () => {
    let text = "", last = "";
    for (const block of blocks()) {
      if (text) text += last === "list_item" && block.kind === "list_item" ? "\n" : "\n\n";
      text += english(block);
      last = block.kind;
    }
    return text + "\n";
  };
  const jsonl = () => rows.map((r) => {
    const line = { schema: "tarjoman.aligned/1", id: r.id, block: r.block, kind: r.kind, span: r.span, source: r.persian, target: r.english, score: r.english === r.machine ? r.score : null, issues: r.issues };
    if (r.reviewed) line.reviewed = true;
    line.model = model;
    line.licence = body.dataset.licence ?? null;
    if (provenance.tool) line.provenance = provenance;
    return JSON.stringify(line) + "\n";
  }).join("");

  const table = new Uint32Array(256).map((_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n; });
  const crc = (bytes) => { let c = 0xffffffff; for (const b of bytes) c = table[(c ^ b) & 255] ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0; };
  /* A ZIP archive whose files are stored as they are. */
  const zip = (files) => {
    const parts = [], directory = [];
    let at = 0;
    const numbers = (...list) => {
      const bytes = new Uint8Array(list.reduce((sum, [size]) => sum + size, 0)), view = new DataView(bytes.buffer);
      let to = 0;
      for (const [size, value] of list) { if (size === 2) view.setUint16(to, value, true); else view.setUint32(to, value, true); to += size; }
      return bytes;
    };
    for (const [name, text] of files) {
      const data = new TextEncoder().encode(text), path = new TextEncoder().encode(name);
      const same = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 33], [4, crc(data)], [4, data.length], [4, data.length], [2, path.length], [2, 0]];
      directory.push(numbers([4, 0x02014b50], [2, 20], ...same, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), path);
      parts.push(numbers([4, 0x04034b50], ...same), path, data);
      at += 30 + path.length + data.length;
    }
    const size = directory.reduce((sum, part) => sum + part.length, 0);
    const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]);
    return new Blob([...parts, ...directory, end], { type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document" });
  };
  const w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main", o = "http://schemas.openxmlformats.org/";
  const word = (content, page) => zip([
    ["[Content_Types].xml", head + `<Types xmlns="${o}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>`],
    ["_rels/.rels", head + `<Relationships xmlns="${o}package/2006/relationships"><Relationship Id="rId1" Type="${o}officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`],
    ["word/_rels/document.xml.rels", head + `<Relationships xmlns="${o}package/2006/relationships"><Relationship Id="rId1" Type="${o}officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`],
    ["word/styles.xml", head + `<w:styles xmlns:w="${w}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:spacing w:after="160"/></w:pPr></w:style>` + [["Title", "Title", 40], ["Heading2", "heading 2", 28]].map(([id, name, size]) => `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/></w:pPr><w:rPr><w:b/><w:sz w:val="${size}"/></w:rPr></w:style>`).join("") + '<w:style w:type="paragraph" w:styleId="Caption"><w:name w:val="caption"/><w:basedOn w:val="Normal"/><w:rPr><w:i/></w:rPr></w:style></w:styles>'],
    ["word/document.xml", head + `<w:document xmlns:w="${w}"><w:body>${content}<w:sectPr><w:pgSz ${page}/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>`],
  ]);
  const run = (text, properties = "") => `<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${xml(text)}</w:t></w:r>`;
  const styles = { title: "Title", heading: "Heading2", caption: "Caption" };
  const label = () => `<w:p>${run(`${find("state").textContent}. Model: ${model}. Source: ${body.dataset.name}`, "<w:i/>")}</w:p>`;
  const docx = () => word((rows.every((r) => r.reviewed) ? "" : label()) + blocks().map((block) => {
    const style = styles[block.kind];
    const properties = style ? `<w:pStyle w:val="${style}"/>` : block.kind === "list_item" ? '<w:ind w:left="360"/>' : "";
    return `<w:p><w:pPr>${properties}</w:pPr>${run((block.kind === "list_item" && !/^\s*(?:[-*•–—]|\d+[.)])/.test(english(block)) ? "• " : "") + english(block))}</w:p>`;
  }).join(""), 'w:w="11906" w:h="16838"');
  const both = () => {
    const cell = (width, content) => `<w:tc><w:tcPr><w:tcW w:w="${width}" w:type="dxa"/></w:tcPr>${content}</w:tc>`;
    const side = (name) => `<w:${name} w:val="single" w:sz="4" w:color="BBBBBB"/>`;
    const line = (a, b, c) => `<w:tr><w:trPr><w:cantSplit/></w:trPr>${cell(600, a)}${cell(6900, b)}${cell(6900, c)}</w:tr>`;
    return word(label() + `<w:tbl><w:tblPr><w:tblW w:w="14400" w:type="dxa"/><w:tblBorders>${side("top")}${side("bottom")}${side("insideH")}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="600"/><w:gridCol w:w="6900"/><w:gridCol w:w="6900"/></w:tblGrid>` + rows.map((r) => line(
      `<w:p>${run(String(r.id + 1))}</w:p>`,
      `<w:p>${run(r.english)}</w:p>` + r.issues.map((issue) => `<w:p>${run("! " + issue.message, '<w:i/><w:color w:val="8A4B00"/><w:sz w:val="18"/>')}</w:p>`).join(""),
      `<w:p><w:pPr><w:bidi/></w:pPr>${[...r.source.childNodes].map((node) => run(node.textContent, node.nodeType === Node.TEXT_NODE ? '<w:rtl/><w:lang w:bidi="fa-IR"/>' : "")).join("")}</w:p>`)).join("") + "</w:tbl><w:p/>", 'w:w="16838" w:h="11906" w:orient="landscape"');
  };
  const text = (type, content) => new Blob([content], { type: type + ";charset=utf-8" });
  const makers = {
    docx: ["en.docx", docx], table: ["fa-en.docx", both], txt: ["en.txt", () => text("text/plain", txt())],
    tmx: ["tmx", () => text("application/xml", tmx())], jsonl: ["jsonl", () => text("application/jsonl", jsonl())],
  };
  find("export").addEventListener("change", (event) => {
    const maker = makers[event.target.value];
    event.target.value = "";
    if (!maker) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(maker[1]());
    link.download = body.dataset.name.split(/[\\/]/).pop().replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}._ -]/gu, "_") + "." + maker[0];
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });

  document.querySelectorAll(".tools, .help, .deeds").forEach((part) => { part.hidden = false; });
  restore();
  rows.forEach(state);
  total();
})();
