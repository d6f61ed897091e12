import { useMemo } from "react";
import { post } from "../net.ts";
import type { Channel, Message } from "../types.ts";
import { Composer } from "./Composer.tsx";
import { useWorkspace } from "./context.ts";
import { MessageList } from "./MessageList.tsx";
import { mentions } from "./suggest.ts";
import { threadView } from "./workspace.ts";

interface Props {
  channel: Channel;
  root: Message;
  onClose(): void;
}

export function ThreadPane({ channel, root, onClose }: Props) {
  const { slack, me } = useWorkspace();
  const messages = useMemo(
    () => [root, ...threadView(slack, channel.id, root.ts, me?.id ?? "")],
    [slack, channel.id, root, me?.id],
  );
  const count = messages.length - 1;
  const send = (text: string) => post("/slack/send", { user: me?.id, channel: channel.id, thread_ts: root.ts, text });
  return (
    <section className="thread" aria-label="Thread" data-testid="thread" data-ts={root.ts}>
      <header className="pane-top">
        <button className="back" onClick={onClose} aria-label="Back to the channel">‹</button>
        <h2>Thread</h2>
        <p>#{channel.name}</p>
        <button className="close" onClick={onClose} aria-label="Close the thread">✕</button>
      </header>
      <MessageList messages={messages} scope="t" rule={count === 1 ? "1 reply" : `${count} replies`} />
      <Composer id="thread-composer" label="Reply…" suggestions={mentions(slack.users)} onSend={send} />
    </section>
  );
}
