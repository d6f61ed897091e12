import assert from "node:assert/strict";
import { test } from "node:test";
import { dateText } from "../src/chat/date.ts";
import { mend } from "../src/chat/mrkdwn.ts";
import { buttonsOf, prepare } from "../src/chat/payload.ts";
import { commands, matching } from "../src/chat/suggest.ts";
import { apply, channelView, empty, newestCard, openCard, people, replies, threadView } from "../src/chat/workspace.ts";
import type { Json, Message, SlackState, User } from "../src/types.ts";

const user = (id: string, kind: User["kind"]): User => ({ id, name: id, real_name: id, title: "", kind, color: "#123456" });
const message = (ts: string, more: Partial<Message> = {}): Message => ({ channel: "C1", ts, user: "U1", text: ts, ...more });
const button = (action_id: string, more: Json = {}): Json => ({ type: "button", action_id, text: { type: "plain_text", text: action_id }, ...more });
const workspace: SlackState = { ...empty, users: [user("U1", "member"), user("B1", "bot")] };
const add = (state: SlackState, ...list: Message[]) =>
  list.reduce((s, m) => apply(s, { type: "message", channel: m.channel, message: m }), state);

test("an edit takes the place of its message and leaves the others alone", () => {
  const before = add(workspace, message("1.000100"), message("2.000100"));
  const after = apply(before, { type: "message_changed", channel: "C1", message: message("1.000100", { text: "new" }) });
  assert.deepEqual(after.messages.C1!.map((m) => m.text), ["new", "2.000100"]);
  assert.equal(after.messages.C1![1], before.messages.C1![1]);
});

test("messages are ordered by time, whatever order they come in, and never doubled", () => {
  const state = add(workspace, message("10.000100"), message("9.000200"), message("9.000100"), message("10.000100"));
  assert.deepEqual(state.messages.C1!.map((m) => m.ts), ["9.000100", "9.000200", "10.000100"]);
});

test("a deleted message goes", () => {
  const state = apply(add(workspace, message("1.0")), { type: "message_deleted", channel: "C1", message: message("1.0") });
  assert.deepEqual(state.messages.C1, []);
});

test("an ephemeral message is seen by its person alone, in its place", () => {
  const state = add(workspace, message("1.0"), message("3.0"));
  const told = apply(state, { type: "ephemeral", channel: "C1", message: message("2.0", { ephemeral_to: "U2" }) });
  assert.deepEqual(channelView(told, "C1", "U2").map((m) => m.ts), ["1.0", "2.0", "3.0"]);
  assert.deepEqual(channelView(told, "C1", "U1").map((m) => m.ts), ["1.0", "3.0"]);
});

test("replies are in their thread, not in the channel", () => {
  const state = add(workspace, message("1.0", { thread_ts: "1.0" }), message("2.0", { thread_ts: "1.0" }));
  const own = apply(state, { type: "ephemeral", message: message("3.0", { thread_ts: "1.0", ephemeral_to: "U1" }) });
  assert.deepEqual(channelView(own, "C1", "U1").map((m) => m.ts), ["1.0"]);
  assert.deepEqual(threadView(own, "C1", "1.0", "U1").map((m) => m.ts), ["2.0", "3.0"]);
  assert.equal(replies(own, "C1", "1.0").length, 1);
});

test("nobody can be a bot or a deleted user", () => {
  const all = (["member", "guest", "external", "bot", "deleted"] as const).map((kind) => user(kind, kind));
  assert.deepEqual(people(all).map((u) => u.id), ["member", "guest", "external"]);
});

test("the newest card is the bot's newest root message with blocks", () => {
  const card = message("2.0", { user: "B1", attachments: [{ color: "#fff", blocks: [{ type: "divider" }] }] });
  const reply = { ...card, ts: "3.0", thread_ts: "2.0" };
  const state = add(workspace, card, reply, message("4.0", { user: "B1" }), message("5.0", { blocks: [{ type: "divider" }] }));
  assert.equal(newestCard(state, "C1")?.ts, "2.0");
});

test("the card to look at is the newest that still offers a button, else the newest", () => {
  const card = (ts: string, ...elements: Json[]) => message(ts, { bot_id: "B", blocks: [{ type: "actions", elements }] });
  assert.equal(openCard(add(workspace, card("1.0", button("abort")), card("2.0")), "C1")?.ts, "1.0");
  assert.equal(openCard(add(workspace, card("1.0"), card("2.0")), "C1")?.ts, "2.0");
});

test("every button is drawn under an id of its own that leads back to block and action, without confirm", () => {
  const confirm = { title: { text: "Sure?" }, text: { text: "It stops." }, confirm: { text: "Stop" }, deny: { text: "No" }, style: "danger" };
  const blocks = [
    { type: "section", block_id: "s", text: { type: "mrkdwn", text: "x" }, accessory: button("go") },
    { type: "actions", block_id: "a", elements: [button("go"), button("abort", { confirm })] },
  ];
  const { blocks: drawn, buttons } = prepare("c1", blocks);
  assert.deepEqual([...buttons.values()].map((b) => `${b.block_id}/${b.action_id}`), ["s/go", "a/go", "a/abort"]);
  assert.equal(new Set([...buttons.keys(), ...prepare("t1", blocks).buttons.keys()]).size, 6);
  assert.ok(!JSON.stringify(drawn).includes("confirm"));
  assert.deepEqual([...buttons.values()][2]!.confirm, { title: "Sure?", text: "It stops.", confirm: "Stop", deny: "No", danger: true });
});

test("buttons are found in attachments too", () => {
  const inside = message("1.0", { attachments: [{ blocks: [{ type: "actions", block_id: "a", elements: [button("approve")] }] }] });
  assert.deepEqual(buttonsOf(inside).map((b) => b.action_id), ["approve"]);
});

test("code is shown as it was, text keeps its escapes", () => {
  assert.equal(mend("ran\n```\na &amp;&amp; b -&gt; c\n```"), "ran\n```a && b -> c```");
  assert.equal(mend("`a &lt; b` &amp; 3 &lt; 4 -&gt; 5"), "`a < b` &amp; 3 &lt; 4 -> 5");
  assert.equal(mend("&gt; quoted\n&gt; again"), "&gt; quoted\n&gt; again");
});

test("bold that ends in a point ends there, whatever follows without a space", () => {
  assert.equal(mend("*できません。*\u200bこの `a\u200bb`"), "*できません。*\u200aこの `a\u200bb`");
});

test("verbatim markup is still markup, and a group is shown by its handle", () => {
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*ask* S0LEADS or <!subteam^S0LEADS>, not `S0LEADS` or S0NONE", verbatim: true } }];
  assert.deepEqual(prepare("c", blocks, new Set(["S0LEADS"])).blocks[0]!.text, {
    type: "mrkdwn", text: "*ask* <!subteam^S0LEADS> or <!subteam^S0LEADS>, not `S0LEADS` or S0NONE",
  });
});

test("a date is told as near as it is, and by its fallback where the form is unknown", () => {
  const at = new Date(2026, 10, 22, 0, 35, 20);
  const said = (format: string, now: Date) => dateText(at.getTime() / 1000, format, "then", now);
  assert.equal(said("{date_short_pretty} {time_secs}", new Date(2026, 10, 22, 23, 59)), "today 00:35:20");
  assert.equal(said("{date_short_pretty} at {time}", new Date(2026, 10, 21, 23, 59)), "tomorrow at 00:35");
  assert.equal(said("{date_short_pretty}", new Date(2026, 10, 23, 1)), "yesterday");
  assert.equal(said("{date_short_pretty}", new Date(2026, 11, 23)), "Nov 22, 2026");
  assert.equal(said("{date_num} {fortnight}", at), "then");
  const japanese = (now: Date) => dateText(at.getTime() / 1000, "{date_short_pretty} {time}", "then", now, "ja");
  assert.equal(japanese(new Date(2026, 10, 22, 23, 59)), "今日 00:35");
  assert.match(japanese(new Date(2026, 11, 23)), /^2026年11月22日 00:35$/);
});

test("suggestions go on from what is typed and end when it is said", () => {
  const all = commands("web");
  assert.equal(matching(all, "/").length, all.length);
  assert.deepEqual(matching(all, "/deploy s").map((s) => s.text), ["/deploy status web"]);
  assert.deepEqual(matching(all, "/deploy web v42"), []);
  assert.deepEqual(matching(all, "hello"), []);
});
