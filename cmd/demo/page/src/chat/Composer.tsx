import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Answer } from "../types.ts";
import { matching, type Suggestion } from "./suggest.ts";

interface Props {
  /** Its data-testid. */
  id: string;
  label: string;
  draft?: { text: string; count: number };
  suggestions: Suggestion[];
  onSend(text: string): Promise<Answer>;
}

/** Where messages are typed: Enter sends, Shift+Enter breaks the line, Tab or an arrow takes a suggestion. */
export function Composer({ id, label, draft, suggestions, onSend }: Props) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(-1);
  const [hushed, setHushed] = useState(false);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const offered = hushed ? [] : matching(suggestions, text);

  const write = (value: string) => {
    setText(value);
    setChosen(-1);
    setHushed(false);
    setError("");
  };
  useEffect(() => {
    if (!draft?.count) return;
    write(draft.text);
    field.current?.focus();
  }, [draft]);
  useLayoutEffect(() => {
    const f = field.current!;
    f.style.height = "auto";
    f.style.height = `${Math.min(f.scrollHeight, 140)}px`;
  }, [text]);

  const send = async () => {
    const said = text.trim();
    if (!said || sending) return;
    setSending(true);
    write("");
    const answer = await onSend(said);
    setSending(false);
    if (answer.ok) return;
    setError(`Not sent: ${answer.error ?? "no reason given"}`);
    setText((typed) => typed || said);
  };
  const take = (s: Suggestion) => {
    write(s.text);
    field.current?.focus();
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return; // Enter ends a Japanese word, it does not send it
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (step && offered.length) {
      setChosen((chosen + step + offered.length + (chosen < 0 && step < 0 ? 1 : 0)) % offered.length);
    } else if (e.key === "Tab" && !e.shiftKey && offered.length) take(offered[Math.max(chosen, 0)]!);
    else if (e.key === "Enter" && !e.shiftKey && chosen >= 0 && offered[chosen]) take(offered[chosen]);
    else if (e.key === "Enter" && !e.shiftKey) void send();
    else if (e.key === "Escape" && offered.length) setHushed(true);
    else return;
    e.preventDefault();
  };

  return (
    <div className="composer">
      {offered.length > 0 && (
        <ul className="suggestions" role="listbox" id={list} aria-label="Suggestions">
          {offered.map((s, i) => (
            <li
              key={s.text}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === chosen}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => take(s)}
            >
              <code>{s.text}<i>{s.form}</i></code>
              <span>{s.says}</span>
            </li>
          ))}
        </ul>
      )}
      {error && <p className="send-error" role="alert">{error}</p>}
      <div className="box">
        <textarea
          ref={field}
          rows={1}
          data-testid={id}
          role="combobox"
          aria-label={label}
          aria-expanded={offered.length > 0}
          aria-controls={list}
          aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined}
          placeholder={label}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(e) => write(e.target.value)}
          onKeyDown={onKey}
        />
        <button
          data-testid={id === "composer" ? "send" : "thread-send"}
          aria-label="Send"
          disabled={!text.trim() || sending}
          onClick={() => void send()}
        >
          <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d="M2.5 3.2 18 10 2.5 16.8 4.6 11l7.4-1-7.4-1z" /></svg>
        </button>
      </div>
    </div>
  );
}
