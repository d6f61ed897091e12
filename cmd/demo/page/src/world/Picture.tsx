import { useEffect, useState } from "react";
import type { World } from "../types.ts";
import { number } from "./states.ts";
import { TargetCard } from "./TargetCard.tsx";
import { hub, Wires } from "./Wires.tsx";

// One row per target; the wires are drawn to these measures, in pixels.
const roomy = { card: 92, gap: 14 };
const close = { card: 78, gap: 10 };
const dense = { card: 56, gap: 7 };

function rowFor(targets: number) {
  return targets <= 4 ? roomy : targets <= 5 ? close : dense;
}

/** Clients, the load balancer, and the targets with the traffic that flows to each. */
export function Picture({ world }: { world?: World }) {
  const now = useNow(world?.targets.some((t) => t.draining_until) ?? false);
  if (!world) return <section className="picture" aria-busy="true" />;
  const { targets } = world;
  const row = rowFor(targets.length);
  const height = Math.max(targets.length * (row.card + row.gap) - row.gap, 250);
  const middle = height / 2;
  const newest = targets.map((t) => t.version).sort(byNumber).at(-1);
  const mixed = targets.some((t) => t.version !== newest);
  return (
    <section className="picture" aria-label={`${world.group}: ${world.healthy} of ${targets.length} targets healthy`}>
      <header>
        <h2>Load balancer</h2>
        <p>Target group <b>{world.group}</b></p>
      </header>
      <div className={row === dense ? "scene dense" : "scene"} style={{ minHeight: height }}>
        <div className="left" style={{ height }}>
          <Wires targets={targets} row={row} height={height} on={world.rps > 0} />
          <div className="node clients" style={{ top: middle - hub.rise }}>
            <ClientsIcon />
            <b>Clients</b>
          </div>
          <div className="node balancer" style={{ top: middle }}>
            <BalancerIcon />
            <b>Load<br />balancer</b>
            <small>{number(world.rps)} req/s</small>
          </div>
        </div>
        <ul className="targets" style={{ gap: row.gap, gridAutoRows: row.card }}>
          {targets.map((t) => (
            <TargetCard key={`${t.instance}:${t.port}`} target={t} now={now} fresh={mixed && t.version === newest} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The time in milliseconds, moving only while something counts down. */
function useNow(moving: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!moving) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [moving]);
  return now;
}

function ClientsIcon() {
  return (
    <svg viewBox="0 0 32 24" width="32" height="24" aria-hidden="true">
      <rect x="2" y="3" width="19" height="13" rx="2" />
      <path d="M8 20h7M11.5 16v4" />
      <rect x="23" y="8" width="7" height="13" rx="1.5" />
    </svg>
  );
}

function BalancerIcon() {
  return (
    <svg viewBox="0 0 32 24" width="32" height="24" aria-hidden="true">
      <path d="M3 12h8m0 0c6 0 5-8 11-8h6M11 12h17M11 12c6 0 5 8 11 8h6" />
      <path d="m25 1 3.5 3L25 7M25 9l3.5 3-3.5 3M25 17l3.5 3-3.5 3" />
    </svg>
  );
}
