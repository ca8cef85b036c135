/* The desk: forms of tasks with rows, files and refusals; the drawer that explains a date. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const one = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];

  /* Rows of a table field: the template is cloned, numbers only ever grow. */
  parts.rows = function (node) {
    const body = one("tbody", node);
    const add = one("[data-add-row]", node);
    add.hidden = false;
    const reveal = () => all("[data-remove-row]", node).forEach((button) => { button.hidden = false; });
    reveal();
    add.addEventListener("click", () => {
      const number = Number(node.dataset.next);
      node.dataset.next = String(number + 1);
      const row = one("template", node).content.firstElementChild.cloneNode(true);
      all("[name], [id]", row).forEach((field) => ["name", "id", "aria-describedby"].forEach((key) => {
        if (field.hasAttribute(key)) field.setAttribute(key, field.getAttribute(key).replace("-NEW-", "-" + number + "-"));
      }));
      body.append(row);
      reveal();
      const first = one("input, select, textarea", row);
      if (first) first.focus();
    });
    body.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove-row]");
      if (button) { button.closest("tr").remove(); add.focus(); }
    });
  };

  /* Files: photos taken one by one are gathered beside those that were chosen. */
  parts.files = function (node) {
    const input = one('input[type="file"][name]', node);
    const shot = one("[data-shot]", node);
    const list = one(".file-list", node);
    let kept = [];
    if (window.matchMedia("(pointer: coarse)").matches) one("[data-camera]", node).hidden = false;
    const keep = () => {
      const transfer = new DataTransfer();
      kept.forEach((file) => transfer.items.add(file));
      input.files = transfer.files;
      list.replaceChildren(...kept.map(draw));
    };
    const take = (files) => { kept = kept.concat([...files].filter((file) => !kept.some((had) => had.name === file.name && had.size === file.size && had.lastModified === file.lastModified))); keep(); };
    input.addEventListener("change", () => take(input.files));
    shot.addEventListener("change", () => { take(shot.files); shot.value = ""; });
    function draw(file) {
      const item = document.createElement("li");
      if (file.type.startsWith("image/") && file.size < 2e7) item.append(preview(file));
      const name = document.createElement("span");
      name.textContent = file.name + " · " + Math.max(1, Math.round(file.size / 1024)).toLocaleString("en-US") + " KB";
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "linklike";
      remove.textContent = node.dataset.remove;
      remove.addEventListener("click", () => { kept = kept.filter((had) => had !== file); keep(); });
      item.append(name, remove);
      return item;
    }
    function preview(file) {
      const picture = document.createElement("img");
      picture.alt = "";
      const reader = new FileReader();
      reader.addEventListener("load", () => { picture.src = reader.result; });
      reader.readAsDataURL(file);
      return picture;
    }
  };

  /* A refused form stays as it is: only the sentences arrive and stand beside their fields. */
  parts.taskform = function (form) {
    const note = one("#task-refusal", form);
    const bar = one("progress.upload", form);
    const clear = (field) => {
      field.classList.remove("is-wrong");
      const say = one(".field-errors", field);
      if (say) { say.hidden = true; say.textContent = ""; }
      all("[aria-invalid]", field).forEach((input) => input.removeAttribute("aria-invalid"));
    };
    form.addEventListener("busbar:refused", (event) => {
      all("[data-field]", form).forEach(clear);
      note.hidden = false;
      note.textContent = event.detail.sentence;
      const wrong = Object.entries(event.detail.errors).map(([name, sentence]) => mark(name, sentence));
      const first = wrong.filter(Boolean)[0];
      if (first) { first.scrollIntoView({ block: "center" }); const input = one("input, select, textarea", first); if (input) input.focus({ preventScroll: true }); }
      else { note.scrollIntoView({ block: "center" }); note.focus({ preventScroll: true }); }
    });
    function mark(name, sentence) {
      const field = one('[data-field="' + CSS.escape(name) + '"]', form);
      if (!field) { note.textContent += " " + sentence; return null; }
      field.classList.add("is-wrong");
      const say = one(".field-errors", field);
      say.textContent = sentence;
      say.hidden = false;
      all("input, select, textarea", field).forEach((input) => input.setAttribute("aria-invalid", "true"));
      return field;
    }
    form.addEventListener("input", (event) => { const field = event.target.closest(".is-wrong"); if (field) clear(field); });
    form.addEventListener("htmx:xhr:progress", (event) => {
      if (!event.detail.lengthComputable || event.detail.total < 1e5) return;
      bar.hidden = false;
      bar.value = (100 * event.detail.loaded) / event.detail.total;
    });
    form.addEventListener("htmx:afterRequest", () => { bar.hidden = true; });
  };

  /* On a wide screen the diagram says it; the words wait below it, open where there is no script. */
  parts.steps = function (node) { if (window.innerWidth > 820) node.open = false; };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-drawer]");
    const frame = one("#drawer-frame");
    if (opener && frame && !frame.open) { one("#drawer").replaceChildren(); frame.showModal(); }
    if (frame && event.target === frame) frame.close();
  });
})();
