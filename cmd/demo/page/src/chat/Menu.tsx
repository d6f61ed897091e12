import { useEffect, useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import { post } from "../net.ts";
import type { Message, Shortcut } from "../types.ts";
import { useWorkspace } from "./context.ts";

/** The menu of a message: the app's shortcuts. */
export function Menu({ message }: { message: Message }) {
  const { slack, me } = useWorkspace();
  const [open, setOpen] = useState(false);
  const [error, setError] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const items = () => [...root.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];
  useEffect(() => {
    if (open) items()[0]?.focus();
  }, [open]);
  if (!slack.shortcuts.length) return null;

  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  const choose = async ({ callback_id }: Shortcut) => {
    close();
    setError("");
    const answer = await post("/slack/shortcut", { user: me?.id, channel: message.channel, ts: message.ts, callback_id });
    if (!answer.ok) setError(answer.error ?? "no reason given");
  };
  const onKey = (e: KeyboardEvent) => {
    const all = items();
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (open && step) all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
    else if (open && e.key === "Escape") close();
    else return;
    e.preventDefault();
  };
  const onBlur = (e: FocusEvent) => {
    if (!root.current?.contains(e.relatedTarget)) setOpen(false);
  };
  return (
    <div ref={root} className={open ? "menu open" : "menu"} onKeyDown={onKey} onBlur={onBlur}>
      <button data-testid="menu" aria-label="More actions" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true"><circle cx="10" cy="4" r="1.7" /><circle cx="10" cy="10" r="1.7" /><circle cx="10" cy="16" r="1.7" /></svg>
      </button>
      {open && (
        <div role="menu" aria-label="Shortcuts">
          {slack.shortcuts.map((s) => (
            <button key={s.callback_id} role="menuitem" data-shortcut={s.callback_id} tabIndex={-1} onClick={() => void choose(s)}>
              {s.name}<small>{appName(slack.home_app, slack.users)}</small>
            </button>
          ))}
        </div>
      )}
      {error && <p className="click-error" role="alert">That did not work: {error}</p>}
    </div>
  );
}

const appName = (app: string, users: { kind: string; name: string }[]) => app || users.find((u) => u.kind === "bot")?.name || "";
