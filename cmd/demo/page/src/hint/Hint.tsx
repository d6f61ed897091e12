import { Fragment } from "react";
import type { Language, User } from "../types.ts";
import { first, type Hint, type Stage } from "./next.ts";
import { hintWords } from "./words.ts";

const stages: Stage[] = ["ask", "approve", "roll", "break"];

interface Props {
  hint: Hint;
  me?: User;
  language: Language;
  onType(text: string): void;
  onBe(user: User): void;
}

/** The line at the top that tells a newcomer what to do next. */
export function HintLine({ hint, me, language, onType, onBe }: Props) {
  const at = stages.indexOf(hint.stage);
  const w = hintWords[language];
  return (
    <section className="hint" lang={language} aria-label="What to do next" data-testid="hint" data-stage={hint.stage}>
      <ol className="stages" aria-hidden="true">
        {stages.map((stage, i) => (
          <li key={stage} className={i === at ? "now" : i < at ? "past" : ""}>
            <b>{i + 1}</b>
            <span>{w.stages[stage]}</span>
          </li>
        ))}
      </ol>
      <p aria-live="polite">{emphasise(hint.say)}</p>
      {hint.be && hint.be.id !== me?.id ? (
        <button className="nudge" onClick={() => onBe(hint.be!)}>{w.be(first(hint.be))}</button>
      ) : hint.type ? (
        <button className="nudge" onClick={() => onType(hint.type!)}>{w.typeIt}</button>
      ) : null}
    </section>
  );
}

function emphasise(text: string) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part, i) => {
    if (part.startsWith("**")) return <b key={i}>{part.slice(2, -2)}</b>;
    if (part.startsWith("`")) return <code key={i}>{part.slice(1, -1)}</code>;
    return <Fragment key={i}>{part}</Fragment>;
  });
}
