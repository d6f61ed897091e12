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
  files?: SlackFile[];
  /** A reply that its channel shows too. */
  broadcast?: boolean;
}

export interface SlackFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  alt_txt?: string;
  url: string;
}

/** A form or a home tab, as whoever has it open sees it. */
export interface Surface {
  id: string;
  type: "modal" | "home";
  user: string;
  title?: string;
  submit?: string;
  close?: string;
  blocks: Json[] | null;
  /** What is filled in, by block and action id, as Slack's view.state.values. */
  values: Record<string, Record<string, Json>>;
  /** What is wrong, by block id. */
  errors?: Record<string, string>;
  trouble?: string;
}

/** An entry in the menu of every message. */
export interface Shortcut {
  callback_id: string;
  name: string;
}

export interface SlackState {
  users: User[];
  groups: Group[];
  channels: Channel[];
  messages: Record<string, Message[]>;
  ephemerals: Record<string, Message[]>;
  /** The views of each person's open form, the top one last. */
  modals: Record<string, Surface[]>;
  homes: Record<string, Surface>;
  /** The name of the app that has a home tab, or "". */
  home_app: string;
  shortcuts: Shortcut[];
}

export interface SlackEvent {
  type: "hello" | "message" | "message_changed" | "message_deleted" | "ephemeral" | "modals" | "home";
  channel?: string;
  message?: Message;
  user?: string;
  modals?: Surface[];
  home?: Surface;
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

/** What the bot speaks. */
export type Language = "en" | "ja";

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
  language: Language;
}

export interface Answer {
  ok: boolean;
  error?: string;
}
