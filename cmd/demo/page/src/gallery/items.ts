import type { Json, Surface, User } from "../types.ts";

/** One message or view, as it is sent to Slack. */
export interface Item {
  name: string;
  kind: "Message" | "Modal" | "Home";
  payload: Json;
}

const person = (id: string, name: string, kind: User["kind"] = "member"): User => ({ id, name, real_name: name, title: "", kind, color: "5b89d5" });

/** Who stands in the gallery's messages. */
export const people = [person("U0ALICE", "Alice"), person("U0BOB", "Bob"), person("U0JUNBAN", "junban", "bot")];

export const names = {
  users: people.map(({ id, real_name }) => ({ id, name: real_name })),
  channels: [{ id: "C0DEPLOYS", name: "deploys" }, { id: "C0WEB", name: "web" }],
  user_groups: [{ id: "S0LEADS", name: "leads" }, { id: "S0ONCALL", name: "oncall" }],
};

/** A view as its person would see it, with what its fields hold at first. */
export function surfaceOf(item: Item): Surface {
  const { payload } = item;
  const label = (key: string) => ((payload[key] as Json | undefined)?.text as string | undefined) ?? "";
  const blocks = payload.blocks as Json[];
  const values: Surface["values"] = {};
  for (const block of blocks) {
    const element = block.element as Json | undefined;
    if (!element) continue;
    values[String(block.block_id)] = { [String(element.action_id)]: { value: element.initial_value, selected_option: element.initial_option } };
  }
  return { id: item.name, type: item.kind === "Home" ? "home" : "modal", user: "U0ALICE", title: label("title"), submit: label("submit"), close: label("close"), blocks, values };
}
