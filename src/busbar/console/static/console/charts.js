/* What every chart shares: colors, number words, a chart that follows its box; the months' chart. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  busbar.parts = busbar.parts || {};
  const font = getComputedStyle(document.documentElement).getPropertyValue("--tblr-font-sans-serif").trim() || "sans-serif";
  busbar.colors = { ink: "#14212e", soft: "#5f6d7b", line: "#e3e8ed", teal: "#0b6879", copper: "#c06a2f", gray: "#9aa8b5",
    periods: { sharp: "#f7c9bd", peak: "#fbe6cc", valley: "#dcefe4", deep_valley: "#cfe3f1", flat: "#f3f5f7" },
    quality: { 1: "#d99a2b", 2: "#3d7cc9", 3: "#b3261e", 4: "#8457b5", 5: "#55636f" },
    qualityClass: { 1: "estimated", 2: "edited", 3: "missing", 4: "suspect", 5: "outage" } };
  busbar.number = (value, places) => value === null || value === undefined ? "—" : Number(value).toLocaleString("en-US", { minimumFractionDigits: places || 0, maximumFractionDigits: places || 0 });
  busbar.chart = function (node) {
    const chart = window.echarts.init(node, null, { renderer: "canvas" });
    const watch = new ResizeObserver(() => { if (node.isConnected) chart.resize(); else { watch.disconnect(); chart.dispose(); } });
    watch.observe(node);
    return chart;
  };
  /* Tooltips are elements, never markup: the page's policy forbids styles in markup, and the
     canvas's own rich text takes no font of ours. */
  busbar.tip = function (lines) {
    const box = document.createElement("div");
    for (const text of lines) { const line = document.createElement("div"); line.textContent = text; box.append(line); }
    return box;
  };
  busbar.axes = { axisLine: { lineStyle: { color: "#cdd6dd" } }, axisTick: { show: false }, axisLabel: { color: "#5f6d7b", fontSize: 11 }, splitLine: { lineStyle: { color: "#edf1f4" } }, nameTextStyle: { color: "#5f6d7b", fontSize: 11 } };
  busbar.base = () => ({ animation: false, textStyle: { fontFamily: font, fontSize: 12, color: busbar.colors.ink },
    tooltip: { trigger: "axis", renderMode: "html", className: "chart-tip", backgroundColor: "#14212e", borderWidth: 0, padding: [7, 12], transitionDuration: 0, textStyle: { color: "#fff", fontSize: 12, fontFamily: font }, axisPointer: { type: "line", lineStyle: { color: "#9aa8b5" } } } });

  function monthTip(row, words) {
    const say = (label, value, places) => label + "  " + busbar.number(value, places);
    return busbar.tip([row.month, say(words.energy, row.energy_kwh / busbar.bigUnit(), 2), say(words.amount, row.amount / busbar.bigUnit(), 2), say(words.price, row.price, 4)]);
  }
  /* "电量 万kWh" and "Energy, MWh" end with their unit. */
  const unitOf = (label) => label.split(label.includes(",") ? "," : " ").pop().trim(); // "Charges, k yuan", "电费 万元"
  busbar.parts.months = function (node) {
    const rows = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const words = node.dataset;
    const scale = busbar.bigUnit();
    const chart = busbar.chart(node);
    chart.setOption(Object.assign(busbar.base(), {
      grid: { left: 52, right: 56, top: 54, bottom: 26 },
      legend: { top: 2, left: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12 } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", data: rows.map((r) => r.month), splitLine: { show: false } }),
      yAxis: [Object.assign({}, busbar.axes, { type: "value", name: unitOf(words.energy) }), Object.assign({}, busbar.axes, { type: "value", name: unitOf(words.amount), splitLine: { show: false } })],
      tooltip: Object.assign(busbar.base().tooltip, { formatter: (points) => monthTip(rows[points[0].dataIndex], words) }),
      series: [
        { name: words.energy, type: "bar", barMaxWidth: 26, itemStyle: { color: "#8fbcc6", borderRadius: [2, 2, 0, 0] }, data: rows.map((r) => r.energy_kwh / scale) },
        { name: words.amount, type: "line", yAxisIndex: 1, symbolSize: 5, lineStyle: { width: 2 }, itemStyle: { color: busbar.colors.copper }, data: rows.map((r) => r.amount / scale) },
      ],
    }));
  };
  /* A group's day: the members' bands on one another, the sum as a line. */
  const BANDS = ["#0b6879", "#6fa8c9", "#c06a2f", "#e0b35c", "#8457b5", "#58a583", "#b56b84", "#b9c3cc"];
  busbar.parts.members = function (node) {
    const day = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const narrow = node.clientWidth < 560;
    const tip = (place) => busbar.tip([day.times[place], node.dataset.whole + "  " + busbar.number(day.whole[place], 0) + " kW"]
      .concat(day.series.map((s) => s.name + "  " + busbar.number(s.kw[place], 0))));
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: 56, right: 18, top: 62, bottom: 26 },
      legend: { type: "scroll", top: 2, left: 0, right: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12, width: narrow ? 110 : 200, overflow: "truncate" } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: day.times, splitLine: { show: false }, axisLabel: Object.assign({}, busbar.axes.axisLabel, { interval: narrow ? 23 : 11 }) }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", name: "kW" }),
      tooltip: Object.assign(busbar.base().tooltip, { confine: true, formatter: (points) => tip(points[0].dataIndex) }),
      series: day.series.map((s, i) => ({ name: s.name, type: "line", stack: "members", symbol: "none", lineStyle: { width: 0.5 }, areaStyle: { opacity: 0.75 }, itemStyle: { color: BANDS[i % BANDS.length] }, data: s.kw }))
        .concat([{ name: node.dataset.whole, type: "line", symbol: "none", lineStyle: { width: 2 }, itemStyle: { color: busbar.colors.ink }, data: day.whole }]),
    }));
  };
  /* The day of the month's highest quarter hour, the mean of working days dashed behind it. */
  busbar.parts.peakDay = function (node) {
    const data = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const words = node.dataset;
    const narrow = node.clientWidth < 560;
    const top = data.day.reduce((best, value, i) => (value !== null && (best < 0 || value > data.day[best]) ? i : best), -1);
    const line = (name, values, color, more) => Object.assign({ name, type: "line", data: values, symbol: "none", connectNulls: false, itemStyle: { color } }, more);
    const tip = (i) => busbar.tip([data.times[i], words.day + "  " + busbar.number(data.day[i], 1) + " kW", words.working + "  " + busbar.number(data.working[i], 1) + " kW"]);
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: 60, right: 18, top: 40, bottom: 26 },
      legend: { top: 2, right: 8, itemWidth: 16, itemHeight: 8, textStyle: { color: "#445362", fontSize: 12 } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: data.times, splitLine: { show: false }, axisLabel: Object.assign({}, busbar.axes.axisLabel, { interval: narrow ? 23 : 11 }) }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", name: "kW", min: 0 }),
      tooltip: Object.assign(busbar.base().tooltip, { confine: true, formatter: (points) => tip(points[0].dataIndex) }),
      series: [
        line(words.working, data.working, busbar.colors.gray, { lineStyle: { width: 1.4, type: "dashed" } }),
        line(words.day, data.day, busbar.colors.teal, { lineStyle: { width: 1.8 }, areaStyle: { opacity: 0.12 }, markPoint: { symbol: "circle", symbolSize: 8, label: { show: false }, itemStyle: { color: busbar.colors.copper }, data: [{ coord: [top, data.day[top]] }] } }),
      ],
    }));
  };
  busbar.parts.satisfaction = function (node) {
    const rows = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const words = node.dataset;
    const chart = busbar.chart(node);
    const tip = (row) => busbar.tip([row.day, words.score + "  " + busbar.number(row.score, 1), words.range + "  " + busbar.number(row.low, 0) + "–" + busbar.number(row.high, 0)]);
    const band = { type: "line", stack: "band", step: "end", symbol: "none", lineStyle: { opacity: 0 }, silent: true };
    chart.setOption(Object.assign(busbar.base(), {
      grid: { left: 40, right: 16, top: 14, bottom: 26 },
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: rows.map((r) => r.day), splitLine: { show: false } }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", min: 0, max: 100 }),
      tooltip: Object.assign(busbar.base().tooltip, { formatter: (points) => tip(rows[points[0].dataIndex]) }),
      series: [
        Object.assign({}, band, { data: rows.map((r) => r.low) }),
        Object.assign({}, band, { areaStyle: { color: "#cfe5e0" }, data: rows.map((r) => r.high - r.low) }),
        { type: "line", step: "end", symbolSize: 5, lineStyle: { width: 2 }, itemStyle: { color: busbar.colors.teal }, data: rows.map((r) => r.score) },
      ],
    }));
  };
})();
