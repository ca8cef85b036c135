/* Typical days: 96 values around their mean, a line each. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  busbar.parts = busbar.parts || {};
  const COLORS = ["#0b6879", "#c06a2f", "#58a583", "#8457b5", "#3d7cc9", "#b3261e", "#9a7d1a", "#55636f"];
  const time = (place) => String(Math.floor(place / 4)).padStart(2, "0") + ":" + String((place % 4) * 15).padStart(2, "0");
  busbar.parts.shapes = function (node) {
    const rows = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const narrow = node.clientWidth < 520;
    const chart = busbar.chart(node);
    const option = Object.assign(busbar.base(), {
      color: COLORS,
      grid: { left: 40, right: 14, top: narrow ? 18 + 20 * rows.length : 20 + 22 * Math.ceil(rows.length / 3), bottom: 28 },
      legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: "#445362", fontSize: 12 } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: Array.from({ length: 96 }, (_, place) => time(place)), axisLabel: { color: "#5f6d7b", fontSize: 11, interval: narrow ? 15 : 7 }, splitLine: { show: false } }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", min: 0, name: node.dataset.axis }),
      series: rows.map((row) => ({ name: row.name, type: "line", symbol: "none", lineStyle: { width: 1.8 }, data: row.profile })),
    });
    option.tooltip.formatter = (points) => busbar.tip([points[0].axisValue].concat(points.map((point) => point.seriesName + "  " + busbar.number(point.value, 2))));
    chart.setOption(option);
  };
})();
