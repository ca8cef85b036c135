/* Charts of the advice sheet and of the running month, and the button that prints. */
(function () {
  "use strict";
  const busbar = (window.busbar = window.busbar || {});
  const parts = (busbar.parts = busbar.parts || {});
  const COLORS = ["#0b6879", "#a85822", "#58a583"];
  const FONT = '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC Variable", sans-serif';
  const AXIS = { axisTick: { show: false }, axisLine: { lineStyle: { color: "#dfe5ea" } }, axisLabel: { color: "#5f6d7b", hideOverlap: true } };
  const data = (node) => JSON.parse(document.getElementById(node.dataset.source).textContent);

  function draw(node, option) {
    const chart = window.echarts.init(node, null, { renderer: "canvas" });
    const shared = { color: COLORS, animation: false, textStyle: { fontFamily: FONT, fontSize: 12, color: "#445362" }, legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: "#445362" } }, tooltip: { renderMode: "richText", trigger: "axis" }, grid: { left: 8, right: 40, top: 34, bottom: 8, containLabel: true } };
    chart.setOption(Object.assign(shared, option));
    new ResizeObserver(() => chart.resize()).observe(node);
  }
  const value = (extra) => Object.assign({ type: "value", axisLabel: { color: "#5f6d7b", formatter: (v) => busbar.bigNumber(v) }, splitLine: { lineStyle: { color: "#edf1f4" } } }, extra);

  /* What all months cost over the contracted demand; the other ways are level lines. */
  parts.contractcurve = function (node) {
    const curve = data(node);
    const first = curve.contract[0][0];
    const last = curve.contract[curve.contract.length - 1][0];
    const levels = curve.levels.map((level) => ({ name: level.name, type: "line", symbol: "none", lineStyle: { type: "dashed", width: 1.4 }, data: [[first, level.yuan], [last, level.yuan]] }));
    const chosen = curve.contract.filter((point) => point[0] === curve.chosen);
    draw(node, {
      xAxis: Object.assign({ type: "value", name: "kW", min: first, max: last, splitLine: { show: false } }, AXIS),
      yAxis: value({ scale: true }),
      series: [{ name: curve.name, type: "line", symbol: "none", lineStyle: { width: 1.8 }, data: curve.contract, markPoint: { symbol: "circle", symbolSize: 9, label: { show: true, position: "top", formatter: () => curve.chosen + " kW", color: "#14212e" }, data: chosen.map((point) => ({ coord: point })) } }, ...levels],
    });
  };

  /* The month's days: those that are known, and those still to come. */
  parts.monthahead = function (node) {
    const daily = data(node);
    draw(node, {
      xAxis: Object.assign({ type: "category", data: daily.days }, AXIS),
      yAxis: value({}),
      series: [
        { name: daily.names.known, type: "bar", stack: "day", barMaxWidth: 22, data: daily.known },
        { name: daily.names.coming, type: "bar", stack: "day", barMaxWidth: 22, data: daily.coming, itemStyle: { color: "#9cc3ca" } },
      ],
    });
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
