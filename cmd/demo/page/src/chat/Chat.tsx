import { memo, useEffect, useMemo, useState } from "react";
import type { Channel, SlackState, User } from "../types.ts";
import { ChannelView } from "./ChannelView.tsx";
import { ConfirmDialog } from "./ConfirmDialog.tsx";
import { FormDialog } from "./FormDialog.tsx";
import { HomeView } from "./HomeView.tsx";
import { Sidebar } from "./Sidebar.tsx";
import { ThreadPane } from "./ThreadPane.tsx";
import { useClicks } from "./useClicks.ts";
import { Who } from "./Who.tsx";
import { newestCard } from "./workspace.ts";
import { GroupsContext, NamesContext, WorkspaceContext } from "./context.ts";

interface Props {
  slack: SlackState;
  me?: User;
  channel?: Channel;
  service?: string;
  draft: { text: string; count: number };
  onBe(user: User): void;
  onChannel(id: string): void;
}

const wide = window.matchMedia("(min-width: 1100px)");

/** The chat: a workspace with its channels, one of them open, and a thread beside it or, on a phone, over it. */
export const Chat = memo(function Chat({ slack, me, channel, service, draft, onBe, onChannel }: Props) {
  const [thread, setThread] = useState("");
  const [home, setHome] = useState(false);
  const clicks = useClicks(me);
  const workspace = useMemo(
    () => ({ slack, me, service: service ?? "web", clicks }),
    [slack, me, service, clicks],
  );
  const { users, groups, channels } = slack;
  const names = useMemo(() => ({
    users: users.map((u) => ({ id: u.id, name: u.real_name || u.name })),
    channels: channels.map(({ id, name }) => ({ id, name })),
    user_groups: groups.map(({ id, handle }) => ({ id, name: handle })),
  }), [users, groups, channels]);
  const groupIds = useMemo(() => new Set(groups.map((g) => g.id)), [groups]);
  const newest = channel && newestCard(slack, channel.id)?.ts;
  useEffect(() => {
    if (newest && wide.matches) setThread(newest);
  }, [newest]);
  useEffect(() => {
    if (!draft.count) return;
    setHome(false);
    setThread((t) => (wide.matches ? t : "")); // the composer to fill must not be covered
  }, [draft]);

  const root = home ? undefined : slack.messages[channel?.id ?? ""]?.find((m) => m.ts === thread);
  const choose = (id: string) => {
    if (home) setHome(false);
    else setThread("");
    onChannel(id);
  };
  const form = slack.modals[me?.id ?? ""]?.at(-1);
  return (
    <WorkspaceContext value={workspace}><NamesContext value={names}><GroupsContext value={groupIds}>
      <section className={root ? "chat has-thread" : "chat"} aria-label="Chat">
        <header className="chat-top">
          <strong>Junban demo</strong>
          <Who me={me} users={slack.users} onBe={onBe} />
        </header>
        <Sidebar slack={slack} current={channel} home={home} onChannel={choose} onHome={() => setHome(true)} />
        {home && <HomeView />}
        {channel && !home && <ChannelView key={channel.id} channel={channel} draft={draft} open={root?.ts} onThread={setThread} />}
        {channel && root && <ThreadPane key={root.ts} channel={channel} root={root} onClose={() => setThread("")} />}
        {form && <FormDialog key={form.id} surface={form} />}
        {clicks.asking && <ConfirmDialog confirm={clicks.asking.confirm} onAnswer={clicks.answer} />}
      </section>
    </GroupsContext></NamesContext></WorkspaceContext>
  );
});
