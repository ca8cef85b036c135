/* The shell's behavior: token, notices, search, shortcuts, parts that wake up after a swap. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const one = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];

  /* Large amounts: in 万 on the Chinese screens, in thousands (MWh, k yuan) on the English ones. */
  const inEnglish = document.documentElement.lang.startsWith("en");
  busbar.bigUnit = () => (inEnglish ? 1000 : 10000);
  busbar.bigNumber = (value) => {
    const steps = inEnglish ? [[1e6, "M"], [1e3, "k"]] : [[1e4, " 万"]];
    const step = steps.find(([size]) => Math.abs(value) >= size);
    return step ? Math.round((value / step[0]) * 100) / 100 + step[1] : Math.round(value * 100) / 100;
  };

  /* The CSRF cookie is hidden from scripts; the token travels from the page's own meta. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = one('meta[name="csrf-token"]').content;
  });

  busbar.notify = function (text, kind) {
    const box = document.createElement("div");
    box.className = "notice notice-" + (kind || "info");
    box.textContent = text;
    one("#notices").append(box);
    setTimeout(() => box.remove(), kind === "error" ? 12000 : 5000);
  };
  document.addEventListener("busbar:notice", (event) => busbar.notify(event.detail.text, event.detail.kind));
  document.addEventListener("htmx:responseError", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Trigger")) busbar.notify(document.body.dataset.failed + " (HTTP " + event.detail.xhr.status + ")", "error");
  });
  document.addEventListener("htmx:sendError", () => busbar.notify(document.body.dataset.offline, "error"));

  const line = () => one("#progress-line");
  let underway = 0;
  const busy = (step) => {
    underway = Math.max(0, underway + step);
    if (line()) line().classList.toggle("is-busy", underway > 0);
  };
  document.addEventListener("htmx:beforeRequest", () => busy(1));
  document.addEventListener("htmx:afterRequest", () => busy(-1));

  /* On a phone a table's row becomes a card (app.css, "stacked"): each cell carries its heading. */
  busbar.stack = function (root) {
    const tables = all(".table-wrap > .table:not(.is-grid)", root);
    const around = root.closest && root.closest(".table-wrap > .table:not(.is-grid)");
    (around ? [around, ...tables] : tables).forEach(stackOne);
  };
  function stackOne(table) {
    const names = all("thead th", table).map((th) => th.textContent.replace(/[↑↓]/g, "").trim());
    table.classList.add("is-stacked");
    all("tbody > tr, tfoot > tr", table).forEach((row) => {
      let column = 0;
      [...row.cells].forEach((cell) => {
        cell.dataset.label = names[column] || "";
        const text = cell.textContent.replace(/\s+/g, " ").trim();
        cell.classList.toggle("is-blank", !text && !cell.querySelector("svg, input, progress, button"));
        cell.classList.toggle("is-long", cell.colSpan > 1 || text.replace(/[^\x00-\xff]/g, "xx").length > 30);
        cell.classList.toggle("is-wide", /[!-~]{15}/.test(text));
        column += cell.colSpan;
      });
    });
  }

  /* Parts: <div data-part="name"> is handed to busbar.parts[name] once, at load and after swaps. */
  busbar.parts = busbar.parts || {};
  busbar.wake = function (root) {
    all("[data-part]", root).concat(root.matches && root.matches("[data-part]") ? [root] : []).forEach((node) => {
      const start = busbar.parts[node.dataset.part];
      if (start && !node.dataset.awake) {
        node.dataset.awake = "1";
        start(node);
      }
    });
    busbar.stack(root);
    const tab = one(".tabs .is-current", root);
    if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.clientWidth / 3;
  };
  document.addEventListener("DOMContentLoaded", () => {
    busbar.wake(document);
    const here = one("#sidebar .is-current");
    if (here && window.innerWidth > 820) here.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:load", (event) => busbar.wake(event.detail.elt));

  /* Forms that send themselves when a choice changes. */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && !form.hasAttribute("hx-get")) form.requestSubmit();
  });

  /* The sidebar on a narrow screen. */
  const openSidebar = (open) => {
    document.body.classList.toggle("sidebar-open", open);
    const button = one("[data-sidebar-open]");
    if (button) button.setAttribute("aria-expanded", String(open));
    if (open) { const first = one("#sidebar a"); if (first) first.focus(); }
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sidebar-open]")) openSidebar(true);
    else if (event.target.closest("[data-sidebar-close]")) openSidebar(false);
    else if (event.target.closest("[data-shortcuts]")) one("#shortcuts").showModal();
    else if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close();
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) one(opener.dataset.openDialog).showModal();
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) flip(toggle);
    const filler = event.target.closest("[data-fill-login]");
    if (filler) fill(filler);
    if (!event.target.closest(".search")) closeSearch();
  });
  function flip(toggle) {
    const target = one(toggle.dataset.toggle);
    target.hidden = !target.hidden;
    toggle.setAttribute("aria-expanded", String(!target.hidden));
  }
  function fill(filler) {
    one('input[name="login"]').value = filler.dataset.fillLogin;
    one('input[name="password"]').value = filler.dataset.fillPassword;
    one('input[name="password"]').focus();
  }

  /* Search: arrows move, Enter opens. */
  const box = () => one("#search");
  const hits = () => all("#search-results .search-hit");
  function closeSearch() {
    const results = one("#search-results");
    if (results) { results.replaceChildren(); box().setAttribute("aria-expanded", "false"); box().removeAttribute("aria-activedescendant"); }
  }
  function move(step) {
    const list = hits();
    if (!list.length) return;
    const now = list.findIndex((hit) => hit.classList.contains("is-active"));
    const next = (now + step + list.length) % list.length;
    list.forEach((hit, i) => { hit.classList.toggle("is-active", i === next); hit.setAttribute("aria-selected", String(i === next)); });
    box().setAttribute("aria-activedescendant", list[next].id);
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "search-results") box().setAttribute("aria-expanded", String(hits().length > 0));
  });

  /* Keyboard: / searches, g then a letter goes, ? explains. */
  let going = 0;
  const writing = (node) => node.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.target === box()) return inSearch(event);
    if (event.key === "Escape") openSidebar(false);
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || one("dialog[open]")) return;
    if (event.key === "/" && box()) { event.preventDefault(); box().focus(); box().select(); }
    else if (event.key === "?" && one("#shortcuts")) one("#shortcuts").showModal();
    else if (event.key === "g") going = Date.now();
    else if (Date.now() - going < 1200) { going = 0; go(event.key); }
  });
  function go(key) {
    const place = one('[data-go="' + CSS.escape(key) + '"]');
    if (place) window.location.assign(place.href);
  }
  function inSearch(event) {
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
    else if (event.key === "Escape") { closeSearch(); box().blur(); }
    else if (event.key === "Enter") {
      const active = hits().find((hit) => hit.classList.contains("is-active"));
      if (active) { event.preventDefault(); window.location.assign(active.href); }
    }
  }
  document.addEventListener("DOMContentLoaded", () => {
    all("#notices .notice").forEach((notice) => setTimeout(() => notice.remove(), 6000));
  });
})();
