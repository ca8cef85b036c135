/* The working screens: charts of a bill, dropped files, narrowing what a select offers. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const COLORS = ["#0b6879", "#a85822", "#58a583", "#d99a2b", "#3d7cc9", "#8457b5", "#7b8894", "#c46a8d"];
  const FONT = '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC Variable", sans-serif';
  const grouped = (value) => Number(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  /* Tooltips are drawn on the canvas: HTML ones carry inline styles, which the page's policy refuses. */
  function draw(node, option) {
    const chart = window.echarts.init(node, null, { renderer: "canvas" });
    chart.setOption(Object.assign({ color: COLORS, textStyle: { fontFamily: FONT, fontSize: 12, color: "#445362" }, animation: false }, option));
    new ResizeObserver(() => chart.resize()).observe(node);
  }
  const data = (node) => JSON.parse(document.getElementById(node.dataset.source).textContent);

  parts.composition = function (node) {
    const rows = data(node).slice().reverse();
    draw(node, {
      grid: { left: 8, right: 84, top: 4, bottom: 4, containLabel: true },
      tooltip: { renderMode: "richText", trigger: "item", formatter: (p) => p.name + "\n" + grouped(p.value) },
      xAxis: { type: "value", show: false },
      yAxis: { type: "category", data: rows.map((r) => r.name), axisTick: { show: false }, axisLine: { lineStyle: { color: "#dfe5ea" } }, axisLabel: { color: "#445362", width: 150, overflow: "truncate" } },
      series: [{ type: "bar", barMaxWidth: 14, data: rows.map((r) => ({ value: r.value, itemStyle: { color: r.value < 0 ? "#58a583" : "#0b6879", borderRadius: 2 } })), label: { show: true, position: "right", formatter: (p) => grouped(p.value), color: "#14212e", fontSize: 12 } }],
    });
  };

  /* From one amount to another: whole bars at the ends, what moved floating between them. */
  parts.waterfall = function (node) {
    const rows = data(node);
    let level = 0;
    const bars = rows.map((r) => {
      const from = r.whole ? 0 : level;
      level = r.whole ? r.value : level + r.value;
      return { name: r.name, value: r.value, whole: r.whole, low: Math.min(from, level), high: Math.max(from, level) };
    });
    const low = Math.min(...bars.map((b) => (b.whole ? b.value : b.low)));
    const high = Math.max(...bars.map((b) => b.high));
    const step = 10 ** Math.floor(Math.log10(Math.max(high - low, 1)));
    const floor = Math.max(0, Math.floor((low - (high - low) * 0.5) / step) * step);
    const narrow = node.clientWidth < 480;
    const color = (b) => (b.whole ? "#9cc3ca" : b.value > 0 ? "#b5622b" : "#58a583");
    draw(node, {
      grid: { left: 8, right: 8, top: 24, bottom: 4, containLabel: true },
      tooltip: { renderMode: "richText", trigger: "item", formatter: (p) => bars[p.dataIndex].name + "\n" + grouped(bars[p.dataIndex].value) },
      xAxis: { type: "category", data: bars.map((b) => b.name), axisTick: { show: false }, axisLine: { lineStyle: { color: "#dfe5ea" } }, axisLabel: { color: "#445362", interval: 0, rotate: narrow ? 40 : 0 } },
      yAxis: { type: "value", min: floor, axisLabel: { color: "#6d7b89", formatter: (v) => busbar.bigNumber(v) }, splitLine: { lineStyle: { color: "#edf1f4" } } },
      series: [
        { type: "bar", stack: "all", silent: true, itemStyle: { color: "transparent" }, data: bars.map((b) => (b.whole ? 0 : b.low)) },
        { type: "bar", stack: "all", barMaxWidth: 34, data: bars.map((b) => ({ value: b.whole ? b.value : b.high - b.low, itemStyle: { color: color(b), borderRadius: 2 } })), label: { show: !narrow, position: "top", color: "#14212e", fontSize: 11, formatter: (p) => busbar.bigNumber(bars[p.dataIndex].value) } },
      ],
    });
  };

  parts.trend = function (node) {
    const trend = data(node);
    draw(node, {
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: "#445362" } },
      tooltip: { renderMode: "richText", trigger: "axis" },
      xAxis: { type: "category", data: trend.months, axisTick: { show: false }, axisLine: { lineStyle: { color: "#dfe5ea" } }, axisLabel: { color: "#5f6d7b" } },
      yAxis: [
        { type: "value", axisLabel: { color: "#5f6d7b", formatter: (v) => busbar.bigNumber(v) }, splitLine: { lineStyle: { color: "#edf1f4" } } },
        { type: "value", min: 0, axisLabel: { color: "#5f6d7b" }, splitLine: { show: false } },
      ],
      series: [
        { name: trend.names.amount, type: "bar", barMaxWidth: 22, data: trend.amount, itemStyle: { borderRadius: [3, 3, 0, 0], color: (p) => (trend.months[p.dataIndex] === node.dataset.month ? "#0b6879" : "#9cc3ca") } },
        { name: trend.names.price, type: "line", yAxisIndex: 1, data: trend.price, symbolSize: 5, lineStyle: { width: 1.6, color: "#a85822" }, itemStyle: { color: "#a85822" } },
      ],
    });
  };

  parts.daycurve = function (node) {
    const curve = data(node);
    draw(node, {
      grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
      tooltip: { renderMode: "richText", trigger: "axis" },
      xAxis: { type: "category", data: curve.times, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: "#dfe5ea" } }, axisLabel: { color: "#5f6d7b", interval: 15 } },
      yAxis: { type: "value", name: "kW", nameTextStyle: { color: "#5f6d7b" }, axisLabel: { color: "#5f6d7b" }, splitLine: { lineStyle: { color: "#edf1f4" } } },
      series: [{ type: "line", step: "end", symbol: "none", data: curve.load_kw, lineStyle: { width: 1.6 }, areaStyle: { opacity: 0.08 } }],
    });
  };

  /* Files dropped on the field are named beneath it before they are sent. */
  parts.drop = function (node) {
    const input = node.querySelector('input[type="file"]');
    const list = node.querySelector(".drop-files");
    const show = () => list.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = file.name + " · " + Math.max(1, Math.round(file.size / 1024)).toLocaleString("en-US") + " KB";
      return item;
    }));
    ["dragover", "dragleave", "drop"].forEach((name) => node.addEventListener(name, (event) => {
      event.preventDefault();
      node.classList.toggle("is-over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
    }));
    input.addEventListener("change", show);
    if (input.files.length) show();
  };

  /* "Why" rows: one button opens its row. */
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-all]")) return;
    const button = event.target.closest("[data-open-all]");
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    document.querySelectorAll("[data-toggle]").forEach((toggle) => {
      if (!toggle.classList.contains("why-button")) return;
      document.querySelector(toggle.dataset.toggle).hidden = !open;
      toggle.setAttribute("aria-expanded", String(open));
    });
  });
})();
