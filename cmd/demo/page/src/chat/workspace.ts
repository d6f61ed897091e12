import type { Message, SlackEvent, SlackState, User } from "../types.ts";
import { buttonsOf } from "./payload.ts";

export const empty: SlackState = {
  users: [], groups: [], channels: [], messages: {}, ephemerals: {}, modals: {}, homes: {}, home_app: "", shortcuts: [],
};

/** The workspace after an event. What the event does not touch keeps its identity, so it is not drawn again. */
export function apply(state: SlackState, event: SlackEvent): SlackState {
  const { message, user } = event;
  if (event.type === "modals" && user) return { ...state, modals: { ...state.modals, [user]: event.modals ?? [] } };
  if (event.type === "home" && user && event.home) return { ...state, homes: { ...state.homes, [user]: event.home } };
  if (!message) return state;
  const channel = event.channel ?? message.channel;
  const list = state.messages[channel] ?? [];
  switch (event.type) {
    case "message":
    case "message_changed":
      return { ...state, messages: { ...state.messages, [channel]: put(list, message) } };
    case "message_deleted":
      return { ...state, messages: { ...state.messages, [channel]: list.filter((m) => m.ts !== message.ts) } };
    case "ephemeral": {
      const to = message.ephemeral_to ?? "";
      const seen = state.ephemerals[to] ?? [];
      return { ...state, ephemerals: { ...state.ephemerals, [to]: put(seen, message) } };
    }
    default:
      return state;
  }
}

function put(list: Message[], message: Message): Message[] {
  const at = list.findIndex((m) => m.ts === message.ts && m.channel === message.channel);
  if (at >= 0) return list.with(at, message);
  return [...list, message].sort(byTime);
}

export function byTime(a: { ts: string }, b: { ts: string }): number {
  return Number(a.ts) - Number(b.ts) || (a.ts < b.ts ? -1 : 1);
}

export const isRoot = (m: Message) => !m.thread_ts || m.thread_ts === m.ts;

/** What one person sees in a channel: its root messages, replies that are for all, and what only this person sees. */
export function channelView(state: SlackState, channel: string, me: string): Message[] {
  const own = (state.ephemerals[me] ?? []).filter((m) => m.channel === channel && isRoot(m));
  return [...(state.messages[channel] ?? []).filter((m) => isRoot(m) || m.broadcast), ...own].sort(byTime);
}

/** A thread as one person sees it, without its root. */
export function threadView(state: SlackState, channel: string, root: string, me: string): Message[] {
  const inThread = (m: Message) => m.channel === channel && m.thread_ts === root && m.ts !== root;
  const own = (state.ephemerals[me] ?? []).filter(inThread);
  return [...replies(state, channel, root), ...own].sort(byTime);
}

export function replies(state: SlackState, channel: string, root: string): Message[] {
  return (state.messages[channel] ?? []).filter((m) => m.thread_ts === root && m.ts !== root);
}

/** Who a visitor may be: people, also guests and people from outside, never bots or deleted users. */
export function people(users: User[]): User[] {
  return users.filter((u) => u.kind !== "bot" && u.kind !== "deleted");
}

export function isBot(message: Message, users: User[]): boolean {
  return Boolean(message.bot_id) || users.some((u) => u.id === message.user && u.kind === "bot");
}

/** A bot's newest card in a channel, a root message with blocks: the newest operation. */
export function newestCard(state: SlackState, channel: string): Message | undefined {
  return (state.messages[channel] ?? []).findLast((m) => isCard(state, m));
}

/** The newest card that still offers something to press, else the newest one: what a newcomer should look at. */
export function openCard(state: SlackState, channel: string): Message | undefined {
  const open = (m: Message) => isCard(state, m) && buttonsOf(m).length > 0;
  return (state.messages[channel] ?? []).findLast(open) ?? newestCard(state, channel);
}

function isCard(state: SlackState, m: Message): boolean {
  return isRoot(m) && isBot(m, state.users) && Boolean(m.attachments?.length || m.blocks?.length);
}

export function timeOf(ts: string): string {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}
