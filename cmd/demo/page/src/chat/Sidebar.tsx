import { useState } from "react";
import type { Channel, SlackState } from "../types.ts";
import { isRoot } from "./workspace.ts";

interface Props {
  slack: SlackState;
  current?: Channel;
  /** The home tab is open instead of a channel. */
  home: boolean;
  onChannel(id: string): void;
  onHome(): void;
}

/** The channel list; a channel with messages newer than the last look at it is bold. Below it the app's home tab. */
export function Sidebar({ slack, current, home, onChannel, onHome }: Props) {
  const [seen, setSeen] = useState<Record<string, string>>({});
  const newest = (id: string) => slack.messages[id]?.findLast(isRoot)?.ts ?? "";
  const open = (id: string) => {
    if (current) setSeen({ ...seen, [current.id]: newest(current.id), [id]: newest(id) });
    onChannel(id);
  };
  const unread = (c: Channel) => c.id !== current?.id && newest(c.id) > (seen[c.id] ?? "");
  return (
    <nav className="sidebar" aria-label="Channels">
      <h2>Channels</h2>
      <ul>
        {slack.channels.map((c) => (
          <li key={c.id}>
            <button
              className={unread(c) ? "unread" : ""}
              aria-current={c.id === current?.id && !home ? "page" : undefined}
              onClick={() => open(c.id)}
            >
              <i aria-hidden="true">{c.private ? <Lock /> : "#"}</i>
              {c.name}
            </button>
          </li>
        ))}
      </ul>
      {slack.home_app && (
        <>
          <h2>Apps</h2>
          <ul>
            <li>
              <button data-testid="home-entry" aria-current={home ? "page" : undefined} onClick={onHome}>
                <i aria-hidden="true"><House /></i>
                Home
              </button>
            </li>
          </ul>
        </>
      )}
    </nav>
  );
}

function House() {
  return (
    <svg viewBox="0 0 16 16" width="13" height="13" fill="currentColor">
      <path d="M8 1.6 1.3 7.4h1.9v6.8h3.6v-4h2.4v4h3.6V7.4h1.9z" />
    </svg>
  );
}

function Lock() {
  return (
    <svg viewBox="0 0 16 16" width="12" height="12" fill="currentColor">
      <path d="M4 7V5a4 4 0 0 1 8 0v2h.5A1.5 1.5 0 0 1 14 8.5v5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 13.5v-5A1.5 1.5 0 0 1 3.5 7H4zm2 0h4V5a2 2 0 0 0-4 0v2z" />
    </svg>
  );
}
