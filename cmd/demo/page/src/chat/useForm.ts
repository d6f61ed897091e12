import { useRef, useState } from "react";
import { post } from "../net.ts";
import type { Surface } from "../types.ts";
import { fieldsOf, type Field } from "./fields.ts";

export interface Form {
  sending: boolean;
  /** Why the last act did not reach the app; what is wrong with a field is in the field. */
  error: string;
  valueOf(field: Field): string;
  type(field: Field, value: string): void;
  fill(field: Field, value: string): Promise<void>;
  submit(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What a person does with a form. Slack's servers hold what is filled in, so that a form that is drawn anew keeps it;
 * text is typed here first and sent when its field is left, or with the form.
 */
export function useForm(surface: Surface): Form {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [sending, setSending] = useState(false);
  const [error, setError] = useState("");
  const sent = useRef<Record<string, string>>({}); // the last text that was sent of each field
  const name = (f: Field) => `${surface.id} ${f.block_id} ${f.action_id}`;
  const act = async (path: string, body: object) => {
    const answer = await post(`/slack/view/${path}`, { user: surface.user, view: surface.id, ...body });
    return answer.ok ? "" : (answer.error ?? "no reason given");
  };
  const valueOf = (f: Field) => typed[name(f)] ?? f.value;
  const type = (f: Field, value: string) => setTyped((old) => ({ ...old, [name(f)]: value }));

  const put = async (f: Field, value: string) => {
    if (value === (sent.current[name(f)] ?? f.value)) return "";
    sent.current[name(f)] = value;
    const { block_id, action_id } = f;
    return act("fill", { block_id, action_id, values: value ? [value] : [] });
  };
  const fill = async (f: Field, value: string) => {
    type(f, value);
    setError(await put(f, value));
  };
  const submit = async () => {
    if (sending) return;
    setSending(true);
    setError("");
    const fields = fieldsOf(surface);
    let why = "";
    for (const f of fields) why ||= await put(f, valueOf(f));
    why ||= await act("submit", {});
    setSending(false);
    if (why && !/not complete|dispatch_failed|operation_timeout|invalid_response/.test(why)) setError(why); // those are in the view
  };
  const close = async () => setError(await act("close", {}));
  return { sending, error, valueOf, type, fill, submit, close };
}
