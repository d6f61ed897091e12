import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, partsOf } from "../src/chat/fields.ts";
import { apply, channelView, empty } from "../src/chat/workspace.ts";
import type { Json, Surface } from "../src/types.ts";

const plain = (text: string): Json => ({ type: "plain_text", text });
const option = (value: string): Json => ({ text: plain(`the ${value}`), value });
const ref: Json = {
  type: "input", block_id: "ref", optional: true, label: plain("Ref &amp; tag"), hint: plain("as in git"),
  element: { type: "plain_text_input", action_id: "ref", max_length: 200, placeholder: plain("v42"), initial_value: "v41" },
};
const why: Json = { type: "input", block_id: "why", label: plain("Why"), element: { type: "plain_text_input", action_id: "why", multiline: true } };
const service: Json = {
  type: "input", block_id: "service", label: plain("Service"),
  element: { type: "static_select", action_id: "service", option_groups: [{ label: plain("prod"), options: [option("web"), option("api")] }] },
};
const form = (blocks: Json[], more: Partial<Surface> = {}): Surface => ({ id: "V1", type: "modal", user: "U1", blocks, values: {}, ...more });

test("fields stand where they are in the form, with what is drawn between them in one piece", () => {
  const divider = { type: "divider" };
  const parts = partsOf(form([divider, divider, ref, divider, why]));
  assert.deepEqual(parts.map((p) => ("field" in p ? p.field.block_id : p.blocks.length)), [2, "ref", 1, "why"]);
  assert.deepEqual(partsOf(form(null as unknown as Json[])), []);
});

test("a field has its words unescaped, its kind and what its person may type", () => {
  const [first, second, third] = fieldsOf(form([ref, why, service]));
  assert.deepEqual(
    [first!.label, first!.hint, first!.empty, first!.kind, first!.longest, first!.optional],
    ["Ref & tag", "as in git", "v42", "line", 200, true],
  );
  assert.deepEqual([second!.kind, second!.optional, third!.kind], ["lines", false, "choice"]);
  assert.deepEqual(third!.groups, [{ label: "prod", options: [{ label: "the web", value: "web" }, { label: "the api", value: "api" }] }]);
});

test("what is filled in is what the server holds, and errors stand at their fields", () => {
  const values = { ref: { ref: { type: "plain_text_input", value: "v43" } }, service: { service: { type: "static_select", selected_option: option("api") } } };
  const fields = fieldsOf(form([ref, why, service], { values, errors: { ref: "there is no such ref" } }));
  assert.deepEqual(fields.map((f) => f.value), ["v43", "", "api"]);
  assert.deepEqual(fields.map((f) => f.error), ["there is no such ref", "", ""]);
});

test("a form and a home tab are those of one person", () => {
  const shown = apply(empty, { type: "modals", user: "U1", modals: [form([])] });
  assert.deepEqual([shown.modals.U1?.length, shown.modals.U2], [1, undefined]);
  assert.deepEqual(apply(shown, { type: "modals", user: "U1", modals: [] }).modals.U1, []);
  assert.equal(apply(shown, { type: "home", user: "U2", home: form([], { type: "home" }) }).homes.U2?.type, "home");
});

test("a reply that is for all is seen in the channel too", () => {
  const reply = { channel: "C1", ts: "2.0", thread_ts: "1.0", user: "B1" };
  const state = { ...empty, messages: { C1: [{ channel: "C1", ts: "1.0" }, reply, { ...reply, ts: "3.0", broadcast: true }] } };
  assert.deepEqual(channelView(state, "C1", "U1").map((m) => m.ts), ["1.0", "3.0"]);
});
