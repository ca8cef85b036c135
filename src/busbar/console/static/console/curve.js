/* The load curve: reads one day or month as JSON, draws it, and says it in numbers and a table. */
(function () {
  "use strict";
  const busbar = window.busbar;
  const QUARTERS = 96;
  const clock = (i) => String(Math.floor(i / 4)).padStart(2, "0") + ":" + String((i % 4) * 15).padStart(2, "0");
  const plusDays = (text, n) => { const d = new Date(text + "T00:00:00Z"); d.setUTCDate(d.getUTCDate() + n); return d.toISOString().slice(0, 10); };
  const plusMonths = (text, n) => { const d = new Date(text + "-01T00:00:00Z"); d.setUTCMonth(d.getUTCMonth() + n); return d.toISOString().slice(0, 7); };
  const moment = (data, i) => data.view === "day" ? clock(i) : plusDays(data.start, Math.floor(i / QUARTERS)).slice(5) + " " + clock(i % QUARTERS);

  busbar.parts.curve = function (root) {
    const form = root.querySelector("#curve-form");
    const words = JSON.parse(root.dataset.words);
    const place = (role) => root.querySelector('[data-role="' + role + '"]');
    const chart = busbar.chart(place("chart"));
    let turn = 0;

    function state() {
      const values = new URLSearchParams(new FormData(form));
      for (const [name, value] of [...values]) if (!value) values.delete(name);
      values.delete(values.get("view") === "month" ? "date" : "month");
      return values;
    }
    function arrange() {
      const isMonth = form.elements.view.value === "month";
      form.elements.date.hidden = isMonth;
      form.elements.month.hidden = !isMonth;
      const week = form.querySelector('[data-only="day"]');
      week.hidden = week.disabled = isMonth;
      if (isMonth && form.elements.compare.value === "week") form.elements.compare.value = "";
      const [kind, name] = form.elements.part.value.split(":");
      const quarters = place("quarters");
      quarters.hidden = isMonth || kind !== "point" || !form.elements.date.value;
      quarters.href = quarters.dataset.address.replace("POINT", encodeURIComponent(name || "")).replace("DAY", form.elements.date.value);
    }
    async function load() {
      arrange();
      const values = state();
      const mine = ++turn;
      chart.showLoading({ text: "", color: busbar.colors.teal, maskColor: "rgba(255,255,255,.6)" });
      history.replaceState(history.state, "", "?" + values);
      try {
        const answer = await fetch(root.dataset.url + "?" + values, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
        if (!answer.ok) throw new Error("HTTP " + answer.status);
        const data = await answer.json();
        if (mine === turn) show(data, values.get("show"));
      } catch (error) {
        if (mine === turn) { busbar.notify(String(error.message || error), "error"); chart.hideLoading(); }
      }
    }
    function show(data, extra) {
      chart.hideLoading();
      chart.setOption(options(data, extra, words), true);
      numbers(place("numbers"), data, words);
      legend(place("legend"), data);
      table(place("table"), data, words);
      root.dataset.ready = data.view + ":" + data.start;
    }
    function step(n) {
      if (form.elements.view.value === "month") form.elements.month.value = plusMonths(form.elements.month.value, n);
      else form.elements.date.value = plusDays(form.elements.date.value, n);
      load();
    }
    form.addEventListener("change", (event) => {
      if (event.target.name === "view" && event.target.value === "month" && form.elements.date.value) form.elements.month.value = form.elements.date.value.slice(0, 7);
      load();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) step(Number(button.dataset.step));
      const day = event.target.closest("[data-day]");
      if (day) openDay(day.dataset.day);
    });
    function openDay(day) {
      form.elements.view.value = "day";
      form.elements.date.value = day;
      load();
    }
    function keys(event) {
      if (!root.isConnected) return document.removeEventListener("keydown", keys);
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
      if (event.key === "ArrowLeft") { event.preventDefault(); step(-1); }
      if (event.key === "ArrowRight") { event.preventDefault(); step(1); }
    }
    document.addEventListener("keydown", keys);
    const exporting = document.getElementById("curve-export");
    if (exporting) exporting.addEventListener("submit", () => {
      exporting.querySelectorAll("[data-copied]").forEach((node) => node.remove());
      for (const [name, value] of state()) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        field.dataset.copied = "1";
        exporting.append(field);
      }
    });
    const asked = new URLSearchParams(window.location.search);
    for (const name of ["compare", "show", "version"]) if (asked.has(name)) form.elements[name].value = asked.get(name);
    load();
  };

  function options(data, extra, words) {
    const labels = data.kw.map((_, i) => moment(data, i));
    const c = busbar.colors;
    const series = [{ name: words.load, type: "line", data: data.kw, symbol: "none", connectNulls: false, itemStyle: { color: c.teal }, lineStyle: { width: data.view === "day" ? 1.8 : 1.1 }, markPoint: peak(data, words), markArea: { silent: true, data: bands(data) } }];
    if (data.compare) series.push({ name: data.compare.label, type: "line", data: data.compare.kw, symbol: "none", itemStyle: { color: c.gray }, lineStyle: { width: 1.2, type: "dashed" } });
    if (extra) series.push({ name: extra === "kvar" ? words.reactive + " kvar" : words.factor, type: "line", data: data[extra], yAxisIndex: 1, symbol: "none", itemStyle: { color: c.copper }, lineStyle: { width: 1.1 } });
    return Object.assign(busbar.base(), {
      aria: { enabled: true },
      grid: { left: 60, right: extra ? 56 : 18, top: extra ? 52 : 34, bottom: data.view === "month" ? 56 : 28 },
      legend: { show: series.length > 1, top: 2, right: 8, itemWidth: 16, itemHeight: 8, textStyle: { color: "#445362", fontSize: 12 } },
      dataZoom: data.view === "month" ? [{ type: "inside" }, { type: "slider", height: 16, bottom: 6, borderColor: "transparent", backgroundColor: "#f4f6f8", fillerColor: "rgba(11,104,121,.12)", handleSize: "80%", moveHandleSize: 0, showDataShadow: false, labelFormatter: "" }] : [],
      xAxis: Object.assign({}, busbar.axes, { type: "category", boundaryGap: false, data: labels, splitLine: { show: false }, axisLabel: Object.assign({}, busbar.axes.axisLabel, { interval: data.view === "day" ? 7 : QUARTERS * 3 - 1, formatter: (text) => data.view === "day" ? text : text.slice(0, 5), hideOverlap: true }) }),
      yAxis: [Object.assign({}, busbar.axes, { type: "value", name: "kW", min: 0 }, scale(data))].concat(extra ? [Object.assign({}, busbar.axes, { type: "value", name: extra === "kvar" ? "kvar" : words.factor, splitLine: { show: false }, max: extra === "power_factor" ? 1 : null, min: extra === "power_factor" ? (v) => Math.max(0, Math.floor(v.min * 10) / 10) : 0 })] : []),
      series,
      tooltip: Object.assign(busbar.base().tooltip, { formatter: (points) => tip(points, data, words) }),
    });
  }
  /* Four to six round steps, with room above the peak for its label. */
  function scale(data) {
    const top = Math.max(...data.kw, ...(data.compare ? data.compare.kw : []));
    if (!(top > 0)) return { max: 1 };
    const power = Math.pow(10, Math.floor(Math.log10(top)));
    const interval = [0.2, 0.25, 0.5, 1, 2].map((n) => n * power).find((n) => (top * 1.08) / n <= 6);
    return { interval, max: Math.ceil((top * 1.08) / interval) * interval };
  }
  function peak(data, words) {
    const at = data.summary.peak_index;
    if (at === null) return { data: [] };
    return { silent: true, symbol: "circle", symbolSize: 8, itemStyle: { color: busbar.colors.copper, borderColor: "#fff", borderWidth: 1.5 },
      label: { show: true, position: at > data.kw.length / 2 ? "left" : "right", distance: 6, color: busbar.colors.ink, fontSize: 12, fontWeight: 600, formatter: words.peak + " " + busbar.number(data.summary.peak_kw, 0) + " kW  " + moment(data, at), backgroundColor: "rgba(255,255,255,.85)", padding: [2, 5], borderRadius: 3 },
      data: [{ coord: [at, data.summary.peak_kw] }] };
  }
  function bands(data) {
    const last = data.kw.length - 1;
    const areas = (data.periods || []).map((p) => [{ xAxis: p.start, itemStyle: { color: busbar.colors.periods[p.value], opacity: 0.55 } }, { xAxis: Math.min(p.end, last) }]);
    for (const flag of data.flags) areas.push([{ xAxis: flag.start, itemStyle: { color: busbar.colors.quality[flag.value], opacity: 0.22 } }, { xAxis: Math.min(Math.max(flag.end, flag.start + 1), last) }]);
    return areas;
  }
  function flagAt(data, i) { const f = data.flags.find((x) => x.start <= i && i < x.end); return f ? f.value : 0; }
  function tip(points, data, words) {
    const i = points[0].dataIndex;
    const lines = [moment(data, i) + " – " + clock((i + 1) % QUARTERS)];
    const period = (data.periods || []).find((p) => p.start <= i && i < p.end);
    if (data.period_names) lines[0] += "  " + data.period_names[period ? period.value : "flat"];
    for (const p of points) lines.push(p.seriesName + "  " + (p.value === null || p.value === undefined ? words.missing : busbar.number(p.value, p.seriesName === words.factor ? 3 : 1)));
    const flag = flagAt(data, i);
    if (flag) lines.push(words.quality + "  " + data.quality_names[flag]);
    return busbar.tip(lines);
  }
  function put(parent, tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    parent.append(node);
    return node;
  }
  function numbers(box, data, words) {
    const s = data.summary;
    box.replaceChildren();
    const say = (label, value, unit) => { const span = put(box, "span"); put(span, "span", label + " ", "muted"); put(span, "b", value); if (unit) put(span, "span", unit, "unit"); };
    if (s.peak_kw === null) return put(box, "span", words.none, "bad");
    say(words.energy.replace(/[, ]*kWh$/, ""), busbar.number(s.energy_kwh, 0), "kWh");
    say(words.peak, busbar.number(s.peak_kw, 1), "kW · " + (data.view === "day" ? s.peak_at.slice(11) : s.peak_at.slice(5)));
    say(words.lowest.replace(/[, ]*kW$/, ""), busbar.number(s.lowest_kw, 1), "kW");
    say(words.loadFactor, busbar.number(s.load_factor, 3));
    say(words.factor, busbar.number(s.power_factor, 3));
    if (s.missing || s.estimated) say(words.doubtful, s.missing + " / " + s.estimated);
    if (data.compare && data.compare.summary.energy_kwh) { const change = s.energy_kwh / data.compare.summary.energy_kwh - 1; say(data.compare.label, (change >= 0 ? "+" : "") + (change * 100).toFixed(1) + "%"); }
    say(words.version, "v" + (data.as_of === null ? data.version + " · " + words.current : data.as_of));
  }
  function legend(box, data) {
    box.replaceChildren();
    const swatch = (className, text) => { const span = put(box, "span"); put(span, "i", undefined, className); span.append(text); };
    if (data.view === "day" && data.periods.length) for (const key of ["sharp", "peak", "flat", "valley", "deep_valley"]) if (key === "flat" || data.periods.some((p) => p.value === key)) swatch("swatch-" + key, data.period_names[key]);
    for (const code of new Set(data.flags.map((f) => f.value))) swatch("swatch-" + busbar.colors.qualityClass[code], data.quality_names[code]);
  }
  function table(box, data, words) {
    box.replaceChildren();
    const node = put(box, "table", undefined, "table");
    const head = put(put(node, "thead"), "tr");
    const body = put(node, "tbody");
    const heads = data.view === "day" ? [words.time, "kW", "kvar", words.factor, words.quality] : [words.day, words.energy, words.peakKw, words.peakAt, words.lowest, words.loadFactor, words.factor, words.doubtful];
    heads.forEach((text, i) => put(head, "th", text, i ? "num" : ""));
    if (data.view === "day") data.kw.forEach((kw, i) => {
      const row = put(body, "tr", undefined, i === data.summary.peak_index ? "is-peak" : "");
      [clock(i), busbar.number(kw, 2), busbar.number(data.kvar[i], 2), busbar.number(data.power_factor[i], 3), data.quality_names[flagAt(data, i)]].forEach((text, n) => put(row, "td", text, n ? "num" : "tabular"));
    });
    else data.table.forEach((d) => {
      const row = put(body, "tr");
      const first = put(row, "td", undefined, "tabular");
      const link = put(first, "button", d.day + " " + words.weekdays[d.weekday], "linklike");
      link.type = "button"; link.dataset.day = d.day;
      [busbar.number(d.energy_kwh, 0), busbar.number(d.peak_kw, 1), d.peak_at ? d.peak_at.slice(11) : "—", busbar.number(d.lowest_kw, 1), busbar.number(d.load_factor, 3), busbar.number(d.power_factor, 3), d.missing + " / " + d.estimated].forEach((text) => put(row, "td", text, "num"));
    });
  }
})();
