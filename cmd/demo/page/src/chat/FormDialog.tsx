import { useEffect, useRef, type FormEvent, type Ref } from "react";
import type { Surface } from "../types.ts";
import { Blocks } from "./Blocks.tsx";
import { Dialog } from "./Dialog.tsx";
import { FieldView } from "./FieldView.tsx";
import { partsOf, type Part } from "./fields.ts";
import { useForm, type Form } from "./useForm.ts";

/** A form that the app has opened over the chat: Enter sends it, Escape closes it. */
export function FormDialog({ surface }: { surface: Surface }) {
  const form = useForm(surface);
  const box = useRef<HTMLFormElement>(null);
  const first = useRef<HTMLElement>(null);
  const parts = partsOf(surface);
  const wrong = Object.keys(surface.errors ?? {}).join(" ");
  useEffect(() => {
    if (wrong) box.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [wrong]);
  const bare = !parts.some((p) => "field" in p);
  useEffect(() => { // what had the focus may have gone with the last drawing
    if (bare) box.current?.querySelector<HTMLElement>("[data-testid=form-close]")?.focus();
  }, [bare]);
  const setBox = (f: HTMLFormElement | null) => {
    box.current = f;
    first.current ??= f?.querySelector<HTMLElement>("[data-field]") ?? null;
  };
  return (
    <Dialog className="form" label={surface.title ?? "Form"} first={first} keep onClose={() => void form.close()}>
      <FormView box={setBox} surface={surface} parts={parts} form={form} />
    </Dialog>
  );
}

interface Props {
  box?: Ref<HTMLFormElement>;
  surface: Surface;
  parts: Part[];
  form: Form;
}

/** What is drawn of a form: its head, its parts in order, its buttons. */
export function FormView({ box, surface, parts, form }: Props) {
  const onSubmit = (e: FormEvent) => {
    e.preventDefault();
    if (surface.submit) void form.submit();
  };
  return (
    <form ref={box} onSubmit={onSubmit} noValidate aria-busy={form.sending} data-testid="form">
      <header>
        <h2>{surface.title}</h2>
        <button type="button" className="close" aria-label="Close" onClick={() => void form.close()}>✕</button>
      </header>
      <div className="form-body" tabIndex={-1}>
        {(surface.trouble || form.error) && <p className="form-error" role="alert">{surface.trouble || form.error}</p>}
        {parts.map((part, i) => "field" in part ? (
          <FieldView
            key={`${part.field.block_id} ${part.field.action_id}`}
            field={part.field}
            value={form.valueOf(part.field)}
            onType={(value) => form.type(part.field, value)}
            onDone={(value) => void form.fill(part.field, value)}
          />
        ) : (
          <Blocks key={i} holder={surface} blocks={part.blocks} scope={`form-${surface.id}-${i}`} />
        ))}
      </div>
      <footer>
        <button type="button" data-testid="form-close" onClick={() => void form.close()}>{surface.close || "Cancel"}</button>
        {surface.submit && <button type="submit" className="primary" data-testid="form-submit" disabled={form.sending} aria-busy={form.sending}>{surface.submit}</button>}
      </footer>
    </form>
  );
}
