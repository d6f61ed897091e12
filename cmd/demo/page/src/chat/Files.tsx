import { useState } from "react";
import type { SlackFile } from "../types.ts";
import { Dialog } from "./Dialog.tsx";

/** What was uploaded: pictures, which a click enlarges, and other files by name. */
export function Files({ files }: { files: SlackFile[] }) {
  const [large, setLarge] = useState<SlackFile | null>(null);
  return (
    <div className="files">
      {files.map((f) => f.mimetype.startsWith("image/") ? (
        <figure key={f.id}>
          <figcaption>{f.title || f.name}</figcaption>
          <button className="picture" data-testid="picture" aria-label={`Enlarge: ${f.title || f.name}`} onClick={() => setLarge(f)}>
            <img src={f.url} alt={f.alt_txt || f.title} />
          </button>
        </figure>
      ) : (
        <a key={f.id} href={f.url} target="_blank" rel="noopener noreferrer">{f.title || f.name}</a>
      ))}
      {large && (
        <Dialog className="lightbox" label={large.title || large.name} onClose={() => setLarge(null)}>
          <header>
            <h2>{large.title || large.name}</h2>
            <a href={large.url} target="_blank" rel="noopener noreferrer">Open alone</a>
            <button className="close" aria-label="Close" onClick={() => setLarge(null)}>✕</button>
          </header>
          <div><img src={large.url} alt={large.alt_txt || large.title} /></div>
        </Dialog>
      )}
    </div>
  );
}
