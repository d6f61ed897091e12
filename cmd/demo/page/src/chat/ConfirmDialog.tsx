import { useLayoutEffect, useRef } from "react";
import type { Confirm } from "./payload.ts";
import { BlockText } from "./Blocks.tsx";

interface Props {
  confirm: Confirm;
  onAnswer(yes: boolean): void;
}

/** The question that a button asks before it acts. */
export function ConfirmDialog({ confirm, onAnswer }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const d = dialog.current!;
    d.showModal();
    return () => d.close(); // while it is still in the page, so that the focus goes back to the button
  }, []);
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="confirm-title" onCancel={(e) => (e.preventDefault(), onAnswer(false))}>
      <h2 id="confirm-title">{confirm.title}</h2>
      <BlockText text={confirm.text} />
      <footer>
        <button data-testid="confirm-cancel" onClick={() => onAnswer(false)}>{confirm.deny}</button>
        <button data-testid="confirm-ok" className={confirm.danger ? "danger" : "primary"} autoFocus onClick={() => onAnswer(true)}>
          {confirm.confirm}
        </button>
      </footer>
    </dialog>
  );
}
