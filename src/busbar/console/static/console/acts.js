/* Connections: rows that are added to a form, slow forms, the drawer of a figure, the comparison. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});

  parts.rows = function (node) {
    const total = node.querySelector('input[name$="-TOTAL_FORMS"]');
    node.querySelector("[data-add-row]").addEventListener("click", () => {
      const holder = document.createElement("div");
      holder.append(node.querySelector("template").content.cloneNode(true));
      for (const part of holder.querySelectorAll("[name], [id], [for]")) {
        for (const name of ["name", "id", "for"]) {
          if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replace("__prefix__", total.value));
        }
      }
      const row = holder.firstElementChild;
      node.querySelector("[data-rows]").append(row);
      total.value = Number(total.value) + 1;
      row.querySelector("input, select, textarea").focus();
    });
  };

  /* What takes seconds says so, and cannot be sent twice. */
  parts.slow = function (node) {
    node.addEventListener("submit", () => {
      const button = node.querySelector('button[type="submit"]');
      button.classList.add("is-busy");
      button.setAttribute("aria-disabled", "true");
      setTimeout(() => { button.disabled = true; }, 0);
      const note = node.querySelector("[data-slow-note]");
      const begun = Date.now();
      const say = () => { note.textContent = node.dataset.slow + " " + Math.round((Date.now() - begun) / 1000) + " s"; };
      say();
      setInterval(say, 1000);
    });
  };

  /* A figure's formula beside the table, in a drawer that htmx fills. */
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "drawer-body") return;
    const drawer = document.getElementById("drawer");
    if (!drawer.open) drawer.showModal();
  });
  document.addEventListener("click", (event) => {
    if (event.target.id === "drawer") event.target.close();
  });

  /* A narrow chart has room for the numbers alone; the table says which they are. */
  const names = (data, narrow) => data.names.map((name, i) => (narrow ? String(i + 1) : i + 1 + " " + name));
  const bar = (name, values, color) => ({ name, type: "bar", barMaxWidth: 26, data: values, itemStyle: { color, borderRadius: [2, 2, 0, 0] } });
  function shape(chart, data, view) {
    const room = Math.floor(chart.getWidth() / data.names.length) - 14;
    const narrow = room < 90;
    const tones = ["#0b6879", "#58a583", "#d99a2b", "#8457b5"];
    const series = view === "modes"
      ? data.modes.map((mode, i) => bar(mode.name, mode.values, tones[i % tones.length]))
      : [bar(data.words.investment, data.investment, "#8fbcc6"), bar(data.words.yearly, data.yearly, busbar.colors.copper)];
    const low = view === "modes" ? Math.floor(Math.min(...data.modes.flatMap((m) => m.values.filter((v) => v !== null))) * 0.9) : 0;
    chart.setOption(Object.assign(busbar.base(), {
      grid: { left: 8, right: 12, top: 58, bottom: 6, containLabel: true },
      legend: { top: 2, left: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12 } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", data: names(data, narrow), splitLine: { show: false }, axisLabel: { color: "#5f6d7b", fontSize: 11, interval: 0, width: room, overflow: "truncate" } }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", name: data.words.unit, min: low }),
      tooltip: Object.assign(busbar.base().tooltip, { axisPointer: { type: "shadow" }, formatter: (points) => busbar.tip([names(data, false)[points[0].dataIndex]].concat(points.map((p) => p.seriesName + "  " + busbar.number(p.value, 2)))) }),
      series,
    }), true);
  }
  parts.alternatives = function (node) {
    const data = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const chart = busbar.chart(node);
    const chosen = () => { const radio = document.querySelector('input[name="chart-view"]:checked'); return radio ? radio.value : "both"; };
    shape(chart, data, chosen());
    document.addEventListener("change", (event) => { if (event.target.name === "chart-view") shape(chart, data, chosen()); });
  };
})();
