import { Fragment, useEffect, useRef, useState, type ReactNode } from "react";
import type { Message } from "../types.ts";
import { useWorkspace } from "./context.ts";
import { MessageView } from "./MessageView.tsx";

interface Props {
  messages: Message[];
  scope: string;
  open?: string;
  onThread?(ts: string): void;
  /** A line between the first message and the others. */
  rule?: string;
  children?: ReactNode;
}

const near = 48; // pixels from the bottom that still count as the bottom
const together = 300; // seconds within which messages of one author share a head

/** Messages, oldest first. It stays at the bottom when it was there, and else does not move under the reader. */
export function MessageList({ messages, scope, open, onThread, rule, children }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const last = useRef({ top: 0, height: 0 });
  const { me } = useWorkspace();
  const [below, setBelow] = useState(false);

  const toBottom = () => {
    const s = scroller.current;
    if (!s) return; // a size may still be told while the list is being taken away
    s.scrollTop = s.scrollHeight;
    setBelow(false);
  };
  const onScroll = () => {
    const s = scroller.current!;
    const { top, height } = last.current;
    const atBottom = s.scrollHeight - s.scrollTop - s.clientHeight < near;
    // Only a reader moves up while the height stays: what grows or shrinks also scrolls, and must not unpin.
    if (atBottom || (s.scrollTop < top && s.scrollHeight === height)) pinned.current = atBottom;
    last.current = { top: s.scrollTop, height: s.scrollHeight };
    if (atBottom) setBelow(false);
  };
  useEffect(() => {
    const watch = new ResizeObserver(() => pinned.current && toBottom());
    watch.observe(content.current!);
    watch.observe(scroller.current!);
    return () => watch.disconnect();
  }, []);
  const newest = messages.at(-1);
  const mine = Boolean(newest?.user) && newest?.user === me?.id;
  useEffect(() => {
    if (mine) toBottom();
    else if (!pinned.current) setBelow(true);
  }, [newest?.ts, mine]);

  return (
    <div className="list">
      <div className="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label="Messages">
        <div className="content" ref={content}>
          {children}
          {messages.map((m, i) => (
            <Fragment key={`${m.ts}${m.ephemeral_to ?? ""}`}>
              {i === 1 && rule && <p className="rule">{rule}</p>}
              <MessageView
                message={m}
                scope={scope}
                follows={follows(m, messages[i - 1]) && !(i === 1 && rule)}
                open={m.ts === open}
                onThread={onThread}
              />
            </Fragment>
          ))}
        </div>
      </div>
      {below && <button className="below" onClick={toBottom}>↓ New messages</button>}
    </div>
  );
}

function follows(m: Message, before?: Message): boolean {
  if (!before || m.ephemeral_to || before.ephemeral_to) return false;
  const same = m.user === before.user && m.bot_id === before.bot_id && m.username === before.username;
  const quiet = !before.attachments?.length && !m.attachments?.length;
  return same && quiet && Number(m.ts) - Number(before.ts) < together;
}
