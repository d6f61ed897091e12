import assert from "node:assert/strict";
import { test } from "node:test";
import { next, nextVersion, phaseOf } from "../src/hint/next.ts";
import type { Message, Target, User, World } from "../src/types.ts";
import { failing, look, secondsUntil } from "../src/world/states.ts";

const user = (id: string, name: string, kind: User["kind"], title = ""): User => ({ id, name, real_name: name, title, kind, color: "" });
const alice = user("UALICE", "Alice", "member", "developer");
const carol = user("UCAROL", "Carol", "member");
const bob = user("UBOB", "Bob", "member", "approver");
const gus = user("UGUS", "Gus", "guest");
const users = [user("UBOT", "junban", "bot"), alice, carol, bob, gus];
const target = (more: Partial<Target> = {}): Target => ({
  instance: "i-1", name: "web-1", zone: "a", port: 80, state: "healthy", reason: "", version: "v41", app: "running", requests: 0, rps: 0, draining_until: "", ...more,
});
const world = (more: Partial<World> = {}): World => ({
  service: "web", group: "web-prod", minimum: 1, healthy: 1, targets: [target()], rps: 0, requests: 10, failed: 0, last_failure: "",
  bot: { state: "running", pid: 1, restarts: 0 }, break_next: false, hurry: "idle", language: "en", ...more,
});
const card = (...labels: string[]): Message => ({
  channel: "C1", ts: "1.0", bot_id: "B1",
  attachments: [{ blocks: [
    { type: "section", text: { type: "mrkdwn", text: "asked by <@UALICE>" } },
    { type: "actions", block_id: "a", elements: labels.map((text) => ({ type: "button", action_id: text, text: { type: "plain_text", text } })) },
  ] }],
});

test("the phase is read from the buttons that the card offers", () => {
  assert.equal(phaseOf(undefined), "none");
  assert.equal(phaseOf(card("Approve", "Deny", "Withdraw")), "approve");
  assert.equal(phaseOf(card("Abort")), "roll");
  assert.equal(phaseOf(card("Retry", "Put back", "Abort")), "decide");
  assert.equal(phaseOf(card()), "over");
});

test("a newcomer is told to ask, with the version after the one that runs", () => {
  const hint = next({ users, me: alice, world: world() });
  assert.equal(hint.stage, "ask");
  assert.equal(hint.type, "/deploy web v42");
  assert.equal(nextVersion([target({ version: "v9" }), target({ version: "v10" })]), "v11");
});

test("a guest is told to be somebody who may ask", () => {
  assert.equal(next({ users, me: gus, world: world() }).be, alice);
});

test("somebody who approves is sent to who asks", () => {
  const hint = next({ users, me: bob, world: world() });
  assert.equal(hint.be, alice);
  assert.match(hint.say, /Switch to \*\*Alice\*\*/);
});

test("an instance that was left out is what to look after next", () => {
  const out = world({ targets: [target(), target({ name: "web-2", state: "unused" })] });
  const hint = next({ users, me: alice, card: card(), world: out });
  assert.equal(hint.type, "/deploy restore web on web-2");
  assert.match(next({ users, me: bob, card: card("Abort"), world: out }).say, /web-2.*out/);
  assert.equal(next({ users, me: bob, card: card("Approve"), world: out }).stage, "approve");
});

test("the release after one that a hurried hand made is the next one", () => {
  assert.equal(nextVersion([target({ version: "v44" }), target({ version: "v45-hurried" })]), "v46");
});

test("the requester is sent to the approver, the approver to the button", () => {
  assert.equal(next({ users, me: alice, card: card("Approve"), world: world() }).be, bob);
  assert.equal(next({ users, me: gus, card: card("Approve"), world: world() }).be, bob);
  const approver = next({ users, me: bob, card: card("Approve"), world: world() });
  assert.equal(approver.be, undefined);
  assert.match(approver.say, /Bob.*Approve/);
});

test("a rollout is told by what the load balancer shows", () => {
  const telling = (t: Partial<Target>) => next({ users, me: bob, card: card("Abort"), world: world({ targets: [target(t)] }) }).say;
  assert.match(telling({ state: "draining" }), /web-1.*draining/);
  assert.match(telling({ state: "unused" }), /web-1.*out/);
  assert.match(telling({ state: "initial" }), /web-1.*first health check/);
});

test("the ways out of a halted rollout are those on the card", () => {
  assert.match(next({ users, me: bob, card: card("Retry", "Leave out"), world: world() }).say, /\*\*Retry\*\* or \*\*Leave out\*\*/);
});

test("a killed bot and a hurried hand come before all else", () => {
  const dead = world({ bot: { state: "down", pid: 0, restarts: 0 } });
  assert.match(next({ users, me: alice, world: world({ bot: { state: "starting", pid: 1, restarts: 0 } }) }).say, /starting/);
  assert.match(next({ users, me: alice, world: world({ bot: { state: "starting", pid: 2, restarts: 1 } }) }).say, /journal/);
  assert.match(next({ users, me: bob, card: card("Abort"), world: dead }).say, /journal/);
  assert.match(next({ users, me: bob, card: card("Abort"), world: world({ hurry: "running" }) }).say, /while it serves/);
});

test("the hints speak the bot's language", () => {
  const ja = world({ language: "ja" });
  assert.match(next({ users, me: alice, world: ja }).say, /\*\*Alice\*\*。`\/deploy web v42` と入力/);
  assert.match(next({ users, me: alice, card: card("approve"), world: ja }).say, /自分の依頼は承認できません。\*\*Bob\*\* に切り替えて/);
  const halted = next({ users, me: bob, card: card("再試行 retry", "中断 abort"), world: ja }).say;
  assert.match(halted, /\*\*再試行 retry\*\*.*\*\*中断 abort\*\*/);
  assert.doesNotMatch(next({ users, me: gus, world: ja }).say, /[a-z]{4,} [a-z]{3,} [a-z]/);
});

test("failed requests are named until the counter is reset", () => {
  assert.match(next({ users, me: alice, world: world({ failed: 1200 }) }).say, /1,200 requests failed/);
  assert.match(next({ users, me: alice, card: card(), world: world() }).say, /None/);
});

test("what is not in the target group is out of service", () => {
  assert.equal(look(target({ state: "unused" })), "out");
  assert.equal(look(target({ state: "" })), "out");
  assert.equal(look(target({ state: "draining" })), "draining");
  assert.equal(failing(target({ app: "stopped" })), true);
  assert.equal(failing(target({ app: "stopped", state: "unused" })), false);
});

test("a countdown is in whole seconds and ends", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(secondsUntil("2026-01-01T00:00:11.200Z", now), 12);
  assert.equal(secondsUntil("2026-01-01T00:00:00Z", now), null);
  assert.equal(secondsUntil("", now), null);
});
