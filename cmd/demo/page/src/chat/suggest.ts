import type { User } from "../types.ts";

export interface Suggestion {
  /** What is typed when it is chosen. */
  text: string;
  /** The rest of the form, shown dim. */
  form?: string;
  says: string;
}

/** The slash commands that the composer offers. */
export function commands(service: string): Suggestion[] {
  return [
    { text: `/deploy ${service} `, form: "v42", says: "Ask for a release, one instance at a time" },
    { text: `/deploy plan ${service} `, form: "v42", says: "What it would do, without doing it" },
    { text: `/deploy status ${service}`, says: "What runs where, and who is waiting" },
    { text: `/deploy history ${service}`, says: "What was deployed, by whom" },
    { text: "/deploy abort", says: "Stop after the current step" },
    { text: "/deploy help", says: "All commands" },
  ];
}

/** What can be said to the bot in a thread, where slash commands do not work. */
export function mentions(users: User[]): Suggestion[] {
  const bot = users.find((u) => u.kind === "bot")?.name ?? "junban";
  return [
    { text: `@${bot} status`, says: "Where this rollout is" },
    { text: `@${bot} abort`, says: "Stop this rollout after the current step" },
    { text: `@${bot} help`, says: "All commands" },
  ];
}

/** The suggestions that go on from what is typed; none once it says as much as they do. */
export function matching(all: Suggestion[], typed: string): Suggestion[] {
  const start = typed.trimStart().toLowerCase();
  if (!start) return [];
  return all.filter((s) => s.text.toLowerCase().startsWith(start) && s.text.trimEnd().length > start.trimEnd().length);
}
