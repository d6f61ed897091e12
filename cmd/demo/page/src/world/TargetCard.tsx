import type { Target } from "../types.ts";
import { failing, look, meaning, secondsUntil } from "./states.ts";
import { useWords, type Words } from "./words.ts";

interface Props {
  target: Target;
  now: number;
  /** Runs the newer version of two. */
  fresh: boolean;
}

/** One target: who it is, how it is, what it runs, and how much reaches it. */
export function TargetCard({ target: t, now, fresh }: Props) {
  const w = useWords();
  const kind = look(t);
  const left = kind === "draining" ? secondsUntil(t.draining_until, now) : null;
  return (
    <li
      className={failing(t) ? `target ${kind} failing` : `target ${kind}`}
      data-testid="target"
      data-instance={t.instance}
      data-state={t.state}
      data-version={t.version}
      title={t.reason || undefined}
    >
      <p className="first">
        <b>{t.name || t.instance}</b>
        <span key={t.version} className={fresh ? "version fresh" : "version"}>{t.version || w.noVersion}</span>
        <span className="state"><i aria-hidden="true" />{w.looks[kind]}</span>
      </p>
      <p className="means">
        <span>{meaning(w, t)}</span>
        {left !== null ? <b className="left-time">{w.left(left)}</b> : <span className="rate">{rate(w, t)}</span>}
      </p>
      <p className="facts">
        <span>{t.instance}</span>
        <span className="spare">{zone(t.zone)}</span>
        <span className="spare">{w.port(t.port)}</span>
      </p>
    </li>
  );
}

/** A zone in two parts: where it is narrow, the region is left out. */
function zone(name: string) {
  const [, region, letter] = /^(.*-)(\d[a-z]+)$/.exec(name) ?? [];
  return letter ? <><i>{region}</i>{letter}</> : name;
}

function rate(w: Words, t: Target): string {
  return t.rps >= 0.5 ? w.perSecond(t.rps) : w.noTraffic;
}
