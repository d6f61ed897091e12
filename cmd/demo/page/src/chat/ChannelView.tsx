import { useMemo } from "react";
import { post } from "../net.ts";
import type { Channel } from "../types.ts";
import { Avatar } from "./Avatar.tsx";
import { Composer } from "./Composer.tsx";
import { useWorkspace } from "./context.ts";
import { MessageList } from "./MessageList.tsx";
import { commands } from "./suggest.ts";
import { channelView } from "./workspace.ts";

interface Props {
  channel: Channel;
  draft: { text: string; count: number };
  /** The thread that is open. */
  open?: string;
  onThread(ts: string): void;
}

export function ChannelView({ channel, draft, open, onThread }: Props) {
  const { slack, me, service } = useWorkspace();
  const messages = useMemo(() => channelView(slack, channel.id, me?.id ?? ""), [slack, channel.id, me?.id]);
  const send = (text: string) => post("/slack/send", { user: me?.id, channel: channel.id, thread_ts: "", text });
  return (
    <section className="channel" aria-label={`Channel ${channel.name}`} data-testid="channel">
      <header className="pane-top">
        <h2>{channel.private ? "" : "# "}{channel.name}</h2>
        {channel.topic && <p>{channel.topic}</p>}
      </header>
      <MessageList messages={messages} scope="c" open={open} onThread={onThread}>
        {messages.length === 0 && <Welcome channel={channel} service={service} />}
      </MessageList>
      <Composer
        id="composer"
        label={`Message #${channel.name}`}
        draft={draft}
        suggestions={commands(service)}
        onSend={send}
      />
    </section>
  );
}

function Welcome({ channel, service }: { channel: Channel; service: string }) {
  return (
    <div className="welcome">
      <Avatar name="" bot size={44} />
      <h3>This is the beginning of #{channel.name}</h3>
      <p>
        Somebody asks for a release of <b>{service}</b>, somebody else approves it. Then Junban takes one instance after
        another out of the load balancer, deploys, and puts it back, while the service stays up.
      </p>
    </div>
  );
}
