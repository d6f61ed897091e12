import type { Target } from "../types.ts";
import { failing, look, meaning, number, secondsUntil, words } from "./states.ts";

interface Props {
  target: Target;
  now: number;
  /** Runs the newer version of two. */
  fresh: boolean;
}

/** One target: who it is, how it is, what it runs, and how much reaches it. */
export function TargetCard({ target: t, now, fresh }: Props) {
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
        <span key={t.version} className={fresh ? "version fresh" : "version"}>{t.version || "no version"}</span>
        <span className="state"><i aria-hidden="true" />{words[kind]}</span>
      </p>
      <p className="means">
        <span>{meaning(t)}</span>
        {left !== null ? <b className="left-time">{left} s left</b> : <span className="rate">{rate(t)}</span>}
      </p>
      <p className="facts">
        <span>{t.instance}</span>
        <span className="spare">{zone(t.zone)}</span>
        <span className="spare">port {t.port}</span>
      </p>
    </li>
  );
}

/** A zone in two parts: where it is narrow, the region is left out. */
function zone(name: string) {
  const [, region, letter] = /^(.*-)(\d[a-z]+)$/.exec(name) ?? [];
  return letter ? <><i>{region}</i>{letter}</> : name;
}

function rate(t: Target): string {
  return t.rps >= 0.5 ? `${number(t.rps)} req/s` : "no traffic";
}
