import { useState } from "react";
import { post } from "../net.ts";
import type { World } from "../types.ts";
import { look, number } from "./states.ts";

/** The figures that matter, always in view: failed requests, healthy targets, traffic, and the bot. */
export function Counters({ world, stale }: { world?: World; stale: boolean }) {
  if (!world) return <section className="counters" aria-label="Figures" aria-busy="true" />;
  return (
    <section className={stale ? "counters stale" : "counters"} aria-label="Figures">
      <Failed world={world} />
      <div className="figure healthy-figure">
        <h3>Healthy</h3>
        <p className="value" data-testid="healthy" data-value={world.healthy}>
          {world.healthy} <small>of {world.targets.length}</small>
        </p>
        <Pips world={world} />
        <p className={world.healthy < world.minimum ? "note bad" : "note"}>minimum {world.minimum}</p>
      </div>
      <div className="figure">
        <h3>Requests</h3>
        <p className="value" data-testid="requests" data-value={world.requests}>{number(world.requests)}</p>
        <p className="note">{number(world.rps)} a second</p>
      </div>
      <Bot bot={world.bot} />
    </section>
  );
}

function Failed({ world }: { world: World }) {
  const [busy, setBusy] = useState(false);
  const reset = async () => {
    setBusy(true);
    await post("/world/reset");
    setBusy(false);
  };
  const bad = world.failed > 0;
  return (
    <div className={bad ? "figure failed bad" : "figure failed"}>
      <h3>Failed<span> requests</span></h3>
      <p className="value" data-testid="failed" data-value={world.failed} aria-live={bad ? "polite" : "off"}>{number(world.failed)}</p>
      {bad ? (
        <p className="note">
          <span title={world.last_failure}>{world.last_failure && `last: ${world.last_failure}`}</span>
          <button data-testid="reset" disabled={busy} onClick={() => void reset()}>Reset<i> counter</i></button>
        </p>
      ) : (
        <p className="note">not one lost</p>
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

function botWord({ state, restarts }: World["bot"]): string {
  const words: Record<string, string> = { running: "Running", down: "Down", starting: restarts ? "Restarting" : "Starting" };
  return words[state] ?? state;
}

function Bot({ bot }: { bot: World["bot"] }) {
  const { state, pid, restarts } = bot;
  return (
    <div className={`figure bot ${state}`} data-testid="bot" data-state={state} data-pid={pid}>
      <h3>Bot</h3>
      <p className="value word"><i aria-hidden="true" />{botWord(bot)}</p>
      <p className="note">
        <span>{state === "running" ? `pid ${pid}` : "no process"}</span>
        {restarts > 0 && <span>{restarts} {restarts === 1 ? "restart" : "restarts"}</span>}
      </p>
    </div>
  );
}
