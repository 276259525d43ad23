// How long the last requests took, as bars: the newest at the right, faults in a shaded column.

import { draw } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 36;
const BARS = 60;
const STEP = WIDTH / BARS;

export const duration = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`);

export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

// `took` is a list of { ms, fault }.
export function chart(took) {
  const longest = Math.max(1, ...took.map((each) => each.ms));
  const middle = median(took.map((each) => each.ms));
  const faults = took.filter((each) => each.fault).length;
  const label = `Time of the last ${took.length} requests: half of them within ${duration(middle)}, the longest ` +
    `${duration(longest)}, ${faults} with an error`;
  const bars = took.flatMap((each, index) => bar(each, index + BARS - took.length, longest));
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
  const ground = draw("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: "ground" });
  return draw("svg", { ...box, class: "chart", role: "img", "aria-label": label }, ground, ...bars);
}

function bar({ ms, fault }, place, longest) {
  const height = Math.max(2, (ms / longest) * (HEIGHT - 4));
  const column = { x: place * STEP + 0.5, width: STEP - 1 };
  const shape = draw("rect", { ...column, y: HEIGHT - height - 1, height, class: fault ? "fault" : "fine" });
  return fault ? [draw("rect", { ...column, y: 0, height: HEIGHT - 1, class: "shade" }), shape] : [shape];
}
