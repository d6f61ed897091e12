import type { Json, Surface } from "../types.ts";

/** A field of a form, read from its input block. */
export interface Field {
  block_id: string;
  action_id: string;
  label: string;
  hint: string;
  empty: string;
  optional: boolean;
  kind: "line" | "lines" | "choice";
  longest?: number;
  groups: OptionGroup[];
  /** What is filled in: the text, or the chosen option's value. */
  value: string;
  error: string;
}

/** Options under one label; without one if the choice has no groups. */
export interface OptionGroup {
  label: string;
  options: { label: string; value: string }[];
}

/** A run of blocks that are drawn as in a message, or one field. */
export type Part = { blocks: Json[] } | { field: Field };

/** A view's blocks in order, the fields apart from what is only drawn. */
export function partsOf(surface: Surface): Part[] {
  const parts: Part[] = [];
  for (const block of surface.blocks ?? []) {
    const last = parts.at(-1);
    if (block.type === "input") parts.push({ field: toField(block, surface) });
    else if (last && "blocks" in last) last.blocks.push(block);
    else parts.push({ blocks: [block] });
  }
  return parts;
}

export const fieldsOf = (surface: Surface): Field[] => partsOf(surface).flatMap((p) => ("field" in p ? [p.field] : []));

function toField(block: Json, { values, errors }: Surface): Field {
  const element = block.element as Json;
  const block_id = String(block.block_id ?? "");
  const action_id = String(element.action_id ?? "");
  const held = values[block_id]?.[action_id];
  const chosen = held?.selected_option as Json | null | undefined;
  return {
    block_id,
    action_id,
    label: text(block.label),
    hint: text(block.hint),
    empty: text(element.placeholder),
    optional: block.optional === true,
    kind: element.type === "static_select" ? "choice" : element.multiline ? "lines" : "line",
    longest: element.max_length as number | undefined,
    groups: groupsOf(element),
    value: String(chosen?.value ?? held?.value ?? ""),
    error: errors?.[block_id] ?? "",
  };
}

function groupsOf(element: Json): OptionGroup[] {
  const options = (list: unknown) => ((list ?? []) as Json[]).map((o) => ({ label: text(o.text), value: String(o.value) }));
  const groups = element.option_groups as Json[] | undefined;
  if (groups?.length) return groups.map((g) => ({ label: text(g.label), options: options(g.options) }));
  return [{ label: "", options: options(element.options) }];
}

function text(object: unknown): string {
  const said = (object as Json | undefined)?.text;
  return typeof said === "string" ? said.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&") : "";
}
