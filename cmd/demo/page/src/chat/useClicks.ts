import { useCallback, useMemo, useState } from "react";
import { post } from "../net.ts";
import type { Message, Surface, User } from "../types.ts";
import type { Button, Confirm } from "./payload.ts";

/** What has buttons: a message, or a form or home tab. */
export type Holder = Message | Surface;

interface Asking {
  holder: Holder;
  button: Button;
  confirm: Confirm;
}

export interface Clicks {
  /** Keys of the clicks that are not answered yet; see clickKey. */
  busy: ReadonlySet<string>;
  asking?: Asking | null;
  /** The last click that was refused, and why. */
  failed: { key: string; error: string } | null;
  click(holder: Holder, button: Button): void;
  answer(yes: boolean): void;
}

export const holderKey = (h: Holder) => ("ts" in h ? h.ts : h.id);
export const clickKey = (user: string, h: Holder, b: Button) => [user, holderKey(h), b.block_id, b.action_id].join("\n");

/** Sends a person's clicks, after the question that the button may ask, and knows which are under way. */
export function useClicks(me?: User): Clicks {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<Asking | null>(null);
  const [failed, setFailed] = useState<Clicks["failed"]>(null);
  const user = me?.id ?? "";

  const send = useCallback(async (holder: Holder, button: Button) => {
    const key = clickKey(user, holder, button);
    const { block_id, action_id } = button;
    setFailed(null);
    setBusy((old) => new Set(old).add(key));
    const answer = "ts" in holder
      ? await post("/slack/click", { user, channel: holder.channel, ts: holder.ts, block_id, action_id })
      : await post("/slack/view/click", { user, view: holder.id, block_id, action_id });
    setBusy((old) => new Set([...old].filter((k) => k !== key)));
    if (!answer.ok) setFailed({ key: holderKey(holder), error: answer.error ?? "no reason given" });
  }, [user]);

  const click = useCallback((holder: Holder, button: Button) => {
    if (button.confirm) setAsking({ holder, button, confirm: button.confirm });
    else void send(holder, button);
  }, [send]);

  const answer = useCallback((yes: boolean) => {
    if (yes && asking) void send(asking.holder, asking.button);
    setAsking(null);
  }, [asking, send]);

  return useMemo(() => ({ busy, asking, failed, click, answer }), [busy, asking, failed, click, answer]);
}
