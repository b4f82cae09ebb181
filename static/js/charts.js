// Draws what the server measured. A chart is a <figure data-chart="JSON">, its colours are those of
// the page:
//   { x: {title, format, dtick}, y: {title, format, from}, y2: {...}, bars: "group" | "stack",
//     series: [{kind: "line" | "bar" | "area" | "heatmap", name, x, y, low, high, tone, axis, links}],
//     marks: [{y | x, text}] }
// A table beside each chart says the same without it; plotly.js comes from its Python package.
import { cssColour } from "./lib/colours.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DASHES = { accent: "solid", danger: "dash", warning: "dot", info: "dashdot" };

function draw(figure) {
  if (!window.Plotly) return;
  const chart = JSON.parse(figure.dataset.chart);
  registerLocale(document.documentElement.lang);
  window.Plotly.react(figure, chart.series.flatMap(traces), layout(chart), {
    responsive: true,
    // Its buttons would stand inside a picture, and it writes a style sheet of its own.
    displayModeBar: false,
    locale: document.documentElement.lang,
  });
  figure.removeAllListeners?.("plotly_click");
  figure.on("plotly_click", follow);
}

// plotly.min.js brings English only; names and separators of the page's language come from the browser.
function registerLocale(language) {
  if (language === "en" || !language) return;
  const names = (count, at, options) => {
    const format = new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" });
    return Array.from({ length: count }, (_, n) => format.format(at(n)));
  };
  const weekday = (n) => Date.UTC(2023, 0, n + 1); // a Sunday
  const month = (n) => Date.UTC(2023, n, 1);
  const parts = new Intl.NumberFormat(language).formatToParts(1234567.8);
  const sign = (kind) => parts.find((part) => part.type === kind).value;
  window.Plotly.register({
    moduleType: "locale",
    name: language,
    dictionary: {},
    format: {
      days: names(7, weekday, { weekday: "long" }),
      shortDays: names(7, weekday, { weekday: "short" }),
      months: names(12, month, { month: "long" }),
      shortMonths: names(12, month, { month: "short" }),
      date: "%d/%m/%Y",
      month: "%b %Y",
      dayMonth: "%-d %b",
      dayMonthYear: "%-d %b %Y",
      decimal: sign("decimal"),
      thousands: sign("group"),
    },
  });
}

// A click on a point leads to what stands behind it.
function follow(event) {
  const [point] = event.points;
  const at = point.pointIndex ?? point.pointNumber;
  const links = point.data.customdata;
  // A cell of a heat map has a row and a column.
  const link = Array.isArray(at) ? links?.[at[0]]?.[at[1]] : links?.[at];
  if (typeof link === "string" && link.startsWith("/")) window.location.assign(link);
}

function traces(series) {
  const colour = cssColour(`--${series.tone ?? "accent"}`);
  const common = { name: series.name, x: series.x, y: series.y, customdata: series.links, yaxis: series.axis };
  // No bar of colours beside it: plotly.js draws that with an inline style; the table has the numbers.
  if (series.kind === "heatmap") {
    return [{ ...common, type: "heatmap", z: series.z, showscale: false, zmin: 0, xgap: 1, ygap: 1, colorscale: [[0, cssColour("--surface-2")], [1, colour]], hovertemplate: series.hover }];
  }
  if (series.kind === "bar") return [{ ...common, type: "bar", marker: { color: colour } }];
  const line = { color: colour, width: 2.5, dash: DASHES[series.tone] ?? "solid" };
  const fill = series.kind === "area" ? "tozeroy" : "none";
  return [...band(series, colour), { ...common, type: "scatter", mode: "lines+markers", marker: { size: 5 }, line, fill }];
}

function band(series, colour) {
  if (!series.low) return [];
  const edge = { x: series.x, yaxis: series.axis, type: "scatter", mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false };
  return [
    { ...edge, y: series.low },
    { ...edge, y: series.high, fill: "tonexty", fillcolor: translucent(colour) },
  ];
}

// plotly.js knows no color-mix(); the browser gives a colour as rgb(...) or with an alpha of its own.
function translucent(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? [0, 0, 0];
  return `rgba(${red}, ${green}, ${blue}, 0.18)`;
}

function layout(chart) {
  const font = { color: cssColour("--ink"), family: getComputedStyle(document.body).fontFamily, size: 13 };
  return {
    font,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: chart.y2 ? 56 : 16, t: 16, b: 48 },
    barmode: chart.bars ?? "group",
    hovermode: chart.series[0]?.kind === "heatmap" ? "closest" : "x unified",
    hoverlabel: { bgcolor: cssColour("--surface"), font },
    // Above: below it would lie on the title of the axis where the chart is low.
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", traceorder: "normal" },
    xaxis: { ...axis(chart.x), ...moments(chart) },
    yaxis: upright(chart.y),
    ...(chart.y2 ? { yaxis2: { ...upright(chart.y2), overlaying: "y", side: "right", showgrid: false, tickmode: "auto" } } : {}),
    shapes: (chart.marks ?? []).map(mark),
    annotations: (chart.marks ?? []).map(words),
  };
}

function axis(one = {}) {
  const range = one.from === undefined ? {} : { rangemode: one.from === 0 ? "tozero" : "normal" };
  // Around a single point plotly.js would draw shares below nothing and above all.
  if (one.format?.endsWith("%")) range.autorangeoptions = { clipmin: 0, clipmax: 1 };
  const line = cssColour("--line");
  return { title: { text: one.title ?? "" }, tickformat: one.format, dtick: one.dtick, type: one.type, automargin: true, gridcolor: line, zerolinecolor: line, ...range };
}

// A title along a low chart is cut off where it is longer than that: two lines are not.
function upright(one = {}) {
  const title = one.title ?? "";
  return axis({ ...one, title: title.length > 20 ? title.replace(/ (?=.{0,16}$)/, "<br>") : title });
}

// Of a few days each has its tick: left alone, plotly.js tells the milliseconds around a single one.
function moments(chart) {
  const all = [...new Set(chart.series.flatMap((series) => series.x ?? []))];
  if (!all.length || !all.every((x) => /^\d{4}-\d\d-\d\d(T|$)/.test(x))) return {};
  if (all.some((x) => x.length > 10)) return times(all);
  const range = all.length === 1 ? around(all, DAY).map((day) => day.slice(0, 10)) : undefined;
  return all.length > 7 ? {} : { tickvals: all, tickformat: "%x", range };
}

// Times of day that lie close together are drawn in the hour around them.
function times(all) {
  const range = around(all, HOUR / 2);
  const isShort = Date.parse(`${range[1]}Z`) - Date.parse(`${range[0]}Z`) < 2 * HOUR;
  return isShort ? { tickformat: "%H:%M\n%x", nticks: 5, range } : {};
}

// plotly.js shows times as they are written, whatever their zone.
function around(all, by) {
  const at = all.map((x) => Date.parse(`${x.length > 10 ? x.slice(0, 19) : `${x}T00:00:00`}Z`));
  return [Math.min(...at) - by, Math.max(...at) + by].map((one) => new Date(one).toISOString().slice(0, 19));
}

function mark(one) {
  const across = one.y === undefined ? { x0: one.x, x1: one.x, yref: "paper", y0: 0, y1: 1 } : { y0: one.y, y1: one.y, xref: "paper", x0: 0, x1: 1 };
  return { type: "line", line: { color: cssColour("--ink-2"), width: 1, dash: "dash" }, ...across };
}

function words(one) {
  const place = one.y === undefined ? { x: one.x, yref: "paper", y: 1 } : { xref: "paper", x: 1, y: one.y, xanchor: "right", yanchor: "bottom" };
  return { text: one.text, showarrow: false, ...place };
}

function drawAll(root) {
  if (root.matches?.("[data-chart]")) draw(root);
  for (const figure of root.querySelectorAll("[data-chart]")) draw(figure);
}

drawAll(document);
document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
// The colours follow the theme, whoever changes it.
new MutationObserver(() => drawAll(document)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
