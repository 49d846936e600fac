"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const text = find("text"), file = find("file"), key = find("key");
  let stop = null, dropped = null, limit = Infinity, ending = null;
  const show = (id, on) => { find(id).hidden = !on; };
  const number = (n) => n.toLocaleString("en");
  const plural = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;

  // What is typed is kept until the tab is closed, so that a look at the review costs nothing.
  const keep = (name, value) => { try { sessionStorage.setItem("tarjoman:" + name, value); } catch { /* the page works without */ } };
  const kept = (name) => { try { return sessionStorage.getItem("tarjoman:" + name) || ""; } catch { return ""; } };

  const chosen = () => dropped || file.files[0] || null;
  const count = () => {
    const one = chosen();
    text.disabled = Boolean(one);
    show("clear", Boolean(one));
    const length = [...text.value].length;
    find("count").textContent = one ? one.name : length ? `${number(length)} of ${number(limit)} characters` : "";
  };
  const fail = (message) => { find("error").textContent = message; show("error", true); };

  fetch("frontend/settings").then((answer) => answer.json()).then((settings) => {
    limit = settings.charLimit;
    show("key-line", settings.keyRequired);
    file.accept = settings.supportedFilesFormat.join(",");
    find("formats").textContent = settings.supportedFilesFormat.join(" ");
    count();
  }).catch(() => fail("The server does not answer."));
  fetch("health").then((answer) => answer.json()).then((health) => {
    find("model").textContent = `Model: ${health.model}${health.licence ? ` (${health.licence})` : ""}.`;
  }).catch(() => {});

  const row = (unit) => {
    const item = document.createElement("li");
    const cell = (name, language, direction, content) => {
      const part = document.createElement("div");
      part.className = name;
      if (language) { part.lang = language; part.dir = direction; }
      part.textContent = content;
      item.append(part);
    };
    cell("target", "en", "ltr", unit.target);
    cell("source", "fa", "rtl", unit.source);
    for (const issue of unit.issues) if (issue.severity !== "note") cell("doubt", "", "", "! " + issue.message);
    find("units").append(item);
  };

  const names = { jsonl: "JSON lines", html: "the review page", docx: "Word, both languages", tmx: "TMX", xliff: "XLIFF", tsv: "TSV", markdown: "Markdown", text: "text", document: "the article's own format" };
  const events = {
    progress: ({ done, total }) => {
      const bar = find("bar");
      if (total > 0) { bar.max = total; bar.value = done; }
      find("step").textContent = total > 0 ? `${number(done)} of ${plural(total, "sentence")}` : "Reading";
    },
    unit: row,
    done: (summary) => {
      ending = "done";
      find("summary").textContent = `${plural(summary.sentences, "sentence")}, ${number(summary.doubts)} with doubts`;
      const files = find("files");
      files.textContent = summary.files ? "or save as " : "There was no room to keep it for review.";
      (summary.files || []).forEach((one, index) => {
        const link = document.createElement("a");
        link.href = one.url;
        link.dataset.format = one.format;
        link.textContent = names[one.format] || one.format;
        if (index) files.append(", ");
        files.append(link);
      });
      show("review", Boolean(summary.review));
      if (summary.review) find("review").href = summary.review;
      show("result", true);
      find("review").focus();
    },
    error: (problem) => { ending = "error"; fail(problem.error); },
  };

  // Server-Sent Events of an answer to POST, which EventSource can't ask for.
  const read = async (body) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const field = (name) => part.split("\n").filter((line) => line.startsWith(name + ":")).map((line) => line.slice(name.length + 1).trimStart()).join("\n");
        const handler = events[field("event")];
        if (handler) handler(JSON.parse(field("data")));
      }
    }
  };

  const ask = async () => {
    const one = chosen();
    if (!one && !text.value.trim()) { text.focus(); return; }
    const form = new FormData();
    if (one) form.append("file", one); else form.append("q", text.value);
    const headers = { Accept: "text/event-stream" };
    if (key.value) headers.Authorization = "Bearer " + key.value;
    stop = new AbortController();
    ending = null;
    show("error", false); show("result", false); show("running", true); show("stop", true);
    find("units").textContent = "";
    find("bar").removeAttribute("value");
    find("step").textContent = "Waiting";
    find("go").disabled = true;
    try {
      const answer = await fetch("aligned", { method: "POST", body: form, headers, signal: stop.signal });
      if (answer.ok) {
        await read(answer.body);
        if (!ending) fail("The connection ended before the translation did.");
      } else {
        const problem = await answer.json().catch(() => ({ error: `The server answers ${answer.status}.` }));
        fail(problem.error);
      }
    } catch (error) {
      fail(error.name === "AbortError" ? "Stopped." : "The connection was lost.");
    }
    show("running", false); show("stop", false);
    find("go").disabled = false;
    stop = null;
  };

  find("ask").addEventListener("submit", (event) => { event.preventDefault(); if (!stop) ask(); });
  find("stop").addEventListener("click", () => { if (stop) stop.abort(); });
  find("clear").addEventListener("click", () => { dropped = null; file.value = ""; count(); text.focus(); });
  text.addEventListener("input", () => { keep("text", text.value); count(); });
  key.addEventListener("change", () => keep("key", key.value));
  file.addEventListener("change", () => { dropped = null; count(); });
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("over"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    const [one] = event.dataTransfer.files;
    const words = event.dataTransfer.getData("text/plain");
    if (one) { dropped = one; file.value = ""; } else if (words && !chosen()) { text.value = words; keep("text", words); }
    count();
  });
  text.value = kept("text");
  key.value = kept("key");
  count();
})();
