/* Supervision's charts: how often promises are kept, and whose the time was. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const KIND = { department: "#0b6879", post: "#6fa8c9", customer: "#d98a4b", outside: "#8457b5", unassigned: "#b9c3cc" };
  const ROW = 26;
  const data = (node) => JSON.parse(document.getElementById(node.dataset.source).textContent);
  const side = (node) => (node.clientWidth < 560 ? 104 : 184);
  const names = (node) => ({ width: side(node) - 16, overflow: "truncate" });

  /* A chart of lying bars is as tall as it has rows, so that every name can be read. */
  function room(node, upright, rows, head) {
    node.style.height = (upright ? 280 : head + rows * ROW + 30) + "px";
  }

  parts.rates = function (node) {
    const rates = data(node);
    room(node, rates.upright, rates.names.length, 10);
    const tone = (i) => (rates.small[i] ? "#c3ccd4" : rates.rates[i] >= rates.bounds[0] ? "#58a583" : rates.rates[i] >= rates.bounds[1] ? "#e3a748" : "#c9584f");
    const category = Object.assign({}, busbar.axes, { type: "category", data: rates.names, inverse: !rates.upright, splitLine: { show: false } });
    const value = Object.assign({}, busbar.axes, { type: "value", min: 0, max: 100, axisLabel: { color: "#5f6d7b", fontSize: 11, formatter: "{value}%" } });
    if (!rates.upright) category.axisLabel = Object.assign({}, category.axisLabel, names(node));
    const say = (i) => busbar.tip([rates.names[i], rates.words.rate + "  " + rates.rates[i].toFixed(1) + "%", rates.words.due + "  " + busbar.number(rates.due[i]), rates.words.late + "  " + busbar.number(rates.late[i])].concat(rates.small[i] ? [rates.words.small] : []));
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: rates.upright ? 48 : side(node), right: 64, top: 22, bottom: 26 },
      tooltip: Object.assign(busbar.base().tooltip, { formatter: (points) => say(points[0].dataIndex) }),
      xAxis: rates.upright ? category : value,
      yAxis: rates.upright ? value : category,
      series: [{ type: "bar", barMaxWidth: rates.upright ? 28 : 15,
        data: rates.rates.map((v, i) => ({ value: v, itemStyle: { color: tone(i), borderRadius: 2 } })),
        label: { show: true, position: rates.upright ? "top" : "right", color: "#445362", fontSize: 11, formatter: (p) => p.value.toFixed(1) + "%" } }],
    }));
  };

  parts.delays = function (node) {
    const delays = data(node);
    room(node, delays.upright, delays.names.length, 50);
    const category = Object.assign({}, busbar.axes, { type: "category", data: delays.names, inverse: !delays.upright, splitLine: { show: false } });
    const value = Object.assign({}, busbar.axes, { type: "value", name: delays.unit, nameGap: delays.upright ? 12 : 6 });
    if (!delays.upright) category.axisLabel = Object.assign({}, category.axisLabel, names(node));
    const say = (i) => busbar.tip([delays.names[i]].concat(delays.series.filter((s) => s.days[i]).map((s) => s.name + "  " + busbar.number(s.days[i], 1) + " " + delays.unit)));
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: delays.upright ? 48 : side(node), right: delays.upright ? 24 : 36, top: 58, bottom: 26 },
      legend: { top: 6, left: 14, itemWidth: 14, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12 } },
      tooltip: Object.assign(busbar.base().tooltip, { axisPointer: { type: "shadow" }, formatter: (points) => say(points[0].dataIndex) }),
      xAxis: delays.upright ? category : value,
      yAxis: delays.upright ? value : category,
      series: delays.series.map((s) => ({ name: s.name, type: "bar", stack: "whole", barMaxWidth: delays.upright ? 34 : 15, itemStyle: { color: KIND[s.key] }, data: s.days })),
    }));
  };
})();
