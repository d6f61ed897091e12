import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import { Chat } from "./chat/Chat.tsx";
import { LanguageContext } from "./chat/context.ts";
import { apply, empty, openCard, people } from "./chat/workspace.ts";
import { HintLine } from "./hint/Hint.tsx";
import { next } from "./hint/next.ts";
import { live } from "./net.ts";
import type { SlackEvent, SlackState, User, World } from "./types.ts";
import { Actions } from "./world/Actions.tsx";
import { Counters } from "./world/Counters.tsx";
import { Picture } from "./world/Picture.tsx";
import { words } from "./world/words.ts";

type Change = { state: SlackState } | { event: SlackEvent };
type Tab = "chat" | "world";

const change = (old: SlackState, c: Change) => ("state" in c ? c.state : apply(old, c.event));

export function App() {
  const [slack, update] = useReducer(change, empty);
  const [world, setWorld] = useState<World>();
  const [slackUp, setSlackUp] = useState(true);
  const [worldUp, setWorldUp] = useState(true);
  const [meId, setMe] = useState("");
  const [channelId, setChannel] = useState("");
  const [tab, setTab] = useState<Tab>("chat");
  const [draft, setDraft] = useState({ text: "", count: 0 });

  useEffect(() => live<SlackState, SlackEvent>({
    state: "/slack/state",
    events: "/slack/events",
    onState: (state) => update({ state }),
    onEvent: (event) => update({ event }),
    onStatus: setSlackUp,
  }), []);
  useEffect(() => live<World, World>({
    state: "/world/state",
    events: "/world/events",
    onState: setWorld,
    onEvent: (event) => event.targets && setWorld(event),
    onStatus: setWorldUp,
  }), []);

  const me = slack.users.find((u) => u.id === meId) ?? people(slack.users)[0];
  const channel = slack.channels.find((c) => c.id === channelId) ?? slack.channels[0];
  const card = useMemo(() => (channel ? openCard(slack, channel.id) : undefined), [slack, channel]);
  const hint = next({ users: slack.users, me, card, world });
  const type = useCallback((text: string) => {
    setTab("chat");
    setDraft((d) => ({ text, count: d.count + 1 }));
  }, []);
  const be = useCallback((user: User) => {
    setTab("chat");
    setMe(user.id);
  }, []);

  const language = world?.language ?? "en";
  const w = words[language];
  return (
    <LanguageContext value={language}>
      <div className="page" lang={language} data-tab={tab}>
        <Header />
        <HintLine hint={hint} me={me} language={language} onType={type} onBe={be} />
        {!(slackUp && worldUp) && <p className="offline" role="status">{w.offline}</p>}
        <Counters world={world} stale={!worldUp} />
        <nav className="tabs" aria-label={w.view}>
          <button data-testid="tab-chat" aria-pressed={tab === "chat"} onClick={() => setTab("chat")}>{w.chat}</button>
          <button data-testid="tab-world" aria-pressed={tab === "world"} onClick={() => setTab("world")}>{w.balancer}</button>
        </nav>
        <Chat slack={slack} me={me} channel={channel} service={world?.service} draft={draft} onBe={be} onChannel={setChannel} />
        <main className={worldUp ? "world" : "world stale"} aria-label={w.balancer}>
          <Picture world={world} />
          <Actions world={world} />
        </main>
      </div>
    </LanguageContext>
  );
}

function Header() {
  return (
    <header className="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect className="mark" width="32" height="32" rx="8" />
        {[5, 11, 17, 23].map((x) => (
          <rect key={x} className={x === 17 ? "mark-out" : "mark-in"} x={x} y={x === 17 ? 6 : 12} width="4" height="12" rx="2" />
        ))}
      </svg>
      <h1>Junban <span lang="ja">順番</span></h1>
    </header>
  );
}
