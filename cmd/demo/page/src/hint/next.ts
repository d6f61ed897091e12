import { buttonsOf } from "../chat/payload.ts";
import { people } from "../chat/workspace.ts";
import type { Message, Target, User, World } from "../types.ts";
import { look } from "../world/states.ts";

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

export function next(scene: Scene): Hint {
  const { world } = scene;
  if (world?.hurry === "running") {
    return { stage: "break", say: "Every instance is restarted **while it serves**. Watch the failed requests: this is what taking turns prevents." };
  }
  if (world?.bot.state === "starting" && !world.bot.restarts) return { stage: "ask", say: "The bot is **starting**." };
  if (world?.bot.state === "down" || world?.bot.state === "starting") {
    return { stage: "roll", say: "The bot is gone, the traffic is not. When it is back it reads its journal and the **same card** goes on." };
  }
  switch (phaseOf(scene.card)) {
    case "approve":
      return approve(scene);
    case "decide":
      return { stage: "break", say: `The rollout has **halted**; the others go on serving. Choose on the card: ${waysOut(scene.card)}.` };
    case "roll":
      return { stage: "roll", say: turn(world) };
    default:
      return ask(scene);
  }
}

/** The buttons of a halted card, as "**Retry**, **Put back** or **Leave out**". */
function waysOut(card?: Message): string {
  const labels = card ? buttonsOf(card).map((b) => `**${b.label}**`) : [];
  return new Intl.ListFormat("en", { type: "disjunction", style: "long" }).format(labels);
}

function ask({ users, me, card, world }: Scene): Hint {
  const requester = requesterAmong(users);
  const held = card && world?.targets.find((t) => look(t) === "out");
  if (held) {
    const type = `/deploy restore ${world?.service} on ${held.name}`;
    const say = `**${held.name}** is held out of service. ${asking(me, requester)} \`${type}\`.`;
    return { stage: "break", say, type, be: requester };
  }
  const type = `/deploy ${world?.service ?? "web"} ${nextVersion(world?.targets ?? [])}`;
  if (me && me.kind !== "member") {
    return { stage: "ask", say: `You are **${first(me)}**, ${describe(me)}: the bot refuses you. ${requester ? `Switch to **${first(requester)}** to ask for a deploy.` : ""}`, be: requester, type };
  }
  if (world?.break_next) return { stage: "break", say: `The next release is broken. ${asking(me, requester)} \`${type}\`, and see where it stops.`, type, be: requester };
  if (world && world.failed > 0) {
    return { stage: "break", say: `${count(world.failed)} failed. **Reset the counter**, then type \`${type}\` and let the bot take turns.`, type, be: requester };
  }
  if (card && world && world.requests > 0) {
    return { stage: "break", say: `**None** of ${count(world.requests)} failed. Now **break the next release**, or see what happens **without draining**.` };
  }
  if (me && me.id !== requester?.id) return { stage: "ask", say: `${asking(me, requester)} \`${type}\`.`, type, be: requester };
  return { stage: "ask", say: `You are **${me ? first(me) : "…"}**. Type \`${type}\` and send it.`, type };
}

/** How a sentence begins that ends with what the requester has to type. */
function asking(me?: User, requester?: User): string {
  return requester && me?.id !== requester.id ? `Switch to **${first(requester)}** and type` : "Type";
}

function approve({ users, me, card }: Scene): Hint {
  const requester = requesterOf(card, users);
  const approver = approverFor(users, requester);
  if (me && me.kind === "member" && me.id !== requester?.id) {
    return { stage: "approve", say: `You are **${first(me)}**. Press **Approve** on the card.` };
  }
  const who = approver ? `Switch to **${first(approver)}** and press **Approve**.` : "Switch to somebody else and press **Approve**.";
  const why = me && me.id === requester?.id ? "Nobody approves their own request." : `${me ? first(me) : "A guest"} may not approve.`;
  return { stage: "approve", say: `${why} ${who}`, be: approver };
}

/** Tells the turn that is being taken, from what the load balancer shows. */
function turn(world?: World): string {
  const is = (state: RegExp) => world?.targets.find((t) => state.test(t.state));
  const draining = is(/^draining$/);
  if (draining) return `**${draining.name}** is draining: it finishes the requests it has and gets no new ones. Try **Kill the bot** now.`;
  const out = is(/^(unused|absent|out|)$/);
  if (out) return `**${out.name}** is out and gets its release; the others carry the traffic. Try **Kill the bot** now.`;
  const initial = is(/^initial$/);
  if (initial) return `**${initial.name}** is back and waits for its first health check.`;
  const unhealthy = is(/^unhealthy$/);
  if (unhealthy) return `**${unhealthy.name}** fails its health checks and gets no requests.`;
  return "Instances leave, get the release and come back, **one at a time**. The thread tells each step.";
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

function describe({ kind }: User): string {
  return kind === "guest" ? "a guest" : kind === "external" ? "from another company" : "a member";
}

function count(n: number): string {
  return `${n.toLocaleString("en")} ${n === 1 ? "request" : "requests"}`;
}
