import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { World } from "../types.ts";
import { TargetCard } from "./TargetCard.tsx";
import { hub, Wires } from "./Wires.tsx";
import { useWords } from "./words.ts";

// One row per target; the wires are drawn to these measures, in pixels.
const rows = [
  { name: "roomy", card: 92, gap: 14 },
  { name: "close", card: 76, gap: 9 },
  { name: "snug", card: 66, gap: 7 },
  { name: "dense", card: 50, gap: 5 },
];
const least = 250; // so that the clients fit above the load balancer

const heightOf = (targets: number, row: { card: number; gap: number }) => targets * (row.card + row.gap) - row.gap;

/** The largest measure with which all targets are in view; if none is, the picture scrolls. */
function rowFor(targets: number, room: number) {
  return rows.find((row) => heightOf(targets, row) <= room) ?? rows.at(-1)!;
}

/** Clients, the load balancer, and the targets with the traffic that flows to each. */
export function Picture({ world }: { world?: World }) {
  const w = useWords();
  const now = useNow(world?.targets.some((t) => t.draining_until) ?? false);
  const box = useRef<HTMLDivElement>(null);
  const room = useRoom(box, Boolean(world));
  if (!world) return <section className="picture" aria-busy="true" />;
  const { targets } = world;
  const row = rowFor(targets.length, room);
  const height = Math.max(heightOf(targets.length, row), least);
  const middle = height / 2;
  const newest = targets.map((t) => t.version).sort(byNumber).at(-1);
  const mixed = targets.some((t) => t.version !== newest);
  return (
    <section className="picture" aria-label={`${world.group}: ${w.healthy} ${world.healthy} ${w.ofAll(targets.length)}`}>
      <header>
        <h2>{w.balancer}</h2>
        <p>{w.group} <b>{world.group}</b></p>
      </header>
      <div className="room" ref={box}>
        <div className={`scene ${row.name}`} style={{ minHeight: height }}>
          <div className="left" style={{ height }}>
            <Wires targets={targets} row={row} height={height} on={world.rps > 0} />
            <div className="node clients" style={{ top: middle - hub.rise }}>
              <ClientsIcon />
              <b>{w.clients}</b>
            </div>
            <div className="node balancer" style={{ top: middle }}>
              <BalancerIcon />
              <b>{w.balancer}</b>
              <small>{w.perSecond(world.rps)}</small>
            </div>
          </div>
          <ul className="targets" style={{ gap: row.gap, gridAutoRows: row.card }}>
            {targets.map((t) => (
              <TargetCard key={`${t.instance}:${t.port}`} target={t} now={now} fresh={mixed && t.version === newest} />
            ))}
          </ul>
        </div>
      </div>
    </section>
  );
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

const phone = window.matchMedia("(max-width: 860px)"); // there the page scrolls: room for any height

/** How many pixels high the drawing may be without scrolling. */
function useRoom(box: RefObject<HTMLElement | null>, drawn: boolean): number {
  const [room, setRoom] = useState(Infinity);
  useLayoutEffect(() => {
    const b = box.current;
    if (!b) return;
    const measure = () => setRoom(phone.matches ? Infinity : b.clientHeight);
    const watch = new ResizeObserver(measure);
    watch.observe(b);
    measure();
    return () => watch.disconnect();
  }, [box, drawn]);
  return room;
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
