/* The process's diagram as it stands, zoomed by buttons and keys; and whose the time was. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const LOOK_AGAIN = 30000;
  const STEP = 60;

  parts.diagram = async function (node) {
    if (!window.BpmnJS) return;
    const font = getComputedStyle(document.body).fontFamily;
    const viewer = new window.BpmnJS({ container: node, textRenderer: { defaultStyle: { fontFamily: font, fontSize: 12 }, externalStyle: { fontFamily: font, fontSize: 11 } } });
    let shown = {};
    try {
      const found = await ask(node.dataset.address);
      await viewer.importXML(found.xml);
      shown = mark(viewer, {}, found.marks);
      settle(viewer, node, found);
      node.dataset.ready = "1";
    } catch (problem) {
      node.classList.add("is-empty");
      node.textContent = node.dataset.failed;
      return;
    }
    control(viewer, node, () => shown);
    if (node.dataset.running) watch(viewer, node, () => shown, (marks) => { shown = marks; });
  };

  async function ask(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function mark(viewer, before, now) {
    const canvas = viewer.get("canvas");
    const registry = viewer.get("elementRegistry");
    Object.entries(before).forEach(([id, state]) => { if (registry.get(id)) canvas.removeMarker(id, "is-" + state); });
    Object.entries(now).forEach(([id, state]) => { if (registry.get(id)) canvas.addMarker(id, "is-" + state); });
    flows(canvas, registry, now);
    return now;
  }

  /* A way is drawn as gone where both its ends were. */
  function flows(canvas, registry, now) {
    registry.filter((element) => element.type === "bpmn:SequenceFlow").forEach((flow) => {
      const gone = now[flow.source.id] === "done" && now[flow.target.id];
      canvas[gone ? "addMarker" : "removeMarker"](flow.id, "is-gone");
    });
  }

  /* The whole drawing if it can be read so, otherwise where the process stands. */
  function settle(viewer, node, found) {
    const canvas = viewer.get("canvas");
    canvas.zoom("fit-viewport");
    if (canvas.zoom() < 0.55) { canvas.zoom(0.75); if (Object.values(found.marks).some((state) => state !== "entry")) center(viewer, found.marks); else begin(viewer); }
    node.dataset.revision = String(found.revision);
  }

  /* Nothing stands out: the drawing is read from its upper left corner. */
  function begin(viewer) {
    const canvas = viewer.get("canvas");
    const view = canvas.viewbox();
    canvas.viewbox({ x: view.inner.x - 12, y: view.inner.y - 12, width: view.width, height: view.height });
  }

  function center(viewer, marks) {
    const registry = viewer.get("elementRegistry");
    const canvas = viewer.get("canvas");
    const standing = Object.keys(marks).filter((id) => marks[id] !== "done" && registry.get(id));
    const element = registry.get(standing[0] || Object.keys(marks)[0]);
    if (!element) return;
    const view = canvas.viewbox();
    canvas.viewbox({ x: element.x + element.width / 2 - view.width / 2, y: element.y + element.height / 2 - view.height / 2, width: view.width, height: view.height });
  }

  function control(viewer, node, marks) {
    const canvas = viewer.get("canvas");
    const acts = {
      in: () => canvas.zoom(Math.min(canvas.zoom() * 1.25, 4), "auto"),
      out: () => canvas.zoom(Math.max(canvas.zoom() / 1.25, 0.1), "auto"),
      fit: () => canvas.zoom("fit-viewport", "auto"),
      now: () => { if (canvas.zoom() < 0.75) canvas.zoom(0.75); center(viewer, marks()); },
    };
    const tools = node.parentElement.querySelector(".diagram-tools");
    tools.hidden = false;
    tools.addEventListener("click", (event) => { const button = event.target.closest("[data-zoom]"); if (button) acts[button.dataset.zoom](); });
    const keys = { "+": acts.in, "=": acts.in, "-": acts.out, "0": acts.fit,
      ArrowLeft: () => canvas.scroll({ dx: STEP, dy: 0 }), ArrowRight: () => canvas.scroll({ dx: -STEP, dy: 0 }),
      ArrowUp: () => canvas.scroll({ dx: 0, dy: STEP }), ArrowDown: () => canvas.scroll({ dx: 0, dy: -STEP }) };
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    });
  }

  function watch(viewer, node, get, set) {
    const timer = setInterval(async () => {
      if (!node.isConnected) return clearInterval(timer);
      if (document.hidden) return;
      try {
        const found = await ask(node.dataset.address + "?marks");
        set(mark(viewer, get(), found.marks));
        if (String(found.revision) !== node.dataset.revision) { tell(node); clearInterval(timer); }
      } catch (problem) { /* the next look may succeed */ }
    }, LOOK_AGAIN);
  }

  function tell(node) {
    const link = document.createElement("a");
    link.className = "diagram-moved";
    link.href = window.location.href;
    link.textContent = node.dataset.moved;
    node.append(link);
  }

  const TONES = { department: ["#0b6879", "#3c8a98", "#72aab4", "#a3c8cf"], post: ["#3d7cc9"], customer: ["#d99a2b", "#e7bd73"], outside: ["#8457b5", "#a98bcb"], unassigned: ["#b9c3cc"] };
  parts.shares = function (node) {
    const rows = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const used = {};
    const color = (kind) => { const tones = TONES[kind] || TONES.unassigned; used[kind] = (used[kind] || 0) + 1; return tones[(used[kind] - 1) % tones.length]; };
    const chart = busbar.chart(node);
    const whole = rows.reduce((sum, row) => sum + row.minutes, 0);
    const [size, unit] = whole < 2880 ? [60, node.dataset.hours] : [1440, node.dataset.days];
    rows.forEach((row) => { row.amount = row.minutes / size; });
    chart.setOption(Object.assign(busbar.base(), {
      grid: { left: 12, right: 12, top: 44, bottom: 22 },
      legend: { type: "scroll", top: 4, left: 8, itemWidth: 12, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12 } },
      tooltip: Object.assign(busbar.base().tooltip, { trigger: "item", formatter: (point) => busbar.tip([point.seriesName, rows[point.seriesIndex].words + "  " + rows[point.seriesIndex].percent + "%"]) }),
      xAxis: Object.assign({}, busbar.axes, { type: "value", max: "dataMax", splitNumber: 4, axisLabel: { color: "#5f6d7b", fontSize: 11, showMaxLabel: false, formatter: (value) => Math.round(value * 10) / 10 + " " + unit } }),
      yAxis: { type: "category", data: [""], axisLine: { show: false }, axisTick: { show: false } },
      series: rows.map((row) => ({ name: row.name, type: "bar", stack: "whole", barWidth: 26, data: [row.amount], itemStyle: { color: color(row.kind) }, label: { show: Number(row.percent) >= 8, formatter: row.percent + "%", color: "#fff", fontSize: 11 } })),
    }));
  };
})();
