import { buttonsOf } from "../chat/payload.ts";
import { people } from "../chat/workspace.ts";
import type { Language, Message, Target, User, World } from "../types.ts";
import { look } from "../world/states.ts";
import { hintWords, type HintWords } from "./words.ts";

export type Stage = "ask" | "approve" | "roll" | "break";

/** What a newcomer should do next. `say` uses **bold** and `code`. */
export interface Hint {
  stage: Stage;
  say: string;
  /** A text that the composer can be filled with. */
  type?: string;
  /** The user to become. */
  be?: User;
}

interface Scene {
  users: User[];
  me?: User;
  card?: Message;
  world?: World;
}

export type Phase = "none" | "approve" | "decide" | "roll" | "over";

/** Where the newest operation is, read from the buttons that its card offers. */
export function phaseOf(card?: Message): Phase {
  if (!card) return "none";
  const offered = buttonsOf(card).map((b) => `${b.action_id} ${b.label}`.toLowerCase());
  const offers = (what: RegExp) => offered.some((o) => what.test(o));
  if (offers(/approve/)) return "approve";
  if (offers(/retry|put.?back|leave.?out/)) return "decide";
  return offers(/abort|withdraw|deny/) ? "roll" : "over";
}

const wordsOf = (world?: World): HintWords => hintWords[world?.language ?? "en"];

export function next(scene: Scene): Hint {
  const { world } = scene;
  const w = wordsOf(world);
  if (world?.hurry === "running") return { stage: "break", say: w.hurried };
  if (world?.bot.state === "starting" && !world.bot.restarts) return { stage: "ask", say: w.starting };
  if (world?.bot.state === "down" || world?.bot.state === "starting") return { stage: "roll", say: w.gone };
  switch (phaseOf(scene.card)) {
    case "approve":
      return approve(scene);
    case "decide":
      return { stage: "break", say: w.halted(waysOut(world?.language ?? "en", scene.card)) };
    case "roll":
      return { stage: "roll", say: turn(world) };
    default:
      return ask(scene);
  }
}

/** The buttons of a halted card, as "**Retry**, **Put back** or **Leave out**". */
function waysOut(language: Language, card?: Message): string {
  const labels = card ? buttonsOf(card).map((b) => `**${b.label}**`) : [];
  return new Intl.ListFormat(language, { type: "disjunction", style: "long" }).format(labels);
}

function ask({ users, me, card, world }: Scene): Hint {
  const w = wordsOf(world);
  const requester = requesterAmong(users);
  const asking = (line: string) => (requester && me?.id !== requester.id ? w.beAndType(first(requester), line) : w.type(line));
  const held = card && world?.targets.find((t) => look(t) === "out");
  if (held) {
    const type = `/deploy restore ${world?.service} on ${held.name}`;
    return { stage: "break", say: w.held(held.name, asking(type)), type, be: requester };
  }
  const type = `/deploy ${world?.service ?? "web"} ${nextVersion(world?.targets ?? [])}`;
  if (me && me.kind !== "member") {
    const say = w.refused(first(me), me.kind) + (requester ? w.gap + w.beToAsk(first(requester)) : "");
    return { stage: "ask", say, be: requester, type };
  }
  if (world?.break_next) return { stage: "break", say: w.broken(asking(type)), type, be: requester };
  if (world && world.failed > 0) return { stage: "break", say: w.failed(world.failed, type), type, be: requester };
  if (card && world && world.requests > 0) return { stage: "break", say: w.none(world.requests) };
  if (me && me.id !== requester?.id) return { stage: "ask", say: w.toType(asking(type)), type, be: requester };
  return { stage: "ask", say: w.youType(me ? first(me) : "…", type), type };
}

function approve({ users, me, card, world }: Scene): Hint {
  const w = wordsOf(world);
  const requester = requesterOf(card, users);
  const approver = approverFor(users, requester);
  if (me && me.kind === "member" && me.id !== requester?.id) return { stage: "approve", say: w.press(first(me)) };
  const why = me && me.id === requester?.id ? w.own : w.mayNot(me ? first(me) : w.aGuest);
  return { stage: "approve", say: why + w.gap + w.beAndPress(approver ? first(approver) : w.somebodyElse), be: approver };
}

/** Tells the turn that is being taken, from what the load balancer shows. */
function turn(world?: World): string {
  const w = wordsOf(world);
  const is = (state: RegExp) => world?.targets.find((t) => state.test(t.state));
  const draining = is(/^draining$/);
  if (draining) return w.draining(draining.name);
  const out = is(/^(unused|absent|out|)$/);
  if (out) return w.out(out.name);
  const initial = is(/^initial$/);
  if (initial) return w.initial(initial.name);
  const unhealthy = is(/^unhealthy$/);
  if (unhealthy) return w.unhealthy(unhealthy.name);
  return w.inTurn;
}

/** The first person that the card mentions: cards name who asked before who decided. */
function requesterOf(card: Message | undefined, users: User[]): User | undefined {
  const said = JSON.stringify([card?.text, card?.blocks, card?.attachments]);
  const ids = [...said.matchAll(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g)].map((m) => m[1]);
  const mentioned = ids.map((id) => users.find((u) => u.id === id));
  return mentioned.find((u) => u && u.kind !== "bot");
}

const approves = (u: User) => /approv|lead/i.test(u.title);
const members = (users: User[]) => people(users).filter((u) => u.kind === "member");

function approverFor(users: User[], requester?: User): User | undefined {
  const others = members(users).filter((u) => u.id !== requester?.id);
  return others.find(approves) ?? others[0];
}

function requesterAmong(users: User[]): User | undefined {
  return members(users).find((u) => !approves(u)) ?? members(users)[0];
}

/** v42 after v41: one more than the highest version that runs. */
export function nextVersion(targets: Target[]): string {
  const numbers = targets.map((t) => Number(/^v(\d+)/.exec(t.version)?.[1] ?? 0));
  const highest = Math.max(0, ...numbers);
  return highest ? `v${highest + 1}` : "v42";
}

export function first(user: User): string {
  return (user.real_name || user.name).split(" ")[0] ?? user.name;
}
