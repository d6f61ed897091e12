/**
 * A time as Slack shows it where the reader is: <!date^SECONDS^FORMAT|FALLBACK>. Messages here are given their time in
 * 24 hours, so these are too. A format that is not known gives the fallback.
 */
export function dateText(seconds: number, format: string, fallback: string, now = new Date()): string {
  const at = new Date(seconds * 1000);
  const tokens: Record<string, () => string> = {
    date_short_pretty: () => nearby(at, now) ?? short(at),
    date_short: () => short(at),
    date_pretty: () => nearby(at, now) ?? long(at),
    date: () => long(at),
    date_num: () => at.toLocaleDateString("sv"), // 2026-11-22
    time: () => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
    time_secs: () => at.toLocaleTimeString("en-GB"),
  };
  let known = true;
  const text = format.replace(/\{(\w+)\}/g, (_, token: string) => {
    const make = tokens[token];
    known &&= Boolean(make);
    return make?.() ?? "";
  });
  return known && text ? text : fallback;
}

function nearby(at: Date, now: Date): string | undefined {
  const day = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 86_400_000;
  return { "-1": "yesterday", "0": "today", "1": "tomorrow" }[String(day(at) - day(now))];
}

const short = (d: Date) => d.toLocaleDateString("en-US", { month: "short", day: "numeric", year: "numeric" });
const long = (d: Date) => d.toLocaleDateString("en-US", { month: "long", day: "numeric", year: "numeric" });
