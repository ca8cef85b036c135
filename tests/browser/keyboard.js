// What of a page the keyboard cannot reach, cannot see or cannot name: a sentence each.
// Called after a press of Tab, so that focus counts as the keyboard's; folded parts are opened.
() => {
  const REACTS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [onclick]," +
    " [hx-get], [hx-post], [hx-put], [hx-delete], [role=button], [role=tab]";
  const NATIVE = "a[href], button, input, select, textarea, summary";
  const found = [];
  const told = (what, element) =>
    found.push(`${what}: ${element.id && `#${element.id} `}${element.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const seen = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: false }) &&
    element.getClientRects().length > 0;

  const onlyByItself = (element) => {
    // A form sends itself; what loads, repeats or listens elsewhere asks for no click.
    if (element.matches(NATIVE) || element.hasAttribute("onclick")) return false;
    if (element.matches("[role=button], [role=tab]")) return false;
    const trigger = element.getAttribute("hx-trigger");
    return element.matches("form") || (trigger !== null && !trigger.includes("click"));
  };

  const nameOf = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "")
      .split(/\s+/)
      .map((id) => (id && document.getElementById(id)?.textContent) || "")
      .join("");
    const labels = [...(element.labels || [])].map((label) => label.textContent).join("");
    const own = element.matches("a, button, summary, [role=button], [role=tab]")
      ? element.textContent + [...element.querySelectorAll("[alt]")].map((i) => i.alt).join("")
      : "";
    const button = element.matches("input[type=submit], input[type=button]") ? element.value : "";
    const stated = element.getAttribute("aria-label") || element.getAttribute("title") || "";
    return (by + labels + own + button + stated).trim();
  };

  const look = (element) => {
    // The ring may be drawn around the control or, where that is hidden, on its label.
    const drawn = [element, element.nextElementSibling, element.closest("label"), element.parentElement];
    return drawn.map((one) => {
      if (!one) return "";
      const style = getComputedStyle(one);
      const ring = style.outlineStyle === "none" ? "" : `${style.outlineWidth} ${style.outlineColor}`;
      return `${ring}|${style.boxShadow}`;
    }).join("~");
  };

  for (const folded of document.querySelectorAll("details")) folded.open = true;
  document.activeElement?.blur();
  const reacting = [...document.querySelectorAll(REACTS)].filter(
    (element) => seen(element) && !element.disabled && !onlyByItself(element),
  );
  for (const element of reacting) {
    if (element.tabIndex < 0) told("not in the order of Tab", element);
    if (!nameOf(element)) told("without a name", element);
    const before = look(element);
    element.focus({ preventScroll: true });
    if (document.activeElement !== element) told("takes no focus", element);
    else if (look(element) === before) told("focus cannot be seen", element);
    element.blur();
  }
  for (const element of document.querySelectorAll("main *, aside *, header *")) {
    // A hand over what is neither a control nor inside one promises a click that no key can make.
    if (getComputedStyle(element).cursor !== "pointer" || !seen(element)) continue;
    if (element.closest(`${NATIVE}, label, [tabindex="0"], canvas, [data-part=chart]`)) continue;
    if (element.querySelector(`${NATIVE}, canvas`)) continue;
    told("reacts to the mouse only", element);
  }
  return { count: reacting.length, found };
}
