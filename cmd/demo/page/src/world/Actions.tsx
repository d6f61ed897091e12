import { useState } from "react";
import { post } from "../net.ts";
import type { Answer, World } from "../types.ts";

interface Action {
  id: "break" | "kill" | "hurry";
  title: string;
  says: string;
  /** Why it cannot be pressed now. */
  off?: string;
}

/** The three buttons that make the point. */
export function Actions({ world }: { world?: World }) {
  const [busy, setBusy] = useState("");
  const [failed, setFailed] = useState<Answer & { id: string }>();
  const press = async (id: string) => {
    setBusy(id);
    setFailed(undefined);
    const answer = await post(`/world/${id}`);
    setBusy("");
    if (!answer.ok) setFailed({ ...answer, id });
  };
  return (
    <section className="actions" aria-label="Try it">
      {actions(world).map(({ id, title, says, off }) => (
        <button
          key={id}
          data-testid={id}
          className={`${id}${off ? " armed" : ""}`}
          disabled={!world || Boolean(off) || busy === id}
          aria-busy={busy === id}
          onClick={() => void press(id)}
        >
          <Icon id={id} />
          <b>{title}</b>
          <span>{failed?.id === id ? <em role="alert">{failed.error ?? "That did not work."}</em> : (off ?? says)}</span>
        </button>
      ))}
    </section>
  );
}

function actions(world?: World): Action[] {
  return [
    {
      id: "break",
      title: "Break the next release",
      says: "It fails on the second instance; the rollout halts, the others serve.",
      off: world?.break_next ? "Armed: the next release will fail its check." : undefined,
    },
    {
      id: "kill",
      title: "Kill the bot",
      says: "kill -9 in the middle; traffic goes on, the same card resumes.",
      off: world && whereTheBotIs(world.bot),
    },
    {
      id: "hurry",
      title: "Without draining",
      says: "The release by a hurried hand, on instances in service: requests fail.",
      off: world?.hurry === "running" ? "Running: watch the failed requests." : undefined,
    },
  ];
}

function whereTheBotIs({ state, restarts }: World["bot"]): string | undefined {
  if (state === "running") return undefined;
  return state === "starting" && !restarts ? "It is starting." : "It is gone. Watch it come back.";
}

function Icon({ id }: { id: Action["id"] }) {
  const paths = {
    break: "M12 3 2.5 20h19L12 3zm0 6.5v5m0 2.6v.2",
    kill: "M13 2 4 14h7l-1 8 9-12h-7l1-8z",
    hurry: "M3 6l7 6-7 6V6zm9 0 7 6-7 6V6z",
  };
  return <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d={paths[id]} /></svg>;
}
