import type { Attachment, Json, Message } from "../types.ts";
import { mend } from "./mrkdwn.ts";

/** A button as Slack knows it: what a click must name, and the question to ask first. */
export interface Button {
  block_id: string;
  action_id: string;
  label: string;
  style?: string;
  confirm?: Confirm;
}

export interface Confirm {
  title: string;
  text: string;
  confirm: string;
  deny: string;
  danger: boolean;
}

/** Blocks ready for the renderer, and the buttons in them by the element id that each is drawn with. */
export interface Prepared {
  blocks: Json[];
  buttons: Map<string, Button>;
}

/**
 * Makes blocks ready for the renderer. It puts markup right (see mend), and gives every block and button an element id
 * that is unique in the document: the renderer uses block_id and action_id for that, and a message may be drawn twice.
 * It takes out `confirm`, which the renderer would draw itself, and `verbatim`, which it takes for "no markup at all"
 * where Slack only stops looking for links and names in plain words.
 */
export function prepare(scope: string, blocks: Json[], groups?: ReadonlySet<string>): Prepared {
  const buttons = new Map<string, Button>();
  const visit = (value: unknown, block: string): unknown => {
    if (Array.isArray(value)) return value.map((v) => visit(v, block));
    if (!isObject(value)) return value;
    if (value.type === "button" && !value.url) {
      const id = `${scope}-${buttons.size}`;
      buttons.set(id, toButton(value, block));
      const { confirm: _, ...rest } = value;
      return { ...rest, action_id: id };
    }
    if (value.type === "mrkdwn") {
      const { verbatim: _, ...rest } = value;
      return { ...rest, text: mend(String(value.text ?? ""), groups) };
    }
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, visit(v, block)]));
  };
  const prepared = blocks.map((block, i) => {
    const drawn = visit(block, String(block.block_id ?? "")) as Json;
    return { ...drawn, block_id: `${scope}-block-${i}` };
  });
  return { blocks: prepared, buttons };
}

/** All buttons that a message offers, in its blocks and its attachments. */
export function buttonsOf(message: Message): Button[] {
  const parts = [message.blocks ?? [], ...(message.attachments ?? []).map((a) => a.blocks ?? [])];
  return parts.flatMap((blocks) => [...prepare("", blocks).buttons.values()]);
}

/** The text of a message or an attachment without blocks, as a block. */
export function textBlock(text: string): Json[] {
  return text ? [{ type: "section", text: { type: "mrkdwn", text } }] : [];
}

export function attachmentBlocks(a: Attachment): Json[] {
  return a.blocks?.length ? a.blocks : textBlock(a.text || a.fallback || "");
}

function toButton(value: Json, block: string): Button {
  return {
    block_id: block,
    action_id: String(value.action_id ?? ""),
    label: plain(value.text),
    style: value.style as string | undefined,
    confirm: isObject(value.confirm) ? toConfirm(value.confirm) : undefined,
  };
}

function toConfirm(value: Json): Confirm {
  return {
    title: plain(value.title) || "Are you sure?",
    text: plain(value.text),
    confirm: plain(value.confirm) || "Yes",
    deny: plain(value.deny) || "Cancel",
    danger: value.style === "danger",
  };
}

function plain(text: unknown): string {
  return isObject(text) ? String(text.text ?? "") : "";
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
