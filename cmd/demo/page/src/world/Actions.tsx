import { useState } from "react";
import { post } from "../net.ts";
import type { Answer, World } from "../types.ts";
import { useWords, type Words } from "./words.ts";

interface Action {
  id: "break" | "kill" | "hurry";
  title: string;
  says: string;
  /** Why it cannot be pressed now. */
  off?: string;
}

/** The three buttons that make the point. */
export function Actions({ world }: { world?: World }) {
  const w = useWords();
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
    <section className="actions" aria-label={w.actions}>
      {actions(w, world).map(({ id, title, says, off }) => (
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
          <span>{failed?.id === id ? <em role="alert">{failed.error ?? w.wrong}</em> : (off ?? says)}</span>
        </button>
      ))}
    </section>
  );
}

function actions(w: Words, world?: World): Action[] {
  return [
    {
      id: "break",
      title: w.break,
      says: w.breakSays,
      off: world?.break_next ? w.armed : undefined,
    },
    {
      id: "kill",
      title: w.kill,
      says: w.killSays,
      off: world && whereTheBotIs(w, world.bot),
    },
    {
      id: "hurry",
      title: w.hurry,
      says: w.hurrySays,
      off: world?.hurry === "running" ? w.hurried : undefined,
    },
  ];
}

function whereTheBotIs(w: Words, { state, restarts }: World["bot"]): string | undefined {
  if (state === "running") return undefined;
  return state === "starting" && !restarts ? w.botStarts : w.botGone;
}

function Icon({ id }: { id: Action["id"] }) {
  const paths = {
    break: "M12 3 2.5 20h19L12 3zm0 6.5v5m0 2.6v.2",
    kill: "M13 2 4 14h7l-1 8 9-12h-7l1-8z",
    hurry: "M3 6l7 6-7 6V6zm9 0 7 6-7 6V6z",
  };
  return <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d={paths[id]} /></svg>;
}
