// An arrow of a drawing.

import { svg } from "./svg.js";

const HEAD = { length: 7, half: 4.5 }; // pixels

/** From one place to another, with its head at the second. */
export function arrow(x1, y1, x2, y2, className) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [neckX, neckY] = [x2 - HEAD.length * dx, y2 - HEAD.length * dy];
  const head = [
    [neckX - HEAD.half * dy, neckY + HEAD.half * dx],
    [x2, y2],
    [neckX + HEAD.half * dy, neckY - HEAD.half * dx],
  ];
  const points = head.map((place) => place.map((v) => v.toFixed(1)).join(" ")).join("L");
  const group = svg("g", { class: className });
  group.append(
    svg("line", { x1, y1, x2: neckX.toFixed(1), y2: neckY.toFixed(1) }),
    svg("path", { d: `M${points}Z` }),
  );
  return group;
}
