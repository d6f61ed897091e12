import { useContext, useId, type KeyboardEvent } from "react";
import { LanguageContext } from "./context.ts";
import type { Field } from "./fields.ts";

interface Props {
  field: Field;
  /** What stands in it: typed, and perhaps not yet sent. */
  value: string;
  onType(value: string): void;
  /** It is filled in as far as its person is concerned. */
  onDone(value: string): void;
}

/** A field with its label, hint and what is wrong with it. */
export function FieldView({ field, value, onType, onDone }: Props) {
  const id = useId();
  const own = words[useContext(LanguageContext)];
  const hinted = field.hint ? `${id}-hint` : "";
  const wrong = field.error ? `${id}-wrong` : "";
  const shared = {
    id,
    value,
    "data-testid": `field-${field.block_id}`,
    "data-field": field.block_id,
    "aria-required": !field.optional,
    "aria-invalid": Boolean(field.error),
    "aria-describedby": [wrong, hinted].filter(Boolean).join(" ") || undefined,
  };
  const typing = {
    placeholder: field.empty,
    maxLength: field.longest,
    autoComplete: "off",
    spellCheck: false,
    onChange: (e: { target: { value: string } }) => onType(e.target.value),
    onBlur: () => onDone(value),
  };
  return (
    <div className={field.error ? "field wrong" : "field"}>
      <label htmlFor={id}>{field.label}{field.optional && <small> {own.optional}</small>}</label>
      {field.kind === "choice" ? (
        <select {...shared} onChange={(e) => onDone(e.target.value)}>
          {(field.optional || !field.value) && <option value="">{field.empty || own.choose}</option>}
          {field.groups.map((g) => g.label ? (
            <optgroup key={g.label} label={g.label}>{options(g.options)}</optgroup>
          ) : options(g.options))}
        </select>
      ) : field.kind === "lines" ? (
        <textarea {...shared} {...typing} rows={3} onKeyDown={sendByKey} />
      ) : (
        <input {...shared} {...typing} type="text" />
      )}
      {field.error && <p id={wrong} className="field-error" role="alert" data-testid={`error-${field.block_id}`}>{field.error}</p>}
      {field.hint && <p id={hinted} className="field-hint">{field.hint}</p>}
    </div>
  );
}

/** Slack's own words in forms. */
const words = {
  en: { optional: "(optional)", choose: "Select an option" },
  ja: { optional: "（任意）", choose: "オプションを選択" },
};

const options = (list: { label: string; value: string }[]) =>
  list.map((o) => <option key={o.value} value={o.value}>{o.label}</option>);

/** Enter breaks the line in a field of several; with Ctrl or Cmd it sends the form. */
function sendByKey(e: KeyboardEvent<HTMLTextAreaElement>) {
  if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.nativeEvent.isComposing) return;
  e.preventDefault();
  e.currentTarget.form?.requestSubmit();
}
