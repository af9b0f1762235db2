(function () {
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs, root = document.documentElement;
const $ = (id) => document.getElementById(id);
let chosen = 0; // index of the series that is drawn
let plots = [];

// Texts. took writes a duration as the terminal does.
function digits(v) { return v < 9.995 ? v.toFixed(2) : v < 99.95 ? v.toFixed(1) : v.toFixed(0); }
function took(s) {
  if (s == null) return "–";
  const sign = s < 0 ? "-" : "", ns = Math.round(Math.abs(s) * 1e9);
  if (ns === 0) return "0";
  if (ns < 999.5) return sign + ns + " ns";
  if (ns < 999.5e3) return sign + digits(ns / 1e3) + " µs";
  if (ns < 999.5e6) return sign + digits(ns / 1e6) + " ms";
  return sign + digits(ns / 1e9) + " s";
}
function count(n) { return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
function rate(r) {
  if (r == null) return "–";
  if (r <= 0) return "0/s";
  if (r < 999.5) { const d = digits(r); return (d.includes(".") ? d.replace(/0+$/, "").replace(/\.$/, "") : d) + "/s"; }
  return count(r) + "/s";
}
function bytes(v) {
  if (v == null) return "–";
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (v < 999.5) return unit === "B" ? Math.round(v) + " B" : digits(v) + " " + unit;
    v /= 1024;
  }
  return digits(v) + " TiB";
}
// clock writes a time since the run began on an axis.
function clock(s) {
  if (s == null) return "";
  const sign = s < 0 ? "-" : "";
  s = Math.abs(s);
  if (s < 60) return sign + (Number.isInteger(s) ? s : s.toFixed(s < 1 ? 2 : 1)) + " s";
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, r = Math.round(s % 60);
  return sign + (h ? h + " h " : "") + (m || !h ? m + " min" : "") + (r ? " " + r + " s" : "");
}
function level(unit, v) {
  if (v == null) return "–";
  return unit === "B" ? bytes(v) : unit === "s" ? took(v) : unit === "s/s" ? took(v) + "/s" : unit === "/s" ? rate(v) : v >= 100 ? count(v) : String(+v.toPrecision(3));
}
function short(f) { return (v) => v == null ? "" : f(v).replace(/\.?0+ /, (z) => z.startsWith(".") ? " " : z); }

// Elements. Texts are always text, never markup.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (k === "class") e.className = v;
    else if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else e.setAttribute(k, v);
  }
  for (const c of children) if (c != null) e.append(c);
  return e;
}
function color(name) { return getComputedStyle(root).getPropertyValue("--" + name).trim(); }
function alpha(c, a) {
  const n = parseInt(c.slice(1), 16);
  return c.length === 7 ? "rgba(" + (n >> 16) + "," + (n >> 8 & 255) + "," + (n & 255) + "," + a + ")" : c;
}

// The series of a run by the name that is chosen.
function seriesOf(run) {
  const name = runs[0].series[chosen] && runs[0].series[chosen].name;
  return run.series.find((s) => s.name === name) || (chosen === 0 ? run.series[0] : undefined);
}
// perSecond leaves out an interval of which less than a fifth is within the run.
function perSecond(column, s, run) {
  return column.map((n, i) => {
    const within = Math.min(s.t[i] + s.width, run.elapsed) - Math.max(s.t[i], 0);
    return within >= s.width / 5 ? n / Math.min(within, s.width) : within <= 0 && n > 0 ? n / s.width : null;
  });
}
// wholeRun is the time axis of all charts over time.
function wholeRun() {
  let low = 0, high = 0;
  for (const run of runs) for (const s of run.series.slice(0, 1)) {
    low = Math.min(low, s.t[0]);
    high = Math.max(high, s.t[s.t.length - 1] + s.width);
  }
  return [low, high || 1];
}
function middle(s) { return s.t.map((t) => t + s.width / 2); }

// Each chart is lines over an x axis: [{name, x, y, color, dash, points, fill}].
function timeLines(pick) {
  const lines = [];
  runs.forEach((run, i) => {
    const s = seriesOf(run);
    if (!s) return;
    for (const l of pick(s, run, i)) {
      l.x = l.x || middle(s);
      l.run = i;
      if (runs.length > 1) l.name = (i ? "second: " : "first: ") + l.name;
      if (i) { l.dash = [5, 4]; l.width = 1.5; }
      lines.push(l);
    }
  });
  return lines;
}
function requestAt(run, column) { return column.map((i) => i < 0 ? null : run.requests[i].response); }

const charts = {
  latency: { height: 300, log: true, text: took, lines: () => timeLines((s, run, i) => [
    { name: "p50", y: s.p50, color: "a" }, { name: "p90", y: s.p90, color: "b" }, { name: "p99", y: s.p99, color: "c" },
    { name: "slowest", y: s.max, color: "d", points: 6, open: s.slow },
    { name: "first error", y: requestAt(run, s.wrong), color: "wrong", points: 7, open: s.wrong, optional: true },
    ...run.limits.map((l) => ({ name: "limit " + l.name, y: s.t.map(() => l.value), color: "quiet", dash: [2, 4], width: 1.5 })),
  ].filter((l) => i === 0 || !l.points && l.color !== "quiet")) },
  both: { log: true, text: took, lines: () => timeLines((s) => [
    { name: "response p99", y: s.p99, color: "c", width: 4 }, { name: "service p99", y: s.s99, color: "a", width: 1.5 },
    { name: "response p50", y: s.p50, color: "f", width: 4 }, { name: "service p50", y: s.s50, color: "b", width: 1.5 },
  ].slice(0, runs.length > 1 ? 2 : 4)) },
  spectrum: { log: true, text: took, still: true, axis: "percentile", lines: () => timeLines((s) => {
    const x = s.spectrum.p.map((p) => -Math.log10(1 - p / 100));
    return [{ name: "response time", x, y: s.spectrum.response, color: "c", width: 4 }, { name: "service time", x, y: s.spectrum.service, color: "a", width: 1.5 }];
  }) },
  heat: { height: 280, log: true, text: took, heat: true, lines: () => timeLines((s, run, i) => i ? [] : [{ name: "p99", y: s.p99, color: "c" }]) },
  rate: { text: rate, lines: () => timeLines((s, run) => [
    { name: "wanted", y: perSecond(s.due, s, run), color: "f", width: 4, optional: true }, { name: "sent", y: perSecond(s.sent, s, run), color: "a", width: 1.5 }]) },
  errors: { text: rate, lines: () => timeLines((s, run) => [
    { name: "bad status", y: perSecond(s.bad, s, run), color: "c", optional: true }, { name: "failed", y: perSecond(s.failed, s, run), color: "d" },
    { name: "not sent", y: perSecond(s.notsent, s, run), color: "f", optional: true }]) },
  phases: { height: 240, text: took, lines: () => {
    const s = seriesOf(runs[0]);
    if (!s) return [];
    const sum = s.t.map(() => 0), lines = [];
    const empty = s.p50.map((v) => v == null);
    data.phases.forEach((name, p) => {
      if (!s.phases[p].some((v) => v > 0)) return;
      const part = s.phases[p];
      part.forEach((v, i) => { sum[i] += v; });
      lines.push({ name, x: middle(s), y: sum.map((v, i) => empty[i] ? null : v), color: "gecdbaf"[p], fill: true, part, run: 0 });
    });
    return lines.reverse();
  } },
};
data.levels.forEach((l, i) => {
  charts["level" + i] = { binary: l.unit === "B", text: (v) => level(l.unit, v), lines: () => {
    const lines = [];
    runs.forEach((run, n) => run.runtime.forEach((r, k) => {
      if (!r.levels[i].some((v) => v != null)) return;
      lines.push({ name: (runs.length > 1 ? (n ? "second: " : "first: ") : "") + r.instance.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/, "$1…"), x: r.t, y: r.levels[i], color: "abcdefg"[k % 7], dash: n ? [5, 4] : undefined, run: n });
    }));
    return lines;
  } };
});

// align puts lines of several x axes on one, as uPlot wants them.
function align(lines) {
  const xs = [...new Set(lines.flatMap((l) => l.x))].sort((a, b) => a - b);
  const at = new Map(xs.map((x, i) => [x, i]));
  return [xs, ...lines.map((l) => {
    const y = new Array(xs.length).fill(undefined);
    l.x.forEach((x, i) => { y[at.get(x)] = l.y[i]; });
    return y;
  })];
}
function range(lines, log) {
  let low = Infinity, high = -Infinity;
  for (const l of lines) for (const v of l.y) if (v != null && (!log || v > 0)) { low = Math.min(low, v); high = Math.max(high, v); }
  if (low > high) return log ? [1e-3, 1] : [0, 1];
  return log ? [low / 1.3, high * 1.3] : [0, high > 0 ? high * 1.08 : 1];
}
// decades are ticks of a logarithmic axis.
function decades(u, axis, low, high) {
  const ticks = [], few = Math.log10(high / low) > 2.2;
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of few ? [1] : [1, 2, 5]) { const v = +(m + "e" + e); if (v >= low && v <= high) ticks.push(v); }
  }
  return ticks;
}
const powers = Array.from({ length: 50 }, (_, i) => Math.pow(2, i));
const marks = [[0, "0"], [-Math.log10(.5), "p50"], [1, "p90"], [2, "p99"], [3, "p99.9"], [4, "p99.99"]];

function draw(id) {
  const chart = charts[id], figure = $("c-" + id), box = figure.querySelector(".plot");
  const lines = chart.lines().filter((l) => !l.optional || l.y.some((v) => v != null && v > 0));
  const heat = chart.heat && runs[0].series.length ? seriesOf(runs[0]).heat : null;
  const yRange = heat && heat.cells.length ? [Math.pow(2, heat.low / 4) / 1e9, Math.pow(2, (heat.high + 1) / 4) / 1e9] : range(lines, chart.log);
  const quiet = color("quiet"), grid = { stroke: color("grid"), width: 1 }, font = "11px system-ui, sans-serif";
  const tip = figure.querySelector(".tip");
  const options = {
    width: Math.max(box.clientWidth, 200), height: chart.height || 210,
    legend: { show: false }, padding: [8, chart.axis ? 26 : 12, 0, 0],
    cursor: { sync: chart.still ? undefined : { key: "time", setSeries: false }, drag: { x: !chart.still, y: false }, points: { size: 7 }, y: false },
    scales: { x: { time: false, range: chart.still ? [0, 4.05] : (u, lo, hi) => lo === u.data[0][0] && hi === u.data[0][u.data[0].length - 1] ? wholeRun() : [lo, hi] },
      y: { distr: chart.log ? 3 : 1, range: yRange } },
    axes: [
      { stroke: quiet, grid, ticks: grid, font, splits: chart.axis ? () => marks.map((m) => m[0]) : undefined,
        values: (u, v) => chart.axis ? marks.map((m) => m[1]) : v.map(clock), space: 70, size: 32 },
      { stroke: quiet, grid, ticks: grid, font, size: 66, values: (u, v) => v.map(short(chart.text)),
        splits: chart.log ? decades : undefined, filter: chart.log ? (u, v) => v : undefined, incrs: chart.binary ? powers : undefined, space: 34 },
    ],
    series: [{}, ...lines.map((l) => ({
      stroke: color(l.color), width: l.points ? 0 : l.width || 2, dash: l.dash, spanGaps: true, paths: l.points ? () => null : undefined,
      fill: l.fill ? alpha(color(l.color), .75) : undefined,
      points: l.points ? { show: true, size: l.points, stroke: color(l.color), fill: color("card"), width: 1.5 } : { show: l.x.length < 3, size: 6 },
    }))],
    hooks: { setCursor: [(u) => { tip.textContent = u.cursor.idx == null ? "" : describe(u, chart, lines, heat); }] },
  };
  if (heat) options.hooks.drawAxes = [(u) => drawHeat(u, heat, seriesOf(runs[0]))];
  box.replaceChildren();
  const u = new uPlot(options, align(lines), box);
  if (chart.still) u.setScale("x", { min: 0, max: 4.05 });
  legend(figure.querySelector(".legend"), lines);
  u.over.addEventListener("click", () => { const r = nearest(u, lines); if (r) open(r.run, r.index, true); });
  plots.push({ u, box, chart });
  const details = figure.querySelector("details.data");
  if (details.open) table(id, details);
}
function legend(box, lines) {
  box.replaceChildren(...lines.map((l) => {
    const mark = make("i", { class: l.points ? "dot" : l.dash ? "dash" : "" });
    mark.style.borderColor = color(l.color);
    return make("span", {}, mark, l.name);
  }));
}
function describe(u, chart, lines, heat) {
  const idx = u.cursor.idx, x = u.data[0][idx];
  const when = chart.axis ? "p" + +(100 * (1 - Math.pow(10, -x))).toFixed(3) : clock(+x.toFixed(2));
  const parts = [];
  lines.forEach((l, i) => {
    const v = l.part ? l.part[idx] : u.data[i + 1][idx];
    if (v != null) parts.push(l.name + " " + chart.text(v));
  });
  if (heat && u.cursor.top >= 0) {
    const bin = Math.floor(4 * Math.log2(u.posToVal(u.cursor.top, "y") * 1e9)) - heat.low;
    for (let i = 0; i < heat.cells.length; i += 3) if (heat.cells[i] === idx && heat.cells[i + 1] === bin) {
      parts.push(count(heat.cells[i + 2]) + " requests of " + took(Math.pow(2, (bin + heat.low) / 4) / 1e9) + " to " + took(Math.pow(2, (bin + heat.low + 1) / 4) / 1e9));
    }
  }
  return when + (parts.length ? ":  " + parts.join("  ·  ") : "");
}
// nearest request to the cursor, of the lines that have requests.
function nearest(u, lines) {
  let best = null, least = Infinity;
  const x = u.cursor.left, y = u.cursor.top;
  let candidates = lines.filter((l) => l.open);
  if (!candidates.length) {
    const s = seriesOf(runs[0]);
    if (!s || u.scales.x.max <= 4.06 && lines[0] && lines[0].x.length && lines[0].y === s.spectrum.response) return null;
    candidates = [{ x: middle(s), y: s.max, open: s.slow, run: 0, anywhere: true }];
  }
  for (const l of candidates) l.x.forEach((at, i) => {
    if (l.open[i] < 0 || l.y[i] == null) return;
    const dx = u.valToPos(at, "x") - x, dy = l.anywhere ? 0 : (u.valToPos(l.y[i], "y") - y) / 3;
    if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; best = { run: l.run, index: l.open[i] }; }
  });
  return best;
}
function drawHeat(u, heat, s) {
  let most = 0;
  for (let i = 2; i < heat.cells.length; i += 3) most = Math.max(most, heat.cells[i]);
  const c = u.ctx, rgb = color("heat"), { left, top, width, height } = u.bbox;
  c.save();
  c.beginPath(); c.rect(left, top, width, height); c.clip();
  for (let i = 0; i < heat.cells.length; i += 3) {
    const t = s.t[heat.cells[i]], bin = heat.low + heat.cells[i + 1];
    const x0 = u.valToPos(t, "x", true), x1 = u.valToPos(t + s.width, "x", true);
    const y0 = u.valToPos(Math.pow(2, (bin + 1) / 4) / 1e9, "y", true), y1 = u.valToPos(Math.pow(2, bin / 4) / 1e9, "y", true);
    c.fillStyle = "rgba(" + rgb + "," + (.12 + .88 * Math.log1p(heat.cells[i + 2]) / Math.log1p(most)).toFixed(3) + ")";
    c.fillRect(Math.round(x0), Math.round(y0), Math.max(1, Math.round(x1) - Math.round(x0)), Math.max(1, Math.round(y1) - Math.round(y0)));
  }
  c.restore();
}

// table of a chart's data, in its details element.
function table(id, details) {
  const chart = charts[id], box = details.querySelector(".scroll");
  const lines = chart.lines().filter((l) => !l.optional || l.y.some((v) => v != null && v > 0));
  if (id === "heat") { box.replaceChildren(heatTable()); return; }
  const [xs, ...ys] = align(lines);
  const body = make("tbody", {});
  xs.forEach((x, i) => {
    const row = make("tr", {}, make("th", { scope: "row" }, chart.axis ? "p" + +(100 * (1 - Math.pow(10, -x))).toFixed(3) : clock(+x.toFixed(2))));
    lines.forEach((l, n) => {
      const k = l.open || l.part ? l.x.indexOf(x) : -1, v = l.part ? l.part[k] : ys[n][i];
      const cell = make("td", { class: "n" }, k >= 0 && l.open && l.open[k] >= 0
        ? make("button", { type: "button", class: "open", onclick: () => open(l.run, l.open[k], true) }, chart.text(v)) : v == null ? "" : chart.text(v));
      row.append(cell);
    });
    body.append(row);
  });
  box.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, chart.axis ? "Percentile" : "Time"),
    ...lines.map((l) => make("th", { scope: "col", class: "n" }, l.name)))), body));
}
// heatTable has at most twelve stretches of time.
function heatTable() {
  const s = seriesOf(runs[0]), heat = s.heat, each = Math.max(1, Math.ceil(s.t.length / 12)), columns = Math.ceil(s.t.length / each), rows = new Map();
  for (let i = 0; i < heat.cells.length; i += 3) {
    const bin = heat.cells[i + 1], row = rows.get(bin) || new Array(columns).fill(0);
    row[Math.floor(heat.cells[i] / each)] += heat.cells[i + 2];
    rows.set(bin, row);
  }
  const head = make("tr", {}, make("th", { scope: "col" }, "Response time"));
  for (let c = 0; c < columns; c++) head.append(make("th", { scope: "col", class: "n" }, "from " + clock(+s.t[c * each].toFixed(2))));
  const body = make("tbody", {});
  for (const bin of [...rows.keys()].sort((a, b) => b - a)) {
    const low = Math.pow(2, (heat.low + bin) / 4) / 1e9, high = Math.pow(2, (heat.low + bin + 1) / 4) / 1e9;
    body.append(make("tr", {}, make("th", { scope: "row" }, took(low) + " to " + took(high)), ...rows.get(bin).map((n) => make("td", { class: "n" }, n ? count(n) : ""))));
  }
  return make("table", {}, make("thead", {}, head), body);
}

// One request, explained.
function fact(name, value) { return value === "" || value == null ? null : make("div", {}, make("dt", {}, name), make("dd", {}, value)); }
function bars(rows, whole, from) {
  const box = make("div", { class: "bars" });
  for (const r of rows) {
    const name = make("span", { title: r.name }, r.name), bar = make("b", { class: r.kind || "" });
    name.style.paddingLeft = (r.depth || 0) * .7 + "rem";
    const begin = Math.min(Math.max((r.begin - from) / whole, 0), 1), width = Math.min(Math.max(r.took / whole, 0), 1 - begin);
    bar.style.left = "min(" + 100 * begin + "%, 100% - 2px)";
    bar.style.width = 100 * width + "%";
    box.append(name, make("span", { class: "track", "aria-hidden": "true" }, bar), make("span", { class: "n" }, took(r.took)));
  }
  return box;
}
function follow(parts) { let at = 0; return parts.map((p) => { const r = { ...p, begin: at }; at += p.took; return r; }); }

function open(run, index, go) {
  const r = runs[run] && runs[run].requests[index];
  if (!r) return;
  const box = $("request"), body = $("request-body"), t = r.target;
  $("h-request").textContent = (runs.length > 1 ? runs[run].name + ": " : "") + r.what + " → " + r.result + ", " + took(r.response);
  const parts = [make("dl", { class: "facts" },
    fact("Trace", make("code", {}, r.sampled ? r.id : r.id + " (not sampled: no span was made)")),
    fact("Attack", r.attack + ", request " + count(r.seq)), fact("Due", took(r.at) + " after the run began"),
    fact("Times", "response " + took(r.response) + " · service " + took(r.service) + " · schedule lag " + took(r.lag)),
    fact("Connection", r.reused ? "used before" : "new"), fact("Bodies", bytes(r.sent) + " sent · " + bytes(r.received) + " received"), fact("Error", r.error))];
  const phases = [{ name: "schedule lag", took: r.lag, kind: "rest" }];
  let sum = r.lag;
  r.phases.forEach((v, i) => { if (v > 0) { phases.push({ name: data.phases[i], took: v }); sum += v; } });
  if (r.response - sum > 1e-9) phases.push({ name: "the rest", took: r.response - sum, kind: "rest" });
  parts.push(make("h4", {}, "Phases of the client"), bars(follow(phases), r.response || 1, 0));
  if (t) parts.push(...explained(r, t));
  else parts.push(make("p", { class: "quiet" }, "What the target did meanwhile is not known: its telemetry did not come, or was not kept for this request."));
  body.replaceChildren(...parts);
  box.hidden = false;
  if (go) {
    history.replaceState(null, "", "#trace-" + r.id);
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "start" });
  }
}
function explained(r, t) {
  const parts = [];
  if (t.ledger) parts.push(make("h4", {}, "Where the " + took(r.response) + " went"),
    bars(follow(t.ledger.map((p) => ({ ...p, kind: p.name === "server" ? "server" : p.name === "unexplained" ? "rest" : "" }))), r.response || 1, 0));
  if (t.spans) {
    const from = Math.min(-r.lag, 0, ...t.spans.map((s) => s.begin)), to = Math.max(r.service, ...t.spans.map((s) => s.begin + s.took));
    parts.push(make("h4", {}, "Spans of the trace"), bars(t.spans.map((s) => ({ name: (s.service ? s.service + "  " : "") + s.name + (s.error ? " ✘ " + s.error : ""), begin: s.begin, took: s.took, depth: s.depth,
      kind: s.error ? "fault" : s.kind === "Client" && s.depth === 0 ? "" : "server" })), to - from || 1, from));
    if (t.cut[0]) parts.push(make("p", { class: "quiet" }, count(t.cut[0]) + " more spans are not shown."));
  }
  if (t.facts) parts.push(make("h4", {}, [t.service, t.route].filter(Boolean).join("  ") || "Target"), make("ul", {}, ...t.facts.map((f) => make("li", {}, f))));
  if (t.lines) {
    const body = make("tbody", {}, ...t.lines.map((l) => make("tr", {}, make("td", { class: "n" }, took(l.at)), make("td", {}, l.severity), make("td", { class: "what" }, (l.service ? l.service + ": " : "") + l.text))));
    parts.push(make("h4", {}, "Lines that were logged"), make("div", { class: "scroll log", tabindex: "0", role: "group", "aria-label": "Log lines" },
      make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "n" }, "At"), make("th", { scope: "col" }, "Severity"), make("th", { scope: "col" }, "Line"))), body)));
    if (t.cut[1]) parts.push(make("p", { class: "quiet" }, count(t.cut[1]) + " more lines are not shown."));
  }
  if (t.missing && t.missing.length) parts.push(make("p", { class: "note" }, "Missing: " + t.missing.join(" · ")));
  return parts;
}

// The whole page.
function drawn() { return Object.keys(charts).filter((id) => $("c-" + id)); }
function drawAll() {
  for (const p of plots) p.u.destroy();
  plots = [];
  waiting = [];
  for (const id of drawn()) draw(id);
}
// The figures are painted first, then a chart at a time.
let waiting = [];
function drawNext() {
  const id = waiting.shift();
  if (id) draw(id);
  if (waiting.length) setTimeout(drawNext);
  else root.dataset.drawn = String(Math.round(performance.now()));
}
// painted calls f when the page has been painted, or soon where it is not visible.
function painted(f) {
  let called = false;
  const once = () => { if (!called) { called = true; f(); } };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, 500);
}
function fit() { for (const p of plots) { const w = p.box.clientWidth; if (w > 0 && Math.abs(w - p.u.width) > 1) p.u.setSize({ width: w, height: p.u.height }); } }
function scrolls() { for (const e of document.querySelectorAll(".scroll")) if (e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1) e.removeAttribute("tabindex"); else e.tabIndex = 0; }
function dark() { return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches; }

function start() {
  for (const b of document.querySelectorAll("button.open")) b.addEventListener("click", () => open(+b.dataset.run, +b.dataset.request, true));
  const theme = $("theme"), name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  name();
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); drawAll(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { name(); drawAll(); });
  if ($("tools")) {
    $("tools").hidden = false;
    $("whole").addEventListener("click", drawAll);
    if (runs[0].series.length > 1) {
      const select = $("attack");
      runs[0].series.forEach((s, i) => select.append(make("option", { value: i }, s.name)));
      select.addEventListener("change", () => { chosen = +select.value; drawAll(); });
      $("attacklabel").hidden = false;
    }
    for (const d of document.querySelectorAll("details.data")) d.addEventListener("toggle", () => { if (d.open) table(d.closest("figure").id.slice(2), d); scrolls(); });
    waiting = drawn();
    new ResizeObserver(() => { fit(); scrolls(); }).observe(document.querySelector(".panels"));
  }
  const wanted = /^#trace-([0-9a-f]{32})$/.exec(location.hash);
  let shown = false;
  runs.forEach((run, i) => { const at = wanted ? run.requests.findIndex((r) => r.id === wanted[1]) : -1; if (at >= 0) { open(i, at, true); shown = true; } });
  if (!shown && runs[0].requests.length) open(0, Math.max(0, runs[0].requests.findIndex((r) => r.target && r.target.spans)), false);
  const print = matchMedia("print");
  print.addEventListener("change", () => { fit(); drawAll(); });
  addEventListener("beforeprint", () => { fit(); drawAll(); });
  addEventListener("afterprint", () => { fit(); drawAll(); });
  scrolls();
  painted(drawNext);
}
start();
})();
