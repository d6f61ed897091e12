import { useState } from "react";
import { post } from "../net.ts";
import type { World } from "../types.ts";
import { look, number } from "./states.ts";
import { useWords, type Words } from "./words.ts";

/** The figures that matter, always in view: failed requests, healthy targets, traffic, and the bot. */
export function Counters({ world, stale }: { world?: World; stale: boolean }) {
  const w = useWords();
  if (!world) return <section className="counters" aria-label={w.figures} aria-busy="true" />;
  return (
    <section className={stale ? "counters stale" : "counters"} aria-label={w.figures}>
      <Failed world={world} />
      <div className="figure healthy-figure">
        <h3>{w.healthy}</h3>
        <p className="value" data-testid="healthy" data-value={world.healthy}>
          {world.healthy} <small>{w.ofAll(world.targets.length)}</small>
        </p>
        <Pips world={world} />
        <p className={world.healthy < world.minimum ? "note bad" : "note"}>{w.minimum(world.minimum)}</p>
      </div>
      <div className="figure">
        <h3>{w.requests}</h3>
        <p className="value" data-testid="requests" data-value={world.requests}>{number(world.requests)}</p>
        <p className="note">{w.rate(world.rps)}</p>
      </div>
      <Bot bot={world.bot} />
    </section>
  );
}

function Failed({ world }: { world: World }) {
  const w = useWords();
  const [busy, setBusy] = useState(false);
  const reset = async () => {
    setBusy(true);
    await post("/world/reset");
    setBusy(false);
  };
  const bad = world.failed > 0;
  return (
    <div className={bad ? "figure failed bad" : "figure failed"}>
      <h3>{w.failed}<span>{w.failedRest}</span></h3>
      <p className="value" data-testid="failed" data-value={world.failed} aria-live={bad ? "polite" : "off"}>{number(world.failed)}</p>
      {bad ? (
        <p className="note">
          <span title={world.last_failure}>{world.last_failure && w.last(world.last_failure)}</span>
          <button data-testid="reset" disabled={busy} onClick={() => void reset()}>{w.reset}<i>{w.resetRest}</i></button>
        </p>
      ) : (
        <p className="note">{w.none}</p>
      )}
    </div>
  );
}

function Pips({ world }: { world: World }) {
  return (
    <p className="pips" aria-hidden="true">
      {world.targets.map((t) => <i key={`${t.instance}:${t.port}`} className={look(t)} />)}
    </p>
  );
}

function botWord(w: Words, { state, restarts }: World["bot"]): string {
  return w.botWords[state === "starting" && restarts ? "restarting" : state] ?? state;
}

function Bot({ bot }: { bot: World["bot"] }) {
  const w = useWords();
  const { state, pid, restarts } = bot;
  return (
    <div className={`figure bot ${state}`} data-testid="bot" data-state={state} data-pid={pid}>
      <h3>{w.bot}</h3>
      <p className="value word"><i aria-hidden="true" />{botWord(w, bot)}</p>
      <p className="note">
        <span>{state === "running" ? `pid ${pid}` : w.noProcess}</span>
        {restarts > 0 && <span>{w.restarts(restarts)}</span>}
      </p>
    </div>
  );
}
