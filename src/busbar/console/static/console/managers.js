/* Charts of managers: loads side by side, shares with their intervals. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const COLOR = { now: "#0b6879", then: "#d98a4b", solved: "#58a583", passed: "#c9584f", solvedFew: "#c2ddd0", passedFew: "#e9c6c1" };
  const ROW = 30;
  const data = (node) => JSON.parse(document.getElementById(node.dataset.source).textContent);
  const side = (node) => (node.clientWidth < 560 ? 88 : 150);
  const legend = { top: 6, left: 14, itemWidth: 14, itemHeight: 9, textStyle: { color: "#445362", fontSize: 12 } };

  function lying(node, names) {
    node.style.height = 70 + names.length * ROW + "px";
    return Object.assign({}, busbar.axes, { type: "category", data: names, inverse: true, splitLine: { show: false }, axisLabel: { color: "#445362", fontSize: 12, width: side(node) - 14, overflow: "truncate" } });
  }

  parts.loads = function (node) {
    const loads = data(node);
    const series = [{ name: loads.words.load, type: "bar", barMaxWidth: 13, itemStyle: { color: COLOR.now, borderRadius: 2 }, data: loads.loads }];
    if (loads.after) series.push({ name: loads.words.after, type: "bar", barMaxWidth: 13, itemStyle: { color: COLOR.then, borderRadius: 2 }, data: loads.after });
    const say = (i) => busbar.tip([loads.names[i]].concat(series.map((s) => s.name + "  " + busbar.number(s.data[i], 1)), loads.customers ? [loads.words.customers + "  " + loads.customers[i]] : []));
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: side(node), right: 40, top: 34, bottom: 26 },
      legend: legend,
      tooltip: Object.assign(busbar.base().tooltip, { axisPointer: { type: "shadow" }, formatter: (points) => say(points[0].dataIndex) }),
      xAxis: Object.assign({}, busbar.axes, { type: "value" }),
      yAxis: lying(node, loads.names),
      series: series,
    }));
  };

  parts.shares = function (node) {
    const shares = data(node);
    const tone = (s, i) => COLOR[shares.ranked[i] ? s.key : s.key + "Few"];
    const percent = (v) => (100 * v).toFixed(0) + "%";
    const say = (i) => busbar.tip([shares.names[i]].concat(shares.series.map((s) => s.name + "  " + percent(s.bars[i][0]) + "（" + s.bars[i][3] + "/" + s.bars[i][4] + " " + shares.words.of + "，" + shares.words.interval + " " + percent(s.bars[i][1]) + "–" + percent(s.bars[i][2]) + "）"), shares.ranked[i] ? [] : [shares.words.small]));
    const bar = (s) => ({ name: s.name, type: "bar", barMaxWidth: 12, itemStyle: { color: COLOR[s.key] }, data: s.bars.map((b, i) => ({ value: 100 * b[0], itemStyle: { color: tone(s, i), borderRadius: 2 } })) });
    /* The interval as a thin line over the bar of its series. */
    const whisker = (s, n) => ({ type: "custom", silent: true, z: 5, data: s.bars.map((b, i) => [i, 100 * b[1], 100 * b[2]]), renderItem: function (params, api) {
      const from = api.coord([api.value(1), api.value(0)]), to = api.coord([api.value(2), api.value(0)]);
      const shift = shares.series.length > 1 ? (n ? 1 : -1) * 7 : 0;
      return { type: "line", shape: { x1: from[0], y1: from[1] + shift, x2: to[0], y2: to[1] + shift }, style: { stroke: "#445362", lineWidth: 1.2 } };
    } });
    busbar.chart(node).setOption(Object.assign(busbar.base(), {
      grid: { left: side(node), right: 40, top: 34, bottom: 26 },
      legend: Object.assign({ data: shares.series.map((s) => s.name) }, legend),
      tooltip: Object.assign(busbar.base().tooltip, { axisPointer: { type: "shadow" }, formatter: (points) => say(points[0].dataIndex) }),
      xAxis: Object.assign({}, busbar.axes, { type: "value", min: 0, max: 100, axisLabel: { color: "#5f6d7b", fontSize: 11, formatter: "{value}%" } }),
      yAxis: lying(node, shares.names),
      series: shares.series.map(bar).concat(shares.series.map(whisker)),
    }));
  };
})();
