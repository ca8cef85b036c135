/* The queue of pairs: y and n answer, the weights are drawn from the prior to the sum. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});

  parts.verdict = function (node) {
    const keys = (event) => {
      if (!node.isConnected) return document.removeEventListener("keydown", keys);
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
      const button = node.querySelector('[data-verdict="' + event.key + '"]');
      if (button) { event.preventDefault(); button.click(); }
    };
    document.addEventListener("keydown", keys);
  };

  parts.weights = function (node) {
    const rows = JSON.parse(document.getElementById(node.dataset.source).textContent).filter((row) => row.bits !== 0);
    const last = rows[rows.length - 1];
    const total = last.before + last.bits;
    rows.push({ label: "Σ", level: "", bits: total, before: 0 });
    const colors = busbar.colors;
    const chart = busbar.chart(node);
    chart.setOption(Object.assign(busbar.base(), {
      grid: { left: node.clientWidth < 500 ? 120 : 200, right: 24, top: 8, bottom: 24 },
      xAxis: Object.assign({}, busbar.axes, { type: "value" }),
      yAxis: Object.assign({}, busbar.axes, { type: "category", inverse: true, data: rows.map((row) => row.level ? row.label + " · " + row.level : row.label), splitLine: { show: false }, axisLabel: { color: "#445362", fontSize: 11, width: node.clientWidth < 500 ? 112 : 190, overflow: "truncate" } }),
      tooltip: Object.assign(busbar.base().tooltip, { trigger: "item", formatter: (point) => busbar.tip([rows[point.dataIndex].label + "  " + rows[point.dataIndex].level, busbar.number(rows[point.dataIndex].bits, 2) + " bit"]) }),
      series: [{ type: "custom", encode: { x: [1, 2], y: 0 }, data: rows.map((row, place) => [place, row.before, row.before + row.bits]),
        renderItem: (_params, api) => {
          const from = api.coord([api.value(1), api.value(0)]);
          const to = api.coord([api.value(2), api.value(0)]);
          const row = rows[api.value(0)];
          const color = row.label === "Σ" ? colors.ink : row.bits >= 0 ? colors.teal : colors.copper;
          return { type: "rect", shape: { x: Math.min(from[0], to[0]), y: from[1] - 8, width: Math.max(Math.abs(to[0] - from[0]), 1), height: 16 }, style: { fill: color } };
        } }],
    }));
  };
})();
