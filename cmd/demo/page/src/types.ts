// What the demo's server says about its chat and its world. Times in `ts` are Slack's "seconds.counter" strings.

export type Kind = "member" | "guest" | "external" | "bot" | "deleted";

export interface User {
  id: string;
  name: string;
  real_name: string;
  title: string;
  kind: Kind;
  color: string;
}

/** A user group; its handle is without @. */
export interface Group {
  id: string;
  handle: string;
}

export interface Channel {
  id: string;
  name: string;
  private: boolean;
  topic: string;
}

/** Any part of a Block Kit payload; only the renderer knows its shape. */
export type Json = { [key: string]: unknown };

export interface Attachment {
  color?: string;
  text?: string;
  fallback?: string;
  blocks?: Json[];
}

export interface Message {
  channel: string;
  ts: string;
  thread_ts?: string;
  user?: string;
  bot_id?: string;
  username?: string;
  text?: string;
  blocks?: Json[] | null;
  attachments?: Attachment[] | null;
  edited?: { ts: string } | null;
  metadata?: unknown;
  reply_count?: number;
  ephemeral_to?: string;
}

export interface SlackState {
  users: User[];
  groups: Group[];
  channels: Channel[];
  messages: Record<string, Message[]>;
  ephemerals: Record<string, Message[]>;
}

export interface SlackEvent {
  type: "hello" | "message" | "message_changed" | "message_deleted" | "ephemeral";
  channel?: string;
  message?: Message;
}

export interface Target {
  instance: string;
  name: string;
  zone: string;
  port: number;
  state: string;
  reason: string;
  version: string;
  app: string;
  requests: number;
  rps: number;
  draining_until: string;
}

export interface World {
  service: string;
  group: string;
  minimum: number;
  healthy: number;
  targets: Target[];
  rps: number;
  requests: number;
  failed: number;
  last_failure: string;
  bot: { state: string; pid: number; restarts: number };
  break_next: boolean;
  hurry: string;
}

export interface Answer {
  ok: boolean;
  error?: string;
}
