import type { Answer } from "./types.ts";

interface Live<State, Event> {
  state: string;
  events: string;
  onState(state: State): void;
  onEvent(event: Event): void;
  onStatus(connected: boolean): void;
}

const firstRetry = 500;
const longestRetry = 4000;
const hiddenFor = 60_000;

/**
 * Keeps a view up to date: opens the event stream, reads the whole state once the stream is open, then passes events on.
 * Events that arrive before the state wait for it, so nothing falls between the two. After any interruption it starts
 * over. A browser allows six connections to one host, so a tab that has been hidden for a minute lets go of its stream.
 */
export function live<State, Event>(options: Live<State, Event>): () => void {
  let source: EventSource | null = null;
  let reading: AbortController | null = null;
  let timer = 0;
  let hidden = 0;
  let delay = firstRetry;

  const close = () => {
    source?.close();
    reading?.abort();
    source = reading = null;
    clearTimeout(timer);
  };
  const retry = () => {
    close();
    options.onStatus(false);
    timer = window.setTimeout(open, delay);
    delay = Math.min(delay * 2, longestRetry);
  };
  const open = () => {
    close();
    let waiting: Event[] | null = [];
    const abort = (reading = new AbortController());
    const stream = (source = new EventSource(options.events));
    stream.onerror = retry;
    stream.onmessage = ({ data }) => {
      const event = JSON.parse(data) as Event;
      if (waiting) waiting.push(event);
      else options.onEvent(event);
    };
    stream.onopen = async () => {
      try {
        const answer = await fetch(options.state, { signal: abort.signal });
        if (!answer.ok) throw new Error(`${options.state}: ${answer.status}`);
        options.onState((await answer.json()) as State);
        waiting?.forEach(options.onEvent);
        waiting = null;
        delay = firstRetry;
        options.onStatus(true);
      } catch {
        if (!abort.signal.aborted) retry();
      }
    };
  };
  const now = () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = window.setTimeout(close, hiddenFor);
    else if (source?.readyState !== EventSource.OPEN) open();
  };

  open();
  document.addEventListener("visibilitychange", now);
  window.addEventListener("online", now);
  return () => {
    document.removeEventListener("visibilitychange", now);
    window.removeEventListener("online", now);
    clearTimeout(hidden);
    close();
  };
}

/** Posts JSON and gives the server's answer; a failure to reach it is an answer too. */
export async function post(path: string, body: object = {}): Promise<Answer> {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const read = (await answer.json().catch(() => null)) as Answer | null;
    return read ?? { ok: false, error: `the demo answered ${answer.status}` };
  } catch {
    return { ok: false, error: "the demo does not answer" };
  }
}
