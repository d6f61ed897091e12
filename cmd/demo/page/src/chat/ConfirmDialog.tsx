import { useRef } from "react";
import type { Confirm } from "./payload.ts";
import { BlockText } from "./Blocks.tsx";
import { Dialog } from "./Dialog.tsx";

interface Props {
  confirm: Confirm;
  onAnswer(yes: boolean): void;
}

/** The question that a button asks before it acts. */
export function ConfirmDialog({ confirm, onAnswer }: Props) {
  const ok = useRef<HTMLButtonElement>(null);
  return (
    <Dialog className="confirm" label={confirm.title} first={ok} keep onClose={() => onAnswer(false)}>
      <h2>{confirm.title}</h2>
      <BlockText text={confirm.text} />
      <footer>
        <button data-testid="confirm-cancel" onClick={() => onAnswer(false)}>{confirm.deny}</button>
        <button data-testid="confirm-ok" ref={ok} className={confirm.danger ? "danger" : "primary"} onClick={() => onAnswer(true)}>
          {confirm.confirm}
        </button>
      </footer>
    </Dialog>
  );
}
