/* One day's curve: now as a line, as delivered dashed behind it, quality as bands. */
(function () {
  "use strict";
  const busbar = window.busbar;
  const clock = (i) => String(Math.floor(i / 4)).padStart(2, "0") + ":" + String((i % 4) * 15).padStart(2, "0");

  busbar.parts.dayCurve = function (node) {
    const data = JSON.parse(document.getElementById(node.dataset.source).textContent);
    const words = node.dataset;
    const chart = busbar.chart(node);
    const line = (name, values, color, style) => ({ name, type: "line", data: values, symbol: "none", connectNulls: false, itemStyle: { color }, lineStyle: style });
    chart.setOption(Object.assign(busbar.base(), {
      aria: { enabled: true },
      grid: { left: 60, right: 18, top: 34, bottom: 28 },
      legend: { top: 2, right: 8, itemWidth: 16, itemHeight: 8, textStyle: { color: "#445362", fontSize: 12 } },
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: data.now.map((_, i) => clock(i)), splitLine: { show: false }, axisLabel: Object.assign({}, busbar.axes.axisLabel, { interval: 7, hideOverlap: true }) }),
      yAxis: Object.assign({}, busbar.axes, { type: "value", name: "kW", min: 0 }),
      series: [
        line(words.delivered, data.delivered, busbar.colors.gray, { width: 1.4, type: "dashed" }),
        Object.assign(line(words.now, data.now, busbar.colors.teal, { width: 1.8 }), { markArea: { silent: true, data: bands(data.quality) } }),
      ],
      tooltip: Object.assign(busbar.base().tooltip, { formatter: (points) => tip(points, data, words) }),
    }));
    node.dataset.ready = "1";
  };

  function bands(quality) {
    const areas = [];
    let start = 0;
    for (let i = 1; i <= quality.length; i += 1) {
      if (i < quality.length && quality[i] === quality[start]) continue;
      if (quality[start]) areas.push([{ xAxis: start, itemStyle: { color: busbar.colors.quality[quality[start]], opacity: 0.22 } }, { xAxis: Math.min(i, quality.length - 1) }]);
      start = i;
    }
    return areas;
  }
  function tip(points, data, words) {
    const i = points[0].dataIndex;
    const said = (name, value) => name + "  " + (value === null ? words.missing : busbar.number(value, 1));
    return busbar.tip([clock(i) + " – " + clock((i + 1) % 96), said(words.now, data.now[i]), said(words.delivered, data.delivered[i]), words.quality + "  " + data.quality_names[data.quality[i]]]);
  }
})();
