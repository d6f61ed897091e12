import { memo, useMemo } from "react";
import type { Message } from "../types.ts";
import { Avatar } from "./Avatar.tsx";
import { Blocks } from "./Blocks.tsx";
import { Files } from "./Files.tsx";
import { Menu } from "./Menu.tsx";
import { attachmentBlocks, textBlock } from "./payload.ts";
import { useWorkspace } from "./context.ts";
import { isBot, replies, timeOf } from "./workspace.ts";

interface Props {
  message: Message;
  /** The pane it is drawn in: "c" or "t". */
  scope: string;
  /** Follows a message of the same author: drawn without head. */
  follows: boolean;
  open: boolean;
  onThread?(ts: string): void;
}

export const MessageView = memo(function MessageView({ message, scope, follows, open, onThread }: Props) {
  const { slack, clicks } = useWorkspace();
  const author = slack.users.find((u) => u.id === message.user);
  const bot = isBot(message, slack.users);
  const person = bot ? "" : author?.real_name || author?.name;
  const name = person || message.username || author?.real_name || author?.name || (bot ? "Junban" : "Slackbot");
  const slackbot = !author && !message.bot_id && !message.username;
  const own = useMemo(() => (message.blocks?.length ? message.blocks : textBlock(message.text ?? "")), [message]);
  const attached = useMemo(() => (message.attachments ?? []).map(attachmentBlocks), [message]);
  const place = `${scope}${message.ts.replace(".", "-")}`;
  const className = ["message", follows && "follows", message.ephemeral_to && "ephemeral", open && "open"].filter(Boolean).join(" ");
  return (
    <article className={className} data-testid="message" data-ts={message.ts}>
      <div className="gutter">
        {follows ? <time>{timeOf(message.ts)}</time> : <Avatar name={name} color={author?.color} bot={bot || slackbot} />}
      </div>
      <div className="body">
        {!message.ephemeral_to && <Menu message={message} />}
        {onThread && message.broadcast && <button className="from-thread" onClick={() => onThread(message.thread_ts!)}>replied to a thread</button>}
        {message.ephemeral_to && <p className="only-you">Only visible to you</p>}
        {!follows && (
          <header>
            <b>{name}</b>
            {bot && <span className="app">APP</span>}
            {author && author.kind !== "bot" && author.kind !== "member" && <span className="app">{author.kind}</span>}
            <time>{timeOf(message.ts)}</time>
          </header>
        )}
        {own.length > 0 && <Blocks holder={message} blocks={own} scope={`${place}-m`} />}
        {message.edited && !bot && <small className="edited">(edited)</small>}
        {message.attachments?.map((a, i) => (
          <div key={i} className="attachment" style={{ borderLeftColor: barColor(a.color) }}>
            <Blocks holder={message} blocks={attached[i]!} scope={`${place}-a${i}`} />
          </div>
        ))}
        {clicks.failed?.key === message.ts && <p className="click-error" role="alert">That did not work: {clicks.failed.error}</p>}
        {message.files && <Files files={message.files} />}
        {onThread && !message.ephemeral_to && !message.broadcast && <ThreadLink message={message} onThread={onThread} />}
      </div>
    </article>
  );
});

function ThreadLink({ message, onThread }: { message: Message; onThread(ts: string): void }) {
  const { slack } = useWorkspace();
  const list = replies(slack, message.channel, message.ts);
  const count = list.length || message.reply_count || 0;
  const last = list.at(-1);
  return (
    <button className={count ? "replies" : "replies none"} data-testid="replies" onClick={() => onThread(message.ts)}>
      {count ? <b>{count} {count === 1 ? "reply" : "replies"}</b> : <b>Reply in thread</b>}
      {last && <span>Last reply at {timeOf(last.ts)}</span>}
    </button>
  );
}

const named: Record<string, string> = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

function barColor(color = "#dddddd"): string {
  return named[color] ?? (color.startsWith("#") ? color : `#${color}`);
}
