import { useCallback, useMemo, useState } from "react";
import { post } from "../net.ts";
import type { Message, User } from "../types.ts";
import type { Button, Confirm } from "./payload.ts";

interface Asking {
  message: Message;
  button: Button;
  confirm: Confirm;
}

export interface Clicks {
  /** Keys of the clicks that are not answered yet; see clickKey. */
  busy: ReadonlySet<string>;
  asking?: Asking | null;
  /** The last click that was refused, and why. */
  failed: { ts: string; error: string } | null;
  click(message: Message, button: Button): void;
  answer(yes: boolean): void;
}

export const clickKey = (user: string, ts: string, b: Button) => [user, ts, b.block_id, b.action_id].join("\n");

/** Sends a person's clicks, after the question that the button may ask, and knows which are under way. */
export function useClicks(me?: User): Clicks {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<Asking | null>(null);
  const [failed, setFailed] = useState<Clicks["failed"]>(null);
  const user = me?.id ?? "";

  const send = useCallback(async (message: Message, button: Button) => {
    const key = clickKey(user, message.ts, button);
    const { block_id, action_id } = button;
    setFailed(null);
    setBusy((old) => new Set(old).add(key));
    const answer = await post("/slack/click", { user, channel: message.channel, ts: message.ts, block_id, action_id });
    setBusy((old) => new Set([...old].filter((k) => k !== key)));
    if (!answer.ok) setFailed({ ts: message.ts, error: answer.error ?? "no reason given" });
  }, [user]);

  const click = useCallback((message: Message, button: Button) => {
    if (button.confirm) setAsking({ message, button, confirm: button.confirm });
    else void send(message, button);
  }, [send]);

  const answer = useCallback((yes: boolean) => {
    if (yes && asking) void send(asking.message, asking.button);
    setAsking(null);
  }, [asking, send]);

  return useMemo(() => ({ busy, asking, failed, click, answer }), [busy, asking, failed, click, answer]);
}
