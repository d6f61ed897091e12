import { useLayoutEffect, useRef, type MouseEvent, type ReactNode, type RefObject } from "react";

interface Props {
  className: string;
  /** Its accessible name. */
  label: string;
  /** What has the focus first; else what the browser chooses. */
  first?: RefObject<HTMLElement | null>;
  /** Escape, or a click beside it where that means the same. */
  onClose(): void;
  /** A click beside it does nothing: something may have been filled in. */
  keep?: boolean;
  children: ReactNode;
}

/** A window over the page. The browser keeps the focus in it, and gives it back at the end. */
export function Dialog({ className, label, first, onClose, keep, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const d = dialog.current!;
    d.showModal();
    first?.current?.focus();
    return () => d.close(); // while it is still in the page, so that the focus goes back to where it was
  }, []);
  const beside = (e: MouseEvent) => {
    if (!keep && e.target === dialog.current) onClose();
  };
  return (
    <dialog ref={dialog} className={className} aria-label={label} onClick={beside} onCancel={(e) => (e.preventDefault(), onClose())} onClose={onClose}>
      {children}
    </dialog>
  );
}
