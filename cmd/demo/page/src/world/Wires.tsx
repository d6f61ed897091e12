import type { Target } from "../types.ts";
import { failing, look } from "./states.ts";

interface Props {
  targets: Target[];
  row: { card: number; gap: number };
  height: number;
  /** Whether clients send anything. */
  on: boolean;
}

/** The load balancer in the drawing: its centre, half its width, and how far above it the clients are, in pixels. */
export const hub = { x: 52, half: 44, rise: 96 };
const width = 152; // on a phone the drawing is squeezed to less

/** The lines from the clients to the load balancer and on to each target; dots run where requests flow. */
export function Wires({ targets, row, height, on }: Props) {
  const middle = height / 2;
  const start = hub.x + hub.half;
  const bend = (width - start) * 0.55;
  const y = (i: number) => i * (row.card + row.gap) + row.card / 2;
  return (
    <svg className="wires" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <Wire kind="healthy" flows={on} d={`M ${hub.x} ${middle - hub.rise + 26} V ${middle - 40}`} />
      {targets.map((t, i) => (
        <Wire
          key={`${t.instance}:${t.port}`}
          kind={failing(t) ? "failing" : look(t)}
          flows={t.rps > 0.5}
          d={`M ${start} ${middle} C ${start + bend} ${middle}, ${width - bend} ${y(i)}, ${width - 3} ${y(i)}`}
        />
      ))}
    </svg>
  );
}

function Wire({ kind, flows, d }: { kind: string; flows: boolean; d: string }) {
  return (
    <g className={`wire ${kind}${flows ? " flows" : ""}`}>
      <path className="line" d={d} />
      <path className="dots" d={d} />
    </g>
  );
}
